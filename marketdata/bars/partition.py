"""The bars of all symbols of one partition, and how far its trades have been read."""

from collections.abc import Sequence

from partita.log.edges import Verdict
from partita.marketdata.bars.bar import INTERVALS_S, MINUTE_S
from partita.marketdata.bars.keys import candle_key, day_key
from partita.marketdata.bars.standing import Standing
from partita.marketdata.bars.symbol import SymbolBars
from partita.schemas.market_data import Candle, DayTicker, TradeBatch

Told = tuple[bytes, Candle | DayTicker]  # a key and what is to stand there


class PartitionBars:
    """Takes the records of a `trades` partition in the order of their offsets.

    Pure. A record below `position` was taken before. What a gap kept from being taken is read again
    once the missing trade has come: `again` says from where, and `mark` never passes it.
    """

    def __init__(self, standing: Standing, since_ms: int, position: int, *, full: bool) -> None:
        """Start from what stands; full: all trades that are kept are read from `position` on."""
        restored = standing.restore(since_ms)
        self.whole = all(found.whole for found in restored.values())
        self.full = full
        self.position = position
        self.again: int | None = None
        self._symbols = {symbol: found.bars for symbol, found in restored.items()}
        self._standing: Standing | None = standing  # until `opened`
        self._missed: int | None = None  # offset of the first record that was not taken
        self._waiting: set[str] = set()  # symbols with a gap
        self._seen: set[str] = set()  # symbols of which a record was read
        self._first: list[Told] = []

    @property
    def mark(self) -> int:
        """The offset below which everything is in the bars."""
        return self.position if self._missed is None else self._missed

    @property
    def gap(self) -> bool:
        """Whether a symbol waits for a missing trade."""
        return bool(self._waiting)

    def troubles(self) -> list[str]:
        """Return what keeps symbols from going on, in words."""
        return [f"{symbol}: {self._symbols[symbol].trouble}" for symbol in sorted(self._waiting)]

    def rewind(self) -> int:
        """Go back to `again`; return where to read from."""
        assert self.again is not None, "there is something to read again"
        self.position, self.again = self.again, None
        self._missed = None
        self._waiting.clear()
        return self.position

    def skip(self, offset: int) -> None:
        """Go past a record that is no trades, or to where the partition starts."""
        self.position = max(self.position, offset)

    def take(self, offset: int, symbol: str, batch: TradeBatch) -> None:
        """Take a record."""
        bars = self._symbols.get(symbol)
        if bars is None:
            bars = self._symbols[symbol] = SymbolBars(symbol, batch.instrument_id)
        if self._standing is not None and symbol not in self._seen and batch.trades:
            self._meet(bars, batch)
        verdict = bars.take(batch.first, batch.trades)
        self._seen.add(symbol)
        if verdict in {Verdict.GAP, Verdict.REFUSED}:
            self._waiting.add(symbol)
            if self._missed is None:
                self._missed = offset
        elif verdict is Verdict.TAKEN and symbol in self._waiting:
            self._waiting.discard(symbol)
            self.again = self._missed
        self.position = offset + 1

    def _meet(self, bars: SymbolBars, batch: TradeBatch) -> None:
        """See at the start whether a symbol's trades reach what stands, on both sides."""
        # What is read was not all told of: so the first minutes that stand have a hole before them.
        hole = batch.first < bars.first
        if self.full and (hole or batch.first > bars.last + 1):
            # What is kept of this symbol starts here: nothing that is missing will come.
            bars.begin(batch.first, batch.trades[0].time_ms)
        elif hole:
            self.whole = False

    def opened(self) -> None:
        """End the start: what differs from what stands is told first."""
        assert self._standing is not None, "opened once"
        standing, self._standing = self._standing.latest, None
        self._first = [(k, told) for k, told in self.news(INTERVALS_S) if standing.get(k) != told]

    def news(self, intervals_s: Sequence[int] = (MINUTE_S,)) -> list[Told]:
        """Return bars that have closed since the last call, and open ones that changed.

        Open ones of these intervals only; the others can wait.
        """
        news, self._first = self._first, []
        for symbol, bars in self._symbols.items():
            news += [
                (candle_key(symbol, candle.interval_s, candle.start_ms), candle)
                for candle in bars.news(intervals_s)
            ]
        return news

    def days(self, now_ms: int) -> list[Told]:
        """Return the last 24 hours of each symbol where that has changed."""
        days = ((symbol, bars.day(now_ms)) for symbol, bars in self._symbols.items())
        return [(day_key(symbol), day) for symbol, day in days if day is not None]
