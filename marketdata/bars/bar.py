"""A bar: what happened on a symbol in one interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from partita.schemas.market_data import Candle, Trade

MINUTE_MS = 60_000
MINUTE_S = 60
# Every one a multiple of the one before it, so that a minute lies in one bar of each.
LONGER_S = (300, 900, 3_600, 21_600, 86_400)
INTERVALS_S = (MINUTE_S, *LONGER_S)


@dataclass(slots=True)
class Bar:
    """A bar of any interval; prices in ticks, sizes in lots, as in Candle."""

    start_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    notional: int
    first: int  # trade_id of the first trade
    last: int  # trade_id of the last trade; none between is missing
    number: int  # number of the feed event that told of the last trade

    @classmethod
    def of(cls, candle: Candle) -> Self:
        """Return the bar that a candle tells of."""
        return cls(
            candle.start_ms,
            candle.open,
            candle.high,
            candle.low,
            candle.close,
            candle.volume,
            candle.notional,
            candle.first_trade_id,
            candle.last_trade_id,
            candle.number,
        )

    @classmethod
    def first_of(cls, start_ms: int, trade_id: int, trade: Trade) -> Self:
        """Return the bar that a trade opens."""
        number, _, _, price, size = trade
        return cls(
            start_ms, price, price, price, price, size, price * size, trade_id, trade_id, number
        )

    def add(self, trades: Sequence[Trade]) -> None:
        """Add the next trades, at least one."""
        prices = [trade.price for trade in trades]
        self.high = max(self.high, max(prices))  # noqa: PLW3301 - as one call it copies them all
        self.low = min(self.low, min(prices))  # noqa: PLW3301 - as above
        self.close = prices[-1]
        self.volume += sum(trade.size for trade in trades)
        self.notional += sum(trade.price * trade.size for trade in trades)
        self.last += len(trades)
        self.number = trades[-1].number

    def then(self, later: "Bar", start_ms: int) -> "Bar":
        """Return this bar and the one behind it as one."""
        return Bar(
            start_ms,
            self.open,
            max(self.high, later.high),
            min(self.low, later.low),
            later.close,
            self.volume + later.volume,
            self.notional + later.notional,
            self.first,
            later.last,
            later.number,
        )

    def candle(self, instrument_id: int, interval_s: int) -> Candle:
        """Return what candles says of it."""
        return Candle(
            b"",
            instrument_id,
            interval_s,
            self.start_ms,
            self.open,
            self.high,
            self.low,
            self.close,
            self.volume,
            self.notional,
            self.first,
            self.last,
            self.number,
        )


def start_of(time_ms: int, interval_s: int) -> int:
    """Return the start of the interval that a time is in."""
    return time_ms - time_ms % (interval_s * 1_000)
