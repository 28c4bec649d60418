"""What a worker hears from others: passes, other lines' snapshots, and refusals of its own word.

A line that has diverged does not notice by itself: its receivers do. They name it in their status,
and it stops, provided that another line speaks for the partition. Only what it said after it had
been given the partition counts against it: by the broker's times, those of the refused record and
of its own first status there.
"""

from collections.abc import Mapping

from partita.log.changelog import Changelog
from partita.log.port import Log, Record
from partita.log.role import Role
from partita.log.silence import Silence
from partita.schemas.codec import decode
from partita.schemas.enums import Line, WorkerState
from partita.schemas.errors import Diverged, Unreadable
from partita.schemas.operations import Pass, RefusedLine, WorkerStatus
from partita.schemas.topics import PASSES, WORKER_STATUS

_SPEAKING = (WorkerState.REPLAYING, WorkerState.RUNNING)


class Neighbours:
    """Listens on the compacted topics that a worker shares with others."""

    def __init__(self, log: Log, role: Role) -> None:
        self.passes: dict[tuple[int, int], bytes] = {}  # (partition, offset) -> SHA-256
        self.heard: set[tuple[int, int]] = set()  # passes that are new
        self.alarms: list[tuple[int, str]] = []  # (partition, text), for the worker
        self._log = log
        self._role = role
        self._since_ms: dict[int, int] = {}  # by partition: log time of the first status of ours
        self._alone_ms: dict[int, int] = {}  # since when nobody else was seen there
        self._listening = False
        # Of other lines' partitions: their build, and whether they speak.
        self._lines: dict[tuple[Line, int], tuple[str, bool]] = {}

    def open(self, partition: int) -> None:
        """Know all passes that there are, and hear of those that come."""
        self._since_ms.pop(partition, None)
        self._alone_ms.pop(partition, None)
        records = self._log.read(PASSES, 0)
        for record in records:
            self._take_pass(record)
        if self._listening:
            return
        self._listening = True
        self.heard.clear()
        self._log.follow(PASSES, 0, records[-1].offset + 1 if records else 0)
        statuses = self._log.read(WORKER_STATUS, 0)
        for record in statuses:
            self._status(record)
        self._log.follow(WORKER_STATUS, 0, statuses[-1].offset + 1 if statuses else 0)

    def look(self, machines: Mapping[str, int], silences: Mapping[int, Silence]) -> None:
        """Take what has come. `machines` are this worker's, with their partitions.

        Raises:
            Diverged: a receiver has refused what this worker said, and another line goes on.
        """
        changelogs: dict[int, list[Record]] = {}
        for topic, record in self._log.news():
            if topic == PASSES:
                self._take_pass(record)
            elif topic == WORKER_STATUS:
                self._take_status(record, machines)
            elif record.partition in silences:
                changelogs.setdefault(record.partition, []).append(record)
        for partition, records in changelogs.items():
            silences[partition].hear(Changelog().take(records))

    def _take_pass(self, record: Record) -> None:
        try:
            message = decode(record.value)
        except Unreadable:
            return  # a tombstone takes nothing back: others may have gone past the place
        if isinstance(message, Pass) and message.topic == self._role.topic:
            place = message.partition, message.offset
            if self.passes.get(place) != message.sha256:
                self.passes[place] = message.sha256
                self.heard.add(place)

    def is_alone(self, partition: int, now_ms: int) -> bool:
        """Return whether no line of another build speaks for a partition, as far as is known.

        One that is silent or parked, or of this build, is not to be waited for: two silent lines
        would wait for ever, and two of one build do the same.
        """
        lines = [known for (_, of), known in self._lines.items() if of == partition]
        other = not lines or any(speaks and name != self._role.build for name, speaks in lines)
        if other and self._log.elsewhere(partition):
            self._alone_ms.pop(partition, None)
            return False
        since_ms = self._alone_ms.setdefault(partition, now_ms)
        # Without a clock (0) it is as it is now.
        return not now_ms or now_ms - since_ms >= self._role.alone_ms

    def _status(self, record: Record) -> WorkerStatus | None:
        try:
            status = decode(record.value)
        except Unreadable:
            return None
        if not isinstance(status, WorkerStatus):
            return None
        if status.service == self._role.service and status.line is not self._role.line:
            place = status.line, status.partition
            self._lines[place] = status.build, status.state in _SPEAKING
        return status

    def _take_status(self, record: Record, machines: Mapping[str, int]) -> None:
        status = self._status(record)
        role = self._role
        if status is None or status.state is WorkerState.SILENT:
            return
        if (status.service, status.line, status.owner) == (role.service, role.line, role.owner):
            self._since_ms.setdefault(status.partition, record.time_ms)
            return
        for refused in status.refused:
            if refused.line == role.line and refused.sender in machines:
                self._refused(refused, machines[refused.sender])

    def _refused(self, refused: RefusedLine, partition: int) -> None:
        since_ms = self._since_ms.get(partition)
        if since_ms is None or refused.time_ms < since_ms + self._role.clocks_ms:
            return
        what = (
            f"{refused.receiver} has refused what {refused.sender}, line {refused.line}, said"
            f" (record {refused.offset} of its input): this line has taken or said something else"
            " than stands on the log"
        )
        spoken = any(speaks for (_, of), (_, speaks) in self._lines.items() if of == partition)
        if not (spoken and self._log.elsewhere(partition)):
            # Who is wrong, it or its receiver, nobody knows; the chain protects, and stopping the
            # only line would stop the partition.
            self.alarms.append((partition, f"{what}; no other line speaks, so it goes on"))
            return
        raise Diverged(f"{what}, and stops. The other line goes on")
