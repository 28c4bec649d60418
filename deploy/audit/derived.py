"""What must be derived from a book's feed, computed once more and by the plainest means.

Nothing here is taken from marketdata's code.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from partita.schemas import feed
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import Candle, DayTicker, LevelChange, RestingOrder, Trade

_MINUTE_MS = 60_000
_DAY_MINUTES = 1_440


class Stands(NamedTuple):
    """A book behind an event, as its snapshot must say."""

    number: int
    changes: int
    trades: int
    last_price: int
    last_size: int
    orders: tuple[RestingOrder, ...]


@dataclass(slots=True)
class Bar:
    """What happened in some time."""

    open: int
    high: int
    low: int
    close: int
    volume: int
    notional: int
    trades: int
    first: int  # trade_id
    last: int  # trade_id
    number: int  # of the feed event of the last one

    def add(self, other: "Bar") -> None:
        """Take in what came after."""
        self.high, self.low = max(self.high, other.high), min(self.low, other.low)
        self.close, self.last, self.number = other.close, other.last, other.number
        self.volume += other.volume
        self.notional += other.notional
        self.trades += other.trades


def _bar(trade_id: int, trade: Trade) -> Bar:
    price, size = trade.price, trade.size
    return Bar(
        *(price, price, price, price),
        volume=size,
        notional=price * size,
        trades=1,
        first=trade_id,
        last=trade_id,
        number=trade.number,
    )


@dataclass(slots=True)
class DerivedBook:
    """One symbol, event by event from the first."""

    rules: Instrument
    number: int = 0
    changes: int = 0
    trades: int = 0
    last: Trade | None = None
    _orders: dict[int, RestingOrder] = field(default_factory=dict)
    # (side, price) -> the order_ids there, by arrival
    _levels: dict[tuple[Side, int], dict[int, None]] = field(default_factory=dict)
    _bars: dict[tuple[int, int], Bar] = field(default_factory=dict)  # by (interval_s, start_ms)

    def take(self, time_ms: int, event: feed.FeedEvent) -> tuple[list[LevelChange], Trade | None]:
        """Take the next event; return the changes of levels and the trade that must be told."""
        self.number += 1
        trade = None
        if isinstance(event, feed.Opened):
            changed = [self._put(RestingOrder(*event))]
        elif isinstance(event, feed.Traded):
            maker = self._orders[event.maker_order_id]
            changed = [self._put(maker._replace(size=maker.size - event.size))]
            trade = Trade(self.number, time_ms, event.taker_side, event.price, event.size)
            self.trades, self.last = event.trade_id, trade
        elif isinstance(event, feed.Changed):
            changed = self._change(event)
        elif isinstance(event, feed.Done):
            order = self._orders.pop(event.order_id)
            changed = [self._out(order)] if order.size else []
        else:
            self.rules, changed = event, []
        told = [
            LevelChange(self.number, side, price, *self._level(side, price))
            for side, price in changed
        ]
        self.changes += len(told)
        return told, trade

    def _change(self, event: feed.Changed) -> list[tuple[Side, int]]:
        order = self._orders[event.order_id]
        if event.price == order.price and event.size < order.size:
            return [self._put(order._replace(size=event.size))]
        places = [self._out(order)]
        place = self._put(order._replace(price=event.price, size=event.size))
        return places if place in places else [*places, place]

    def _put(self, order: RestingOrder) -> tuple[Side, int]:
        place = (order.side, order.price)
        self._orders[order.order_id] = order
        self._levels.setdefault(place, {}).setdefault(order.order_id)
        return place if order.size else self._out(order)

    def _out(self, order: RestingOrder) -> tuple[Side, int]:
        place = (order.side, order.price)
        del self._levels[place][order.order_id]
        if not self._levels[place]:
            del self._levels[place]
        return place

    def _level(self, side: Side, price: int) -> tuple[int, int]:
        orders = self._levels.get((side, price), {})
        return sum(self._orders[order_id].size for order_id in orders), len(orders)

    def stands(self) -> Stands:
        """Return the book as it is now."""
        bids = sorted((price for side, price in self._levels if side is Side.BUY), reverse=True)
        asks = sorted(price for side, price in self._levels if side is Side.SELL)
        places = [(Side.BUY, price) for price in bids] + [(Side.SELL, price) for price in asks]
        orders = tuple(self._orders[order] for place in places for order in self._levels[place])
        price, size = (self.last.price, self.last.size) if self.last else (0, 0)
        return Stands(self.number, self.changes, self.trades, price, size, orders)

    def bar(self, trade: Trade, intervals: tuple[int, ...]) -> None:
        """Add the last trade to the bars of these intervals, seconds."""
        for interval_s in intervals:
            width_ms = interval_s * 1_000
            key = (interval_s, trade.time_ms // width_ms * width_ms)
            bar = _bar(self.trades, trade)
            if key in self._bars:
                self._bars[key].add(bar)
            else:
                self._bars[key] = bar

    def bars(self) -> Iterator[tuple[int, int, int]]:
        """Yield interval_s, start_ms and last trade_id of each bar there is."""
        for (interval_s, start_ms), bar in self._bars.items():
            yield interval_s, start_ms, bar.last

    def candle(self, interval_s: int, start_ms: int) -> Candle | None:
        """Return the bar of an interval as it is now."""
        bar = self._bars.get((interval_s, start_ms))
        if bar is None:
            return None
        return Candle(
            b"",
            self.rules.instrument_id,
            interval_s,
            start_ms,
            *(bar.open, bar.high, bar.low, bar.close, bar.volume, bar.notional),
            *(bar.first, bar.last, bar.number),
        )

    def day(self, until_ms: int) -> DayTicker:
        """Return the 24 hours until a time, of the trades so far."""
        whole: Bar | None = None
        for bar in self._minutes(until_ms):
            if whole is None:
                whole = Bar(
                    *(bar.open, bar.high, bar.low, bar.close, bar.volume, bar.notional),
                    *(bar.trades, bar.first, bar.last, bar.number),
                )
            else:
                whole.add(bar)
        figures = (0, 0, 0, 0, 0, 0, 0)
        if whole is not None:
            prices = (whole.open, whole.high, whole.low, whole.close)
            figures = (*prices, whole.volume, whole.notional, whole.trades)
        number = self.last.number if self.last else 0
        return DayTicker(
            b"",
            self.rules.instrument_id,
            until_ms,
            *figures,
            last_trade_id=self.trades,
            number=number,
        )

    def _minutes(self, until_ms: int) -> Iterator[Bar]:
        for ago in range(_DAY_MINUTES, 0, -1):
            bar = self._bars.get((60, until_ms - ago * _MINUTE_MS))
            if bar is not None:
                yield bar
