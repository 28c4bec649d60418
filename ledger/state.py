"""The state of a shard as a value: what a snapshot holds."""

from typing import NamedTuple

from partita.schemas.accounts import Accepted, Received, Rejected
from partita.schemas.enums import OrderState, OrderType, Outcome, Side, TimeInForce
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason

Answer = Received | Accepted | Rejected


class AccountFunds(NamedTuple):
    """One account's balance of one asset. An account is open when it has one, be it of zeros."""

    account: int
    asset_id: int
    available: int  # units
    held: int  # units


class AssetFunds(NamedTuple):
    """The shard's own accounts of one asset, but clearing."""

    asset_id: int
    fees: int  # units
    external: int  # units: minus what was transferred in, plus what went out


class ClearingFunds(NamedTuple):
    """The clearing account of one symbol in one asset."""

    instrument_id: int
    asset_id: int
    amount: int  # units, never 0


class OrderRecord(NamedTuple):
    """An order that is received or open, or was until not long ago."""

    order_id: int
    account: int
    client_order_id: str
    instrument_id: int
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: int  # ticks, 0 for market
    size: int  # lots: filled + remaining, as amended or decreased; 0: market buy by funds alone
    filled: int  # lots
    remaining: int  # lots, 0 for a market buy by funds alone
    hold: int  # quote units (buy) or lots (sell), without what pending amends brought
    fee_ppm: int  # the higher of the order's two rates, which a buy reserves by
    state: OrderState
    outcome: Outcome  # meaningful when done
    reason: Reason  # why it is done, else none


class RequestRecord(NamedTuple):
    """A cancel, amend or cancel-all that the book has not answered yet."""

    request: int  # the shard's number of it
    account: int
    command_id: str
    instrument_id: int
    order_id: int  # 0: all orders
    top_up: int  # what an amend brought on top of the order's hold; quote units (buy), lots (sell)


class KnownId(NamedTuple):
    """A command id and what was answered."""

    account: int
    command_id: str
    # partita.ledger.reference.memory.content, 16 bytes; none where the answer to a place says all
    content: bytes
    keep_until_ms: int  # remembered at least until then
    # True: not to be forgotten for now. Its request is pending, its order is open or has pending
    # requests, or it is a transfer.
    pinned: bool
    answer: tuple[Answer, ...]  # the first answer; empty while the book has not given it


class ShardState(NamedTuple):
    """A whole shard."""

    shard: int
    shards: int
    time_ms: int
    order_count: int  # orders numbered so far
    request_count: int  # requests numbered so far
    instruments: tuple[Instrument, ...]  # by instrument_id
    accounts: tuple[AccountFunds, ...]  # by account, asset_id
    assets: tuple[AssetFunds, ...]  # by asset_id: all that the instruments have
    clearing: tuple[ClearingFunds, ...]  # by instrument_id, asset_id
    orders: tuple[OrderRecord, ...]  # by order_id
    requests: tuple[RequestRecord, ...]  # by request
    ids: tuple[KnownId, ...]  # by account, command_id
