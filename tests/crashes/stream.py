"""What stands on the log of each order, against what clients were told: once, or never."""

from collections import Counter
from collections.abc import Iterator

from crashes.load import Load
from histories.log_stream import shard_stream

from partita.schemas.accounts import Received

_SHOWN_MAX = 10


def told_wrong(bootstrap: str, shards: int, load: Load) -> Iterator[str]:
    """Give each order that is not there once though it was acknowledged, or there though not."""
    there: Counter[tuple[int, str]] = Counter(
        (heard.event.account, heard.event.command_id)
        for shard in range(shards)
        for heard in shard_stream(bootstrap, shard)
        if isinstance(heard.event, Received) and not heard.event.repeated
    )
    for what, names, times in (
        ("acknowledged", load.acknowledged, 1),
        ("rejected", load.refused, 0),
        ("unknown, then said to be known", load.taken_after_all, 1),
        ("unknown, then said to be unknown", load.never_taken, 0),
    ):
        wrong = [name for name in names if there[name] != times]
        for account, client_order_id in wrong[:_SHOWN_MAX]:
            count = there[account, client_order_id]
            yield f"order {client_order_id} of account {account} was {what}, and is there {count} x"
