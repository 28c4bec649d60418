"""The market-data worker without its surroundings: records of `book` in, derived records out."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from partita.log.port import Outgoing, Record
from partita.marketdata.book_feed import BookFeed, BookStart, Taken
from partita.marketdata.records import batch_of
from partita.schemas.codec import encode
from partita.schemas.feed import FeedBatch, FeedGroup
from partita.schemas.instrument import Instrument
from partita.schemas.limits import BATCH_EVENTS_MAX
from partita.schemas.market_data import DepthBatch, LevelChange, TradeBatch
from partita.schemas.topics import DEPTH, TRADES

_LOGGER = logging.getLogger("partita.marketdata")


class BookPartition:
    """The replicas of all books of one partition, and what is derived from them.

    What comes out is a function of the records of the partition, up to how it is cut into records:
    trades and level changes have the same numbers wherever a run starts and however its input is
    cut. Books are listed by their first event.
    """

    def __init__(self, starts: Iterable[BookStart] = (), position: int = 0) -> None:
        self.position = position  # offset of the record that comes next
        self.books = {
            start.instrument.instrument_id: BookFeed(start.instrument, start) for start in starts
        }
        self.listed: dict[int, int] = {}  # offset of the listing of those that were listed since
        self._trouble: dict[int, str] = {}  # what was told of, by instrument_id
        self._aside: set[int] = set()  # books whose feed contradicts itself

    def apply(self, records: Sequence[Record]) -> list[Outgoing]:
        """Apply the next records; return what they tell that is new.

        Raises:
            UnknownFingerprint: a record is of a newer build; those before it are applied, and what
                they told is said again by who starts behind a snapshot.
        """
        news: dict[int, list[Taken]] = {}
        for record in records:
            if (batch := batch_of(record)) is not None:
                self._take(batch, record.offset, news)
            self.position = record.offset + 1
        return [
            outgoing
            for instrument_id, taken in news.items()
            if instrument_id not in self._aside
            for outgoing in _outgoing(self.books[instrument_id], taken)
        ]

    def _take(self, batch: FeedBatch, offset: int, news: dict[int, list[Taken]]) -> None:
        for group in batch.groups:
            if group.instrument_id in self._aside:
                continue
            book = self.books.get(group.instrument_id) or self._list(group, offset)
            if book is None:
                self._tell(group.instrument_id, "a book that was never listed is passed over")
                continue
            try:
                taken = book.take_group(group, batch.line)
            except (AssertionError, KeyError) as error:
                # What it is now is nobody's book. The others go on, and a person must look.
                self._aside.add(group.instrument_id)
                del self.books[group.instrument_id]
                what = f"{type(error).__name__}: {error}"
                text = f"its feed contradicts itself, and it is set aside ({what})"
                self._tell(group.instrument_id, text)
                continue
            self._tell(group.instrument_id, book.trouble)
            if taken.changes or taken.trades:
                news.setdefault(group.instrument_id, []).append(taken)

    def _list(self, group: FeedGroup, offset: int) -> BookFeed | None:
        rules = group.events[0] if group.first == 1 and group.events else None
        if not isinstance(rules, Instrument) or rules.instrument_id != group.instrument_id:
            return None
        book = self.books[group.instrument_id] = BookFeed(rules)
        self.listed[group.instrument_id] = offset
        return book

    def _tell(self, instrument_id: int, trouble: str) -> None:
        """Warn of what is new: of a gap, that it is there, not of each batch behind it."""
        kind = trouble.partition("(")[0]
        if self._trouble.get(instrument_id, "") != kind:
            self._trouble[instrument_id] = kind
            _LOGGER.warning("book %d: %s", instrument_id, trouble or "the feed goes on")


def _outgoing(book: BookFeed, taken: Sequence[Taken]) -> Iterator[Outgoing]:
    """Yield what several groups told of one book as few records."""
    rules = book.replica.instrument
    key, number = rules.symbol.encode(), rules.instrument_id
    trades = [trade for one in taken for trade in one.trades]
    first = taken[0].first_trade
    for at in range(0, len(trades), BATCH_EVENTS_MAX):
        part = tuple(trades[at : at + BATCH_EVENTS_MAX])
        value = encode(TradeBatch(b"", number, first + at, part))
        yield Outgoing(TRADES, rules.partition, key, value)
    first = taken[0].first_change
    for changes, time_ms in _cut(book, [change for one in taken for change in one.changes]):
        value = encode(DepthBatch(b"", number, first, time_ms, tuple(changes)))
        yield Outgoing(DEPTH, rules.partition, key, value)
        first += len(changes)


def _cut(book: BookFeed, changes: list[LevelChange]) -> Iterator[tuple[list[LevelChange], int]]:
    """Yield changes in parts, those of one event never apart."""
    at = 0
    while at < len(changes):
        end = min(at + BATCH_EVENTS_MAX, len(changes))
        if end < len(changes) and changes[end].number == changes[end - 1].number:
            end -= 1
        yield changes[at:end], book.time_ms
        at = end


class WorkerCore:
    """All partitions that a worker owns."""

    def __init__(self) -> None:
        self._partitions: dict[int, BookPartition] = {}

    @property
    def partitions(self) -> Mapping[int, BookPartition]:
        """By number."""
        return self._partitions

    def open(self, partition: int, starts: Iterable[BookStart], position: int) -> None:
        """Begin with a partition, with its books as snapshots have them."""
        self._partitions[partition] = BookPartition(starts, position)

    def close(self, partition: int) -> None:
        """Forget a partition."""
        self._partitions.pop(partition, None)

    def apply(self, records: Sequence[Record]) -> list[Outgoing]:
        """Apply records of any of the partitions, each in order. Raises UnknownFingerprint."""
        by_partition: dict[int, list[Record]] = {}
        for record in records:
            by_partition.setdefault(record.partition, []).append(record)
        return [
            outgoing
            for partition, its in by_partition.items()
            for outgoing in self._partitions[partition].apply(its)
        ]
