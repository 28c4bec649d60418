"""What stands on the log of each order, against what its client was told: once, or never."""

from collections import Counter
from collections.abc import Iterator, Mapping

from histories.log_stream import shard_stream
from histories.recorder import Ending

from partita.schemas.accounts import Received

_SHOWN_MAX = 10
# How often an order must be there by what its client knows; it always knows in the end.
_TIMES = {Ending.OK: 1, Ending.REJECTED: 0, Ending.NEVER: 0, Ending.NOT_SENT: 0}


def told_wrong(
    bootstrap: str, shards: int, orders: Mapping[Ending, set[tuple[int, str]]]
) -> Iterator[str]:
    """Give what is wrong about orders, known by account and client_order_id."""
    there: Counter[tuple[int, str]] = Counter(
        (heard.event.account, heard.event.command_id)
        for shard in range(shards)
        for heard in shard_stream(bootstrap, shard)
        if isinstance(heard.event, Received) and not heard.event.repeated
    )
    for ending, times in _TIMES.items():
        wrong = [name for name in orders[ending] if there[name] != times]
        for account, client_order_id in wrong[:_SHOWN_MAX]:
            count = there[account, client_order_id]
            yield f"order {client_order_id} of account {account} ended {ending}: {count} of it"
    for account, client_order_id in list(orders[Ending.UNRESOLVED])[:_SHOWN_MAX]:
        yield f"nobody could say what became of order {client_order_id} of account {account}"
