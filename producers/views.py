"""What a client is shown: values with exact decimals, and where on the log they stand."""

from decimal import Decimal
from typing import NamedTuple

from partita.schemas.accounts import AccountEvent
from partita.schemas.enums import OrderState, OrderType, Outcome, Side, TimeInForce
from partita.schemas.reasons import Reason


class Position(NamedTuple):
    """A place in the private streams: a view at least this new has seen what stands there."""

    shard: int
    number: int  # of the event on its shard, from 1


class RawEvent(NamedTuple):
    """An event of the private stream as it is on the log, in ticks, lots and units."""

    shard: int
    number: int
    time_ms: int  # the shard's time
    event: AccountEvent


class Placed(NamedTuple):
    """The ledger has received the order: its funds are reserved, and it is on its way."""

    order_id: int
    client_order_id: str
    position: Position  # a view at least this new has the order and its hold


class Cancelled(NamedTuple):
    """The order is out of the book, and what was left of its hold is released."""

    order_id: int
    position: Position


class CancelledAll(NamedTuple):
    """All orders of the account on the symbol are out of the book."""

    orders: int  # how many there were
    position: Position


class Amended(NamedTuple):
    """The order has its new price and size."""

    order_id: int
    position: Position


class Transferred(NamedTuple):
    """The money has moved."""

    position: Position


class OrderView(NamedTuple):
    """An order as the ledger knows it at a position."""

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
    size: Decimal | None  # in all, as amended; None for a market buy by funds alone
    filled: Decimal
    remaining: Decimal | None  # None as for size, until it is done
    hold: Decimal  # what is still set aside: quote (buy) or base (sell)
    state: OrderState
    outcome: Outcome | None  # None until it is done
    reason: Reason | None  # why it is done; None until then, and when filled


class BalanceView(NamedTuple):
    """An account's balance of one asset at a position."""

    position: Position
    time_ms: int
    asset: str
    available: Decimal
    held: Decimal


class TotalsView(NamedTuple):
    """The sums of the whole exchange for one asset, over all shards."""

    asset: str
    available: Decimal
    held: Decimal
    fees: Decimal
    clearing: Decimal  # 0 when nothing is in flight
    external: Decimal  # minus what was transferred in, plus what went out

    @property
    def difference(self) -> Decimal:
        """The sum of all; anything but 0 means that money was made or lost."""
        return self.available + self.held + self.fees + self.clearing + self.external


class TickerView(NamedTuple):
    """Best bid and offer and last price of a symbol; None where there is none."""

    symbol: str
    number: int  # of the last event of the symbol's feed that this covers
    time_ms: int
    bid: Decimal | None
    bid_size: Decimal | None
    ask: Decimal | None
    ask_size: Decimal | None
    last_price: Decimal | None
    last_size: Decimal | None
