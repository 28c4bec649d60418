"""The worker: polls, drains, applies, and sends one batch per destination.

It may be killed at any instruction. When it starts it is as when it starts again: it makes each
partition it owns from the newest whole snapshots, replays from there, and sends again what follows;
receivers drop what they have by its number. Nothing it knows is worth saving on the way out.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

from partita.log.cadence import Cadence
from partita.log.capture import Take, by_rows
from partita.log.changelog import Changelog
from partita.log.core import Alarm, Parked, WorkerCore
from partita.log.health import Health
from partita.log.neighbours import Neighbours
from partita.log.port import Log, Outgoing, Record
from partita.log.recovery import Ground, recover
from partita.log.role import Role
from partita.log.silence import Silence
from partita.log.snapshots import Snapshots
from partita.schemas.codec import encode
from partita.schemas.errors import LogError, SnapshotMissing, Unreadable
from partita.schemas.orders import Tick
from partita.schemas.topics import ORDERS

# Tickers are conflated to this pace: a reader cannot look more often, and at low load a record for
# each order would be one in eight of all that the broker carries.
LATEST_EVERY_MS = 20
# A tick is due when an order's expiry has passed; while the book does not answer (it is behind),
# another one helps nobody.
TICK_EVERY_MS = 1_000
# Looking over all books for the next expiry costs; an expiry may be late by so much.
LOOK_FOR_TICKS_EVERY_MS = 20
# How late a worker may hear of what is rare: an operator's pass, another line's snapshot.
LOOK_AROUND_EVERY_MS = 100


class Watch(Protocol):
    """Who is told what an operator should know."""

    def opened(self, partition: int, offset: int) -> None:
        """Tell that a partition is owned and read from an offset."""

    def closed(self, partition: int) -> None:
        """Tell that a partition is owned no more."""

    def alarm(self, alarm: Alarm) -> None:
        """Tell what went on beside the rule."""

    def parked(self, parked: Parked) -> None:
        """Tell that a partition has stopped."""


class AllParked(Exception):
    """Every partition this worker owns is parked: there is nothing left to do."""


def _go_on(_point: str) -> None:
    """Reach a point, and go on: outside tests no process ends by itself."""


class Worker:
    """Drives a core from a log."""

    def __init__(
        self,
        log: Log,
        core: WorkerCore,
        watch: Watch,
        now_ms: Callable[[], int] | None = None,
        role: Role = Role(),  # noqa: B008 - immutable
        reached: Callable[[str], None] = _go_on,
        capture: Take | None = None,
    ) -> None:
        """Make a worker. Without a clock it says everything at once, and writes no ticks.

        `reached` is told the name of each point at which a test may want the process to end;
        `capture` is how states are taken, by their rows when it is not given.
        """
        self.core = core
        capture = capture or by_rows(role.inline_rows_max, role.copied_rows_max)
        self.snapshots = Snapshots(log, core, role, reached, capture)
        self.positions: dict[int, int] = {}  # by owned partition: the offset that comes next
        self.silences: dict[int, Silence] = {}  # partitions that are computed and not spoken for
        self._log = log
        self._watch = watch
        self._now_ms = now_ms
        self._role = role
        self._reached = reached
        self._health = Health(role, core, log.send)
        self._around = Neighbours(log, role)
        self._owned: dict[int, int] = {}
        self._next: dict[int, int] = {}  # by owned partition: the offset that must come next
        self._parked: dict[int, Parked] = {}
        self._agreed: set[int] = set()  # partitions whose silence is over
        self._ticked_ms: dict[int, int] = {}
        self._looked_ms = 0  # when the last look for ticks was
        self._latest_ms = 0  # when the core's latest was last said
        self._around_ms = 0  # when the last look around was
        self._unsaid = False  # records were applied since

    def step(self, timeout_s: float) -> int:
        """Take what is there, waiting at most timeout_s for it; return how many records.

        Raises:
            AllParked: nothing is left to do.
            DeliveryFailed: what was sent may not have arrived: start again and replay.
            LogError: the log is not as it must be.
        """
        if self._unsaid:
            timeout_s = min(timeout_s, LATEST_EVERY_MS / 1_000)
        records = self._log.poll(timeout_s)
        self._follow_ownership()
        mine = [record for record in records if record.partition in self._owned]
        if mine:
            self._reached("polled")
            self._apply(mine)
        self._say_latest()
        self._tick()
        self.snapshots.advance()
        self._look_around()
        if self._owned and len(self._parked) == len(self._owned):
            # What is told now and then would not be told any more.
            self._say_health(self._time_ms())
            raise AllParked(f"all {len(self._owned)} partitions are parked")
        return len(mine)

    def write_down(self) -> None:
        """Take a snapshot of all that has changed, before a planned stop; see `unwritten`.

        A start after it has less to replay, and that is all: nothing relies on it.
        """
        for partition, position in self.positions.items():
            if partition not in self.silences and partition not in self._parked:
                self.snapshots.take_all(partition, position)

    def unwritten(self) -> int:
        """Do what can be done of the snapshots under way; return how many are left.

        Raises:
            DeliveryFailed: what was sent may not have arrived.
        """
        self.snapshots.advance()
        return self.snapshots.under_way

    def _follow_ownership(self) -> None:
        owned = self._log.owned()
        if owned == self._owned:
            return
        for partition, number in list(self._owned.items()):
            if owned.get(partition) != number:
                self._close(partition)
                self._health.closed(partition)
                self._agreed.discard(partition)
                del self._owned[partition]
                self._watch.closed(partition)
        for partition, number in owned.items():
            if partition not in self._owned:
                self._owned[partition] = number
                self._open(partition)

    def _close(self, partition: int) -> None:
        self.core.close(partition)
        if self.silences.pop(partition, None) is None:
            self.snapshots.close(partition)
        else:
            self._log.unfollow(self._role.changelog, partition)
        self._parked.pop(partition, None)
        self.positions.pop(partition, None)

    def _open(self, partition: int) -> None:
        """Make the machines of a partition: starting and recovering are this."""
        role, log, given_ms = self._role, self._log, self._time_ms()
        self._around.open(partition)
        # The end last: another line may write a manifest meanwhile, and it is not ahead of the log.
        start, _ = log.bounds(partition)
        changelog = Changelog(log.read(role.changelog, partition))
        _, end = log.bounds(partition)
        ids = log.topic_ids()
        ground = Ground(role.topic, partition, start, end, ids, role.shards)
        recovery = recover(changelog, ground)
        foreign = any(manifest.build != role.build for manifest in recovery.manifests)
        silent = foreign and role.agree_over > 0 and partition not in self._agreed
        if silent:
            recovery = recover(changelog, ground, oldest=True)
            cadence = Cadence(role.snapshot_every_ms)
            silence = Silence(partition, role.build, recovery, end, cadence)
            self.silences[partition] = silence
            silence.hear(changelog.manifests.values())
            log.follow(role.changelog, partition, changelog.next_offset)
        self._reached("read changelog")
        try:
            self.core.open(partition, recovery.snapshots)
        except Unreadable as error:
            raise SnapshotMissing(
                f"{role.topic}/{partition}: a snapshot is whole, and this build cannot take it:"
                f" {error}. Nothing was changed. Run the build that wrote it"
            ) from error
        if not silent:
            self.snapshots.open(partition, changelog, ids, recovery.time_ms)
        log.seek(partition, recovery.offset)
        self.positions[partition] = self._next[partition] = recovery.offset
        self._unsaid = True  # what was said last may be older than the snapshots
        self._health.opened(partition, given_ms, end)
        self._watch.opened(partition, recovery.offset)
        for text in recovery.alarms:
            self._watch.alarm(Alarm(partition, recovery.offset, text))
        self._reached("opened")

    def _time_ms(self) -> int:
        return 0 if self._now_ms is None else self._now_ms()

    def _apply(self, records: Sequence[Record]) -> None:
        """Apply records, cut where a snapshot or a comparison is due between two of them."""
        begun = 0
        for at, record in enumerate(records):
            partition, offset, time_ms, value = record[:4]
            if partition in self._parked:
                continue
            if offset != self._next[partition]:
                # Whatever was missed would be missing for ever, and no edge could tell.
                raise LogError(
                    f"{self._role.topic}/{partition}: offset {self._next[partition]} must come"
                    f" next, and {offset} came"
                )
            self._next[partition] = offset + 1
            if (silence := self.silences.get(partition)) is not None:
                if silence.is_due(offset, time_ms):
                    self._apply_some(records[begun:at])
                    begun = at
                    if partition not in self._parked:
                        silence.look(self.core, offset, time_ms)
            elif self.snapshots.is_due(partition, time_ms):
                self._apply_some(records[begun:at])
                begun = at
                if partition not in self._parked:
                    self.snapshots.take(partition, offset, time_ms)
            if (passed := self._around.passes.get((partition, offset))) is not None:
                self._apply_some(records[begun:at])
                begun = at + 1
                self._pass(record, hashlib.sha256(value).digest() == passed)
        self._apply_some(records[begun:])
        self._unsaid = True

    def _pass(self, record: Record, right: bool) -> None:
        """Go past a record by the operator's word."""
        partition, offset = record.partition, record.offset
        if partition in self._parked:
            return
        self.positions[partition] = offset + 1
        if right:
            self.core.skip(record)
            self._watch.alarm(Alarm(partition, offset, "passed by the operator's word"))
        else:
            reason = "the operator's pass is for another record: its SHA-256 differs"
            self._park(Parked(partition, offset, reason), record)

    def _apply_some(self, records: Sequence[Record]) -> None:
        if self._parked:  # the core knows nothing of a wrong pass
            records = [record for record in records if record.partition not in self._parked]
        if not self.silences:
            self._apply_aloud(records)
            return
        self._apply_aloud([r for r in records if r.partition not in self.silences])
        silent = [record for record in records if record.partition in self.silences]
        if silent:
            self._take(silent)

    def _apply_aloud(self, records: Sequence[Record]) -> None:
        if not records:
            return
        outputs = self._take(records)
        self._reached("applied")
        for outgoing in outputs:
            self._log.send(outgoing)
            self._reached("sent")

    def _take(self, records: Sequence[Record]) -> Sequence[Outgoing]:
        outputs = self.core.apply(records)
        for record in records:
            if record.partition not in self._parked:
                self.positions[record.partition] = record.offset + 1
        for alarm in outputs.alarms:
            self._watch.alarm(alarm)
        for refused in outputs.refused:
            if refused.partition not in self.silences:  # what it finds is not to stop anybody
                self._health.refused(refused)
        for parked in outputs.parked:
            at = (parked.partition, parked.offset)
            self._park(parked, next(r for r in records if (r.partition, r.offset) == at))
        return outputs.records

    def _park(self, parked: Parked, record: Record) -> None:
        self._parked[parked.partition] = parked
        self.positions[parked.partition] = parked.offset
        self._log.pause(parked.partition)
        self._health.parked(parked, record)
        self._watch.parked(parked)

    def _say_latest(self) -> None:
        if not self._unsaid:
            return
        if self._now_ms is not None:
            now_ms = self._now_ms()
            if 0 <= now_ms - self._latest_ms < LATEST_EVERY_MS:
                return
            self._latest_ms = now_ms
        self._unsaid = False
        for outgoing in self.core.latest():
            if outgoing.partition not in self.silences:
                self._log.send(outgoing)

    def _tick(self) -> None:
        if self._now_ms is None or not self._role.ticks:
            return
        now_ms = self._now_ms()
        if 0 <= now_ms - self._looked_ms < LOOK_FOR_TICKS_EVERY_MS:
            return
        self._looked_ms = now_ms
        for partition in self._owned:
            if partition in self.silences or partition in self._parked:
                continue
            expiry_ms = self.core.next_expiry_ms(partition)
            if expiry_ms is None or now_ms < expiry_ms:
                continue
            if not 0 <= now_ms - self._ticked_ms.get(partition, 0) < TICK_EVERY_MS:
                self._ticked_ms[partition] = now_ms
                self._log.send(Outgoing(ORDERS, partition, None, encode(Tick(b""))))

    def _look_around(self) -> None:
        """Hear what is rare, and say how this worker is."""
        now_ms = self._time_ms()
        if self._now_ms is not None and 0 <= now_ms - self._around_ms < LOOK_AROUND_EVERY_MS:
            return
        self._around_ms = now_ms
        machines = {name: p for p in self._owned for name in self.core.machines(p)}
        self._around.look(machines, self.silences)
        for partition, silence in list(self.silences.items()):
            silence.passed(self.positions[partition], self.core)
            agreed = silence.agreed_over >= self._role.agree_over
            if silence.caught_up and (agreed or self._around.is_alone(partition, now_ms)):
                self._agreed.add(partition)
                self._again(partition)
        heard, self._around.heard = self._around.heard, set()
        for partition, parked in list(self._parked.items()):
            if (partition, parked.offset) in heard:
                self._again(partition)
        for partition, text in self._around.alarms:
            self._watch.alarm(Alarm(partition, self.positions[partition], text))
        self._around.alarms.clear()
        for partition, offset, text in self.snapshots.alarms:
            self._watch.alarm(Alarm(partition, offset, text))
        self.snapshots.alarms.clear()
        self._say_health(now_ms)

    def _say_health(self, now_ms: int) -> None:
        for partition in self._owned:
            silent = partition in self.silences
            snapshot = (-1, 0, 0) if silent else self.snapshots.newest(partition)
            position = self.positions[partition]
            self._health.say(partition, now_ms, position, snapshot, silent=silent)

    def _again(self, partition: int) -> None:
        """Make a partition's machines anew."""
        self._close(partition)
        self._open(partition)
