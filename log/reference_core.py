"""The reference worker core: decodes, gives to the machines, gathers what they say."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from partita.log.core import Alarm, Counters, Outputs, Parked
from partita.log.edges import Verdict
from partita.log.outbox import Outbox
from partita.log.port import Outgoing, Record
from partita.schemas.codec import decode, encode
from partita.schemas.converter import Message
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.errors import Undecodable, UnknownFingerprint
from partita.schemas.limits import DEAD_LETTER_BYTES_MAX
from partita.schemas.topics import DEAD_LETTERS


class Judged(NamedTuple):
    """What a machine made of one group."""

    verdict: Verdict
    edge: str  # who speaks to whom, for people


class Machines(Protocol):
    """The machines of one partition."""

    def take(self, message: Message, time_ms: int, outbox: Outbox) -> Sequence[Judged]:
        """Apply a message logged at time_ms, put what follows from it into the outbox.

        Raises:
            Undecodable: such a message does not belong on this topic; nothing was changed.
        """

    def latest(self) -> Sequence[Outgoing]:
        """Return what is said once for many messages, and forget it."""

    def next_expiry_ms(self) -> int | None:
        """Return the log time at which a tick would make something happen; None for never."""

    def state_hashes(self) -> Mapping[str, bytes]:
        """Return the state hash of each machine by its name."""

    def check(self) -> None:
        """Assert every invariant."""


class ReferenceCore:
    """A WorkerCore around machines written in Python."""

    def __init__(self, topic: str, machines: Callable[[int], Machines]) -> None:
        self.counters = Counters()
        self._topic = topic
        self._make = machines
        self._machines: dict[int, Machines] = {}
        self._parked: set[int] = set()

    def open(self, partition: int) -> int:
        """Make the machines of a partition; they read from offset 0."""
        self._machines[partition] = self._make(partition)
        self._parked.discard(partition)
        return 0

    def close(self, partition: int) -> None:
        """Forget the machines of a partition."""
        del self._machines[partition]

    def apply(self, records: Sequence[Record]) -> Outputs:
        """Apply records in their order; see WorkerCore."""
        outbox = Outbox()
        dead: list[Outgoing] = []
        alarms: list[Alarm] = []
        parked: list[Parked] = []
        for record in records:
            if record.partition in self._parked:
                continue
            self.counters.records += 1
            try:
                self._apply(record, outbox, alarms)
            except Undecodable as error:
                self.counters.dead_letters += 1
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
        return Outputs([*outbox.take(), *dead], alarms, parked)

    def _apply(self, record: Record, outbox: Outbox, alarms: list[Alarm]) -> None:
        outbox.begin()  # first: whatever fails from here on takes back this record's events only
        message = decode(record.value)
        counters = self.counters
        for verdict, edge in self._machines[record.partition].take(message, record.time_ms, outbox):
            if verdict is Verdict.TAKEN:
                counters.groups_taken += 1
            elif verdict is Verdict.DUPLICATE:
                counters.duplicates_dropped += 1
            elif verdict is Verdict.GAP:
                counters.gaps_waited += 1
                alarms.append(Alarm(record.partition, record.offset, f"gap on {edge}: it waits"))
            else:
                counters.lines_refused += 1
                text = f"{edge} has diverged: line {message.line} is refused"
                alarms.append(Alarm(record.partition, record.offset, text))

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

    def state_hashes(self, partition: int) -> Mapping[str, bytes]:
        """Return the state hash of each machine of a partition by its name."""
        return self._machines[partition].state_hashes()

    def check(self) -> None:
        """Assert every invariant of every machine."""
        for partition, machines in self._machines.items():
            if partition not in self._parked:
                machines.check()


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
