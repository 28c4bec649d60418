"""A client of the real path: one that waits long, and whose accounts have money."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from benchmarks.pairs.flow import fund
from benchmarks.relay.run import WINDOW
from benchmarks.venue import SYMBOLS
from partita.deploy.exchange import Exchange
from partita.producers import Client, ClientLimits
from partita.producers.bulk import Bulk

T = TypeVar("T")
# It gives up on nothing: a run that stalls shall be seen as one.
_LIMITS = ClientLimits(
    window=WINDOW, oldest_ms=30_000, answer_timeout_ms=60_000, valid_for_ms=10_000
)


def pids(running: Exchange) -> dict[str, int]:
    """Return the processes of an exchange, and of its broker, by name."""
    found = {state.name: state.pid for state in running.states()}
    found["broker"] = running.kafka.pid if running.kafka is not None else None
    return {name: pid for name, pid in found.items() if pid is not None}


async def on(
    running: Exchange,
    work: Callable[[Client, Bulk], Coroutine[Any, Any, T]],
    window: int = WINDOW,
    symbols: Sequence[str] = SYMBOLS,
) -> T:
    """Do something with a client and a bulk whose accounts have money for these symbols.

    window is how many orders may be unanswered.
    """
    limits = replace(_LIMITS, window=window)
    async with Client.connecting(running.bootstrap, limits=limits, timeout_s=60.0) as client:
        await fund(client, symbols)
        async with client.bulk() as bulk:
            return await work(client, bulk)
