"""What the package shows."""

import inspect

from partita import producers
from partita.producers import BlockingClient, Client


def test_the_front_is_sorted_and_each_name_is_there() -> None:
    """`__all__` is what people may use."""
    assert sorted(producers.__all__) == producers.__all__
    assert all(hasattr(producers, name) for name in producers.__all__)


def test_the_blocking_client_has_every_command_and_stream_of_the_client() -> None:
    """All but what only a loop can use: futures, callbacks, bulk."""
    only_async = {"connect", "connecting", "aclose", "listen", "gaps", "bulk"}
    names = {
        name
        for name, _ in inspect.getmembers(Client)
        if not name.startswith(("_", "submit_")) and name not in only_async
    }
    assert names == {name for name in names if hasattr(BlockingClient, name)}


def test_the_blocking_client_keeps_names_and_words() -> None:
    """Its methods are the client's."""
    assert Client.place.__doc__ == BlockingClient.place.__doc__
    assert BlockingClient.place.__name__ == "place"
