"""Candles and the day's figures the slow and obvious way, from all trades at once.

It shares nothing with partita.marketdata.bars but the records.
"""

from collections.abc import Iterable, Mapping

from partita.schemas.market_data import Candle, DayTicker, Trade

INTERVALS_S = (60, 300, 900, 3600, 21600, 86400)

Numbered = tuple[int, Trade]  # trade_id and trade


def candle(instrument_id: int, interval_s: int, start_ms: int, trades: list[Numbered]) -> Candle:
    """Return the bar of trades that are all in it."""
    prices = [trade.price for _, trade in trades]
    return Candle(
        seal=b"",
        instrument_id=instrument_id,
        interval_s=interval_s,
        start_ms=start_ms,
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        volume=sum(trade.size for _, trade in trades),
        notional=sum(trade.price * trade.size for _, trade in trades),
        first_trade_id=trades[0][0],
        last_trade_id=trades[-1][0],
        number=trades[-1][1].number,
    )


def candles(symbol: str, instrument_id: int, trades: Iterable[Numbered]) -> dict[bytes, Candle]:
    """Return every bar of a symbol's trades, by its key."""
    groups: dict[tuple[int, int], list[Numbered]] = {}
    for one in trades:
        for interval_s in INTERVALS_S:
            ms = interval_s * 1000
            groups.setdefault((interval_s, one[1].time_ms // ms * ms), []).append(one)
    return {
        b"%s/%d/%d" % (symbol.encode(), *where): candle(instrument_id, *where, group)
        for where, group in groups.items()
    }


def day(instrument_id: int, until_ms: int, trades: list[Numbered]) -> DayTicker:
    """Return the figures of the 24 hours before a time, given all trades known by then."""
    inside = [one for one in trades if until_ms - 86_400_000 <= one[1].time_ms < until_ms]
    prices = [trade.price for _, trade in inside]
    return DayTicker(
        seal=b"",
        instrument_id=instrument_id,
        until_ms=until_ms,
        open=prices[0] if prices else 0,
        high=max(prices, default=0),
        low=min(prices, default=0),
        close=prices[-1] if prices else 0,
        volume=sum(trade.size for _, trade in inside),
        notional=sum(trade.price * trade.size for _, trade in inside),
        trades=len(inside),
        last_trade_id=trades[-1][0] if trades else 0,
        number=trades[-1][1].number if trades else 0,
    )


def latest(log: Iterable[tuple[bytes, Candle]]) -> Mapping[bytes, Candle]:
    """Return what compaction would leave of records in their order."""
    return dict(log)
