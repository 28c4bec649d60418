"""The edges of an exchange by name, and what stands of them in a record."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from partita.log.edges import EdgeState
from partita.schemas import chain
from partita.schemas.accounts import AccountEventBatch
from partita.schemas.chain import Chain
from partita.schemas.converter import Message
from partita.schemas.feed import FeedBatch
from partita.schemas.orders import OrderBatch
from partita.schemas.reports import ReportBatch
from partita.schemas.snapshots import BookSnapshot, EdgeEnd, ShardSnapshot
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, BOOK, ORDERS, shard_name

CHAINS: Mapping[str, Chain] = {
    ORDERS: chain.ORDERS,
    ACCOUNT_COMMANDS: chain.REPORTS,
    ACCOUNT_EVENTS: chain.ACCOUNT_EVENTS,
    BOOK: chain.FEED,
}
EVERYONE = 0  # the receiver where readers are not machines


class Edge(NamedTuple):
    """An edge, by where its events stand."""

    topic: str
    partition: int
    sender: int  # a shard's number or an instrument_id
    receiver: int  # likewise, or EVERYONE

    def text(self, symbols: Mapping[int, str]) -> str:
        """Return it for people; symbols by instrument_id."""

        def book(number: int) -> str:
            return symbols.get(number, f"instrument {number}")

        where = f"on {self.topic}/{self.partition}"
        if self.topic == ORDERS:
            return f"{shard_name(self.sender)} -> {book(self.receiver)} {where}"
        if self.topic == ACCOUNT_COMMANDS:
            return f"{book(self.sender)} -> {shard_name(self.receiver)} {where}"
        sender = book(self.sender) if self.topic == BOOK else shard_name(self.sender)
        return f"{sender} -> readers {where}"


class Group(NamedTuple):
    """Consecutive events of an edge, as they stand in a batch."""

    edge: Edge
    first: int  # number of the first event
    chain: int  # before the first event
    time_ms: int  # 0 on edges whose groups carry none
    events: Sequence[Message]

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self.first + len(self.events) - 1


def groups_of(topic: str, partition: int, message: Message) -> Iterator[Group]:
    """Yield the groups of a batch that stands on a partition; nothing of any other record."""
    if topic == ORDERS and isinstance(message, OrderBatch):
        for orders in message.groups:
            edge = Edge(topic, partition, message.shard, orders.instrument_id)
            yield Group(edge, orders.first, orders.chain, 0, orders.events)
    elif topic == ACCOUNT_COMMANDS and isinstance(message, ReportBatch):
        for reports in message.groups:
            edge = Edge(topic, partition, reports.instrument_id, partition)
            yield Group(edge, reports.first, reports.chain, 0, reports.events)
    elif topic == ACCOUNT_EVENTS and isinstance(message, AccountEventBatch):
        edge = Edge(topic, partition, message.shard, EVERYONE)
        for told in message.groups:
            yield Group(edge, told.first, told.chain, told.time_ms, told.events)
    elif topic == BOOK and isinstance(message, FeedBatch):
        for feed in message.groups:
            edge = Edge(topic, partition, feed.instrument_id, EVERYONE)
            yield Group(edge, feed.first, feed.chain, feed.time_ms, feed.events)


class Ends(NamedTuple):
    """The ends of all edges of one machine, or of many."""

    taken: dict[Edge, EdgeState]
    said: dict[Edge, EdgeState]


def ends_of(snapshot: ShardSnapshot | BookSnapshot) -> Ends:
    """Return the ends of the edges of a machine, by its snapshot."""
    if isinstance(snapshot, ShardSnapshot):
        shard = snapshot.shard
        partition_of = {rules.instrument_id: rules.partition for rules in snapshot.instruments}
        (told,) = snapshot.to_accounts
        return Ends(
            {
                Edge(ACCOUNT_COMMANDS, shard, end.peer, shard): _state(end)
                for end in snapshot.from_books
            },
            {
                Edge(ORDERS, partition_of[end.peer], shard, end.peer): _state(end)
                for end in snapshot.to_books
            }
            | {Edge(ACCOUNT_EVENTS, shard, shard, EVERYONE): _state(told)},
        )
    number, partition = snapshot.instrument.instrument_id, snapshot.instrument.partition
    (published,) = snapshot.to_everyone
    return Ends(
        {Edge(ORDERS, partition, end.peer, number): _state(end) for end in snapshot.from_shards},
        {
            Edge(ACCOUNT_COMMANDS, end.peer, number, end.peer): _state(end)
            for end in snapshot.to_shards
        }
        | {Edge(BOOK, partition, number, EVERYONE): _state(published)},
    )


def _state(end: EdgeEnd) -> EdgeState:
    return EdgeState(end.number, end.chain)
