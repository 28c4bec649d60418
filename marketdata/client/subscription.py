"""One consumer's view: its boxes, and an iterator over what is in them."""

import asyncio
from collections import deque
from collections.abc import Container, Iterator, Sequence
from types import TracebackType
from typing import Self

from partita.marketdata.book_replica import BookReplica
from partita.marketdata.client import boxes
from partita.marketdata.client.boxes import Box
from partita.marketdata.client.faces import LiveLadder
from partita.marketdata.client.lines import BookLine, DepthLine, NewTrades
from partita.marketdata.client.messages import Channel, Message, Notice
from partita.marketdata.level_replica import LevelReplica
from partita.schemas.decimals import Increments
from partita.schemas.errors import InvalidValue
from partita.schemas.feed import FeedEvent, Ticker
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import Candle, DayTicker, LevelChange

# Notices are rare; of a storm of them the newest tell enough.
_NOTICES_MAX = 100


class Subscription:
    """An asynchronous iterator over messages; ends with its client, or with its error.

    Its books and levels go on whether it is iterated or not.
    """

    def __init__(self, bounds: boxes.Bounds) -> None:
        self._bounds = bounds
        self._books: dict[int, boxes.BookBox] = {}
        self._depths: dict[int, boxes.DepthBox] = {}
        self._trades: dict[int, boxes.TradeBox] = {}
        self._tickers: dict[int, boxes.TickerBox] = {}
        self._days: dict[int, boxes.DayBox] = {}
        self._candles: dict[int, boxes.CandleBox] = {}
        self._ladders: dict[tuple[Channel, str], LiveLadder[BookReplica] | LiveLadder[LevelReplica]]
        self._ladders = {}
        self._names: dict[int, str] = {}
        self._notices: deque[Notice] = deque(maxlen=_NOTICES_MAX)
        self._ready: dict[Box, None] = {}  # those that may have something, the longest first
        self._wake = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

    def add_book(self, rules: Instrument, line: BookLine) -> None:
        """Give a box to a book."""
        steps = self._name(rules)
        box = boxes.BookBox(rules.symbol, steps, line, self._bounds.events)
        self._books[rules.instrument_id] = box

        def now() -> tuple[BookReplica, int]:
            assert line.feed is not None, "a subscription is given out when it is in step"
            return line.feed.replica, line.feed.number

        self._ladders[Channel.BOOK, rules.symbol] = LiveLadder(now, steps)

    def add_depth(self, rules: Instrument, line: DepthLine) -> None:
        """Give a box to a book's levels."""
        steps = self._name(rules)
        box = boxes.DepthBox(rules.symbol, steps, line, self._bounds)
        self._depths[rules.instrument_id] = box

        def now() -> tuple[LevelReplica, int]:
            assert line.levels is not None, "a subscription is given out when it is in step"
            return line.levels, line.levels.number

        self._ladders[Channel.DEPTH, rules.symbol] = LiveLadder(now, steps)

    def add_others(self, rules: Instrument, channels: set[Channel]) -> None:
        """Give boxes to trades, tickers and candles, as far as they are among the channels."""
        number, symbol, steps = rules.instrument_id, rules.symbol, self._name(rules)
        if Channel.TRADES in channels:
            self._trades[number] = boxes.TradeBox(symbol, steps, self._bounds.trades)
        if Channel.TICKER in channels:
            self._tickers[number] = boxes.TickerBox(symbol, steps)
            self._days[number] = boxes.DayBox(symbol, steps)
        if Channel.CANDLES in channels:
            self._candles[number] = boxes.CandleBox(symbol, steps, self._bounds.candles)

    def _name(self, rules: Instrument) -> Increments:
        self._names[rules.instrument_id] = rules.symbol
        return Increments.of(rules)

    def put_events(self, number: int, events: Sequence[FeedEvent]) -> None:
        """Hear of what a book's line has applied."""
        if (box := self._books.get(number)) is not None:
            box.put(events)
            self._rouse(box)

    def put_changes(self, number: int, changes: Sequence[LevelChange]) -> None:
        """Hear of what a depth line has applied."""
        if (box := self._depths.get(number)) is not None:
            box.put(changes)
            self._rouse(box)

    def put_trades(self, number: int, new: NewTrades) -> None:
        """Hear of trades."""
        if (box := self._trades.get(number)) is not None:
            box.put(new)
            self._rouse(box)

    def put(self, message: Ticker | DayTicker | Candle) -> None:
        """Hear of a ticker, of the day's figures, or of a bar."""
        number = message.instrument_id
        box: boxes.TickerBox | boxes.DayBox | boxes.CandleBox | None
        match message:
            case Ticker():
                if (box := self._tickers.get(number)) is not None:
                    box.put(message)
            case DayTicker():
                if (box := self._days.get(number)) is not None:
                    box.put(message)
            case Candle():
                if (box := self._candles.get(number)) is not None:
                    box.put(message)
        if box is not None:
            self._rouse(box)

    def put_whole(self, channel: Channel, number: int) -> None:
        """Let a whole book come next: at the start, and after a repair."""
        found = self._books if channel is Channel.BOOK else self._depths
        if (box := found.get(number)) is not None:
            box.put_whole()
            self._rouse(box)

    def notice(self, channel: Channel, number: int, text: str) -> None:
        """Hear of trouble with something that is subscribed."""
        there: dict[Channel, Container[int]] = {
            Channel.BOOK: self._books,
            Channel.DEPTH: self._depths,
            Channel.TRADES: self._trades,
        }
        if number in there.get(channel, ()):
            self._notices.append(Notice(self._names[number], channel, text))
            self._wake.set()

    def _rouse(self, box: Box) -> None:
        self._ready[box] = None
        self._wake.set()

    def book(self, symbol: str) -> LiveLadder[BookReplica]:
        """Return the live order-by-order book. Raises InvalidValue: it is not subscribed to."""
        ladder = self._ladders.get((Channel.BOOK, symbol))
        if ladder is None:
            raise InvalidValue("symbol", symbol, "the channel `book` of it is not subscribed to")
        return ladder  # type: ignore[return-value]  # by its key

    def depth(self, symbol: str) -> LiveLadder[LevelReplica]:
        """Return the live price levels. Raises InvalidValue: they are not subscribed to."""
        ladder = self._ladders.get((Channel.DEPTH, symbol))
        if ladder is None:
            raise InvalidValue("symbol", symbol, "the channel `depth` of it is not subscribed to")
        return ladder  # type: ignore[return-value]  # by its key

    def pending(self) -> Iterator[Message]:
        """Yield what is there now, without waiting."""
        while self._notices:
            yield self._notices.popleft()
        while self._ready:
            box = next(iter(self._ready))
            del self._ready[box]
            if (message := box.take()) is not None:
                yield message

    def check(self) -> None:
        """Raise the error that has ended it; for who looks at its books and does not iterate."""
        if self._error is not None:
            raise self._error

    def end(self, error: Exception | None = None) -> None:
        """End, with an error or without; what is there is still given."""
        if not self._ended:
            self._ended, self._error = True, error
            self._wake.set()

    async def aclose(self) -> None:
        """End it."""
        self.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        """Wait for the next message. Raises the error that ended its client."""
        while (message := next(self.pending(), None)) is None:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return message

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
