"""What is derived from the public feed: trades, depth, where late readers start, bars, the day.

On `trades`, `depth`, `book-snapshots`, `candles`, and beside the books' own on `tickers`. All of it
says which number of the feed it covers, and can be computed again from `book` at any time.
"""

from typing import NamedTuple

from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument


class Trade(NamedTuple):
    """Two orders met."""

    number: int  # number of the feed event that told of it
    time_ms: int  # the book's time
    taker_side: Side  # side of the incoming order
    price: int  # ticks: the resting order's
    size: int  # lots


class TradeBatch(NamedTuple):
    """Consecutive trades of one symbol: a record on trades, by symbol."""

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    instrument_id: int  # the instrument
    first: int  # trade_id of the first trade, 1 or more; the others follow without gaps
    trades: tuple[Trade, ...]  # the trades


class LevelChange(NamedTuple):
    """What stands at one price of one side after a feed event; absolute."""

    number: int  # number of the feed event that changed it
    side: Side  # buy or sell
    price: int  # ticks
    size: int  # lots, the sum of its orders; 0: the level is gone
    orders: int  # how many


class DepthBatch(NamedTuple):
    """Consecutive level changes (L2) of one symbol: a record on depth, by symbol."""

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    instrument_id: int  # the instrument
    first: int  # number of the first change on this stream, 1 or more; the others without gaps
    time_ms: int  # the book's time at the last change
    changes: tuple[LevelChange, ...]  # the changes


class RestingOrder(NamedTuple):
    """An order in a book snapshot."""

    order_id: int  # the order
    side: Side  # buy or sell
    price: int  # ticks
    size: int  # lots that are left


class BookSnapshotPart(NamedTuple):
    """A part of one book as it stood behind a feed event: where a late reader starts.

    A record on book-snapshots, by symbol, slot and part. All parts of one number make it whole. Two
    slots take turns, so that one whole snapshot stands there while the next is written.
    """

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    instrument: Instrument  # the rules in force
    number: int  # number of the last feed event this covers
    chain: int  # unsigned CRC-32 over all events of the feed up to it
    offset: int  # the first record of the symbol's partition of book to read from here on
    time_ms: int  # the book's time
    changes: int  # level changes so far: number of the last one on depth
    trades: int  # trades so far: trade_id of the last one, 0: none yet
    last_price: int  # its price, ticks, 0: none yet
    last_size: int  # its size, lots
    part: int  # which part this is, from 0
    parts: int  # how many there are
    orders: tuple[RestingOrder, ...]  # by priority: best price first, then by arrival; bids first


class Candle(NamedTuple):
    """What happened on a symbol in one interval; an interval without a trade has none.

    A record on candles, by symbol, interval and start; the latest by last_trade_id counts.
    """

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    instrument_id: int  # the instrument
    interval_s: int  # 60, 300, 900, 3600, 21600 or 86400
    start_ms: int  # its start, a multiple of the interval since 1970, UTC
    open: int  # price of the first trade, ticks
    high: int  # highest price, ticks
    low: int  # lowest price, ticks
    close: int  # price of the last trade, ticks
    volume: int  # lots traded
    notional: int  # sum of price x size, ticks x lots
    first_trade_id: int  # the first trade
    last_trade_id: int  # the last trade so far; from the first to it none is missing
    number: int  # number of the feed event that told of the last trade


class DayTicker(NamedTuple):
    """The last 24 hours of a symbol, in whole minutes.

    A record on tickers, by symbol and `24h`; the latest by until_ms, then last_trade_id counts. It
    covers the trades of the 1,440 minutes that end with the one of until_ms.
    """

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    instrument_id: int  # the instrument
    until_ms: int  # end of the window, a multiple of a minute since 1970, UTC; not itself inside
    open: int  # price of the first trade, ticks, 0: no trade
    high: int  # highest price, ticks, 0: no trade
    low: int  # lowest price, ticks, 0: no trade
    close: int  # price of the last trade, ticks, 0: no trade
    volume: int  # lots traded
    notional: int  # sum of price x size, ticks x lots
    trades: int  # how many
    last_trade_id: int  # the last trade that was known, of any time, 0: none yet
    number: int  # number of the feed event that told of it
