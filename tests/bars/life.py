"""Bars that live on a log in memory: told, killed at any instant, started from what stands."""

from collections.abc import Callable
from dataclasses import dataclass, field

from partita.marketdata.bars.bar import INTERVALS_S, MINUTE_S
from partita.marketdata.bars.keys import symbol_of
from partita.marketdata.bars.partition import PartitionBars
from partita.marketdata.bars.standing import Standing
from partita.schemas.market_data import Candle, DayTicker, TradeBatch

SYMBOLS = {"BTC-USD": 1, "ETH-USD": 2}


@dataclass
class Life:
    """One partition: its trades, what was told, and the process that works on it."""

    trades: list[tuple[str, TradeBatch]] = field(default_factory=list)  # by offset
    told: list[tuple[bytes, Candle | DayTicker]] = field(default_factory=list)
    mark: int | None = None
    reads: int = 0  # records read in full starts
    bars: PartitionBars = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start a process, as partita.marketdata.bars.source does on Kafka."""
        self.bars = self._started(0 if self.mark is None else self.mark, full=self.mark is None)
        if not self.bars.full and (self.bars.gap or not self.bars.whole):
            self.bars = self._started(0, full=True)
            self.reads += len(self.trades)
        self.bars.opened()

    def _started(self, position: int, *, full: bool) -> PartitionBars:
        standing = Standing()
        for symbol, instrument_id in SYMBOLS.items():
            standing.hear_listed(symbol, instrument_id)
        for key, message in self.told:
            if isinstance(message, Candle):
                standing.hear(symbol_of(key), message)
            else:
                standing.hear_day(symbol_of(key), message)
        bars = PartitionBars(standing, 0, position, full=full)
        self.bars = bars
        self.read(len(self.trades))
        return bars

    def read(self, end: int) -> None:
        """Read trades up to an offset, and again what waited."""
        bars = self.bars
        while bars.position < end or bars.again is not None:
            if bars.again is not None:
                bars.rewind()
            while bars.position < end:
                bars.take(bars.position, *self.trades[bars.position])

    def stream(self) -> None:
        """Read what is new, as from the stream: a gap is looked for in all trades, once."""
        self.read(len(self.trades))
        if self.bars.gap and not self.bars.full:
            self.bars = self._started(0, full=True)
            self.bars.opened()

    def tell(
        self, now_ms: int, arrives: Callable[[], bool] = lambda: True, *, everything: bool = True
    ) -> None:
        """Tell what is new; of the records some may not arrive, and then there is no mark."""
        mark, days = self.bars.mark, self.bars.days(now_ms) if everything else []
        for news in (self.bars.news(INTERVALS_S if everything else (MINUTE_S,)), days):
            arrived = [told for told in news if arrives()]
            self.told += arrived
            if len(arrived) < len(news):
                return
        if everything:
            self.mark = mark

    def compact(self) -> None:
        """Leave the last record of each key, at its place."""
        last = {key: n for n, (key, _) in enumerate(self.told)}
        self.told = [told for n, told in enumerate(self.told) if last[told[0]] == n]

    def latest(self) -> dict[bytes, Candle | DayTicker]:
        """Return what compaction would leave."""
        return dict(self.told)
