"""What comes for one symbol on one channel, taken by number; pure.

A line of a book is joined: a start is read from the log while what comes meanwhile waits here, and
then both are put together by number.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

from partita.marketdata.book_feed import BookFeed
from partita.marketdata.level_replica import LevelReplica
from partita.schemas.enums import Line
from partita.schemas.feed import FeedEvent, FeedGroup
from partita.schemas.market_data import DepthBatch, LevelChange, Trade, TradeBatch

# How many events may wait while a start is read. Beyond it they are let go and the start is read
# anew: it is on the log.
WAITING_MAX = 100_000

Item = TypeVar("Item")


class _Waiting(Generic[Item]):
    """What came while a line was joining, bounded."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._size = 0
        self._let_go = False

    def add(self, item: Item, size: int) -> None:
        self._items.append(item)
        self._size += size
        if self._size > WAITING_MAX:
            self._items, self._size, self._let_go = [], 0, True

    def end(self) -> list[Item] | None:
        """Return all that came since the last call; None when some was let go."""
        items, whole = self._items, not self._let_go
        self._let_go = False
        if not whole:
            return None  # what came since then goes on waiting
        self._items, self._size = [], 0
        return items


class BookLine:
    """A book order by order (L3)."""

    def __init__(self) -> None:
        self.feed: BookFeed | None = None  # None until it is joined for the first time
        self.joined = False  # whether what comes is applied at once
        self._waiting = _Waiting[tuple[FeedGroup, Line]]()

    @property
    def gap(self) -> str:
        """What is missing, in words; empty when nothing is."""
        return self.feed.trouble if self.feed is not None and self.feed.gap else ""

    def part(self) -> None:
        """Join anew: from here on what comes waits."""
        self.joined = False

    def take(self, group: FeedGroup, line: Line) -> Sequence[FeedEvent]:
        """Apply a group, or keep it while the line is joining; return the events that are new.

        A book that crosses is a broken feed, and an AssertionError, as of the levels.
        """
        if not self.joined or self.feed is None:
            self._waiting.add((group, line), len(group.events))
            return ()
        before = self.feed.number
        self.feed.take_group(group, line)
        new = self.feed.number - before
        bid, ask = self.feed.replica.best_bid, self.feed.replica.best_ask
        assert bid is None or ask is None or bid.price < ask.price, f"crossed: {bid} {ask}"
        return group.events[len(group.events) - new :] if new else ()

    def join(self, feed: BookFeed) -> bool:
        """Go on from a start; return False when too much came meanwhile: then read one anew."""
        waiting = self._waiting.end()
        if waiting is None:
            return False
        if self.feed is None or feed.number >= self.feed.number:
            self.feed = feed
        for group, line in waiting:
            self.feed.take_group(group, line)
        self.joined = True
        return True


class DepthLine:
    """A book by price levels (L2)."""

    def __init__(self) -> None:
        self.levels: LevelReplica | None = None  # None until it is joined for the first time
        self.joined = False  # whether what comes is applied at once
        self._waiting = _Waiting[DepthBatch]()

    @property
    def gap(self) -> str:
        """What is missing, in words; empty when nothing is."""
        return self.levels.gap if self.levels is not None else ""

    def part(self) -> None:
        """Join anew: from here on what comes waits."""
        self.joined = False

    def take(self, batch: DepthBatch) -> Sequence[LevelChange]:
        """Apply a batch, or keep it while the line is joining; return the changes that are new."""
        if not self.joined or self.levels is None:
            self._waiting.add(batch, len(batch.changes))
            return ()
        return self.levels.take(batch)

    def join(self, feed: BookFeed) -> bool:
        """Go on from an order-by-order book; False: too much came meanwhile, read one anew."""
        waiting = self._waiting.end()
        if waiting is None:
            return False
        if self.levels is None or feed.changes >= self.levels.changes:
            self.levels = LevelReplica.of(feed.replica, feed.number, feed.changes, feed.time_ms)
        for batch in waiting:
            self.levels.take(batch)
        self.joined = True
        return True


class NewTrades:
    """Consecutive trades that are new, and how many before them were never seen."""

    __slots__ = ("first", "missing", "trades")

    def __init__(self, first: int, trades: Sequence[Trade], missing: int) -> None:
        self.first, self.trades, self.missing = first, trades, missing


class TradeLine:
    """Trades, by trade_id, from the first that is seen on."""

    def __init__(self) -> None:
        self.last = 0  # trade_id of the last, 0: none yet

    def take(self, batch: TradeBatch) -> NewTrades | None:
        """Return what is new in a batch; None when nothing is.

        What is missing before it was not on the log where it should be: nobody waits for it here.
        """
        ahead = batch.first - (self.last + 1) if self.last else 0
        known = max(0, -ahead)
        new = batch.trades[known:]
        if not new:
            return None
        self.last = batch.first + len(batch.trades) - 1
        return NewTrades(batch.first + known, new, max(0, ahead))
