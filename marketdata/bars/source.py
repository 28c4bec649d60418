"""The start of a partition's bars: from what stands, and from the trades behind it.

It reads with clients of its own, in no group, from where this worker's own marks say: whatever the
stream's group has committed, no trade is missed by it.
"""

import logging
import time
from collections.abc import Iterator

from partita.log.kafka.past import PastReader
from partita.log.port import Record
from partita.marketdata.bars.keys import is_day, symbol_of
from partita.marketdata.bars.partition import PartitionBars
from partita.marketdata.bars.standing import Standing
from partita.schemas.codec import decode
from partita.schemas.errors import Undecodable
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import Candle, DayTicker, TradeBatch
from partita.schemas.topics import CANDLES, INSTRUMENTS, TICKERS, TRADES

_LOGGER = logging.getLogger("partita.bars")

_HOUR_MS = 3_600_000
# A bar is told of last when it was open: the longest lasts a day, and so does a ticker's window.
# An hour more, for clocks that differ; and one in which nothing is told of, for the same reason.
_STANDING_MS = 26 * _HOUR_MS
_SINCE_MS = 25 * _HOUR_MS


def start(bootstrap: str, partition: int, mark: int | None, *, full: bool = False) -> PartitionBars:
    """Return the bars of a partition as of now, with what is to be told first.

    Reads the trades from the mark on; all that are kept when there is no mark, when full is asked
    for, or when what stands is not whole or does not fit.

    Raises:
        LogError: reading cannot go on.
        UnknownFingerprint: a record is of a newer build.
    """
    trades = PastReader(bootstrap, TRADES)
    try:
        low, high = trades.bounds(partition)
        full = full or mark is None or not low <= mark <= high
        position = low if full or mark is None else mark
        from_ms = _time_ms(trades, partition, position, high)
        standing = _standing(bootstrap, partition, from_ms - _STANDING_MS)
        bars = PartitionBars(standing, from_ms - _SINCE_MS, position, full=full)
        if bars.whole or full:
            catch_up(bars, trades, partition, high)
        if not full and (bars.gap or not bars.whole):
            for trouble in bars.troubles() or ["what stands is not whole"]:
                _LOGGER.warning("partition %d is read from its start: %s", partition, trouble)
            return start(bootstrap, partition, mark, full=True)
    finally:
        trades.close()
    bars.opened()
    return bars


def fill(bootstrap: str, partition: int, bars: PartitionBars, end: int) -> None:
    """Read the trades between where the bars are and an offset.

    Raises:
        LogError: reading cannot go on.
        UnknownFingerprint: a record is of a newer build.
    """
    trades = PastReader(bootstrap, TRADES)
    try:
        catch_up(bars, trades, partition, end)
    finally:
        trades.close()


def catch_up(bars: PartitionBars, trades: PastReader, partition: int, end: int) -> None:
    """Read with a reader; and again, where a missing trade has come, what waited for it."""
    bars.skip(trades.bounds(partition)[0])
    while bars.position < end or bars.again is not None:
        if bars.again is not None:
            bars.rewind()
        for records in trades.between({partition: bars.position}, {partition: end}):
            for record in records:
                take(bars, record.partition, record.offset, record.key, record.value)
        bars.skip(end)


def take(bars: PartitionBars, partition: int, offset: int, key: bytes | None, value: bytes) -> None:
    """Take a record of trades; pass over, with a warning, what is none.

    Raises:
        UnknownFingerprint: it is of a newer build.
    """
    message = _message(TRADES, partition, offset, value)
    if isinstance(message, TradeBatch) and key:
        bars.take(offset, symbol_of(key), message)
    else:
        if message is not None:
            _LOGGER.warning("%s/%d@%d passed over: no trades", TRADES, partition, offset)
        bars.skip(offset + 1)


def _message(topic: str, partition: int, offset: int, value: bytes) -> object:
    try:
        return decode(value)
    except Undecodable as error:
        _LOGGER.warning("%s/%d@%d passed over: %s", topic, partition, offset, error)
        return None


def _time_ms(trades: PastReader, partition: int, position: int, end: int) -> int:
    """Return the log time of the record at an offset, now if there is none yet."""
    for records in trades.between({partition: position}, {partition: min(position + 1, end)}):
        for record in records:
            return record.time_ms
    return time.time_ns() // 1_000_000


def _standing(bootstrap: str, partition: int, from_ms: int) -> Standing:
    standing = Standing()
    for record in _records(bootstrap, INSTRUMENTS, 0):
        listed = _message(INSTRUMENTS, 0, record.offset, record.value) if record.value else None
        if isinstance(listed, Instrument) and listed.partition == partition:
            standing.hear_listed(listed.symbol, listed.instrument_id)
    for record in _records(bootstrap, TICKERS, partition):
        if record.value and record.key and is_day(record.key):
            day = _message(TICKERS, partition, record.offset, record.value)
            if isinstance(day, DayTicker):
                standing.hear_day(symbol_of(record.key), day)
    for record in _records(bootstrap, CANDLES, partition, from_ms):
        if record.value and record.key:
            candle = _message(CANDLES, partition, record.offset, record.value)
            if isinstance(candle, Candle):
                standing.hear(symbol_of(record.key), candle)
    return standing


def _records(
    bootstrap: str, topic: str, partition: int, from_ms: int | None = None
) -> Iterator[Record]:
    """Yield what a partition holds now, from a log time on."""
    reader = PastReader(bootstrap, topic)
    try:
        low, high = reader.bounds(partition)
        if from_ms is not None:
            low = max(low, reader.offsets_at(max(0, from_ms), [partition])[partition])
        for records in reader.between({partition: low}, {partition: high}):
            yield from records
    finally:
        reader.close()
