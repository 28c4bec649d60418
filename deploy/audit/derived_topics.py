"""The derived topics against what the feed makes: trades, depth, book snapshots, bars, the day.

What a worker has not derived yet is told of and is no difference; a hole, another content, or what
the feed does not make, is one.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from zlib import crc32

from partita.deploy.audit.derived import DerivedBook, Stands
from partita.deploy.audit.findings import DerivedFinding, Differences, Kind
from partita.deploy.audit.source import Source
from partita.log.edges import InEdge
from partita.log.port import Record
from partita.schemas.chain import FEED
from partita.schemas.codec import decode
from partita.schemas.converter import Message
from partita.schemas.errors import Unreadable
from partita.schemas.feed import FeedBatch
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import (
    BookSnapshotPart,
    Candle,
    DayTicker,
    DepthBatch,
    LevelChange,
    Trade,
    TradeBatch,
)
from partita.schemas.topics import BOOK, BOOK_SNAPSHOTS, CANDLES, DEPTH, TICKERS, TRADES

_INTERVALS_S = (60, 300, 900, 3_600, 21_600, 86_400)


class _Told:
    """A numbered stream of one symbol as it stands on its topic: a checksum of each entry."""

    def __init__(self) -> None:
        self.first = 0  # number of the first that is kept, 0: none
        self.sums = array("L")
        self.hole = 0  # the number that is missing, 0: none
        self.other = 0  # a number that stands there twice with two contents

    def put(self, number: int, content: tuple[object, ...]) -> None:
        """Take the next entry of the topic, a repeat or not."""
        if not self.first:
            self.first = number
        at = number - self.first
        if at < 0:
            return  # a repeat of what time has removed
        found = crc32(repr(content).encode())
        if at == len(self.sums):
            self.sums.append(found)
        elif at > len(self.sums):
            self.hole = self.hole or self.first + len(self.sums)
        elif self.sums[at] != found:
            self.other = self.other or number

    @property
    def last(self) -> int:
        """Number of the last entry without a hole before it."""
        return self.first + len(self.sums) - 1 if self.first else 0

    def differs(self, number: int, content: tuple[object, ...]) -> bool:
        """Return whether another content stands there under a number."""
        at = number - self.first
        there = self.first and 0 <= at < len(self.sums)
        return bool(there) and self.sums[at] != crc32(repr(content).encode())


class DerivedTopics:
    """Compares one partition of them with the same of `book`; for one use."""

    def __init__(self, source: Source, partition: int, differences: Differences) -> None:
        """Read what is derived: before the feed, so that it cannot be ahead of it."""
        self._source = source
        self._partition = partition
        self._differences = differences
        self._trades: defaultdict[int, _Told] = defaultdict(_Told)
        self._depth: defaultdict[int, _Told] = defaultdict(_Told)
        for batch in self._messages(TRADES, TradeBatch):
            for trade_id, trade in enumerate(batch.trades, batch.first):
                self._trades[batch.instrument_id].put(trade_id, trade)
        for batch in self._messages(DEPTH, DepthBatch):
            for number, change in enumerate(batch.changes, batch.first):
                self._depth[batch.instrument_id].put(number, change)
        self._snapshots = self._whole_snapshots()
        self._candles: defaultdict[tuple[int, int], list[Candle]] = defaultdict(list)
        # Of each book and interval the bars that stand there: last trade_id by start.
        self._standing: defaultdict[tuple[int, int], dict[int, int]] = defaultdict(dict)
        for candle in self._latest(CANDLES, Candle):
            self._candles[candle.instrument_id, candle.last_trade_id].append(candle)
            series = candle.instrument_id, candle.interval_s
            self._standing[series][candle.start_ms] = candle.last_trade_id
        self._days: defaultdict[tuple[int, int], list[DayTicker]] = defaultdict(list)
        for day in self._latest(TICKERS, DayTicker):
            self._days[day.instrument_id, day.last_trade_id].append(day)
        self.broken: dict[int, str] = {}  # books whose feed is no feed, and where
        self._books: dict[int, DerivedBook] = {}
        self._compared = {"book_snapshots": 0, "candles": 0, "day_tickers": 0}

    def _decoded(self, topic: str, records: Sequence[Record]) -> Iterator[Message]:
        for record in records:
            try:
                yield decode(record.value)
            except Unreadable as error:
                where = f"{topic}/{self._partition}, offset {record.offset}"
                self._differences.add(Kind.RECORD, f"{where}: {error}")

    def _messages(self, topic: str, kind: type[Message]) -> Iterator[Message]:
        start, end = self._source.bounds(topic, self._partition)
        for records in self._source.records(topic, self._partition, start, end):
            for message in self._decoded(topic, records):
                if isinstance(message, kind):
                    yield message

    def _latest(self, topic: str, kind: type[Message]) -> Iterator[Message]:
        newest = {r.key: r for r in self._source.compacted(topic, self._partition)}
        for message in self._decoded(topic, [r for r in newest.values() if r.value]):
            if isinstance(message, kind):
                yield message

    def _whole_snapshots(self) -> dict[tuple[int, int], list[BookSnapshotPart]]:
        parts: defaultdict[tuple[int, int], dict[int, BookSnapshotPart]] = defaultdict(dict)
        for part in self._latest(BOOK_SNAPSHOTS, BookSnapshotPart):
            parts[part.instrument.instrument_id, part.number][part.part] = part
        return {
            key: [found[at] for at in sorted(found)]
            for key, found in parts.items()
            if len(found) == found[min(found)].parts
        }

    def compare(self) -> DerivedFinding:
        """Read the feed from its first event and compare; return what was compared."""
        edges: defaultdict[int, InEdge] = defaultdict(InEdge)
        for batch in self._messages(BOOK, FeedBatch):
            for group in batch.groups:
                book, edge = group.instrument_id, edges[group.instrument_id]
                _, events = edge.take(FEED, group.first, group.chain, group.events, group.time_ms)
                for event in events:
                    if book not in self.broken:
                        self._try(book, group.time_ms, event)
        behind = 0
        for book_id, book in self._books.items():
            if book_id in self.broken:
                continue
            behind += self._ends(TRADES, self._trades[book_id], book.trades, book)
            behind += self._ends(DEPTH, self._depth[book_id], book.changes, book)
            self._closed_bars(book_id, book)
        self._left_over()
        return DerivedFinding(
            trades=sum(len(told.sums) for told in self._trades.values()),
            depth=sum(len(told.sums) for told in self._depth.values()),
            **self._compared,
            behind=behind,
        )

    def _try(self, book_id: int, time_ms: int, event: Message) -> None:
        try:
            self._event(book_id, time_ms, event)
        except (AssertionError, KeyError):
            # That the feed is not what the book said is told of where the feed is compared.
            book = self._books.get(book_id)
            name = book.rules.symbol if book else f"instrument {book_id}"
            number = book.number if book else 1
            self.broken[book_id] = f"the feed of {name} cannot be followed at number {number}"

    def _event(self, book_id: int, time_ms: int, event: Message) -> None:
        book = self._books.get(book_id)
        if book is None:
            assert isinstance(event, Instrument), "a feed begins with the rules"
            book = self._books[book_id] = DerivedBook(event)
        before = book.changes
        changes, trade = book.take(time_ms, event)
        for number, change in enumerate(changes, before + 1):
            self._numbered(DEPTH, self._depth[book_id], number, change, book)
        if trade is not None:
            self._numbered(TRADES, self._trades[book_id], book.trades, trade, book)
            book.bar(trade, _INTERVALS_S)
            self._bars(book_id, book)
        if (parts := self._snapshots.pop((book_id, book.number), None)) is not None:
            self._snapshot(parts, book)

    def _numbered(
        self, topic: str, told: _Told, number: int, want: LevelChange | Trade, book: DerivedBook
    ) -> None:
        if told.differs(number, want):
            self._differ(book, f"{topic}, number {number} stands there as another; must be {want}")

    def _bars(self, book_id: int, book: DerivedBook) -> None:
        key = (book_id, book.trades)
        for candle in self._candles.pop(key, ()):
            self._compared["candles"] += 1
            want = book.candle(candle.interval_s, candle.start_ms)
            if want != candle:
                self._differ(book, f"candles: {candle} stands there; must be {want}")
        for day in self._days.pop(key, ()):
            self._compared["day_tickers"] += 1
            want_day = book.day(day.until_ms)
            if want_day != day:
                self._differ(book, f"tickers: {day} stands there; must be {want_day}")

    def _snapshot(self, parts: list[BookSnapshotPart], book: DerivedBook) -> None:
        self._compared["book_snapshots"] += 1
        head = parts[0]
        orders = tuple(order for part in parts for order in part.orders)
        numbers = (head.number, head.changes, head.trades, head.last_price, head.last_size)
        found, want = Stands(*numbers, orders=orders), book.stands()
        if found != want or head.instrument != book.rules:
            text = f"the book snapshot at {head.number} is not what the feed makes"
            self._differ(book, text)

    def _ends(self, topic: str, told: _Told, last: int, book: DerivedBook) -> int:
        """Tell of holes and of what was never said; return how many are not derived yet."""
        if told.hole:
            self._differ(
                book, f"{topic}: number {told.hole} is missing, and later ones stand there"
            )
        if told.other:
            self._differ(book, f"{topic}: number {told.other} stands there with two contents")
        if told.last > last:
            self._differ(book, f"{topic}: number {last + 1} stands there, and the feed has it not")
        return max(0, last - told.last)

    def _closed_bars(self, book_id: int, book: DerivedBook) -> None:
        """Tell of bars that are not there, or not to their end, before one that was told later.

        What is before the oldest that stands there may never have been told: its trades were gone.
        """
        told = {interval: self._standing.get((book_id, interval), {}) for interval in _INTERVALS_S}
        ends = {interval: (min(there), max(there)) for interval, there in told.items() if there}
        for interval_s, start_ms, last in book.bars():
            there, (oldest, newest) = told[interval_s], ends.get(interval_s, (0, 0))
            if not oldest <= start_ms < newest:
                continue
            if (known := there.get(start_ms)) is None:
                text = f"the bar {interval_s}/{start_ms} is missing, and later ones stand there"
                self._differ(book, f"candles: {text}")
            elif known < last:
                text = f"the bar {interval_s}/{start_ms} ends at trade {known}; must be {last}"
                self._differ(book, f"candles: {text}")

    def _left_over(self) -> None:
        """Tell of what covers an event that the feed does not have."""
        covers = {book_id: (book.number, book.trades) for book_id, book in self._books.items()}
        ahead = [
            f"book snapshot at {number}"
            for book_id, number in self._snapshots
            if book_id not in self.broken
        ]
        for kind, left in (("candle", self._candles), ("day ticker", self._days)):
            ahead += [
                f"{kind} up to trade {trade_id}"
                for (book_id, trade_id), found in left.items()
                if book_id not in self.broken
                and found
                and (trade_id or not self._empty_day(found, covers.get(book_id)))
            ]
        for text in ahead:
            where = f"partition {self._partition}"
            self._differences.add(Kind.DERIVED, f"{where}: a {text}, and the feed has it not")

    @staticmethod
    def _empty_day(found: Sequence[Candle | DayTicker], covers: tuple[int, int] | None) -> bool:
        """Return whether these are the days of a symbol before its first trade."""
        return covers is not None and all(
            isinstance(day, DayTicker) and not any(day[3:]) for day in found
        )

    def _differ(self, book: DerivedBook, text: str) -> None:
        self._differences.add(Kind.DERIVED, f"{book.rules.symbol}: {text}")
