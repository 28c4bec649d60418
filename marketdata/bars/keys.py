"""The keys of what is told: on candles by symbol, interval and start; on tickers by symbol."""

_DAY = b"/24h"


def candle_key(symbol: str, interval_s: int, start_ms: int) -> bytes:
    """Return the key of a bar on candles."""
    return f"{symbol}/{interval_s}/{start_ms}".encode()


def day_key(symbol: str) -> bytes:
    """Return the key of a symbol's last 24 hours on tickers; its book's own is the symbol alone."""
    return symbol.encode() + _DAY


def is_day(key: bytes) -> bool:
    """Return whether a key on tickers is one of day_key."""
    return key.endswith(_DAY)


def symbol_of(key: bytes) -> str:
    """Return the symbol of any of these keys, and of trades."""
    return key.partition(b"/")[0].decode(errors="replace")
