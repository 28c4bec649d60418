"""What a subscription gives. `raw` is as on the log, in ticks and lots; the rest exact decimals.

Decimals are made when they are asked for, so a program that works in ticks pays nothing for them.
"""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from partita.marketdata.book_replica import Level
from partita.schemas import feed
from partita.schemas.decimals import Increments
from partita.schemas.enums import Outcome, Side
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import Candle, DayTicker, LevelChange, RestingOrder, Trade


class Channel(StrEnum):
    """What can be subscribed to."""

    BOOK = "book"  # order by order (L3)
    DEPTH = "depth"  # by price levels (L2)
    TRADES = "trades"
    TICKER = "ticker"  # best bid and offer, last price; the last 24 hours
    CANDLES = "candles"


class LevelView(NamedTuple):
    """One price of one side; a size of 0: the level is gone."""

    side: Side
    price: Decimal
    size: Decimal
    orders: int

    @classmethod
    def of(cls, side: Side, level: Level, steps: Increments) -> "LevelView":
        """Return a level in decimals."""
        return cls(side, steps.price(level.price), steps.size(level.size), level.orders)


class OrderView(NamedTuple):
    """A resting order."""

    order_id: int
    side: Side
    price: Decimal
    size: Decimal


class EventView(NamedTuple):
    """An event of a book; None where it does not tell of it."""

    number: int
    kind: str  # opened, traded, changed, done, rules
    order_id: int  # the resting order's; 0 for rules
    side: Side | None  # opened: the order's; traded: the taker's
    price: Decimal | None
    size: Decimal | None  # traded: of the trade; changed: what is left; done: what was left
    outcome: Outcome | None


class TradeView(NamedTuple):
    """Two orders met."""

    trade_id: int
    time_ms: int
    taker_side: Side
    price: Decimal
    size: Decimal


class CandleView(NamedTuple):
    """What happened in an interval; the newest by last_trade_id counts."""

    interval_s: int
    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    notional: Decimal
    first_trade_id: int
    last_trade_id: int


class Book(NamedTuple):
    """A whole book (L3): at the start, after a repair, and where changes were conflated."""

    symbol: str
    number: int  # of the last event of the feed that this covers
    time_ms: int
    raw: tuple[RestingOrder, ...]  # by priority, bids first
    steps: Increments

    @property
    def orders(self) -> tuple[OrderView, ...]:
        """By priority, bids first."""
        price, size = self.steps.price, self.steps.size
        return tuple(
            OrderView(order.order_id, order.side, price(order.price), size(order.size))
            for order in self.raw
        )


class BookChange(NamedTuple):
    """Consecutive events of a book, none left out."""

    symbol: str
    first: int  # number of the first; the others follow without gaps
    time_ms: int  # the book's time at the last
    raw: tuple[feed.FeedEvent, ...]
    steps: Increments

    @property
    def number(self) -> int:
        """Number of the last event."""
        return self.first + len(self.raw) - 1

    @property
    def events(self) -> tuple[EventView, ...]:
        """The events."""
        return tuple(
            _event_view(number, event, self.steps)
            for number, event in enumerate(self.raw, self.first)
        )


class Depth(NamedTuple):
    """All levels of a book (L2): at the start, after a repair, and where changes were conflated."""

    symbol: str
    number: int  # of the last event of the feed that this covers
    time_ms: int
    raw: tuple[tuple[Side, Level], ...]  # best first, bids first
    steps: Increments

    @property
    def levels(self) -> tuple[LevelView, ...]:
        """Best first, bids first."""
        return tuple(LevelView.of(side, level, self.steps) for side, level in self.raw)


class DepthChange(NamedTuple):
    """What stands at the prices that have changed; of many that waited the newest of each price."""

    symbol: str
    number: int  # of the last event of the feed that changed a level
    time_ms: int
    raw: tuple[LevelChange, ...]
    conflated: int  # changes that were overtaken by later ones of the same price and left out
    steps: Increments

    @property
    def levels(self) -> tuple[LevelView, ...]:
        """Absolute; a size of 0: the level is gone."""
        price, size = self.steps.price, self.steps.size
        return tuple(
            LevelView(one.side, price(one.price), size(one.size), one.orders) for one in self.raw
        )


class Trades(NamedTuple):
    """Consecutive trades."""

    symbol: str
    first: int  # trade_id of the first
    raw: tuple[Trade, ...]
    skipped: int  # trades just before these that were left out: too slow a consumer, or never seen
    steps: Increments

    @property
    def trades(self) -> tuple[TradeView, ...]:
        """The trades."""
        price, size = self.steps.price, self.steps.size
        return tuple(
            TradeView(trade_id, one.time_ms, one.taker_side, price(one.price), size(one.size))
            for trade_id, one in enumerate(self.raw, self.first)
        )


class TickerChange(NamedTuple):
    """The newest best bid and offer and last price; None where there is none."""

    symbol: str
    raw: feed.Ticker
    steps: Increments

    def _pair(self, price: int, size: int, there: int) -> tuple[Decimal, Decimal] | None:
        return (self.steps.price(price), self.steps.size(size)) if there else None

    @property
    def bid(self) -> tuple[Decimal, Decimal] | None:
        """Price and size."""
        return self._pair(self.raw.bid, self.raw.bid_size, self.raw.bid)

    @property
    def ask(self) -> tuple[Decimal, Decimal] | None:
        """Price and size."""
        return self._pair(self.raw.ask, self.raw.ask_size, self.raw.ask)

    @property
    def last(self) -> tuple[Decimal, Decimal] | None:
        """Price and size of the last trade."""
        return self._pair(self.raw.last_price, self.raw.last_size, self.raw.last_trade_id)


class DayChange(NamedTuple):
    """The newest figures of the last 24 hours; prices are None when there was no trade."""

    symbol: str
    raw: DayTicker
    steps: Increments

    def _price(self, ticks: int) -> Decimal | None:
        return self.steps.price(ticks) if self.raw.trades else None

    @property
    def open(self) -> Decimal | None:
        """Price of the first trade."""
        return self._price(self.raw.open)

    @property
    def high(self) -> Decimal | None:
        """Highest price."""
        return self._price(self.raw.high)

    @property
    def low(self) -> Decimal | None:
        """Lowest price."""
        return self._price(self.raw.low)

    @property
    def close(self) -> Decimal | None:
        """Price of the last trade."""
        return self._price(self.raw.close)

    @property
    def volume(self) -> Decimal:
        """Size traded, in the base asset."""
        return self.steps.size(self.raw.volume)

    @property
    def notional(self) -> Decimal:
        """What was paid for it, in the quote asset."""
        return self.steps.notional(self.raw.notional)


class Candles(NamedTuple):
    """Bars that are new or have changed, each as it is now."""

    symbol: str
    raw: tuple[Candle, ...]
    skipped: int  # bars that were left out: too slow a consumer
    steps: Increments

    @property
    def candles(self) -> tuple[CandleView, ...]:
        """The bars."""
        price, size = self.steps.price, self.steps.size
        return tuple(
            CandleView(
                one.interval_s,
                one.start_ms,
                price(one.open),
                price(one.high),
                price(one.low),
                price(one.close),
                size(one.volume),
                self.steps.notional(one.notional),
                one.first_trade_id,
                one.last_trade_id,
            )
            for one in self.raw
        )


class Notice(NamedTuple):
    """Something was missing, and what is done about it."""

    symbol: str
    channel: Channel
    text: str


Message = (
    Book | BookChange | Depth | DepthChange | Trades | TickerChange | DayChange | Candles | Notice
)


def _event_view(number: int, event: feed.FeedEvent, steps: Increments) -> EventView:
    size = None if isinstance(event, Instrument) else steps.size(event.size)
    match event:
        case feed.Opened():
            price = steps.price(event.price)
            return EventView(number, "opened", event.order_id, event.side, price, size, None)
        case feed.Traded():
            price, side = steps.price(event.price), event.taker_side
            return EventView(number, "traded", event.maker_order_id, side, price, size, None)
        case feed.Changed():
            price = steps.price(event.price)
            return EventView(number, "changed", event.order_id, None, price, size, None)
        case feed.Done():
            return EventView(number, "done", event.order_id, None, None, size, event.outcome)
        case Instrument():
            return EventView(number, "rules", 0, None, None, None, None)
