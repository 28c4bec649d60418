"""An independent reading of the log: every event once, in the order of its edge.

It shares nothing with the edges of the machines, so that a bug there does not blind it. It owns the
invariant of edges: equal numbers have equal content, chains agree, numbers are dense.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from simulation.broker import Broker, Place
from simulation.violation import violate

from partita.log.port import Record
from partita.schemas import (
    accounts,
    chain,
    commands,
    feed,
    operations,
    orders,
    reports,
    snapshots,
)
from partita.schemas.codec import decode
from partita.schemas.converter import Message
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.errors import Undecodable
from partita.schemas.instrument import Instrument
from partita.schemas.topics import (
    ACCOUNT_COMMANDS,
    ACCOUNT_EVENTS,
    BOOK,
    BOOKS_CHANGELOG,
    DEAD_LETTERS,
    LEDGER_CHANGELOG,
    ORDERS,
    PASSES,
    TICKERS,
    WORKER_STATUS,
)

NAME = "edges"

CHAINS = {
    ORDERS: chain.ORDERS,
    ACCOUNT_COMMANDS: chain.REPORTS,
    ACCOUNT_EVENTS: chain.ACCOUNT_EVENTS,
    BOOK: chain.FEED,
}
# What may stand on a topic; anything else is for the dead letters.
EXPECTED: Mapping[str, tuple[type[Message], ...]] = {
    ORDERS: (orders.OrderBatch, orders.Tick, Instrument),
    ACCOUNT_COMMANDS: (commands.CommandBatch, reports.ReportBatch),
    ACCOUNT_EVENTS: (accounts.AccountEventBatch,),
    BOOK: (feed.FeedBatch,),
    TICKERS: (feed.Ticker,),
    DEAD_LETTERS: (DeadLetter,),
    BOOKS_CHANGELOG: (snapshots.Chunk, snapshots.Manifest),
    LEDGER_CHANGELOG: (snapshots.Chunk, snapshots.Manifest),
    WORKER_STATUS: (operations.WorkerStatus,),
    PASSES: (operations.Pass,),
}


COMPACTED = (BOOKS_CHANGELOG, LEDGER_CHANGELOG)


class Tombstone(NamedTuple):
    """What takes a key away."""


class EdgeName(NamedTuple):
    """An edge: what kind, from whom, to whom (0: to all)."""

    topic: str
    sender: int
    receiver: int


class Group(NamedTuple):
    """Consecutive events as a record holds them."""

    edge: EdgeName
    first: int
    chain: int
    time_ms: int
    events: tuple[Message, ...]


class Seen(NamedTuple):
    """An event that was seen for the first time, after all before it on its edge."""

    edge: EdgeName
    number: int
    time_ms: int  # what its group says, 0 where groups say nothing
    event: Message


class Noted(NamedTuple):
    """A record that could be read."""

    topic: str
    record: Record
    message: Message | Tombstone
    groups: tuple[Group, ...]
    seen: tuple[Seen, ...]  # what it brought that was new


class _Edge:
    """What is known of one edge."""

    def __init__(self) -> None:
        self.events: list[tuple[int, Message]] = []  # (time_ms, event), the first is number 1
        self.chains = [0]  # at n: the chain over the first n events
        self.early: dict[int, tuple[int, Message]] = {}  # events beyond a gap


class Sightings:
    """All that was ever seen on the log."""

    def __init__(self, log: Broker) -> None:
        self.edges: dict[EdgeName, _Edge] = {}
        self.bad: set[Place] = set()  # records that nobody can take
        self.gaps_allowed = False  # a fault has torn a hole that has not healed yet
        self.ignored: set[Place] = set()  # what a diverging line wrote
        self._log = log
        self._read = 0  # how many of all that arrived

    def read(self) -> Iterator[Noted]:
        """Read on, through all that has come to stand on the log since the last time."""
        while self._read < len(self._log.arrivals):
            topic, partition, offset = self._log.arrivals[self._read]
            self._read += 1
            stored = self._log.partitions[topic, partition][offset]
            record = Record(partition, offset, stored.time_ms, stored.value, stored.key)
            noted = self._note(topic, record)
            if noted is not None:
                yield noted

    def _note(self, topic: str, record: Record) -> Noted | None:
        place = topic, record.partition, record.offset
        if place in self._log.parking:
            return None
        if place in self._log.bad:
            self.bad.add(place)
            return None
        if not record.value and topic in COMPACTED:
            return Noted(topic, record, Tombstone(), (), ())
        try:
            message = decode(record.value)
        except Undecodable:
            self.bad.add(place)
            return None
        if not isinstance(message, EXPECTED[topic]):
            self.bad.add(place)
            return None
        if place in self.ignored:
            return None
        groups = tuple(_groups(topic, record.partition, message))
        seen = [new for group in groups for new in self._take(group)]
        return Noted(topic, record, message, groups, tuple(seen))

    def _take(self, group: Group) -> Iterator[Seen]:
        edge = self.edges.setdefault(group.edge, _Edge())
        if group.first - 1 < len(edge.chains) and edge.chains[group.first - 1] != group.chain:
            violate(NAME, f"the chain before number {group.first} of {group.edge} differs")
        for number, event in enumerate(group.events, group.first):
            new = group.time_ms, event
            known = edge.early.get(number)
            if number <= len(edge.events):
                known = edge.events[number - 1]
            if known is None:
                edge.early[number] = new
            elif (type(known[1]), known) != (type(event), new):
                violate(NAME, f"number {number} of {group.edge} was {known}, now {new}")
        yield from self._release(group.edge, edge)
        if edge.early and not self.gaps_allowed:
            violate(NAME, f"a gap after {len(edge.events)} of {group.edge}")

    def _release(self, name: EdgeName, edge: _Edge) -> Iterator[Seen]:
        roll = CHAINS[name.topic].roll
        while (number := len(edge.events) + 1) in edge.early:
            time_ms, event = edge.early.pop(number)
            edge.events.append((time_ms, event))
            edge.chains.append(roll(edge.chains[-1], (event,), time_ms))
            yield Seen(name, number, time_ms, event)

    def would_be_first(self, topic: str, partition: int, value: bytes) -> bool:
        """Return whether a record agrees with all that was seen, and says what nobody has said."""
        for group in _groups(topic, partition, decode(value)):
            known = self.edges.setdefault(group.edge, _Edge())
            new = len(known.chains) - group.first
            if new < 0:
                return True
            mine = CHAINS[topic].roll(group.chain, group.events[:new], group.time_ms)
            at = min(new, len(group.events))
            if new < len(group.events) and mine == known.chains[group.first - 1 + at]:
                return True
        return False

    def last(self, edge: EdgeName) -> int:
        """Return the last number seen on an edge with all before it."""
        return len(self.edges[edge].events) if edge in self.edges else 0

    def lasts(self, topics: Collection[str], sender: int) -> dict[EdgeName, int]:
        """Return the last numbers of all edges of a sender to some topics."""
        return {
            name: len(edge.events)
            for name, edge in self.edges.items()
            if name.sender == sender and name.topic in topics
        }

    def check_dense(self) -> None:
        """Require that no edge has a gap."""
        for name, edge in self.edges.items():
            if edge.early:
                violate(NAME, f"a gap after {len(edge.events)} of {name} never healed")


def _groups(topic: str, partition: int, message: Message) -> Iterator[Group]:
    match message:
        case orders.OrderBatch():
            for order in message.groups:
                name = EdgeName(topic, message.shard, order.instrument_id)
                yield Group(name, order.first, order.chain, 0, order.events)
        case reports.ReportBatch():
            for report in message.groups:
                name = EdgeName(topic, report.instrument_id, partition)
                yield Group(name, report.first, report.chain, 0, report.events)
        case accounts.AccountEventBatch():
            for told in message.groups:
                name = EdgeName(topic, message.shard, 0)
                yield Group(name, told.first, told.chain, told.time_ms, told.events)
        case feed.FeedBatch():
            for shown in message.groups:
                name = EdgeName(topic, shown.instrument_id, 0)
                yield Group(name, shown.first, shown.chain, shown.time_ms, shown.events)
