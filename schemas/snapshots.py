"""What stands on the changelogs: a machine's whole state, in chunks, and the manifest behind them.

The state is one record (BookSnapshot, ShardSnapshot): marker, fingerprint and Avro body as for any
other, but as large as it is, so it is cut into chunks. Its large tables are columns, one array a
field, all of one length: a machine of 100,000 orders is written and read ten times as fast as by
rows. Enums are their places in the schema's list of symbols there. Everything has a fixed order, so
equal states have equal bytes in every engine.
"""

from typing import NamedTuple

from partita.schemas.enums import Line
from partita.schemas.instrument import Instrument


class Chunk(NamedTuple):
    """A piece of a snapshot. Its key says of which, and where in it."""

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    data: bytes  # the piece


class TopicId(NamedTuple):
    """Which topic of that name it was."""

    name: str  # name of the topic
    topic_id: str  # what the cluster calls it; another one after it was created again


class MachineBirth(NamedTuple):
    """That a machine is on a partition, and since when."""

    machine: str  # its name
    first_offset: int  # where it came into being: it takes nothing below


class Manifest(NamedTuple):
    """That a snapshot is whole: written last, behind all that the machine had said by then."""

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    machine: str  # name of the machine: a symbol, or shard and its number
    line: Line  # which copy of the worker wrote this
    position: int  # offset of the machine's input that it takes next
    time_ms: int  # largest log time below that position, milliseconds since 1970
    # the position in the keys of the chunks; an older one when nothing has changed since
    chunks_position: int
    chunks: int  # how many
    size: int  # bytes of all chunks
    sha256: bytes  # SHA-256 of the bytes of all chunks, in order
    edges: bytes  # digest of the ends of all edges: equal when all was taken and said alike
    build: str  # the build and engine that computed the state
    shards: int  # how many ledger shards the exchange has
    machines: tuple[MachineBirth, ...]  # all machines of the partition at that position
    topics: tuple[TopicId, ...]  # the event topics as they were


class EdgeEnd(NamedTuple):
    """One end of an edge."""

    peer: int  # the machine at the other end: a shard's number or an instrument_id, 0 for readers
    number: int  # of the last event, 0 before the first
    chain: int  # unsigned CRC-32 over all events so far


class RestingOrders(NamedTuple):
    """The orders of a book in order of arrival, in columns."""

    order_id: tuple[int, ...]  # our identifier
    account: tuple[int, ...]  # the owner
    side: tuple[int, ...]  # place in Side
    time_in_force: tuple[int, ...]  # place in TimeInForce
    price: tuple[int, ...]  # ticks
    size: tuple[int, ...]  # lots in all: filled + remaining, as amended or decreased
    remaining: tuple[int, ...]  # lots
    post_only: tuple[bool, ...]  # as placed
    self_trade: tuple[int, ...]  # place in SelfTrade
    expire_ms: tuple[int, ...]  # log time of expiry, 0: never
    maker_fee_ppm: tuple[int, ...]  # millionths of the notional
    taker_fee_ppm: tuple[int, ...]  # millionths of the notional
    arrival: tuple[int, ...]  # rank in time, larger is later


class BookSnapshot(NamedTuple):
    """A book and its edges."""

    instrument: Instrument  # the rules in force
    first_offset: int  # where its listing stands in its partition
    time_ms: int  # largest log time of what was applied
    trade_id: int  # of the last trade, 0 before the first
    last_price: int  # ticks
    last_size: int  # lots
    arrivals: int  # the last rank given
    from_shards: tuple[EdgeEnd, ...]  # by shard
    to_shards: tuple[EdgeEnd, ...]  # by shard
    to_everyone: tuple[EdgeEnd, ...]  # one
    orders: RestingOrders  # all that rest


class Accounts(NamedTuple):
    """Client balances by account and asset, in columns.

    An amount has 128 bits: the high and the low half of its two's complement, both signed.
    """

    account: tuple[int, ...]  # the account
    asset_id: tuple[int, ...]  # the asset
    available_high: tuple[int, ...]  # of the units that may be used
    available_low: tuple[int, ...]  # of the units that may be used
    held_high: tuple[int, ...]  # of the units set aside
    held_low: tuple[int, ...]  # of the units set aside


class AssetFunds(NamedTuple):
    """The shard's own accounts of one asset, but clearing."""

    asset_id: int  # the asset
    fees: int  # units
    external: int  # units: minus what was transferred in, plus what went out


class ClearingFunds(NamedTuple):
    """The clearing account of one symbol in one asset."""

    instrument_id: int  # the symbol
    asset_id: int  # the asset
    amount: int  # units, never 0


class Orders(NamedTuple):
    """The orders of a shard by order_id, in columns."""

    order_id: tuple[int, ...]  # our identifier
    account: tuple[int, ...]  # the owner
    client_order_id: tuple[str, ...]  # the command_id it was placed with
    instrument_id: tuple[int, ...]  # the instrument
    side: tuple[int, ...]  # place in Side
    type: tuple[int, ...]  # place in OrderType
    time_in_force: tuple[int, ...]  # place in TimeInForce
    price: tuple[int, ...]  # ticks, 0 for market
    size: tuple[int, ...]  # lots, 0 for a market buy by funds alone
    filled: tuple[int, ...]  # lots
    remaining: tuple[int, ...]  # lots
    hold: tuple[int, ...]  # quote units (buy) or lots (sell), without what pending amends brought
    fee_ppm: tuple[int, ...]  # the higher of the order's two rates
    state: tuple[int, ...]  # place in OrderState
    outcome: tuple[int, ...]  # place in Outcome
    reason: tuple[int, ...]  # place in Reason


class Requests(NamedTuple):
    """Cancels, amends and cancel-alls without an answer, by number, in columns."""

    request: tuple[int, ...]  # the shard's number of it
    account: tuple[int, ...]  # who asked
    command_id: tuple[str, ...]  # by which command
    instrument_id: tuple[int, ...]  # the book that was asked
    order_id: tuple[int, ...]  # the order, 0: all
    top_up: tuple[int, ...]  # quote units (buy) or lots (sell) that an amend brought


class Received(NamedTuple):
    """First answers to places, in columns."""

    order_id: tuple[int, ...]  # our identifier
    instrument_id: tuple[int, ...]  # the instrument
    side: tuple[int, ...]  # place in Side
    type: tuple[int, ...]  # place in OrderType
    time_in_force: tuple[int, ...]  # place in TimeInForce
    price: tuple[int, ...]  # ticks
    size: tuple[int, ...]  # lots
    funds: tuple[int, ...]  # quote units
    post_only: tuple[bool, ...]  # as placed
    self_trade: tuple[int, ...]  # place in SelfTrade
    expire_ms: tuple[int, ...]  # as placed


class Accepted(NamedTuple):
    """First answers to what took effect, in columns."""

    order_id: tuple[int, ...]  # the order, 0 for none
    orders: tuple[int, ...]  # how many were cancelled


class Rejected(NamedTuple):
    """First answers to what was refused, in columns."""

    reason: tuple[int, ...]  # place in Reason
    order_id: tuple[int, ...]  # the order it was about, 0 for none


class Ids(NamedTuple):
    """The memory of command ids by account and id, in columns.

    The answers of a kind stand in the order of their ids.
    """

    account: tuple[int, ...]  # who commanded
    command_id: tuple[str, ...]  # the client's identifier
    # 16 bytes that tell a repeat from other content; none where the answer to a place says all
    content: tuple[bytes, ...]
    keep_until_ms: tuple[int, ...]  # remembered at least until then
    pinned: tuple[bool, ...]  # not to be forgotten for now
    answer: tuple[int, ...]  # kind of the first answer: 0 none yet, 1 received, 2 accepted, 3 no
    received: Received  # those of kind 1
    accepted: Accepted  # those of kind 2
    rejected: Rejected  # those of kind 3


class ShardSnapshot(NamedTuple):
    """A ledger shard and its edges."""

    shard: int  # its number, from 0
    shards: int  # how many there are
    time_ms: int  # largest log time of what was applied
    order_count: int  # orders numbered so far
    request_count: int  # requests numbered so far
    instruments: tuple[Instrument, ...]  # rules as last heard, by instrument_id
    from_books: tuple[EdgeEnd, ...]  # by instrument_id
    to_books: tuple[EdgeEnd, ...]  # by instrument_id
    to_accounts: tuple[EdgeEnd, ...]  # one
    accounts: Accounts  # client balances
    assets: tuple[AssetFunds, ...]  # by asset_id
    clearing: tuple[ClearingFunds, ...]  # by instrument_id, asset_id
    orders: Orders  # received, open, or done and still remembered
    requests: Requests  # without an answer
    ids: Ids  # the memory of ids
