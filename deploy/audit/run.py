"""One audit, from the ends of the log to the findings."""

import time

from partita.deploy.audit import money
from partita.deploy.audit.cut import cut
from partita.deploy.audit.derived_topics import DerivedTopics
from partita.deploy.audit.doubts import Doubts
from partita.deploy.audit.edges import EVERYONE, Edge
from partita.deploy.audit.engines import Engines
from partita.deploy.audit.findings import DerivedFinding, Differences, Findings, Place
from partita.deploy.audit.flight import Flight
from partita.deploy.audit.holds import agreement, holds
from partita.deploy.audit.inputs import Input, passes_of, prepare
from partita.deploy.audit.letters import compare_letters
from partita.deploy.audit.published import Stands, Stretch, Verdicts
from partita.deploy.audit.reading import START, Taken
from partita.deploy.audit.rebuild import Rebuilt, World, rebuild, refusals
from partita.deploy.audit.report import asset_findings, balance_findings, partition_findings
from partita.deploy.audit.source import Source
from partita.deploy.audit.stream import Stream
from partita.deploy.replay.run import Progress
from partita.log.changelog import Changelog
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


class Auditor:
    """Audits an exchange; for one use."""

    def __init__(
        self, source: Source, shape: ExchangeShape, engines: Engines, progress: Progress
    ) -> None:
        """Read what is small, and settle how far it goes."""
        self.differences = Differences()
        self.notes: list[str] = []
        self._source = source
        self._engines = engines
        self._progress = progress
        self._world = World()
        self._flight = Flight(self._world)
        self._rebuilt: dict[Place, Rebuilt] = {}
        self._streams: dict[int, Stream] = {}
        self._verdicts: list[Verdicts] = []
        self._lagging: dict[Edge, int] = {}  # events that are not on the log yet
        self._broken: set[Edge] = set()  # edges on which something differs or is lost
        progress.begin("read snapshots", None)
        passes = passes_of(source.compacted(PASSES, 0))
        self._kept = {
            place: Changelog(source.compacted(changelog, place.partition))
            for changelog, topic, count in (
                (LEDGER_CHANGELOG, ACCOUNT_COMMANDS, shape.shards),
                (BOOKS_CHANGELOG, ORDERS, shape.partitions),
            )
            for place in (Place(topic, partition) for partition in range(count))
        }
        ids = source.topic_ids()
        # Behind the changelogs: no snapshot stands at an offset that is not yet there.
        self._cut = cut(source, shape)
        self.inputs: dict[Place, Input] = {}
        for place, (start, end) in self._cut.inputs.items():
            ground = Ground(*place, start, end, ids, shape.shards)
            build = engines.of(place.topic).build
            given = prepare(self._kept[place], ground, build, self.differences, self.notes)
            split = self._cut.outputs[place][1] if place.topic == ORDERS else end
            self.inputs[place] = given._replace(passes=passes.get(place, {}), split=split)

    def audit(self, account: int | None = None) -> Findings:
        """Rebuild, compare and sum up. Raises LogError when the log cannot be read."""
        begun_s, progress = time.monotonic(), self._progress
        for given in self.inputs.values():  # the shards first
            self._rebuild(given)
        for place in self._rebuilt:
            self._read_on(place)
        for place, (start, end) in self._cut.outputs.items():
            if place.topic != ORDERS:
                self._read_output(place, start, end)
        progress.begin("go over what is left open", None)
        self._settle_doubts()
        self._compare_letters()
        derived = self._compare_derived()
        progress.begin("add up", None)
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
            derived=derived,
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
        for edge, events in self._rebuilt[place].lost:
            self._flight.lose(edge, events)
        gone_over = range(given.start, self._rebuilt[place].given.end)
        for offset in sorted(at for at in given.passes if at in gone_over):
            where = f"{place.topic}/{place.partition}, offset {offset}"
            self.notes.append(f"{where}: passed by the operator's word, and so without effect")

    def _read_on(self, place: Place) -> None:
        """Compare what the machines of a partition have taken with what was said to them."""
        given = self._rebuilt[place].given
        stretch = Stretch(
            *place,
            first=given.split,
            until=given.end,
            settled=0,
            known=self._world.split,
        )
        self._progress.begin(f"compare {place.topic}/{place.partition}", None)
        stands = Stands(stretch, self._world, self.differences, self._flight.take)
        self._verdicts.append(stands.read(self._source))

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

    def _settle_doubts(self) -> None:
        doubts = Doubts(
            self._source, self._engines, self._world, self._rebuilt, self._kept, self.differences
        )
        settled = list(doubts.go_over_short(self._verdicts, self._take_unsent))
        self._verdicts += settled
        self._broken = {edge for found in settled for edge in (*found.different, *found.holes)}
        self._broken |= {edge for found in self._verdicts for edge in found.different}
        for edge in self._broken:
            self._lagging.pop(edge, None)  # it is told of already
        doubts.locate(self._verdicts, self._cut.outputs)
        self.notes += doubts.notes

    def _compare_letters(self) -> None:
        said = {key: sha for one in self._rebuilt.values() for key, sha in one.letters.items()}
        ranges = {place: (one.given.start, one.given.end) for place, one in self._rebuilt.items()}
        records = self._source.compacted(DEAD_LETTERS, 0)
        missing = compare_letters(said, records, ranges, self.differences)
        if missing:
            self.notes.append(f"{missing} dead letters are not on the log yet")

    def _compare_derived(self) -> DerivedFinding:
        found = DerivedFinding()
        for place in self._cut.inputs:
            if place.topic != ORDERS:
                continue
            partition = place.partition
            if start := self._source.bounds(BOOK, partition)[0]:
                text = f"{BOOK}/{partition} begins at offset {start}: what is derived of it cannot"
                self.notes.append(f"{text} be compared from its first")
                continue
            self._progress.begin(f"compare what is derived of {BOOK}/{partition}", None)
            topics = DerivedTopics(self._source, partition, self.differences)
            found = found.plus(topics.compare())
            self.notes += topics.broken.values()
        return found

    def _check_states(self) -> dict[int, money.Sums]:
        world, differences = self._world, self.differences
        flying = [*self._flight.lost, *self._flight.reports]
        in_flight = money.legs(flying, world.shards, self._flight.ahead, world.rules, differences)
        sums = money.conservation(world.shards, in_flight, world.rules, differences)
        money.negative_balances(list(world.shards.values()), differences)
        for state in world.shards.values():
            holds(state, differences)
        agreement(world.shards, world.books, self._flight, differences)
        for shard, stream in self._streams.items():
            # Of a stream that breaks off the rest is not known: that it does is told already.
            if Edge(ACCOUNT_EVENTS, shard, shard, EVERYONE) not in self._broken:
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
