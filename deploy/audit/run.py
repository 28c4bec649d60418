"""One audit, from the ends of the log to the findings."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from partita.deploy.audit import money
from partita.deploy.audit.again import (
    behind_holes,
    first_difference,
    last_groups,
    of_edge,
    said_groups,
    standing,
    unsent,
    where_it_parts,
)
from partita.deploy.audit.edges import EVERYONE, Edge
from partita.deploy.audit.findings import Differences, Findings, Kind, Place
from partita.deploy.audit.flight import Flight
from partita.deploy.audit.holds import agreement, holds
from partita.deploy.audit.inputs import Input, passes_of, prepare
from partita.deploy.audit.letters import compare_letters
from partita.deploy.audit.published import Stands, Stretch, Verdicts
from partita.deploy.audit.reading import START, Taken
from partita.deploy.audit.rebuild import NewCore, Rebuilt, World, rebuild, refusals
from partita.deploy.audit.report import asset_findings, balance_findings, partition_findings
from partita.deploy.audit.source import Source
from partita.deploy.audit.stream import Stream
from partita.deploy.replay.run import Progress
from partita.log.changelog import Changelog
from partita.log.edges import EdgeState
from partita.log.kafka.admin import ExchangeShape
from partita.log.recovery import Ground
from partita.schemas.topics import (
    ACCOUNT_COMMANDS,
    ACCOUNT_EVENTS,
    BOOK,
    BOOKS_CHANGELOG,
    DEAD_LETTERS,
    LEDGER_CHANGELOG,
    ORDERS,
    PASSES,
)

# How many edges are gone over again to say where they part; each takes as long as the replay did.
_LOCATED_MAX = 3


class Machines(NamedTuple):
    """What makes the machines of one kind."""

    new_core: NewCore
    build: str


class Engines(NamedTuple):
    """What makes all machines."""

    ledger: Machines
    matchers: Machines

    def of(self, topic: str) -> Machines:
        """Return what makes those of an input."""
        return self.ledger if topic == ACCOUNT_COMMANDS else self.matchers


class Ends(NamedTuple):
    """How far the audit goes: the ends of the topics when it began.

    The outputs' ends are asked before the inputs', and the orders' both before and after the
    commands': so whatever stands below `outputs` was caused by what stands below `inputs`, and all
    reports that a shard takes are of orders that the books take.
    """

    inputs: Mapping[Place, tuple[int, int]]
    outputs: Mapping[Place, tuple[int, int]]


def ends(source: Source, shape: ExchangeShape) -> Ends:
    """Ask for the bounds of all topics, in the order that makes a cut of them."""
    orders = [Place(ORDERS, partition) for partition in range(shape.partitions)]
    commands = [Place(ACCOUNT_COMMANDS, shard) for shard in range(shape.shards)]
    told = [Place(ACCOUNT_EVENTS, shard) for shard in range(shape.shards)]
    told += [Place(BOOK, partition) for partition in range(shape.partitions)]
    outputs = {place: source.bounds(*place) for place in [*told, *orders]}
    inputs = {place: source.bounds(*place) for place in commands}
    inputs |= {place: source.bounds(*place) for place in orders}
    return Ends(inputs, outputs)


class Auditor:
    """Audits an exchange; for one use."""

    def __init__(
        self, source: Source, shape: ExchangeShape, engines: Engines, progress: Progress
    ) -> None:
        """Read what is small, and settle how far it goes."""
        self.differences = Differences()
        self.notes: list[str] = []
        self._source = source
        self._shape = shape
        self._engines = engines
        self._progress = progress
        self._world = World()
        self._flight = Flight(self._world)
        self._rebuilt: dict[Place, Rebuilt] = {}
        self._streams: dict[int, Stream] = {}
        self._verdicts: list[Verdicts] = []
        self._lagging: dict[Edge, int] = {}  # events that are not on the log yet
        progress.begin("read snapshots", None)
        passes = passes_of(source.compacted(PASSES, 0))
        kept = {
            place: Changelog(source.compacted(changelog, place.partition))
            for changelog, topic, count in (
                (LEDGER_CHANGELOG, ACCOUNT_COMMANDS, shape.shards),
                (BOOKS_CHANGELOG, ORDERS, shape.partitions),
            )
            for place in (Place(topic, partition) for partition in range(count))
        }
        ids = source.topic_ids()
        # Behind the changelogs: no snapshot stands at an offset that is not yet there.
        self._ends = ends(source, shape)
        self.inputs: dict[Place, Input] = {}
        for place, (start, end) in self._ends.inputs.items():
            ground = Ground(*place, start, end, ids, shape.shards)
            build = engines.of(place.topic).build
            given = prepare(kept[place], ground, build, self.differences, self.notes)
            split = self._ends.outputs[place][1] if place.topic == ORDERS else end
            self.inputs[place] = given._replace(passes=passes.get(place, {}), split=split)

    def audit(self, account: int | None = None) -> Findings:
        """Rebuild, compare and sum up. Raises LogError when the log cannot be read."""
        begun_s = time.monotonic()
        for given in self.inputs.values():  # the shards first
            self._rebuild(given)
        for place in self._rebuilt:
            self._read_on(place)
        for place, (start, end) in self._ends.outputs.items():
            if place.topic != ORDERS:
                self._read_output(place, start, end)
        self._go_over_short()
        self._locate()
        self._compare_letters()
        self._progress.begin("add up", None)
        sums = self._check_states()
        self._note_refusals()
        rows = partition_findings(self._rebuilt, self._verdicts, self._lagging, self._world)
        balances = None if account is None else balance_findings(self._world, account)
        return Findings(
            partitions=rows,
            assets=asset_findings(sums, self._streams, self._world),
            differences=tuple(self.differences.shown),
            difference_count=self.differences.count,
            different=frozenset(self.differences.places),
            notes=tuple(self.notes),
            balances=balances,
            records=sum(row.records for row in rows),
            events=sum(row.events for row in rows),
            seconds=time.monotonic() - begun_s,
        )

    def _rebuild(self, given: Input) -> None:
        place = given.place
        self._progress.begin(f"rebuild {place.topic}/{place.partition}", given.end - given.start)
        self._rebuilt[place] = rebuild(
            self._source,
            given,
            self._engines.of(place.topic).new_core,
            self._world,
            self.differences,
            self._progress.at,
        )
        gone_over = range(given.start, self._rebuilt[place].given.end)
        for offset in sorted(at for at in given.passes if at in gone_over):
            where = f"{place.topic}/{place.partition}, offset {offset}"
            self.notes.append(f"{where}: passed by the operator's word, and so not applied")

    def _read_on(self, place: Place) -> None:
        """Compare what the machines of a partition have taken with what was said to them."""
        given = self._rebuilt[place].given
        stretch = Stretch(
            *place,
            first=given.split,
            until=given.end,
            settled=0,
            known=self._world.split,
            passed=frozenset(given.passes),
        )
        # Where a record could not be gone past, the receiver has not taken what stands behind it.
        self._progress.begin(f"compare {place.topic}/{place.partition}", None)
        verdicts = Stands(stretch, self._world, self.differences, self._flight.take).read(
            self._source
        )
        self._verdicts.append(verdicts)

    def _read_output(self, place: Place, start: int, end: int) -> None:
        stretch = Stretch(*place, first=start, until=end, settled=end)
        self._progress.begin(f"compare {place.topic}/{place.partition}", None)
        if place.topic == ACCOUNT_EVENTS and start == 0:
            rules = self._world.rules
            self._streams[place.partition] = Stream(place.partition, rules, self.differences)
        elif place.topic == ACCOUNT_EVENTS:
            text = f"account-events/{place.partition} begins at offset {start}: its balances cannot"
            self.notes.append(f"{text} be folded from their first")
        stands = Stands(stretch, self._world, self.differences, self._take_told)
        self._verdicts.append(stands.read(self._source))

    def _take_told(self, edge: Edge, taken: Taken) -> None:
        """Give what a shard has said to the second opinion, up to where it was rebuilt."""
        stream = self._streams.get(edge.sender) if edge.topic == ACCOUNT_EVENTS else None
        left = self._world.ended.said.get(edge, START).number - taken.first + 1
        if stream is not None and left > 0:
            stream.take(Taken(taken.first, taken.events[:left]))

    def _take_unsent(self, edge: Edge, taken: Taken) -> None:
        self._lagging[edge] = self._lagging.get(edge, 0) + len(taken.events)
        self._flight.take(edge, taken)
        self._take_told(edge, taken)

    def _go_over_short(self) -> None:
        """See what is not on the log yet, and whether what is there is right."""
        by_home: dict[Place, dict[Edge, EdgeState]] = {}
        holes = self._holes()
        for verdicts in self._verdicts:
            holes |= verdicts.holes
            for edge, end in verdicts.short.items():
                by_home.setdefault(self._world.homes[edge], {})[edge] = end
        for home, short in by_home.items():
            self._progress.begin(f"what {home.topic}/{home.partition} has yet to say", None)
            rebuilt = self._rebuilt[home]
            groups = last_groups(rebuilt.tail, short)
            if groups is None:
                new_core = self._engines.of(home.topic).new_core
                groups = said_groups(self._source, rebuilt.given, new_core)
            different = unsent(groups, short, self._take_unsent)
            verdicts = Verdicts({}, short, holes & short.keys(), different, {})
            for edge, end in short.items():
                if edge in holes and edge not in different:
                    self._lagging.pop(edge, None)
                    name = edge.text(self._world.symbols)
                    text = f"{name}: number {end.number + 1} is missing, and later ones stand there"
                    self.differences.add(Kind.EVENT, text, home)
                elif edge not in different:
                    started = self._world.started.said.get(edge, START)
                    verdicts.agreed[edge] = end.number - started.number
            self._verdicts.append(verdicts)

    def _holes(self) -> set[Edge]:
        """Return the edges into machines that wait for an event while later ones stand there."""
        taken, found = self._world.ended.taken, dict[Edge, int]()
        for place, one in self._rebuilt.items():
            if one.waiting:
                stretch, passed = (one.given.start, one.given.split), frozenset(one.given.passes)
                found |= behind_holes(self._source, place, stretch, taken, passed)
        for edge, highest in found.items():
            if highest > self._world.ended.said.get(edge, START).number:
                name, home = edge.text(self._world.symbols), self._world.homes.get(edge)
                text = f"{name}: number {highest} stands there and was never said"
                self.differences.add(Kind.EVENT, text, home)
        return set(found)

    def _locate(self) -> None:
        different = [edge for verdicts in self._verdicts for edge in verdicts.different]
        for at, edge in enumerate(dict.fromkeys(different)):
            self._progress.begin("find where they part", None)
            home = self._world.homes.get(edge)
            where = self._parting(edge, home) if at < _LOCATED_MAX else "they part somewhere"
            text = f"{edge.text(self._world.symbols)}: {where}"
            self.differences.add(Kind.EVENT, text, home)

    def _parting(self, edge: Edge, home: Place | None) -> str:
        source, there = self._source, Place(edge.topic, edge.partition)
        groups = iter(
            said_groups(source, self._rebuilt[home].given, self._engines.of(home.topic).new_core)
            if home is not None
            else ()
        )
        if there in self._rebuilt:
            given = self._rebuilt[there].given
            stretch, passed = (given.start, given.end), frozenset(given.passes)
            at: EdgeState | None = self._world.started.taken.get(edge, START)
        else:
            stretch, passed = self._ends.outputs[there], frozenset[int]()
            at = START if stretch[0] == 0 else None
        last = self._world.ended.said.get(edge, START).number
        stands = standing(source, edge, stretch, at, passed)
        return where_it_parts(first_difference(of_edge(groups, edge), stands, last))

    def _compare_letters(self) -> None:
        said = {key: sha for one in self._rebuilt.values() for key, sha in one.letters.items()}
        ranges = {place: (one.given.start, one.given.end) for place, one in self._rebuilt.items()}
        records = self._source.compacted(DEAD_LETTERS, 0)
        missing = compare_letters(said, records, ranges, self.differences)
        if missing:
            self.notes.append(f"{missing} dead letters are not on the log yet")

    def _check_states(self) -> dict[int, money.Sums]:
        world, differences = self._world, self.differences
        in_flight = money.legs(
            self._flight.reports, world.shards, self._flight.ahead, world.rules, differences
        )
        sums = money.conservation(world.shards, in_flight, world.rules, differences)
        money.negative_balances(list(world.shards.values()), differences)
        for state in world.shards.values():
            holds(state, differences)
        agreement(world.shards, world.books, self._flight, differences)
        broken = {edge for found in self._verdicts for edge in (*found.different, *found.holes)}
        for shard, stream in self._streams.items():
            # Of a stream that breaks off the rest is not known: that it does is told already.
            if Edge(ACCOUNT_EVENTS, shard, shard, EVERYONE) not in broken:
                stream.compare(world.shards[shard])
        return sums

    def _note_refusals(self) -> None:
        refused = refusals(self._rebuilt)
        for verdicts in self._verdicts:
            for edge, count in verdicts.refused.items():
                refused[edge.text(self._world.symbols)] += count
        for who, count in sorted(refused.items()):
            self.notes.append(
                f"{who}: {count} groups of another past stand there; a line had diverged, and its"
                " word was refused by number"
            )
        lagging = sum(self._lagging.values())
        if lagging:
            self.notes.append(
                f"{lagging} events were said and are not on the log yet: the workers send them when"
                " they go on, or are started again"
            )
