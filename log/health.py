"""What a worker tells of itself: one status for each partition, on a compacted topic."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from partita.log.core import Parked, Refused, WorkerCore
from partita.log.port import Outgoing, Record
from partita.log.role import Role
from partita.schemas.codec import encode
from partita.schemas.enums import Line, WorkerState
from partita.schemas.operations import RefusedLine, WorkerStatus
from partita.schemas.topics import WORKER_STATUS

EVERY_MS = 1_000
# Enough to name the line; a line that goes on being refused is told of again a second later.
_REFUSED_MAX = 20


def status_key(service: str, line: Line, partition: int) -> bytes:
    """Return the key of a partition's status."""
    return f"{service}/{line}/{partition}".encode()


@dataclass(slots=True)
class _Partition:
    opened_ms: int
    end: int  # of the log when it was opened
    recovery_ms: int = -1
    reason: str = ""
    parked_sha256: bytes = b""
    refused: list[RefusedLine] = field(default_factory=list)
    said_ms: int = 0
    urgent: bool = True
    said: WorkerStatus | None = None


class Health:
    """Keeps what is known of each partition, and says it when it is time."""

    def __init__(self, role: Role, core: WorkerCore, send: Callable[[Outgoing], None]) -> None:
        self._role = role
        self._core = core
        self._send = send
        self._partitions: dict[int, _Partition] = {}

    def opened(self, partition: int, now_ms: int, end: int) -> None:
        """Note that a partition was given to this worker, whose log ended at `end`."""
        known = self._partitions.get(partition)
        # One that is opened again, after its silence or past a record, began when it first was.
        opened_ms = known.opened_ms if known is not None and known.recovery_ms < 0 else now_ms
        self._partitions[partition] = _Partition(opened_ms, end)

    def closed(self, partition: int) -> None:
        """Forget a partition that is owned no more."""
        del self._partitions[partition]

    def parked(self, parked: Parked, record: Record) -> None:
        """Note the record that a partition could not go past."""
        kept = self._partitions[parked.partition]
        kept.reason, kept.urgent = parked.reason, True
        kept.parked_sha256 = hashlib.sha256(record.value).digest()

    def refused(self, refused: Refused) -> None:
        """Note a line that was refused."""
        kept = self._partitions[refused.partition]
        if len(kept.refused) < _REFUSED_MAX:
            kept.refused.append(refused.line)
        kept.urgent = kept.urgent or kept.said is None or not kept.said.refused

    def say(
        self,
        partition: int,
        now_ms: int,
        position: int,
        snapshot: tuple[int, int, int],
        *,
        silent: bool,
    ) -> None:
        """Say how a partition is, when it is time; snapshot is position, log time and bytes."""
        kept = self._partitions[partition]
        if not silent and kept.recovery_ms < 0 and position >= kept.end:
            kept.recovery_ms, kept.urgent = max(0, now_ms - kept.opened_ms), True
        if not kept.urgent and 0 <= now_ms - kept.said_ms < EVERY_MS:
            return
        kept.said_ms, kept.urgent = now_ms, False
        if kept.reason:
            state = WorkerState.PARKED
        elif silent:
            state = WorkerState.SILENT
        else:
            state = WorkerState.REPLAYING if kept.recovery_ms < 0 else WorkerState.RUNNING
        role, counters = self._role, self._core.counters(partition)
        status = WorkerStatus(
            service=role.service,
            line=role.line,
            partition=partition,
            owner=role.owner,
            build=role.build,
            state=state,
            position=position,
            reason=kept.reason,
            parked_sha256=kept.parked_sha256,
            records=counters.records,
            groups_taken=counters.groups_taken,
            duplicates_dropped=counters.duplicates_dropped,
            gaps_waited=counters.gaps_waited,
            lines_refused=counters.lines_refused,
            dead_letters=counters.dead_letters,
            edges_waiting=self._core.edges_waiting(partition),
            machines=len(self._core.machines(partition)),
            snapshot_position=snapshot[0],
            snapshot_time_ms=snapshot[1],
            snapshot_bytes=snapshot[2],
            recovery_ms=kept.recovery_ms,
            refused=tuple(kept.refused),
        )
        kept.refused = []
        if status != kept.said:
            kept.said = status
            key = status_key(role.service, role.line, partition)
            self._send(Outgoing(WORKER_STATUS, 0, key, encode(status)))
