"""One partition through fresh machines, as a worker would take it, and compared on the way."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from partita.deploy.audit.edges import Edge, Ends, ends_of, groups_of
from partita.deploy.audit.findings import Differences, Kind
from partita.deploy.audit.inputs import Input
from partita.deploy.audit.reading import START
from partita.log.changelog import sha256
from partita.log.core import Parked, WorkerCore
from partita.log.edges import EdgeState
from partita.log.port import Outgoing, Record
from partita.schemas.codec import decode
from partita.schemas.converter import Message
from partita.schemas.errors import SnapshotMissing, Unreadable
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.snapshots import BookSnapshot, ShardSnapshot

Lost = tuple[Edge, Sequence[Message]]  # what an operator's pass went past


class Replay:
    """Applies the records of an input to a core of its own; for one use."""

    def __init__(
        self, core: WorkerCore, given: Input, told: Callable[[int], None] = lambda _records: None
    ) -> None:
        """Make the machines. `told` is given how many records were applied so far.

        Raises:
            SnapshotMissing: a snapshot is whole, and this build cannot take it.
        """
        self.position = given.start
        self.records = 0
        self.hashes = 0  # live machines' snapshots that were compared
        self.parked: Parked | None = None
        self.refused: Counter[str] = Counter()  # groups that were not taken, by who said them
        self.differences = Differences()  # between live machines and these
        self.at_split = Ends({}, {})
        self.lost: list[Lost] = []
        self._core = core
        self._given = given
        self._told = told
        self._hashes = list(given.hashes)
        try:
            core.open(given.place.partition, given.snapshots)
        except Unreadable as error:
            raise SnapshotMissing(
                f"{given.place.topic}/{given.place.partition}: a snapshot is whole, and this build"
                f" cannot take it: {error}. Nothing was changed. Audit with the build that wrote it"
            ) from error

    def outputs(self, batches: Iterable[Sequence[Record]]) -> Iterator[Sequence[Outgoing]]:
        """Apply all; yield what the machines say."""
        for records in batches:
            begun = 0
            for at, record in enumerate(records):
                passed = self._given.passes.get(record.offset)
                if self._stops_before(record.offset) or passed is not None:
                    yield self._apply(records[begun:at])
                    begun = at
                if self._is_parked():
                    return
                self._stop(record.offset)
                if passed is not None:
                    begun = at + 1
                    self._pass(record, passed)
            if not self._is_parked():
                yield self._apply(records[begun:])
            self._told(self.records)
            if self._is_parked():
                return
        self._stop(self._given.end)

    def _apply(self, records: Sequence[Record]) -> Sequence[Outgoing]:
        if not records:
            return ()
        outputs = self._core.apply(records)
        self.records += len(records)
        self.position = records[-1].offset + 1
        for refused in outputs.refused:
            line = refused.line
            self.refused[f"{line.sender} -> {line.receiver}, line {line.line}"] += 1
        if outputs.parked:
            (self.parked,) = outputs.parked
            self.position = self.parked.offset
        return outputs.records

    def _is_parked(self) -> bool:
        return self.parked is not None

    def _pass(self, record: Record, passed: bytes) -> None:
        if hashlib.sha256(record.value).digest() == passed:
            before = self.ends().taken
            self._core.skip(record)
            self._lose(record, before, self.ends().taken)
            self.position = record.offset + 1
            self.records += 1
            return
        reason = "the operator's pass is for another record: its SHA-256 differs"
        self.parked = Parked(record.partition, record.offset, reason)

    def _lose(
        self, record: Record, before: Mapping[Edge, EdgeState], after: Mapping[Edge, EdgeState]
    ) -> None:
        """Note the events whose numbers were taken, and that had no effect."""
        try:
            message = decode(record.value)
        except Unreadable:
            return
        for group in groups_of(*self._given.place, message):
            number = before.get(group.edge, START).number
            if after.get(group.edge, START).number > number:
                known = max(0, number - group.first + 1)
                self.lost.append((group.edge, group.events[known:]))

    def _stops_before(self, offset: int) -> bool:
        due = bool(self._hashes) and self._hashes[0].manifest.position <= offset
        return due or offset == self._given.split

    def _stop(self, position: int) -> None:
        """Look at the machines where they have everything below a position."""
        if position == self._given.split:
            self.at_split = self.ends()
        while self._hashes and self._hashes[0].manifest.position <= position:
            self._compare()

    def _compare(self) -> None:
        """Compare a live machine's snapshot with the machine rebuilt here."""
        manifest, comparable = self._hashes.pop(0)
        partition = self._given.place.partition
        mark = self._core.machines(partition).get(manifest.machine)
        if mark is not None and manifest.position <= mark.position:
            return  # it was made from that one, or from a later one
        what = f"{manifest.machine}, line {manifest.line}, at offset {manifest.position} of"
        what += f" {self._given.place.topic}/{partition}"
        if mark is None:
            text = f"{what}: there is a snapshot, and the log makes no such machine"
            self.differences.add(Kind.HASH, text, self._given.place)
            return
        self.hashes += 1
        if self._core.edges_digest(partition, manifest.machine) != manifest.edges:
            text = f"{what}: it had taken or said something else (build {manifest.build})"
            self.differences.add(Kind.HASH, text, self._given.place)
        elif comparable:
            mine = sha256(self._core.snapshot(partition, manifest.machine))
            if mine != manifest.sha256:
                text = f"{what}: its state was {manifest.sha256.hex()[:16]}, and the log makes"
                text += f" {mine.hex()[:16]} (build {manifest.build})"
                self.differences.add(Kind.HASH, text, self._given.place)

    def machines(self) -> list[ShardSnapshot | BookSnapshot]:
        """Return the states of all machines, as they are now."""
        partition = self._given.place.partition
        return [
            decode(self._core.snapshot(partition, name), SNAPSHOT_BYTES_MAX)
            for name in self._core.machines(partition)
        ]

    def waiting(self) -> int:
        """Return on how many edges something came too early, and nothing since."""
        return self._core.edges_waiting(self._given.place.partition)

    def ends(self) -> Ends:
        """Return the ends of all machines' edges, as they are now."""
        ends = Ends({}, {})
        for machine in self.machines():
            taken, said = ends_of(machine)
            ends.taken.update(taken)
            ends.said.update(said)
        return ends
