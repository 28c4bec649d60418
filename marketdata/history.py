"""The trades and candles of a symbol that have been, from Kafka."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from partita.log.edges import Verdict
from partita.log.kafka.past import PastReader
from partita.log.kafka.reader import Reader
from partita.log.port import Record
from partita.marketdata.book_feed import Trade
from partita.schemas.codec import decode
from partita.schemas.errors import Undecodable
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import Candle, TradeBatch
from partita.schemas.topics import CANDLES, TRADES

T = TypeVar("T")

_LOGGER = logging.getLogger("partita.marketdata")

# The newest are mostly found in the last hour; else in the last day; else all is read.
_LOOK_BACK_MS = (3_600_000, 86_400_000, None)


class TradeTape:
    """Takes records of trades in any number of copies; gives each trade of one symbol once.

    It starts wherever the first record starts. `trouble` tells of trades that are missing.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.trouble = ""
        self.symbol = instrument.symbol
        self._key = instrument.symbol.encode()
        self._last = 0

    def take(self, record: Record) -> list[Trade]:
        """Return what is new in a record.

        Raises:
            UnknownFingerprint: it is of a newer build.
        """
        if record.key != self._key:
            return []
        batch = _message(TRADES, record)
        if not isinstance(batch, TradeBatch):
            return []
        if self._judge(batch) is not Verdict.TAKEN:
            return []
        new = list(enumerate(batch.trades, batch.first))
        new = [(trade_id, trade) for trade_id, trade in new if trade_id > self._last]
        self._last = batch.first + len(batch.trades) - 1
        return [
            Trade(trade.time_ms, trade_id, trade.taker_side, trade.price, trade.size)
            for trade_id, trade in new
        ]

    def _judge(self, batch: TradeBatch) -> Verdict:
        if self._last and batch.first > self._last + 1:
            self.trouble = f"trade {self._last + 1} is missing (the next one is {batch.first})"
            return Verdict.GAP
        if batch.first + len(batch.trades) - 1 <= self._last:
            return Verdict.DUPLICATE
        self.trouble = ""
        return Verdict.TAKEN


def _warn(tape: TradeTape) -> None:
    """Say what kept later trades from being taken, at the end of what is there."""
    if tape.trouble:
        _LOGGER.warning("%s: %s, and none behind it is told of", tape.symbol, tape.trouble)


def last_trades(bootstrap: str, instrument: Instrument, count: int) -> tuple[list[Trade], int]:
    """Return the newest trades, oldest first, and the offset behind what was read.

    Raises:
        LogError: reading cannot go on.
        UnknownFingerprint: a record is of a newer build.
    """
    end = 0

    def read(since_ms: int | None) -> list[Trade]:
        nonlocal end
        found, tape = list[Trade](), TradeTape(instrument)
        for record in _records(bootstrap, TRADES, instrument.partition, since_ms):
            found += tape.take(record)
            end = record.offset + 1
        _warn(tape)
        return found

    return _enough(read, count)[-count:], end


def trades_between(
    bootstrap: str, instrument: Instrument, since_ms: int | None, until_ms: int | None
) -> Iterator[Trade]:
    """Yield the trades that are kept, from the one time on and before the other.

    Raises:
        LogError: reading cannot go on.
        UnknownFingerprint: a record is of a newer build.
    """
    tape = TradeTape(instrument)
    for record in _records(bootstrap, TRADES, instrument.partition, since_ms):
        for trade in tape.take(record):
            if _inside(trade.time_ms, since_ms, until_ms):
                yield trade
    _warn(tape)


def follow_trades(
    bootstrap: str, instrument: Instrument, offset: int, after: int, timeout_s: float
) -> Iterator[list[Trade]]:
    """Yield the trades behind the trade `after` as they come, nothing where none came in time.

    Raises:
        LogError: reading cannot go on.
        UnknownFingerprint: a record is of a newer build.
    """
    reader, tape, told = Reader(bootstrap, TRADES), TradeTape(instrument), ""
    try:
        start = reader.starts([instrument.partition])[instrument.partition]
        reader.start({instrument.partition: max(offset, start)})
        while True:
            found = [trade for record in reader.read(timeout_s) for trade in tape.take(record)]
            if tape.trouble != told:
                told = tape.trouble
                _LOGGER.warning("%s: %s", instrument.symbol, told or "goes on")
            yield [trade for trade in found if trade.trade_id > after]
    finally:
        reader.close()


def last_candles(
    bootstrap: str, instrument: Instrument, interval_s: int, count: int
) -> list[Candle]:
    """Return the newest bars of an interval, oldest first; intervals without a trade have none.

    Raises:
        LogError: reading cannot go on.
        UnknownFingerprint: a record is of a newer build.
    """

    def read(since_ms: int | None) -> list[Candle]:
        found = _candles(bootstrap, instrument, interval_s, since_ms)
        # One that was told again lately may stand before others that were not.
        return [candle for candle in found if candle.start_ms >= (since_ms or 0)]

    return _enough(read, count)[-count:]


def candles_between(
    bootstrap: str,
    instrument: Instrument,
    interval_s: int,
    since_ms: int | None,
    until_ms: int | None,
) -> list[Candle]:
    """Return the bars that start from the one time on and before the other.

    Raises:
        LogError: reading cannot go on.
        UnknownFingerprint: a record is of a newer build.
    """
    found = _candles(bootstrap, instrument, interval_s, since_ms)
    return [candle for candle in found if _inside(candle.start_ms, since_ms, until_ms)]


def _candles(
    bootstrap: str, instrument: Instrument, interval_s: int, since_ms: int | None
) -> list[Candle]:
    """Return the bars that were told of since a time, the newest word on each, by start."""
    prefix = f"{instrument.symbol}/{interval_s}/".encode()
    newest = dict[int, Candle]()
    for record in _records(bootstrap, CANDLES, instrument.partition, since_ms):
        if not record.value or record.key is None or not record.key.startswith(prefix):
            continue
        candle = _message(CANDLES, record)
        if isinstance(candle, Candle):
            known = newest.get(candle.start_ms)
            if known is None or known.last_trade_id <= candle.last_trade_id:
                newest[candle.start_ms] = candle
    return [newest[start_ms] for start_ms in sorted(newest)]


def _enough(read: Callable[[int | None], list[T]], count: int) -> list[T]:
    """Look back further and further until there are enough; no further than there is anything."""
    now_ms, found = time.time_ns() // 1_000_000, list[T]()
    for back_ms in _LOOK_BACK_MS:
        found = read(None if back_ms is None else now_ms - back_ms)
        if len(found) >= count:
            break
    return found


def _inside(time_ms: int, since_ms: int | None, until_ms: int | None) -> bool:
    return (since_ms is None or time_ms >= since_ms) and (until_ms is None or time_ms < until_ms)


def _message(topic: str, record: Record) -> object:
    try:
        return decode(record.value)
    except Undecodable as error:
        _LOGGER.warning("%s/%d@%d passed over: %s", topic, record.partition, record.offset, error)
        return None


def _records(bootstrap: str, topic: str, partition: int, since_ms: int | None) -> Iterable[Record]:
    """Yield what a partition holds now, from a log time on.

    What is told of a time is never on the log before it, but for clocks that differ.
    """
    reader = PastReader(bootstrap, topic)
    try:
        low, high = reader.bounds(partition)
        if since_ms is not None:
            since_ms = max(0, since_ms - 60_000)
            low = max(low, reader.offsets_at(since_ms, [partition])[partition])
        for records in reader.between({partition: low}, {partition: high}):
            yield from records
    finally:
        reader.close()
