"""What a worker hears from others: passes, other lines' snapshots, and refusals of its own word.

A line that has diverged does not notice by itself: its receivers do. They name it in their status,
and it stops. Only what it said after it had come up counts against it: by the broker's times, those
of the refused record and of its own first status.
"""

from collections.abc import Collection, Mapping

from partita.log.changelog import Changelog
from partita.log.port import Log, Record
from partita.log.role import Role
from partita.log.silence import Silence
from partita.schemas.codec import decode
from partita.schemas.enums import Line, WorkerState
from partita.schemas.errors import Diverged, Unreadable
from partita.schemas.operations import Pass, WorkerStatus
from partita.schemas.topics import PASSES, WORKER_STATUS

_SPEAKING = (WorkerState.REPLAYING, WorkerState.RUNNING)


class Neighbours:
    """Listens on the compacted topics that a worker shares with others."""

    def __init__(self, log: Log, role: Role) -> None:
        self.passes: dict[tuple[int, int], bytes] = {}  # (partition, offset) -> SHA-256
        self.heard: set[tuple[int, int]] = set()  # passes that are new, until they are acted upon
        self._log = log
        self._role = role
        self._since_ms: int | None = None  # log time of this worker's first status
        self._listening = False
        # Of other lines' partitions: their build, and whether they speak.
        self._lines: dict[tuple[Line, int], tuple[str, bool]] = {}

    def open(self) -> None:
        """Know all passes that there are, and hear of those that come."""
        records = self._log.read(PASSES, 0)
        for record in records:
            self._take_pass(record)
        if self._listening:
            return
        self._listening = True
        self._log.follow(PASSES, 0, records[-1].offset + 1 if records else 0)
        statuses = self._log.read(WORKER_STATUS, 0)
        for record in statuses:
            self._status(record)
        self._log.follow(WORKER_STATUS, 0, statuses[-1].offset + 1 if statuses else 0)

    def look(self, machines: Collection[str], silences: Mapping[int, Silence]) -> None:
        """Take what has come. `machines` are this worker's.

        Raises:
            Diverged: a receiver has refused what this worker said.
        """
        changelogs: dict[int, list[Record]] = {}
        for topic, record in self._log.news():
            if topic == PASSES:
                self.heard |= self._take_pass(record)
            elif topic == WORKER_STATUS:
                self._take_status(record, machines)
            elif record.partition in silences:
                changelogs.setdefault(record.partition, []).append(record)
        for partition, records in changelogs.items():
            silences[partition].hear(Changelog().take(records))

    def _take_pass(self, record: Record) -> set[tuple[int, int]]:
        """Take a pass; return its place, if it is one on this worker's input."""
        try:
            message = decode(record.value)
        except Unreadable:
            return set()  # a tombstone takes nothing back: others may have gone past the place
        if not isinstance(message, Pass) or message.topic != self._role.topic:
            return set()
        place = message.partition, message.offset
        self.passes[place] = message.sha256
        return {place}

    def speaks(self, partition: int) -> bool:
        """Return whether a line of another build speaks for a partition, as far as is known.

        One that is silent or parked, or of this build, is not to be waited for: two silent lines
        would wait for ever, and two of one build do the same.
        """
        lines = [known for (_, of), known in self._lines.items() if of == partition]
        other = not lines or any(speaks and name != self._role.build for name, speaks in lines)
        return other and self._log.elsewhere(partition)

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

    def _take_status(self, record: Record, machines: Collection[str]) -> None:
        status = self._status(record)
        if status is None:
            return
        role = self._role
        if (status.service, status.line, status.owner) == (role.service, role.line, role.owner):
            if self._since_ms is None:
                self._since_ms = record.time_ms
            return
        for refused in status.refused:
            mine = refused.line == role.line and refused.sender in machines
            if mine and self._since_ms is not None and refused.time_ms >= self._since_ms:
                raise Diverged(
                    f"{refused.receiver} has refused what {refused.sender}, line {refused.line},"
                    f" said (record {refused.offset} of its input): this line has taken or said"
                    " something else than stands on the log, and stops. The other line goes on"
                )
