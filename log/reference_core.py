"""The reference worker core: decodes, gives to the machines, gathers what they say."""

import gc
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from partita.log.core import (
    Alarm,
    Counters,
    MachineMark,
    Outputs,
    Parked,
    Refused,
    Snapshot,
)
from partita.log.edges import Verdict
from partita.log.outbox import Outbox
from partita.log.port import Outgoing, Record
from partita.schemas.codec import decode, encode
from partita.schemas.converter import Message
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.digest import Value, digest
from partita.schemas.errors import Undecodable, UnknownFingerprint, Unreadable
from partita.schemas.limits import DEAD_LETTER_BYTES_MAX, SNAPSHOT_BYTES_MAX
from partita.schemas.operations import RefusedLine
from partita.schemas.topics import DEAD_LETTERS


class Judged(NamedTuple):
    """What a machine made of one group."""

    verdict: Verdict
    sender: str  # name of the machine that spoke
    receiver: str  # name of the machine that judged


class Machine(Protocol):
    """One machine with its edges."""

    @property
    def name(self) -> str:
        """What it is called: a symbol, or shard and its number."""

    @property
    def position(self) -> int:
        """The offset of its snapshot: records below are in its state already. 0 without one."""

    @property
    def first_offset(self) -> int:
        """Where it came into being: it takes nothing below. 0 where it is not by a record."""

    @property
    def taken(self) -> int:
        """A count that moves whenever it was given something."""

    @property
    def rows(self) -> int:
        """How many rows its state has, about: how long writing it down takes."""

    def edges(self) -> Value:
        """Return the ends of all edges."""

    def state_hash(self) -> bytes:
        """Return the digest of its state, edges included."""

    def snapshot(self) -> Message:
        """Return its whole state as a record."""


class Machines(Protocol):
    """The machines of one partition."""

    def take(self, message: Message, offset: int, time_ms: int, outbox: Outbox) -> Sequence[Judged]:
        """Apply a message logged at time_ms, put what follows from it into the outbox.

        A machine whose position is above the offset has it in its state, and is left out.

        Raises:
            Undecodable: such a message does not belong on this topic; nothing was changed.
        """

    def skip(self, message: Message, offset: int) -> None:
        """Take the numbers of a message's events, and nothing else of it.

        Raises:
            Undecodable: such a message does not belong on this topic; nothing was changed.
        """

    def machines(self) -> Mapping[str, Machine]:
        """Return the machines by name."""

    def restore(self, message: Message, position: int) -> None:
        """Make a machine from its snapshot, at this position of the partition.

        Raises:
            Undecodable: it is no snapshot of a machine of this partition.
            WrongPartitions: the exchange has another number of shards.
        """

    def latest(self) -> Sequence[Outgoing]:
        """Return what is said once for many messages, and forget it."""

    def next_expiry_ms(self) -> int | None:
        """Return the log time at which a tick would make something happen; None for never."""

    def check(self) -> None:
        """Assert every invariant."""


class ReferenceCore:
    """A WorkerCore around machines written in Python."""

    def __init__(self, topic: str, machines: Callable[[int], Machines]) -> None:
        self._counters: dict[int, Counters] = {}
        self._topic = topic
        self._make = machines
        self._machines: dict[int, Machines] = {}
        self._parked: set[int] = set()
        self._waiting: dict[int, set[tuple[str, str]]] = {}  # edges with a gap, by partition

    def counters(self, partition: int) -> Counters:
        """Return what was seen of a partition; see WorkerCore."""
        return self._counters.setdefault(partition, Counters())

    def open(self, partition: int, snapshots: Sequence[Snapshot] = ()) -> None:
        """Make the machines of a partition from their snapshots; see WorkerCore."""
        machines = self._make(partition)
        with _uncollected():
            for snapshot in snapshots:
                message = decode(snapshot.data, SNAPSHOT_BYTES_MAX)
                try:
                    machines.restore(message, snapshot.position)
                except (KeyError, ValueError) as error:
                    raise Undecodable(f"not a snapshot of {snapshot.machine}: {error}") from error
        self._machines[partition] = machines
        self._parked.discard(partition)
        self._waiting[partition] = set()

    def close(self, partition: int) -> None:
        """Forget the machines of a partition."""
        del self._machines[partition]
        del self._waiting[partition]

    def apply(self, records: Sequence[Record]) -> Outputs:
        """Apply records in their order; see WorkerCore."""
        outbox = Outbox()
        dead: list[Outgoing] = []
        alarms: list[Alarm] = []
        parked: list[Parked] = []
        refused: list[Refused] = []
        for record in records:
            if record.partition in self._parked:
                continue
            counters = self.counters(record.partition)
            counters.records += 1
            try:
                self._apply(record, outbox, alarms, refused)
            except Undecodable as error:
                counters.dead_letters += 1
                dead.append(_dead_letter(self._topic, record, str(error)))
                alarms.append(Alarm(record.partition, record.offset, f"dead letter: {error}"))
            except UnknownFingerprint as error:
                parked.append(Parked(record.partition, record.offset, str(error)))
                self._parked.add(record.partition)
            except Exception as error:  # noqa: BLE001 - the one place where a failing machine ends: its partition is parked, the state never used again
                outbox.roll_back()
                reason = f"{type(error).__name__}: {error}"
                parked.append(Parked(record.partition, record.offset, reason))
                self._parked.add(record.partition)
        return Outputs([*outbox.take(), *dead], alarms, parked, refused)

    def _apply(
        self, record: Record, outbox: Outbox, alarms: list[Alarm], refused: list[Refused]
    ) -> None:
        outbox.begin()  # first: whatever fails from here on takes back this record's events only
        message = decode(record.value)
        partition, offset, time_ms = record.partition, record.offset, record.time_ms
        counters, waiting = self.counters(partition), self._waiting[partition]
        machines = self._machines[partition]
        for verdict, sender, receiver in machines.take(message, offset, time_ms, outbox):
            if verdict is Verdict.TAKEN:
                counters.groups_taken += 1
                waiting.discard((sender, receiver))
            elif verdict is Verdict.DUPLICATE:
                counters.duplicates_dropped += 1
            elif verdict is Verdict.GAP:
                counters.gaps_waited += 1
                waiting.add((sender, receiver))
                alarms.append(Alarm(partition, offset, f"gap on {sender} -> {receiver}: it waits"))
            else:
                counters.lines_refused += 1
                refused.append(
                    Refused(partition, RefusedLine(sender, message.line, receiver, offset, time_ms))
                )
                text = f"{sender} -> {receiver} has diverged: line {message.line} is refused"
                alarms.append(Alarm(partition, offset, text))

    def skip(self, record: Record) -> None:
        """Go past a record without applying it; see WorkerCore."""
        try:
            message = decode(record.value)
            self._machines[record.partition].skip(message, record.offset)
        except Unreadable:
            return  # nobody can tell whose events it held

    def latest(self) -> Sequence[Outgoing]:
        """Return what is said once for many records; see WorkerCore."""
        return [
            outgoing
            for partition, machines in self._machines.items()
            if partition not in self._parked
            for outgoing in machines.latest()
        ]

    def next_expiry_ms(self, partition: int) -> int | None:
        """Return when a tick would make something happen."""
        return None if partition in self._parked else self._machines[partition].next_expiry_ms()

    def machines(self, partition: int) -> Mapping[str, MachineMark]:
        """Return each machine of a partition by its name, with what tells whether it moved."""
        return {
            name: MachineMark(machine.first_offset, machine.position, machine.taken, machine.rows)
            for name, machine in self._machines[partition].machines().items()
        }

    def snapshot(self, partition: int, machine: str) -> bytes:
        """Return the whole state of a machine as bytes."""
        return encode(self._machines[partition].machines()[machine].snapshot())

    def copy(self, partition: int, machine: str) -> None:
        """Return None: to copy objects takes as long as writing them down."""

    def edges_digest(self, partition: int, machine: str) -> bytes:
        """Return the digest of the ends of all edges of a machine."""
        return digest(self._machines[partition].machines()[machine].edges())

    def edges_waiting(self, partition: int) -> int:
        """Return on how many edges something came too early, and nothing since."""
        return len(self._waiting[partition])

    def state_hashes(self, partition: int) -> Mapping[str, bytes]:
        """Return the state hash of each machine of a partition by its name."""
        machines = self._machines[partition].machines()
        return {name: machine.state_hash() for name, machine in machines.items()}

    def check(self) -> None:
        """Assert every invariant of every machine."""
        for partition, machines in self._machines.items():
            if partition not in self._parked:
                machines.check()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from walking over millions of new objects that all stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _dead_letter(topic: str, record: Record, error: str) -> Outgoing:
    value = record.value
    letter = DeadLetter(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        time_ms=record.time_ms,
        error=error[:500],
        value=value[:DEAD_LETTER_BYTES_MAX],
        size=len(value),
        sha256=hashlib.sha256(value).digest(),
    )
    # Keyed by where it was: a replay writes it again, and compaction keeps one.
    key = f"{topic}/{record.partition}/{record.offset}".encode()
    return Outgoing(DEAD_LETTERS, 0, key, encode(letter))
