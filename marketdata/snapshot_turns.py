"""When which book of a partition is written down, and by how much at a time."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from zlib import crc32

from partita.log.port import Outgoing
from partita.marketdata.book_feed import BookFeed
from partita.marketdata.snapshot_records import SLOTS, Found, part_count, parts
from partita.marketdata.worker_core import BookPartition

# A book that does not change is written again after so many periods in which others did: where a
# reader of it starts must move on too, or it would read all that was said of the others since.
QUIET_PERIODS = 30
# At most this part of the worker's time goes into snapshots, however many and large its books are.
SHARE = 0.1


class Way(NamedTuple):
    """The way out, as a connection gives it."""

    send: Callable[[Outgoing], None]
    barrier: Callable[[], int]
    passed: Callable[[int], bool]


class _Book:
    """What is known of one book's snapshots."""

    __slots__ = ("due_s", "number", "offset", "parts", "slot", "written_s")

    def __init__(self, found: Found, now_s: float, due_s: float) -> None:
        self.number = found.newest.number if found.newest else 0  # 0: no snapshot yet
        self.offset = found.newest.offset if found.newest else 0
        self.slot, self.parts = found.slot, list(found.parts)
        self.written_s, self.due_s = now_s, due_s


class _Writing(NamedTuple):
    book: _Book
    barrier: int  # all that the snapshot stands on was sent above this
    records: Iterator[Outgoing]


NOTHING = Found(None, 0, (0,) * SLOTS)


class SnapshotTurns:
    """Writes the snapshots of one partition's books, one at a time, a part at a call.

    Books without a snapshot come first, and as long as there is one the others tell to read on from
    its listing at the latest: so a start that knows of the others alone does not miss it.
    """

    def __init__(
        self,
        partition: BookPartition,
        found: Mapping[str, Found],
        way: Way,
        every_s: float,
        now_s: Callable[[], float],
    ) -> None:
        self._partition = partition
        self._found = found
        self._way = way
        self._every_s = every_s
        self._now_s = now_s
        self._books: dict[int, _Book] = {}
        self._writing: _Writing | None = None
        self._rest_until_s = 0.0

    def step(self) -> bool:
        """Do a little if something is due; return whether there is more to do at once."""
        now_s = self._now_s()
        if now_s < self._rest_until_s:
            return False
        if self._writing is None:
            self._writing = self._next(now_s)
        elif self._way.passed(self._writing.barrier):
            outgoing = next(self._writing.records, None)
            if outgoing is None:
                self._writing = None
            else:
                self._way.send(outgoing)
        took_s = self._now_s() - now_s
        self._rest_until_s = now_s + took_s / SHARE
        return self._writing is not None

    def _next(self, now_s: float) -> _Writing | None:
        """Take down the book that is due the longest."""
        due: list[tuple[bool, float, int]] = []
        for instrument_id, feed in self._partition.books.items():
            book = self._books.get(instrument_id) or self._meet(instrument_id, feed, now_s)
            if not feed.replica.settled:
                continue  # in a moment; where its Done is missing, the others do not wait for it
            if book.number == 0:
                due.append((False, 0.0, instrument_id))
            elif book.due_s <= now_s and self._moved(book, feed, now_s):
                due.append((True, book.due_s, instrument_id))
        if not due:
            return None
        _, _, instrument_id = min(due)
        return self._begin(self._books[instrument_id], self._partition.books[instrument_id], now_s)

    def _meet(self, instrument_id: int, feed: BookFeed, now_s: float) -> _Book:
        symbol = feed.replica.instrument.symbol
        # A phase of its own, so that books that start together do not stay together.
        phase_s = crc32(symbol.encode()) % 1_000 / 1_000 * self._every_s
        book = _Book(self._found.get(symbol, NOTHING), now_s, now_s + phase_s)
        self._books[instrument_id] = book
        return book

    def _moved(self, book: _Book, feed: BookFeed, now_s: float) -> bool:
        if feed.number > book.number:
            return True
        quiet = now_s - book.written_s >= QUIET_PERIODS * self._every_s
        return quiet and self._partition.position > book.offset

    def _begin(self, book: _Book, feed: BookFeed, now_s: float) -> _Writing:
        instrument_id = feed.replica.instrument.instrument_id
        unwritten = [at for at, one in self._books.items() if not one.number if at != instrument_id]
        listed, position = self._partition.listed, self._partition.position
        start = feed.start(min([position, *(listed[at] for at in unwritten)]))
        slot = book.slot
        records = parts(start, slot, book.parts[slot])
        book.number, book.offset = start.number, start.offset
        book.parts[slot] = part_count(start)
        book.slot = (slot + 1) % SLOTS
        book.written_s, book.due_s = now_s, now_s + self._every_s
        return _Writing(book, self._way.barrier(), records)
