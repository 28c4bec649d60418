"""What shards say to books, on `orders`."""

from typing import NamedTuple

from partita.schemas.enums import Line, OrderType, SelfTrade, Side, TimeInForce


class NewOrder(NamedTuple):
    """An order whose funds are reserved."""

    order_id: int  # our identifier, unique over the exchange
    account: int  # the owner
    side: Side  # buy or sell
    type: OrderType  # limit or market
    time_in_force: TimeInForce  # how long
    price: int  # limit price, ticks; 0 for market
    size: int  # size, lots; 0 for a market buy by funds alone
    funds: int  # quote units a market buy may spend, fees included: its hold; 0 for all others
    post_only: bool  # reject rather than take
    self_trade: SelfTrade  # self-trade prevention
    expire_ms: int  # log time of expiry for GTT, else 0
    maker_fee_ppm: int  # the order's maker rate for life, millionths
    taker_fee_ppm: int  # the order's taker rate for life, millionths


class CancelOrder(NamedTuple):
    """Cancel one order."""

    order_id: int  # the order
    account: int  # who asks; only the owner may
    request: int  # the shard's number of the request, to be told back


class AmendOrder(NamedTuple):
    """Amend one order."""

    order_id: int  # the order
    account: int  # who asks; only the owner may
    price: int  # new price, ticks
    size: int  # new total size, lots
    top_up: int  # quote units (buy) or lots (sell) that the shard added to the hold for this amend
    request: int  # the shard's number of the request, to be told back


class CancelOrders(NamedTuple):
    """Cancel all orders of an account on this instrument."""

    account: int  # whose
    request: int  # the shard's number of the request, to be told back


OrderEvent = NewOrder | CancelOrder | AmendOrder | CancelOrders


class OrderGroup(NamedTuple):
    """Consecutive events of one edge, a shard to a book."""

    instrument_id: int  # the book
    first: int  # number of the first event on this edge, 1 or more; the others follow without gaps
    chain: int  # unsigned CRC-32 over all events of the edge before the first
    events: tuple[OrderEvent, ...]  # the events


class OrderBatch(NamedTuple):
    """What one shard says to the books of one partition: a record on orders."""

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    line: Line  # which copy of the sender wrote this
    shard: int  # the sender
    groups: tuple[OrderGroup, ...]  # one for each book that is spoken to


class Tick(NamedTuple):
    """Nothing but its log time: lets the books of a partition see time pass.

    Extra ones are harmless.
    """

    seal: bytes  # keyed hash over body and destination; empty while seals are off
