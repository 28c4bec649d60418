"""The derived topics of an exchange in memory, written by the workers' own cores."""

from partita.log.memory import MemoryLog
from partita.log.port import Outgoing
from partita.marketdata.bars.bar import INTERVALS_S
from partita.marketdata.bars.keys import candle_key, day_key
from partita.marketdata.bars.symbol import SymbolBars
from partita.marketdata.snapshot_records import parts
from partita.marketdata.worker_core import BookPartition
from partita.schemas.codec import decode, encode
from partita.schemas.topics import BOOK, CANDLES, TICKERS, TRADES


def derive(log: MemoryLog, partition: int) -> None:
    """Derive all that can be of a partition of `book`, some records at a time."""
    core, slot = BookPartition(), 0
    for record in log.records(BOOK, partition):
        for outgoing in core.apply([record]):
            log.append(outgoing)
        if record.offset % 10 == 9:
            slot = 1 - slot
            for book in core.books.values():
                for part in parts(book.start(core.position), slot):
                    log.append(part)
    _derive_bars(log, partition, {b.replica.instrument.symbol for b in core.books.values()})


def _derive_bars(log: MemoryLog, partition: int, symbols: set[str]) -> None:
    bars: dict[str, SymbolBars] = {}
    for record in log.records(TRADES, partition):
        batch = decode(record.value)
        symbol = (record.key or b"").decode()
        one = bars.setdefault(symbol, SymbolBars(symbol, batch.instrument_id))
        one.take(batch.first, batch.trades)
        for candle in one.news(INTERVALS_S):
            key = candle_key(symbol, candle.interval_s, candle.start_ms)
            log.append(Outgoing(CANDLES, partition, key, encode(candle)))
    assert bars.keys() <= symbols
    for symbol, one in bars.items():
        day = one.day(log.time_ms)
        if day is not None:
            log.append(Outgoing(TICKERS, partition, day_key(symbol), encode(day)))
