"""The state of a book as a value: what a snapshot holds."""

from typing import NamedTuple

from partita.schemas.enums import SelfTrade, Side, TimeInForce
from partita.schemas.instrument import Instrument


class RestingOrder(NamedTuple):
    """An order in the book."""

    order_id: int
    account: int
    side: Side
    time_in_force: TimeInForce  # GTC or GTT
    price: int  # ticks
    size: int  # lots in all: filled + remaining, as amended or decreased
    remaining: int  # lots
    post_only: bool
    self_trade: SelfTrade
    expire_ms: int  # 0: never
    maker_fee_ppm: int
    taker_fee_ppm: int
    arrival: int  # rank in time: the book's own counter, larger is later


class BookState(NamedTuple):
    """A whole book."""

    instrument: Instrument
    time_ms: int
    trade_id: int  # of the last trade
    last_price: int  # ticks
    last_size: int  # lots
    arrivals: int  # the last rank given
    orders: tuple[RestingOrder, ...]  # in order of arrival
