"""What shards tell clients: the private stream, on `account-events`."""

from typing import NamedTuple

from partita.schemas.enums import (
    Line,
    Liquidity,
    OrderState,
    OrderType,
    Outcome,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.reasons import Reason


class Received(NamedTuple):
    """A place was accepted: the funds are reserved and the order is on its way to the book."""

    account: int  # the account; on the wire its index in the batch's accounts
    command_id: str  # the command that is answered
    order_id: int  # our identifier
    instrument_id: int  # the instrument
    side: Side  # buy or sell
    type: OrderType  # limit or market
    time_in_force: TimeInForce  # how long
    price: int  # ticks, 0 for market
    size: int  # lots, 0 for a market buy by funds alone
    funds: int  # quote units a market buy may spend, else 0
    post_only: bool  # as placed
    self_trade: SelfTrade  # as placed
    expire_ms: int  # as placed
    repeated: bool  # true when this answers a repeat; nothing happened anew


class Accepted(NamedTuple):
    """A transfer took place, or a cancel, amend or cancel-all took effect."""

    account: int  # the account; on the wire its index in the batch's accounts
    command_id: str  # the command that is answered
    order_id: int  # the order, 0 for none
    # orders that were cancelled; 1 for an amend, 0 for a transfer. (Shadows tuple.count.)
    count: int  # type: ignore[assignment]
    repeated: bool  # true when this answers a repeat; nothing happened anew


class Rejected(NamedTuple):
    """A command was refused; it had no effect."""

    account: int  # the account; on the wire its index in the batch's accounts
    command_id: str  # the command that is answered
    reason: Reason  # why
    order_id: int  # the order it was about, 0 for none
    repeated: bool  # true when this answers a repeat; nothing happened anew


class Opened(NamedTuple):
    """The order rests in the book."""

    account: int  # the account; on the wire its index in the batch's accounts
    order_id: int  # the order
    remaining: int  # lots that rest


class Filled(NamedTuple):
    """The order was filled in part or whole, and the fill is settled."""

    account: int  # the account; on the wire its index in the batch's accounts
    order_id: int  # the order
    instrument_id: int  # the instrument
    side: Side  # the order's side
    trade_id: int  # number of the trade on this symbol
    price: int  # ticks
    size: int  # lots
    fee: int  # quote units
    liquidity: Liquidity  # maker or taker


class Changed(NamedTuple):
    """The order has a new price or remaining size."""

    account: int  # the account; on the wire its index in the batch's accounts
    order_id: int  # the order
    price: int  # ticks
    remaining: int  # lots


class Done(NamedTuple):
    """The order has ended and the rest of its hold is released."""

    account: int  # the account; on the wire its index in the batch's accounts
    order_id: int  # the order
    outcome: Outcome  # how
    reason: Reason  # why, none when filled
    filled: int  # lots filled in all
    remaining: int  # lots not filled


class Balance(NamedTuple):
    """A balance after the event before it, or as asked for; absolute."""

    account: int  # the account; on the wire its index in the batch's accounts
    asset_id: int  # the asset
    available: int  # smallest units that may be used
    held: int  # smallest units set aside for open orders


class OrderStatus(NamedTuple):
    """An order as the shard knows it.

    The answer to an inquiry, or the final state behind a late cancel.
    """

    account: int  # the account; on the wire its index in the batch's accounts
    order_id: int  # the order
    client_order_id: str  # the command_id it was placed with
    instrument_id: int  # the instrument
    side: Side  # buy or sell
    type: OrderType  # limit or market
    time_in_force: TimeInForce  # how long
    price: int  # ticks
    size: int  # lots placed, or as amended: filled + remaining
    filled: int  # lots
    remaining: int  # lots
    hold: int  # quote units (buy) or lots (sell) set aside
    state: OrderState  # received, open or done
    outcome: Outcome  # meaningful when done
    reason: Reason  # why it is done, else none


class Answered(NamedTuple):
    """The end of the answer to an inquiry."""

    account: int  # the account; on the wire its index in the batch's accounts
    command_id: str  # the command that is answered
    # events of the answer before this. (Shadows tuple.count.)
    count: int  # type: ignore[assignment]


class Total(NamedTuple):
    """A shard's own sums for one asset; they add up to zero."""

    account: int  # the account; on the wire its index in the batch's accounts
    asset_id: int  # the asset
    available: int  # over all accounts, units
    held: int  # over all accounts, units
    fees: int  # the fees account, units
    clearing: int  # the clearing accounts of all symbols, units
    external: int  # the external account: minus what was transferred in, plus what went out


AccountEvent = (
    Received
    | Accepted
    | Rejected
    | Opened
    | Filled
    | Changed
    | Done
    | Balance
    | OrderStatus
    | Answered
    | Total
)


class AccountEventGroup(NamedTuple):
    """Consecutive events of one shard at one machine time."""

    first: int  # number of the first event on this edge, 1 or more; the others follow without gaps
    chain: int  # unsigned CRC-32 over all events of the edge before the first
    time_ms: int  # the shard's time at these events
    events: tuple[AccountEvent, ...]  # the events


class AccountEventBatch(NamedTuple):
    """The private stream of one shard: a record on account-events.

    The accounts come first, so that a reader can stop there when its own are not among them.
    """

    accounts: tuple[int, ...]  # the accounts concerned, in order of first appearance
    seal: bytes  # keyed hash over body and destination; empty while seals are off
    line: Line  # which copy of the sender wrote this
    shard: int  # the sender
    groups: tuple[AccountEventGroup, ...]  # in the order of their numbers
