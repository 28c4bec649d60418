"""The rows of a store. Each is a value that is true behind one event, and stamped with its number.

Whoever folds the log to the same event gets the same row, whatever it was cut into: so a row may be
written any number of times, and the one with the greater number counts. Ticks, lots and units, as
on the log; what they are in decimals, the `instruments` topic tells.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from partita.schemas.enums import (
    Liquidity,
    OrderState,
    OrderType,
    Outcome,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.reasons import Reason


class BalanceRow(NamedTuple):
    """What an account has of an asset. Key: account, asset_id. Stamp: number."""

    account: int
    asset_id: int
    number: int  # of the event on the account's shard that told of it
    time_ms: int  # the shard's time at that event
    available: int  # units; up to 127 bits
    held: int  # units; up to 127 bits


class OrderRow(NamedTuple):
    """An order. Key: account, order_id. Stamp: number.

    All from the account to `placed_ms` never changes. Order ids of an account grow with time.
    """

    account: int
    order_id: int
    client_order_id: str  # of an account, in time, several orders may have had the same
    instrument_id: int
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    funds: int  # quote units a market buy may spend, else 0
    post_only: bool
    self_trade: SelfTrade
    expire_ms: int  # 0: none
    placed_ms: int  # the shard's time when it was received
    number: int  # of the last event on its shard that was about it
    time_ms: int  # the shard's time at that event
    price: int  # ticks, 0 for market
    size: int  # lots placed, or as amended: filled + remaining; 0 for a market buy by funds
    filled: int  # lots
    remaining: int  # lots
    notional: int  # of its fills: the sum of price x size, ticks x lots; up to 127 bits
    fees: int  # of its fills, quote units; up to 127 bits
    state: OrderState
    outcome: Outcome  # meaningful when done
    reason: Reason  # why it is done, else none


class FillRow(NamedTuple):
    """One party's side of a trade. Key: account, number. Never changes."""

    account: int
    number: int  # of the event on the account's shard
    time_ms: int
    order_id: int
    instrument_id: int
    side: Side  # the order's
    trade_id: int  # of the symbol
    price: int  # ticks
    size: int  # lots
    fee: int  # quote units
    liquidity: Liquidity


class EntryKind(StrEnum):
    """Why a balance changed.

    transfer: money came in or went out. reserve: an order was placed. fill: a trade was settled.
    release: an order ended, or needs less, and gave back the rest. amend: an amend reserved more,
    or gave that back.
    """

    TRANSFER = "transfer"
    RESERVE = "reserve"
    FILL = "fill"
    RELEASE = "release"
    AMEND = "amend"


class EntryRow(NamedTuple):
    """One change of one balance, in the ledger's order. Key: account, number. Never changes."""

    account: int
    number: int  # of the event on the account's shard that told of the balance
    time_ms: int
    asset_id: int
    kind: EntryKind
    available_change: int  # units; up to 127 bits, as all amounts here
    held_change: int
    available: int  # units after it
    held: int
    order_id: int  # 0: a transfer, or an amend (its event does not name the order)
    command_id: str  # of a transfer or a place, else empty
    instrument_id: int  # 0 as for the order
    trade_id: int  # of a fill, else 0


class TradeRow(NamedTuple):
    """A trade, public. Key: instrument_id, trade_id. Never changes."""

    instrument_id: int
    trade_id: int
    number: int  # of the feed event that told of it
    time_ms: int
    taker_side: Side
    price: int  # ticks
    size: int  # lots


class CandleRow(NamedTuple):
    """A bar, public. Key: instrument_id, interval_s, start_ms. Stamp: last_trade_id."""

    instrument_id: int
    interval_s: int
    start_ms: int
    open: int  # ticks, as high, low and close
    high: int
    low: int
    close: int
    volume: int  # lots
    notional: int  # ticks x lots; up to 127 bits
    first_trade_id: int
    last_trade_id: int
    number: int  # of the feed event that told of the last trade


# By row: the fields that may be wider than 64 bits.
WIDE: Mapping[type[Any], frozenset[str]] = {
    BalanceRow: frozenset({"available", "held"}),
    OrderRow: frozenset({"notional", "fees"}),
    EntryRow: frozenset({"available_change", "held_change", "available", "held"}),
    CandleRow: frozenset({"notional"}),
}
# By kind of enum: from what stands in a store to the member.
ENUMS: Mapping[Any, Callable[[str], Any]] = {
    kind: {member.value: member for member in kind}.__getitem__
    for kind in (
        Side, OrderType, TimeInForce, SelfTrade, OrderState, Outcome, Reason, Liquidity, EntryKind,
    )
}  # fmt: skip


class Source(NamedTuple):
    """A partition of the log that rows are made from."""

    topic: str
    topic_id: str  # what the cluster calls the topic: another id after it was made anew
    partition: int


class Cause(NamedTuple):
    """What was told last and may explain the balances right behind it; empty: nothing."""

    account: int = 0
    kind: str = ""  # an EntryKind
    order_id: int = 0
    command_id: str = ""
    instrument_id: int = 0
    trade_id: int = 0
    balances: int = 0  # how many balances behind it may still be its own


class Progress(NamedTuple):
    """How far a source is folded into the rows. Key: source. Stamp: number.

    All rows that are made of events up to `number` are there. A row may be newer than its progress:
    another projector, or this one before it was killed, was further.
    """

    source: Source
    offset: int  # the next record to read
    number: int  # the last event of account-events taken; elsewhere the offset, so that it grows
    chain: int  # over the events up to number; 0 elsewhere
    cause: Cause = Cause()


class Rows(NamedTuple):
    """What a stretch of the log made: at most one row for each key, the last."""

    fills: tuple[FillRow, ...] = ()
    entries: tuple[EntryRow, ...] = ()
    trades: tuple[TradeRow, ...] = ()
    candles: tuple[CandleRow, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    balances: tuple[BalanceRow, ...] = ()
    progress: tuple[Progress, ...] = ()

    @property
    def size(self) -> int:
        """How many rows there are, progress not counted."""
        return sum(map(len, self)) - len(self.progress)
