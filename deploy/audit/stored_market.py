"""A store's trades and candles against the topics that they were taken from.

What is older than the oldest row of its kind was removed by the retention, and is not missed; but
no retention is shorter than a day, so what is younger must be there.
"""

import time
from collections.abc import Callable, Iterable

from partita.ledger.store.port import Reader
from partita.ledger.store.rows import CandleRow, TradeRow
from partita.log.port import Record
from partita.schemas.codec import decode
from partita.schemas.errors import Undecodable
from partita.schemas.market_data import Candle, TradeBatch

_Key = tuple[int, int, int]

# A little less than the shortest retention: hosts' clocks differ.
_SURE_MS = 20 * 3_600_000


class StoredMarket:
    """Compares records of trades and candles, as far as the store has taken them, with its rows."""

    def __init__(self, reader: Reader, differ: Callable[[str], None]) -> None:
        """Read the store's rows."""
        self._differ = differ
        self._sure_ms = time.time_ns() // 1_000_000 - _SURE_MS
        self._trades = {(row.instrument_id, row.trade_id): row for row in reader.scan(TradeRow)}
        self._candles = {row[:3]: row for row in reader.scan(CandleRow)}
        self._oldest_trade: dict[int, int] = {}
        for instrument_id, trade_id in self._trades:
            oldest = self._oldest_trade.get(instrument_id, trade_id)
            self._oldest_trade[instrument_id] = min(oldest, trade_id)
        self._oldest_bar: dict[tuple[int, int], int] = {}
        for instrument_id, interval_s, start_ms in self._candles:
            series = instrument_id, interval_s
            self._oldest_bar[series] = min(self._oldest_bar.get(series, start_ms), start_ms)
        self.rows = len(self._trades) + len(self._candles)

    def take(self, records: Iterable[Record]) -> None:
        """Compare what some records of one partition say."""
        bars: dict[_Key, CandleRow] = {}
        for record in records:
            try:
                message = decode(record.value)
            except Undecodable:
                continue
            if isinstance(message, TradeBatch):
                for trade_id, trade in enumerate(message.trades, message.first):
                    self._trade(TradeRow(message.instrument_id, trade_id, *trade))
            elif isinstance(message, Candle):
                bar = CandleRow(*message[1:])
                known = bars.get(bar[:3])
                if known is None or known.last_trade_id < bar.last_trade_id:
                    bars[bar[:3]] = bar
        for bar in bars.values():
            self._bar(bar)

    def _trade(self, told: TradeRow) -> None:
        there = self._trades.get((told.instrument_id, told.trade_id))
        if there is None:
            oldest = self._oldest_trade.get(told.instrument_id, told.trade_id)
            if told.trade_id > oldest or told.time_ms > self._sure_ms:
                self._differ(f"{told} was told, and is not there")
        elif there != told:
            self._differ(f"{there} is there, and {told} was told")

    def _bar(self, told: CandleRow) -> None:
        there = self._candles.get(told[:3])
        if there is None:
            oldest_ms = self._oldest_bar.get(told[:2], told.start_ms)
            if told.start_ms > oldest_ms or told.start_ms > self._sure_ms:
                self._differ(f"{told} was told, and is not there")
        elif there.last_trade_id < told.last_trade_id:
            self._differ(f"{there} is there, and {told} is newer")
        elif there.last_trade_id == told.last_trade_id and there != told:
            self._differ(f"{there} is there, and {told} was told")
