"""What stands on the log of earlier work, and the bars as far as it proves them.

Nothing on it is taken on trust. Minutes count as far as each begins with the trade behind the last
one of the minute before it; what is behind a hole is computed again from the trades. A minute that
was told of in part, overtaken by an older word of another process, or lost on the way is such a
hole, or it is found by what the 24 hours' record knows.
"""

from typing import NamedTuple

from partita.marketdata.bars.bar import MINUTE_S, Bar
from partita.marketdata.bars.keys import candle_key
from partita.marketdata.bars.symbol import SymbolBars
from partita.schemas.market_data import Candle, DayTicker


class Restored(NamedTuple):
    """A symbol's bars from what stands."""

    bars: SymbolBars
    whole: bool  # False: there is more than it proves, and the trades must tell


class Standing:
    """Hears the records of one partition of candles, tickers and instruments, in their order."""

    def __init__(self) -> None:
        # As compaction leaves it: the last record of each key.
        self.latest: dict[bytes, Candle] = {}
        self._minutes: dict[str, dict[int, Candle]] = {}  # the newest by last_trade_id
        self._days: dict[str, DayTicker] = {}
        self._ids: dict[str, int] = {}

    def hear(self, symbol: str, candle: Candle) -> None:
        """Hear a record of candles."""
        self._ids[symbol] = candle.instrument_id
        self.latest[candle_key(symbol, candle.interval_s, candle.start_ms)] = candle
        if candle.interval_s == MINUTE_S:
            minutes = self._minutes.setdefault(symbol, {})
            known = minutes.get(candle.start_ms)
            if known is None or known.last_trade_id <= candle.last_trade_id:
                minutes[candle.start_ms] = candle

    def hear_day(self, symbol: str, day: DayTicker) -> None:
        """Hear a record of tickers."""
        self._ids[symbol] = day.instrument_id
        known = self._days.get(symbol)
        if known is None or known.last_trade_id <= day.last_trade_id:
            self._days[symbol] = day

    def hear_listed(self, symbol: str, instrument_id: int) -> None:
        """Hear of an instrument of the partition."""
        self._ids[symbol] = instrument_id

    def restore(self, since_ms: int) -> dict[str, Restored]:
        """Return each symbol's bars, given the time from which on all that was told is here."""
        return {symbol: self._restore(symbol, since_ms) for symbol in self._ids}

    def _restore(self, symbol: str, since_ms: int) -> Restored:
        found = self._minutes.get(symbol, {})
        minutes = [Bar.of(found[start_ms]) for start_ms in sorted(found)]
        day = self._days.get(symbol)
        seen, number = (day.last_trade_id, day.number) if day else (0, 0)
        if not minutes:
            # A day is told of when the bars of all that it knows stand: they are older than this.
            bars = SymbolBars(symbol, self._ids[symbol], seen, number)
            bars.since_ms = since_ms if seen else 0
            return Restored(bars, whole=True)
        bars = SymbolBars(symbol, self._ids[symbol])
        bars.since_ms = since_ms if minutes[0].first > 1 else 0
        for n, minute in enumerate(minutes):
            if n and minute.first != bars.last + 1:
                return Restored(bars, whole=False)
            bars.adopt(minute)
        return Restored(bars, whole=seen <= bars.last)
