"""What stands on a partition, edge by edge, against what the rebuilt machines have said."""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from partita.deploy.audit.edges import Edge, groups_of
from partita.deploy.audit.findings import Differences, Kind
from partita.deploy.audit.reading import START, Reading, Taken
from partita.deploy.audit.rebuild import World
from partita.deploy.audit.source import Source
from partita.log.edges import EdgeState
from partita.log.port import Record
from partita.schemas.accounts import AccountEventBatch
from partita.schemas.codec import decode
from partita.schemas.converter import Message
from partita.schemas.errors import Undecodable, Unreadable
from partita.schemas.feed import FeedBatch
from partita.schemas.topics import ACCOUNT_EVENTS, BOOK

# What stands on the topics that no machine reads.
_BATCHES: Mapping[str, type[Message]] = {ACCOUNT_EVENTS: AccountEventBatch, BOOK: FeedBatch}

Take = Callable[[Edge, Taken], None]


class Stretch(NamedTuple):
    """Part of a partition that is read."""

    topic: str
    partition: int
    first: int
    # At least up to here, and then on until all is there that was said, as long as is waited for.
    until: int
    # What stands below this had been caused by what the machines were given: so they have said it.
    settled: int
    # The edges that are known up to `first`; None: all are read from their beginnings.
    known: Mapping[Edge, EdgeState] | None = None


class Verdicts(NamedTuple):
    """What came of the comparison."""

    agreed: dict[Edge, int]  # events that were compared, of edges on which all is there
    short: dict[Edge, EdgeState]  # edges on which not all is there, and what is
    holes: set[Edge]  # those of them on which later events stand behind what is missing
    different: list[Edge]  # edges whose content differs, somewhere
    refused: dict[Edge, int]  # groups of another past


class Stands:
    """Reads a stretch."""

    def __init__(
        self,
        stretch: Stretch,
        world: World,
        differences: Differences,
        take: Take = lambda _edge, _taken: None,
    ) -> None:
        """Start; `take` is given all that is new, edge by edge in the order of its numbers."""
        self._stretch = stretch
        self._world = world
        self._differences = differences
        self._take = take
        self._beyond: set[Edge] = set()  # edges on which something stands that nobody said
        self._readings: dict[Edge, Reading] = {}
        where = stretch.topic, stretch.partition
        mine = {edge for edge in world.ended.said if edge[:2] == where}
        for edge in sorted(mine | {edge for edge in stretch.known or () if edge[:2] == where}):
            self._readings[edge] = self._reading(edge)

    def _reading(self, edge: Edge) -> Reading:
        stretch, world = self._stretch, self._world
        numbers = {ends.said.get(edge, START).number for ends in (world.started, world.ended)}
        if stretch.known is not None:
            return Reading(edge, stretch.known.get(edge, START), numbers)
        return Reading(edge, START if stretch.first == 0 else None, numbers)

    def read(self, source: Source) -> Verdicts:
        """Read, and wait for what is not there yet; return how it compares."""
        topic, partition, position, until = self._stretch[:4]
        since_s: float | None = None  # since when is waited
        while True:
            end = max(until, source.bounds(topic, partition)[1])
            for records in source.records(topic, partition, position, end):
                for record in records:
                    self._record(record)
                if records[-1].offset + 1 >= until and self._all_there():
                    return self._verdicts()
            position = end
            since_s = time.monotonic() if since_s is None else since_s
            if self._all_there() or not source.wait(since_s):
                return self._verdicts()

    def _record(self, record: Record) -> None:
        stretch = self._stretch
        try:
            message: Message = decode(record.value)
            if stretch.known is None and not isinstance(message, _BATCHES[stretch.topic]):
                raise Undecodable(f"a {type(message).__name__} does not belong there")
        except Unreadable as error:
            if stretch.known is None and record.offset < stretch.settled:
                where = f"{stretch.topic}/{stretch.partition}, offset {record.offset}"
                self._differences.add(Kind.RECORD, f"{where}: {error}")
            return
        for group in groups_of(stretch.topic, stretch.partition, message):
            reading = self._readings.get(group.edge)
            if reading is None:
                if stretch.known is not None:
                    continue  # of no machine: its receiver has judged
                reading = self._readings[group.edge] = self._reading(group.edge)
            taken = reading.take(group)
            last = self._world.ended.said.get(group.edge, START).number
            if record.offset < stretch.settled and max(reading.number, reading.behind_hole) > last:
                self._never_said(group.edge, last, record.offset, taken)
            if taken.events:
                self._take(group.edge, taken)

    def _never_said(self, edge: Edge, last: int, offset: int, taken: Taken) -> None:
        if edge in self._beyond:
            return
        self._beyond.add(edge)
        name = edge.text(self._world.symbols)
        shown = taken.events[max(0, last + 1 - taken.first) :][:1]
        what = f": {shown[0]}" if shown else ""
        text = f"{name}: number {last + 1} stands there (offset {offset}) and was never said{what}"
        self._differences.add(Kind.EVENT, text, self._world.homes.get(edge))

    def _all_there(self) -> bool:
        said = self._world.ended.said
        return all(
            reading.number >= said.get(edge, START).number
            for edge, reading in self._readings.items()
        )

    def _verdicts(self) -> Verdicts:
        found = Verdicts({}, {}, set(), [], {})
        for edge, reading in self._readings.items():
            self._judge(edge, reading, found)
            if reading.refused and self._stretch.known is None:
                found.refused[edge] = reading.refused
        return found

    def _judge(self, edge: Edge, reading: Reading, found: Verdicts) -> None:
        if reading.begun is None:
            return  # all of it was removed, by time
        started = self._world.started.said.get(edge, START)
        ended = self._world.ended.said.get(edge, START)
        if reading.chains.get(started.number, started.chain) != started.chain:
            name = edge.text(self._world.symbols)
            text = f"{name}: what stands up to number {started.number} is not what the sender's"
            text += " snapshot was made with"
            self._differences.add(Kind.EVENT, text, self._world.homes.get(edge))
        elif reading.begun.number > ended.number:
            found.different.append(edge)  # its receiver has taken what was never said
        elif ended.number in reading.chains:
            if reading.chains[ended.number] == ended.chain:
                found.agreed[edge] = ended.number - started.number
            else:
                found.different.append(edge)
        else:
            found.short[edge] = reading.end
            if reading.behind_hole > reading.number or reading.number < started.number:
                found.holes.add(edge)
