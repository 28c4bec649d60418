"""Trades on a real Kafka as the market-data worker writes them, and what must come of them."""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bars import naive

from partita.log.kafka.past import PastReader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing, Record
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import Candle, DayTicker, Trade, TradeBatch
from partita.schemas.topics import CANDLES, TICKERS, TRADES

PATIENCE_S = 30.0
_BATCHES_A_RUN = 20


def records(bootstrap: str, topic: str, partition: int) -> list[Record]:
    """Return what a partition holds."""
    reader = PastReader(bootstrap, topic)
    try:
        return list(reader.records(partition))
    finally:
        reader.close()


class Market:
    """Writes random trades of some symbols, with repeats, over the last hours."""

    def __init__(self, bootstrap: str, instruments: Sequence[Instrument], seed: int) -> None:
        self.bootstrap = bootstrap
        self.trades: dict[str, list[naive.Numbered]] = {i.symbol: [] for i in instruments}
        self._instruments = instruments
        self._rng = random.Random(seed)
        self._sender = Sender(bootstrap)
        self._time_ms = time.time_ns() // 1_000_000 - 7 * 3_600_000

    def write(self, batches: int = _BATCHES_A_RUN) -> None:
        """Write so many batches of each symbol."""
        rng = self._rng
        for _ in range(batches):
            self._time_ms += rng.choice((500, 20_000, 150_000))
            for instrument in self._instruments:
                self._batch(instrument, rng.randint(1, 30))
        self._sender.flush(PATIENCE_S)

    def _batch(self, instrument: Instrument, count: int) -> None:
        rng, known = self._rng, self.trades[instrument.symbol]
        start = max(0, len(known) - rng.choice((0, 0, 0, 5)))  # a repeat of what came before
        known += [
            (
                trade_id,
                Trade(
                    3 * trade_id, self._time_ms, Side.BUY, rng.randint(90, 110), rng.randint(1, 9)
                ),
            )
            for trade_id in range(len(known) + 1, len(known) + count + 1)
        ]
        self.send(instrument, start, len(known))

    def send(self, instrument: Instrument, start: int, end: int) -> None:
        """Write known trades as a batch, from the one index to before the other."""
        trades = tuple(trade for _, trade in self.trades[instrument.symbol][start:end])
        batch = TradeBatch(b"", instrument.instrument_id, start + 1, trades)
        key = instrument.symbol.encode()
        self._sender.send(Outgoing(TRADES, instrument.partition, key, encode(batch)))

    def expected(self) -> dict[bytes, Candle]:
        """Return the bars that must stand there."""
        found = dict[bytes, Candle]()
        for i in self._instruments:
            found |= naive.candles(i.symbol, i.instrument_id, self.trades[i.symbol])
        return found

    def standing(self) -> dict[bytes, Candle]:
        """Return the last record of each key on candles."""
        found = dict[bytes, Candle]()
        for partition in {i.partition for i in self._instruments}:
            for record in records(self.bootstrap, CANDLES, partition):
                candle = decode(record.value)
                assert isinstance(candle, Candle)
                assert record.key is not None
                if record.key.decode().split("/")[0] in self.trades:  # not another test's
                    found[record.key] = candle
        return found

    def days_hold(self) -> bool:
        """Check every record of the last 24 hours; return whether the last ones know all trades."""
        last = dict[str, int]()
        for i in self._instruments:
            known = self.trades[i.symbol]
            for record in records(self.bootstrap, TICKERS, i.partition):
                if record.key == f"{i.symbol}/24h".encode():
                    day = decode(record.value)
                    assert isinstance(day, DayTicker)
                    assert (
                        naive.day(i.instrument_id, day.until_ms, known[: day.last_trade_id]) == day
                    )
                    last[i.symbol] = day.last_trade_id
        return all(last.get(symbol, 0) == len(known) for symbol, known in self.trades.items())

    def settles(self) -> None:
        """Wait until what stands is what must."""
        eventually(lambda: self.standing() == self.expected() and self.days_hold())


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s, "it never came to hold"
        time.sleep(0.1)


def said(log: Path) -> str:
    """Return what a process has written to its log."""
    return log.read_text() if log.exists() else ""
