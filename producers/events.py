"""The private stream as a client reads it: typed, with symbols, names and exact decimals."""

from decimal import Decimal
from typing import NamedTuple

from partita.producers.views import Position
from partita.schemas.enums import Liquidity, OrderType, Outcome, SelfTrade, Side, TimeInForce
from partita.schemas.reasons import Reason


class OrderReceived(NamedTuple):
    """An order's funds are reserved, and it is on its way to the book."""

    position: Position
    time_ms: int
    account: int
    order_id: int
    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: Decimal | None  # None for a market order
    size: Decimal | None  # None for a market buy by funds alone
    funds: Decimal | None  # what a market buy may spend, else None
    post_only: bool
    self_trade: SelfTrade
    expire_ms: int | None  # None for all but GTT orders
    repeated: bool  # it answers a repeat; nothing happened anew


class OrderOpened(NamedTuple):
    """An order rests in the book."""

    position: Position
    time_ms: int
    account: int
    order_id: int
    client_order_id: str
    symbol: str
    remaining: Decimal


class OrderFilled(NamedTuple):
    """An order was filled in part or whole, and the fill is settled."""

    position: Position
    time_ms: int
    account: int
    order_id: int
    client_order_id: str
    symbol: str
    side: Side
    trade_id: int  # of the symbol
    price: Decimal
    size: Decimal
    fee: Decimal  # in the quote asset
    liquidity: Liquidity


class OrderChanged(NamedTuple):
    """An order has a new price or remaining size."""

    position: Position
    time_ms: int
    account: int
    order_id: int
    client_order_id: str
    symbol: str
    price: Decimal | None  # None for a market order
    remaining: Decimal


class OrderDone(NamedTuple):
    """An order has ended, and the rest of its hold is released."""

    position: Position
    time_ms: int
    account: int
    order_id: int
    client_order_id: str
    symbol: str
    outcome: Outcome
    reason: Reason | None  # None when filled
    filled: Decimal
    remaining: Decimal


class BalanceChanged(NamedTuple):
    """A balance after the event before it, or as someone asked for it; absolute."""

    position: Position
    time_ms: int
    account: int
    asset: str
    available: Decimal
    held: Decimal


class CommandAccepted(NamedTuple):
    """A transfer, cancel, amend or cancel-all took effect."""

    position: Position
    time_ms: int
    account: int
    command_id: str
    order_id: int | None  # None when it was about no single order
    count: int  # type: ignore[assignment]  # orders cancelled; 1 for an amend, 0 for a transfer
    repeated: bool


class CommandRejected(NamedTuple):
    """A command was refused, and had no effect."""

    position: Position
    time_ms: int
    account: int
    command_id: str
    order_id: int | None
    reason: Reason
    repeated: bool


PrivateEvent = (
    OrderReceived
    | OrderOpened
    | OrderFilled
    | OrderChanged
    | OrderDone
    | BalanceChanged
    | CommandAccepted
    | CommandRejected
)
