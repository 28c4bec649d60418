"""Writing snapshots: taken at their time, written behind what the machine had said, kept in twos.

The steps, each of which may be the last one of the process:

1. Between two records, the state of a machine is taken, and a barrier is drawn under all that was
   sent up to there.
2. When all above the barrier is acknowledged, the chunks are sent and behind them the manifest. So
   no state is durable beyond its acknowledged outputs, and a torn snapshot has no manifest. Each
   chunk waits until the one before it is acknowledged: a large snapshot goes out between the
   worker's own records, not in front of them.
3. When that is acknowledged, what is older than the newest two snapshots of this line is removed.
4. The input is trimmed below the older of the two, over all machines of the partition, a minute
   later: a line that comes up may have begun with what was the oldest snapshot then.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from partita.log.cadence import Cadence
from partita.log.capture import Capture, CaptureFailed, Data, Source, Take
from partita.log.changelog import MANIFEST, Changelog, Key, Place
from partita.log.core import MachineMark, WorkerCore
from partita.log.port import Log
from partita.log.role import Role
from partita.schemas.codec import knows
from partita.schemas.snapshots import MachineBirth, Manifest, TopicId

KEPT = 2  # whole snapshots of a machine and line: the newest, and the one before it


class Written(NamedTuple):
    """A snapshot that stands on the changelog, or is on its way there."""

    manifest: Manifest
    taken: int  # the machine's mark then


@dataclass(slots=True)
class _Pending:
    """A snapshot on its way; the steps fill it in."""

    partition: int
    manifest: Manifest  # without what only the bytes tell, until they are there
    taken: int
    barrier: int
    capture: Capture | None  # None: its bytes are there, or nothing has changed since the last one
    data: Data | None = None  # its bytes, once they are there
    written: int = 0  # chunks sent
    sent: bool = False  # the manifest, too

    def drop(self) -> None:
        """Give it up."""
        if self.capture is not None:
            self.capture.drop()
        if self.data is not None:
            self.data.drop()


@dataclass(slots=True)
class _Shelf:
    """What this line has of one machine."""

    written: list[Written] = field(default_factory=list)  # oldest first
    keys: set[Key] = field(default_factory=set)  # all that stands on the changelog
    changed: int = -1  # a position after which the state is known to have changed


@dataclass(slots=True)
class _Partition:
    time_ms: int  # largest log time that was taken
    due_ms: int = 0  # when the next machine is due
    shelves: dict[str, _Shelf] = field(default_factory=dict)
    trimmed: int = 0
    # (log time, offset below which nothing is needed since then), oldest first
    trims: deque[tuple[int, int]] = field(default_factory=deque)


class Snapshots:
    """Takes, writes, tidies and trims for all partitions of a worker."""

    def __init__(
        self,
        log: Log,
        core: WorkerCore,
        role: Role,
        reached: Callable[[str], None],
        capture: Take,
    ) -> None:
        """Start; `reached` is told the name of each point at which a process might end."""
        self.sizes: dict[tuple[int, str], int] = {}  # bytes of the newest snapshot
        self.alarms: list[tuple[int, int, str]] = []  # (partition, offset, text), for the worker
        self._log = log
        self._core = core
        self._role = role
        self._topic_ids: Mapping[str, str] = {}
        self._cadence = Cadence(role.snapshot_every_ms)
        self._reached = reached
        self._capture = capture
        self._partitions: dict[int, _Partition] = {}
        self._pending: list[_Pending] = []

    @property
    def under_way(self) -> int:
        """How many are taken and do not stand yet."""
        return len(self._pending)

    def open(
        self, partition: int, changelog: Changelog, ids: Mapping[str, str], time_ms: int
    ) -> None:
        """Follow a partition whose machines have just been made; ids of the event topics."""
        self._topic_ids = ids
        kept = _Partition(time_ms)
        for machine in changelog.names():
            shelf = kept.shelves[machine] = _Shelf()
            shelf.keys = set(changelog.keys(machine, self._role.line))
            for manifest in reversed(changelog.of_machine(machine)):
                self.sizes[partition, machine] = manifest.size
                data = changelog.data(manifest) if manifest.line == self._role.line else None
                if data is not None and knows(data):
                    shelf.written.append(Written(manifest, taken=-1))
        self._partitions[partition] = kept
        self._look(partition)

    def close(self, partition: int) -> None:
        """Forget a partition."""
        del self._partitions[partition]
        for pending in self._pending:
            if pending.partition == partition:
                pending.drop()
        self._pending = [p for p in self._pending if p.partition != partition]
        self.sizes = {at: size for at, size in self.sizes.items() if at[0] != partition}

    def _look(self, partition: int) -> None:
        kept = self._partitions[partition]
        kept.due_ms = self._cadence.next_ms(self._core.machines(partition), kept.time_ms)

    def is_due(self, partition: int, time_ms: int) -> bool:
        """Note the log time of the next record; return whether a snapshot comes before it."""
        kept = self._partitions[partition]
        if time_ms >= kept.due_ms:
            return True
        kept.time_ms = max(kept.time_ms, time_ms)
        return False

    def take(self, partition: int, offset: int, time_ms: int) -> None:
        """Take what is due before the record at this offset and log time is applied."""
        kept = self._partitions[partition]
        marks = self._core.machines(partition)
        before_ms, kept.time_ms = kept.time_ms, max(kept.time_ms, time_ms)
        busy = {(p.partition, p.manifest.machine) for p in self._pending}
        for machine in self._cadence.due(marks, before_ms, kept.time_ms):
            mark = marks[machine]
            # What is below its position it had in its state already; at a position of ours there
            # is one; and one that takes longer than the period is not overtaken by the next.
            fresh = offset > mark.position and (partition, machine) not in busy
            if fresh and before_ms and not self._too_soon(partition, machine, before_ms):
                self._take(partition, machine, offset, before_ms, marks)
        self._look(partition)

    def _too_soon(self, partition: int, machine: str, time_ms: int) -> bool:
        """Return whether the last snapshot was so large that its time is not over."""
        shelf = self._partitions[partition].shelves.get(machine)
        if shelf is None or not shelf.written:
            return False
        last = shelf.written[-1].manifest
        return time_ms - last.time_ms < last.size * 1_000 // self._role.snapshot_bytes_per_s

    def take_all(self, partition: int, offset: int) -> None:
        """Take whatever has changed since its last snapshot, before a planned stop."""
        kept = self._partitions[partition]
        marks = self._core.machines(partition)
        for machine, mark in sorted(marks.items()):
            written = kept.shelves.setdefault(machine, _Shelf()).written
            changed = not written or written[-1].taken != mark.taken
            if changed and offset > mark.position and kept.time_ms:
                self._take(partition, machine, offset, kept.time_ms, marks)

    def _take(
        self,
        partition: int,
        machine: str,
        offset: int,
        time_ms: int,
        marks: Mapping[str, MachineMark],
    ) -> None:
        shelf = self._partitions[partition].shelves.setdefault(machine, _Shelf())
        last = shelf.written[-1] if shelf.written else None
        manifest = Manifest(
            seal=b"",
            machine=machine,
            line=self._role.line,
            position=offset,
            time_ms=time_ms,
            chunks_position=offset,
            chunks=0,
            size=0,
            sha256=b"",
            edges=self._core.edges_digest(partition, machine),
            build=self._role.build,
            shards=self._role.shards,
            # One that was restored may have been listed later.
            machines=tuple(
                MachineBirth(name, mark.first_offset)
                for name, mark in sorted(marks.items())
                if mark.first_offset < offset
            ),
            topics=tuple(TopicId(name, found) for name, found in sorted(self._topic_ids.items())),
        )
        taken = marks[machine].taken
        capture: Capture | None = None
        if last is not None and last.taken == taken:
            old = last.manifest
            manifest = manifest._replace(
                chunks_position=old.chunks_position,
                chunks=old.chunks,
                size=old.size,
                sha256=old.sha256,
            )
        else:
            source = Source(
                marks[machine].rows,
                lambda: self._core.snapshot(partition, machine),
                lambda: self._core.copy(partition, machine),
            )
            try:
                capture = self._capture(source)
            except CaptureFailed as error:
                self.alarms.append((partition, offset, f"no snapshot of {machine}: {error}"))
                return
        barrier = self._log.barrier()
        self._pending.append(_Pending(partition, manifest, taken, barrier, capture))
        self._reached("captured")

    def advance(self) -> None:
        """Do what can be done now of what is under way."""
        for pending in list(self._pending):
            try:
                done = self._advance(pending)
            except CaptureFailed as error:
                manifest = pending.manifest
                text = f"no snapshot of {manifest.machine}: {error}"
                self.alarms.append((pending.partition, manifest.position, text))
                done = True
            if done:
                self._pending.remove(pending)

    def _advance(self, pending: _Pending) -> bool:
        if pending.capture is not None:
            data = pending.capture.data()
            if data is None:
                return False
            pending.capture = None
            self._fill_in(pending, data)
        if not self._log.passed(pending.barrier):
            return False
        if not pending.sent:
            self._write_on(pending)
            return False
        self._reached("manifest acknowledged")
        self._tidy(pending)
        return True

    def _fill_in(self, pending: _Pending, data: Data) -> None:
        """Say in the manifest what only the bytes tell."""
        manifest = pending.manifest
        written = self._partitions[pending.partition].shelves[manifest.machine].written
        last = written[-1].manifest if written else None
        manifest = manifest._replace(size=data.size, sha256=data.sha256)
        if last is not None and last.sha256 == manifest.sha256:
            # A process that has just started cannot know that nothing has changed since.
            manifest = manifest._replace(chunks_position=last.chunks_position, chunks=last.chunks)
            data.drop()
        else:
            pending.data = data
            manifest = manifest._replace(chunks=-(-data.size // self._role.chunk_bytes))
        pending.manifest = manifest

    def _write_on(self, pending: _Pending) -> None:
        """Send the next chunk, and behind the last one the manifest."""
        manifest, data = pending.manifest, pending.data
        place = Place(self._role.changelog, pending.partition)
        shelf = self._partitions[pending.partition].shelves[manifest.machine]
        if data is not None:
            if pending.written < manifest.chunks:
                size = self._role.chunk_bytes
                piece = data.piece(pending.written * size, size)
                outgoing = place.chunk(manifest, pending.written, piece)
                self._log.send(outgoing)
                shelf.keys.add(Key.decoded(outgoing.key or b""))
                self._reached("chunk sent")
                pending.written += 1
            if pending.written < manifest.chunks:
                pending.barrier = self._log.barrier()
                return
            data.drop()
            pending.data = None
        self._log.send(place.manifest(manifest))
        shelf.keys.add(Key(manifest.machine, manifest.line, manifest.position, MANIFEST))
        pending.sent, pending.barrier = True, self._log.barrier()
        self._reached("manifest sent")

    def _tidy(self, pending: _Pending) -> None:
        manifest = pending.manifest
        kept = self._partitions[pending.partition]
        shelf = kept.shelves[manifest.machine]
        before = shelf.written[-1].manifest if shelf.written else manifest
        if before.sha256 != manifest.sha256:
            shelf.changed = max(shelf.changed, before.position)
        shelf.written.append(Written(manifest, pending.taken))
        shelf.written.sort(key=lambda written: written.manifest.position)
        del shelf.written[:-KEPT]
        self.sizes[pending.partition, manifest.machine] = manifest.size
        needed = {(written.manifest.position, MANIFEST) for written in shelf.written}
        needed |= {
            (written.manifest.chunks_position, str(part))
            for written in shelf.written
            for part in range(written.manifest.chunks)
        }
        newest = shelf.written[-1].manifest.position
        # Another process of our line may be at work: one that was replaced and does not know it,
        # or that replaces us. Manifests newer than ours are its; and on chunks written since the
        # state last changed it may go on building, as an idle machine renews its manifest only.
        dead = {
            k
            for k in shelf.keys
            if (k.position, k.part) not in needed
            and k.position <= (newest if k.part == MANIFEST else shelf.changed)
        }
        place = Place(self._role.changelog, pending.partition)
        for outgoing in place.without(dead):
            self._log.send(outgoing)
            self._reached("tombstone sent")
        shelf.keys -= dead
        self._trim(pending.partition)

    def _trim(self, partition: int) -> None:
        kept = self._partitions[partition]
        shelves = [kept.shelves.get(machine) for machine in self._core.machines(partition)]
        if not self._role.trim or not all(s and len(s.written) == KEPT for s in shelves):
            return
        kept.trims.append((kept.time_ms, min(s.written[0].manifest.position for s in shelves if s)))
        offset = 0
        while kept.trims and kept.trims[0][0] <= kept.time_ms - self._role.trim_behind_ms:
            offset = kept.trims.popleft()[1]
        if offset > kept.trimmed:
            kept.trimmed = offset
            self._log.trim(partition, offset)
            self._reached("trimmed")

    def newest(self, partition: int) -> tuple[int, int, int]:
        """Return position and log time of the oldest of all machines' newest, and all bytes.

        The position is -1 while some machine has none.
        """
        size = sum(size for (of, _), size in self.sizes.items() if of == partition)
        kept = self._partitions[partition]
        shelves = [kept.shelves.get(machine) for machine in self._core.machines(partition)]
        if not shelves or not all(s and s.written for s in shelves):
            return -1, 0, size
        oldest = min((s.written[-1].manifest for s in shelves if s), key=lambda m: m.position)
        return oldest.position, oldest.time_ms, size
