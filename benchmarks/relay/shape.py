"""What is relayed: how the exchange is cut, and how many bytes an order is on each hop."""

from enum import IntEnum
from typing import NamedTuple

from partita.schemas.limits import BATCH_COMMANDS_MAX, BATCH_EVENTS_MAX, RECORD_BYTES_MAX
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, BOOK, ORDERS, TICKERS


class Shape(NamedTuple):
    """How the exchange is cut."""

    shards: int
    partitions: int
    lines: int = 1  # 2: a second ledger and a second matcher, which say all again

    def __str__(self) -> str:
        lines = f", {self.lines} lines" if self.lines > 1 else ""
        return f"{self.shards}x{self.partitions}{lines}"


def share(first: int, count: int, turn: int, of: int) -> tuple[int, int]:
    """Return the turn's own numbers of consecutive ones that are dealt in turn.

    >>> [share(4, 5, turn, 2) for turn in (0, 1)]  # 4 6 8, and 5 7
    [(2, 3), (2, 2)]
    """
    begin, end = (-((turn - n) // of) for n in (first, first + count))
    return begin, end - begin


class Kind(IntEnum):
    """The kinds of edges."""

    COMMAND = 0  # client to shard
    ORDER = 1  # shard to the books of a partition
    REPORT = 2  # back
    RECEIVED = 3  # shard to client: the funds are reserved
    SETTLED = 4  # shard to client: rests, filled, done
    FEED = 5  # the books of a partition to the public


class Hop(NamedTuple):
    """What an order is on one kind of edge."""

    topic: str
    bytes_an_order: float  # of values, what a record says once included
    events_an_order: float


# As the real path of `benchmarks.pairs` has them, 2x2: 74.8 B on account-commands (31.4 of them the
# client's), 22.3 on orders, 165 on account-events, 24.7 on book, where there are nine trades for
# ten orders (`pairs/flow.py`). How account-events divides follows from the sizes of the
# events (`bytes_per_event`).
HOPS = {
    Kind.COMMAND: Hop(ACCOUNT_COMMANDS, 31.4, 1),
    Kind.ORDER: Hop(ORDERS, 22.3, 1),
    Kind.REPORT: Hop(ACCOUNT_COMMANDS, 43.4, 3.3),
    Kind.RECEIVED: Hop(ACCOUNT_EVENTS, 46.0, 1),
    Kind.SETTLED: Hop(ACCOUNT_EVENTS, 119.0, 7),
    Kind.FEED: Hop(BOOK, 24.7, 2.4),
}
TICKER_BYTES = 51  # one a partition every LATEST_EVERY_MS while anything happens
TOPICS = (ACCOUNT_COMMANDS, ORDERS, ACCOUNT_EVENTS, BOOK, TICKERS)


def _orders_max(kind: Kind) -> int:
    hop = HOPS[kind]
    most = BATCH_COMMANDS_MAX if kind is Kind.COMMAND else BATCH_EVENTS_MAX
    return min(int(most / hop.events_an_order), int(RECORD_BYTES_MAX / hop.bytes_an_order))


# A record of the real path is never larger: neither are these.
ORDERS_MAX = {kind: _orders_max(kind) for kind in Kind}
