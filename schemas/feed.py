"""What books tell everyone: the public feed, on `book` and `tickers`."""

from typing import NamedTuple

from partita.schemas.enums import Line, Outcome, Side
from partita.schemas.instrument import Instrument


class Opened(NamedTuple):
    """An order rests, behind all others of its price."""

    order_id: int  # the order
    side: Side  # buy or sell
    price: int  # ticks
    size: int  # lots


class Traded(NamedTuple):
    """Two orders met.

    The maker's resting size goes down by size; a Done follows when nothing is left.
    """

    trade_id: int  # number of the trade on this symbol, 1 or more, no gaps
    maker_order_id: int  # the resting order
    taker_order_id: int  # the incoming order
    taker_side: Side  # side of the incoming order
    price: int  # ticks: the resting order's
    size: int  # lots


class Changed(NamedTuple):
    """A resting order has a new price or size.

    Less size at the same price keeps its place; anything else puts it behind all others of its
    price.
    """

    order_id: int  # the order
    price: int  # ticks
    size: int  # remaining lots


class Done(NamedTuple):
    """A resting order has left the book."""

    order_id: int  # the order
    outcome: Outcome  # how
    size: int  # lots that were left


FeedEvent = Opened | Traded | Changed | Done | Instrument


class FeedGroup(NamedTuple):
    """Consecutive events of one book at one machine time."""

    instrument_id: int  # the book
    first: int  # number of the first event on this edge, 1 or more; the others follow without gaps
    chain: int  # unsigned CRC-32 over all events of the edge before the first
    time_ms: int  # the book's time at these events
    events: tuple[FeedEvent, ...]  # the events


class FeedBatch(NamedTuple):
    """The public feed, order by order (L3): a record on book."""

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    line: Line  # which copy of the sender wrote this
    groups: tuple[FeedGroup, ...]  # one or more for each book that moved


class Ticker(NamedTuple):
    """Best bid and offer and last price of a symbol; the latest by number counts.

    A record on tickers, by symbol.
    """

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    line: Line  # which copy of the sender wrote this
    instrument_id: int  # the instrument
    number: int  # number of the last feed event this covers
    time_ms: int  # the book's time
    bid: int  # best bid, ticks, 0: none
    bid_size: int  # lots at the best bid
    ask: int  # best ask, ticks, 0: none
    ask_size: int  # lots at the best ask
    last_trade_id: int  # the last trade, 0: none yet
    last_price: int  # its price, ticks
    last_size: int  # its size, lots
