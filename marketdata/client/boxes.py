"""What waits for a consumer, one box a symbol and channel, each of bounded size; pure.

A consumer that is slower than the market gets less, never later and later:

| channel | what is left out | how it is told |
|---|---|---|
| book | all waiting events, beyond a number of them | a whole Book comes instead |
| depth | beyond a number, changes of a price that a later one overtook | `conflated` |
| | beyond a number of prices, all changes | a whole Depth comes instead |
| trades | the oldest waiting trades, beyond a number of them | `skipped` |
| ticker | all but the newest | numbers |
| candles | all but the newest of each bar; the oldest bars beyond a number | `skipped` for bars |
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from partita.marketdata.client import messages
from partita.marketdata.client.lines import BookLine, DepthLine, NewTrades
from partita.schemas.decimals import Increments
from partita.schemas.enums import Side
from partita.schemas.feed import FeedEvent, Ticker
from partita.schemas.market_data import Candle, DayTicker, LevelChange, Trade


class Bounds(NamedTuple):
    """How much may wait in each box."""

    events: int = 10_000
    changes: int = 10_000  # of levels, before only the newest of each price is kept
    levels: int = 20_000  # of which so much may wait, before all levels come instead
    trades: int = 10_000
    candles: int = 5_000


class Box(Protocol):
    """What waits for one symbol and channel."""

    def take(self) -> messages.Message | None:
        """Return what waits as one message, and forget it; None when nothing does."""


class BookBox:
    """Events of a book, or that the whole of it is due."""

    def __init__(self, symbol: str, steps: Increments, line: BookLine, bound: int) -> None:
        self._symbol, self._steps, self._line, self._bound = symbol, steps, line, bound
        self._events: list[FeedEvent] = []
        self._whole = True

    def put(self, events: Sequence[FeedEvent]) -> None:
        """Add the events that the line has just applied."""
        if self._whole:
            return
        self._events.extend(events)
        if len(self._events) > self._bound:
            self.put_whole()

    def put_whole(self) -> None:
        """Let the whole book come next."""
        self._events, self._whole = [], True

    def take(self) -> messages.Message | None:
        """Return the whole book or the events since the last message."""
        feed = self._line.feed
        if feed is None:
            return None
        if self._whole:
            self._whole = False
            replica = feed.replica
            orders = (*replica.orders(Side.BUY), *replica.orders(Side.SELL))
            return messages.Book(self._symbol, feed.number, feed.time_ms, orders, self._steps)
        if not self._events:
            return None
        events, self._events = tuple(self._events), []
        first = feed.number - len(events) + 1
        return messages.BookChange(self._symbol, first, feed.time_ms, events, self._steps)


class DepthBox:
    """Changes of levels, or the newest of each price, or that all levels are due."""

    def __init__(self, symbol: str, steps: Increments, line: DepthLine, bounds: Bounds) -> None:
        self._symbol, self._steps, self._line, self._bounds = symbol, steps, line, bounds
        self._changes: list[LevelChange] = []
        self._left_out = 0
        self._fold_at = bounds.changes
        self._whole = True

    def put(self, changes: Sequence[LevelChange]) -> None:
        """Add the changes that the line has just applied."""
        if self._whole:
            return
        self._changes.extend(changes)
        if len(self._changes) > self._fold_at:
            self._fold()

    def _fold(self) -> None:
        newest: dict[tuple[Side, int], LevelChange] = {}
        for change in self._changes:
            key = change.side, change.price
            newest.pop(key, None)  # the newest goes behind all that is older
            newest[key] = change
        self._left_out += len(self._changes) - len(newest)
        self._changes = list(newest.values())
        # Not at each change again when as many prices have changed.
        self._fold_at = max(self._bounds.changes, 2 * len(newest))
        if len(newest) > self._bounds.levels:
            self.put_whole()

    def _clear(self) -> None:
        self._changes, self._left_out, self._fold_at = [], 0, self._bounds.changes

    def put_whole(self) -> None:
        """Let all levels come next."""
        self._clear()
        self._whole = True

    def take(self) -> messages.Message | None:
        """Return all levels or what has changed since the last message."""
        levels = self._line.levels
        if levels is None:
            return None
        if self._whole:
            self._whole = False
            raw = tuple((side, level) for side in Side for level in levels.levels(side))
            return messages.Depth(self._symbol, levels.number, levels.time_ms, raw, self._steps)
        if not self._changes:
            return None
        changes, left_out = tuple(self._changes), self._left_out
        self._clear()
        return messages.DepthChange(
            self._symbol, levels.number, levels.time_ms, changes, left_out, self._steps
        )


class TradeBox:
    """The newest trades."""

    def __init__(self, symbol: str, steps: Increments, bound: int) -> None:
        self._symbol, self._steps = symbol, steps
        self._trades: deque[Trade] = deque(maxlen=bound)
        self._last = 0
        self._skipped = 0

    def put(self, new: NewTrades) -> None:
        """Add trades; the oldest make room."""
        if new.missing:  # only consecutive ones go together
            self._skipped += len(self._trades) + new.missing
            self._trades.clear()
        room = (self._trades.maxlen or 0) - len(self._trades)
        self._skipped += max(0, len(new.trades) - room)
        self._trades.extend(new.trades)
        self._last = new.first + len(new.trades) - 1

    def take(self) -> messages.Message | None:
        """Return what waits, and how many before it were skipped."""
        if not self._trades:
            return None
        trades, skipped = tuple(self._trades), self._skipped
        self._trades.clear()
        self._skipped = 0
        first = self._last - len(trades) + 1
        return messages.Trades(self._symbol, first, trades, skipped, self._steps)


class TickerBox:
    """The newest ticker."""

    def __init__(self, symbol: str, steps: Increments) -> None:
        self._symbol, self._steps = symbol, steps
        self._newest: Ticker | None = None
        self._number = -1  # of the newest that was put

    def put(self, ticker: Ticker) -> None:
        """Keep a ticker that is newer."""
        if ticker.number > self._number:
            self._newest, self._number = ticker, ticker.number

    def take(self) -> messages.Message | None:
        """Return the newest, if it was not returned before."""
        if (newest := self._newest) is None:
            return None
        self._newest = None
        return messages.TickerChange(self._symbol, newest, self._steps)


class DayBox:
    """The newest figures of the day."""

    def __init__(self, symbol: str, steps: Increments) -> None:
        self._symbol, self._steps = symbol, steps
        self._newest: DayTicker | None = None
        self._at = (-1, -1)

    def put(self, day: DayTicker) -> None:
        """Keep figures that are newer."""
        at = day.until_ms, day.last_trade_id
        if at > self._at:
            self._newest, self._at = day, at

    def take(self) -> messages.Message | None:
        """Return the newest, if they were not returned before."""
        if (newest := self._newest) is None:
            return None
        self._newest = None
        return messages.DayChange(self._symbol, newest, self._steps)


class CandleBox:
    """The newest of each bar."""

    def __init__(self, symbol: str, steps: Increments, bound: int) -> None:
        self._symbol, self._steps, self._bound = symbol, steps, bound
        self._candles: dict[tuple[int, int], Candle] = {}
        self._skipped = 0

    def put(self, candle: Candle) -> None:
        """Keep a bar, unless a newer state of it waits; the oldest make room."""
        key = candle.interval_s, candle.start_ms
        known = self._candles.pop(key, None)
        if known is not None and known.last_trade_id > candle.last_trade_id:
            candle = known
        self._candles[key] = candle
        if len(self._candles) > self._bound:
            del self._candles[next(iter(self._candles))]
            self._skipped += 1

    def take(self) -> messages.Message | None:
        """Return what waits."""
        if not self._candles:
            return None
        candles, skipped = tuple(self._candles.values()), self._skipped
        self._candles, self._skipped = {}, 0
        return messages.Candles(self._symbol, candles, skipped, self._steps)
