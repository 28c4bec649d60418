"""Book snapshots as records, and back: which one of them a reader starts from.

A snapshot is written in parts into one of two slots, which take turns: while the one is written the
other is whole. What is damaged, torn or of another build counts as not there.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from partita.log.port import Outgoing, Record
from partita.marketdata.book_feed import BookFeed, BookStart
from partita.marketdata.book_replica import LastTrade
from partita.schemas.codec import decode, encode
from partita.schemas.errors import Unreadable
from partita.schemas.market_data import BookSnapshotPart
from partita.schemas.topics import BOOK_SNAPSHOTS

SLOTS = 2
# At most 31 bytes each: a part is far below the size of a record, and is written in one short go.
ORDERS_PER_PART = 5_000

_LOGGER = logging.getLogger("partita.marketdata")


class Place(NamedTuple):
    """Where a part of a snapshot stands."""

    symbol: str
    slot: int
    part: int

    @property
    def key(self) -> bytes:
        """The record's key."""
        return f"{self.symbol}/{self.slot}/{self.part}".encode()

    @classmethod
    def of(cls, key: bytes | None) -> "Place | None":
        """Return the place that a key names; None when it is no such key."""
        symbol, *numbers = (key or b"").decode(errors="replace").split("/")
        if not symbol or len(numbers) != 2 or not all(n.isascii() and n.isdigit() for n in numbers):
            return None
        return cls(symbol, int(numbers[0]), int(numbers[1]))


class Found(NamedTuple):
    """What stands on book-snapshots for one symbol."""

    newest: BookStart | None  # of those that are whole the one begun last; None: there is none
    slot: int  # the slot to write next: not that of the newest
    parts: tuple[int, ...]  # by slot, how many parts stand there at most


def part_count(start: BookStart) -> int:
    """Return in how many parts a snapshot is written: one for a book without orders, too."""
    return max(1, -(-len(start.orders) // ORDERS_PER_PART))


def parts(start: BookStart, slot: int, stand_there: int = 0) -> Iterator[Outgoing]:
    """Yield a snapshot as records for a slot; of older, more parts that stand there the rest goes.

    Each is encoded when it is asked for, so that the work can be spread out.
    """
    rules, last, count = start.instrument, start.last_trade, part_count(start)
    for part in range(count):
        value = encode(
            BookSnapshotPart(
                seal=b"",
                instrument=rules,
                number=start.number,
                chain=start.chain,
                offset=start.offset,
                time_ms=start.time_ms,
                changes=start.changes,
                trades=last.trade_id if last else 0,
                last_price=last.price if last else 0,
                last_size=last.size if last else 0,
                part=part,
                parts=count,
                orders=start.orders[part * ORDERS_PER_PART : (part + 1) * ORDERS_PER_PART],
            )
        )
        key = Place(rules.symbol, slot, part).key
        yield Outgoing(BOOK_SNAPSHOTS, rules.partition, key, value)
    for part in range(count, stand_there):
        yield Outgoing(BOOK_SNAPSHOTS, rules.partition, Place(rules.symbol, slot, part).key, b"")


def latest_values(records: Iterable[Record]) -> dict[Place, Record]:
    """Return the last record of each place, tombstones left out; other keys are passed over."""
    found: dict[Place, Record] = {}
    for record in records:
        place = Place.of(record.key)
        if place is None:
            _LOGGER.warning("%s passed over: its key is %r", _where(record), record.key)
        elif record.value:
            found[place] = record
        else:
            found.pop(place, None)
    return found


def find(records: Mapping[Place, Record], symbol: str) -> Found:
    """Return what stands there for a symbol, of the last records of each place."""
    standing = [0] * SLOTS
    for place in records:
        if place.symbol == symbol and place.slot < SLOTS:
            standing[place.slot] = max(standing[place.slot], place.part + 1)
    # The slot that was begun last first: as a rule the other one need not even be decoded.
    by_age = sorted(
        (record.offset, slot)
        for slot in range(SLOTS)
        if (record := records.get(Place(symbol, slot, 0))) is not None
    )
    for _, slot in reversed(by_age):
        if (start := _start(_parts_of(records, symbol, slot))) is not None:
            return Found(start, (slot + 1) % SLOTS, tuple(standing))
    return Found(None, 0, tuple(standing))


def _parts_of(
    records: Mapping[Place, Record], symbol: str, slot: int
) -> list[tuple[BookSnapshotPart, Record]]:
    """Return the parts of a slot that go with its first; empty when not all of them do."""
    found: list[tuple[BookSnapshotPart, Record]] = []
    while (record := records.get(Place(symbol, slot, len(found)))) is not None:
        part = _decoded(record)
        if part is None:
            return []
        if found and _head(part) != _head(found[0][0]):
            return []
        found.append((part, record))
        if len(found) == part.parts:
            break
    whole = found and all(at == part.part for at, (part, _) in enumerate(found))
    return found if whole and found[0][0].parts == len(found) else []


def _decoded(record: Record) -> BookSnapshotPart | None:
    try:
        message = decode(record.value)
    except Unreadable as error:
        _LOGGER.warning("%s passed over: %s", _where(record), error)
        return None
    if not isinstance(message, BookSnapshotPart):
        _LOGGER.warning("%s passed over: a %s", _where(record), type(message).__name__)
        return None
    return message


def _head(part: BookSnapshotPart) -> BookSnapshotPart:
    return part._replace(part=0, orders=())


def _start(found: Sequence[tuple[BookSnapshotPart, Record]]) -> BookStart | None:
    if not found:
        return None
    (head, record), last = found[0], None
    if head.trades:
        last = LastTrade(head.trades, head.last_price, head.last_size, None)
    start = BookStart(
        head.instrument,
        head.number,
        head.chain,
        head.offset,
        head.time_ms,
        head.changes,
        last,
        tuple(order for part, _ in found for order in part.orders),
    )
    try:
        BookFeed(head.instrument, start).replica.check()
    except AssertionError as error:
        _LOGGER.warning("%s passed over: not a book: %s", _where(record), error)
        return None
    return start


def _where(record: Record) -> str:
    return f"{BOOK_SNAPSHOTS}/{record.partition}@{record.offset}"
