"""What an audit finds."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

# Of each kind the first few say what the rest would.
_SHOWN_MAX = 10


class Kind(StrEnum):
    """What can differ."""

    EVENT = "event"  # another content, a hole, or what no machine ever said
    HASH = "hash"  # a live machine's state is not what the log makes of it
    LOST = "lost"  # a snapshot stands behind the end of the log
    RECORD = "record"  # cannot be read, or a dead letter that is none
    MONEY = "money"  # an asset does not add up
    HOLD = "hold"  # what is held is not what the open orders hold
    ORDER = "order"  # ledger and book do not agree on an order
    STORE = "store"  # a row of the store is not what the log makes
    DERIVED = "derived"  # a derived topic is not what the feed makes
    STREAM = "stream"  # the private stream tells of another balance


class Place(NamedTuple):
    """A partition of an input: where a machine is."""

    topic: str
    partition: int


class Difference(NamedTuple):
    """Something that is not what it must be."""

    kind: Kind
    text: str
    place: Place | None = None  # of the machine concerned; None: of the exchange


class Differences:
    """Collects differences; counts all of them and keeps the first of each kind."""

    def __init__(self) -> None:
        self.shown: list[Difference] = []
        self.count = 0
        self.places: set[Place] = set()
        self._of_kind: Counter[Kind] = Counter()

    def add(self, kind: Kind, text: str, place: Place | None = None) -> None:
        """Take one in."""
        self.count += 1
        self._of_kind[kind] += 1
        if place is not None:
            self.places.add(place)
        if self._of_kind[kind] <= _SHOWN_MAX:
            self.shown.append(Difference(kind, text, place))


class PartitionFinding(NamedTuple):
    """One partition of an input, and what its machines have said."""

    topic: str
    partition: int
    start: int  # the offset from which it was rebuilt
    from_snapshots: bool  # False: from offset 0, from nothing
    end: int  # the offset behind the last record that was applied
    records: int
    machines: int
    hashes: int  # live machines' snapshots that were compared
    events: int  # that its machines said since the start, and that stand on the log as they said
    unsent: int  # events it has said that are not on the log yet
    parked: str  # why it could not go on, else empty


class AssetFinding(NamedTuple):
    """One asset over all shards, in units of the asset."""

    asset: str
    available: Decimal
    held: Decimal
    fees: Decimal
    in_flight: Decimal  # paid by one party, and not yet credited to the other
    transferred_in: Decimal | None  # None: the private stream does not reach back to its first
    transferred_out: Decimal | None
    transferred: Decimal  # in - out
    difference: Decimal  # what was made (or, below 0, lost)


class BalanceFinding(NamedTuple):
    """One account's balance of one asset, in units of the asset."""

    asset: str
    available: Decimal
    held: Decimal


class DerivedFinding(NamedTuple):
    """What was compared of the derived topics with what the feed makes."""

    trades: int = 0
    depth: int = 0
    book_snapshots: int = 0
    candles: int = 0
    day_tickers: int = 0
    behind: int = 0  # trades and level changes that are not derived yet

    def plus(self, other: "DerivedFinding") -> "DerivedFinding":
        """Return the sum, field by field."""
        return DerivedFinding(*(a + b for a, b in zip(self, other, strict=True)))


class StoreFinding(NamedTuple):
    """What was compared of a store."""

    address: str
    rows: int
    covered: int  # events of the private streams that it has
    behind: int  # that it does not have yet


class Findings(NamedTuple):
    """All of it."""

    partitions: Sequence[PartitionFinding]
    assets: Sequence[AssetFinding]
    differences: Sequence[Difference]
    difference_count: int
    different: frozenset[Place]
    derived: DerivedFinding
    notes: Sequence[str]  # what a person should know, and is no difference
    balances: Sequence[BalanceFinding] | None  # of the account that was asked for
    records: int
    events: int
    seconds: float
    store: StoreFinding | None = None  # None: no store was named or found

    @property
    def parked(self) -> bool:
        """Whether a partition could not be rebuilt to its end."""
        return any(row.parked for row in self.partitions)

    @property
    def unsent(self) -> int:
        """Events that were said and are not on the log yet."""
        return sum(row.unsent for row in self.partitions)
