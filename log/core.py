"""The worker core contract: record bytes in, record bytes out, all machines of a worker inside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from partita.log.port import Outgoing, Record
from partita.schemas.operations import RefusedLine


class Alarm(NamedTuple):
    """Something an operator should know; the worker goes on."""

    partition: int
    offset: int  # of the record that raised it
    text: str


class Parked(NamedTuple):
    """Why a partition has stopped: it takes nothing more until its worker is started again."""

    partition: int
    offset: int  # the record it could not go past
    reason: str


class Refused(NamedTuple):
    """A line that a machine of a partition has refused."""

    partition: int
    line: RefusedLine


class Outputs(NamedTuple):
    """What came of some records."""

    records: Sequence[Outgoing]
    alarms: Sequence[Alarm]
    parked: Sequence[Parked]  # the partitions that these records parked
    refused: Sequence[Refused] = ()


class Snapshot(NamedTuple):
    """A machine's whole state as bytes, and where it stands."""

    machine: str  # name of the machine
    position: int  # offset of its partition that it takes next
    data: bytes  # a record of its own schema


class MachineMark(NamedTuple):
    """How far a machine is."""

    first_offset: int  # where it came into being: it takes nothing below
    position: int  # of the snapshot it was made from, 0 without one
    taken: int  # a count that moves whenever it was given something
    rows: int  # of its state, about: how long writing it down takes


@dataclass(slots=True)
class Counters:
    """What a core has seen of a partition since it was made; for people and for tests."""

    records: int = 0
    groups_taken: int = 0
    duplicates_dropped: int = 0  # groups that were known already
    gaps_waited: int = 0  # groups that came too early
    lines_refused: int = 0  # groups whose chain disagreed
    dead_letters: int = 0


class WorkerCore(Protocol):
    """All machines of the partitions a worker owns.

    A function of the records of each partition, in their order: how they are cut into calls makes
    no difference to the events that come out, their numbers and their chains. It reads no clock.
    An engine implements this whole.
    """

    def counters(self, partition: int) -> Counters:
        """Return what was seen of a partition since this core was made."""

    def open(self, partition: int, snapshots: Sequence[Snapshot] = ()) -> None:
        """Make the machines of a partition from their snapshots, at most one each.

        Each machine skips what is below its own position.

        Raises:
            Unreadable: a snapshot that this build cannot take.
            WrongPartitions: the exchange has another number of shards.
        """

    def close(self, partition: int) -> None:
        """Forget the machines of a partition that is owned no more."""

    def apply(self, records: Sequence[Record]) -> Outputs:
        """Apply records; never raises for what a record holds."""

    def skip(self, record: Record) -> None:
        """Go past a record without applying it: its events count as taken, and nothing follows.

        Were their numbers not taken, their edges would wait for them for ever. One that cannot be
        read is passed as if it were not there.
        """

    def latest(self) -> Sequence[Outgoing]:
        """Return what is said once for many records, and forget it: the tickers of moved books."""

    def next_expiry_ms(self, partition: int) -> int | None:
        """Return the log time at which a tick would make something happen; None for never."""

    def machines(self, partition: int) -> Mapping[str, MachineMark]:
        """Return each machine of a partition by its name, with what tells whether it moved."""

    def snapshot(self, partition: int, machine: str) -> bytes:
        """Return the whole state of a machine as bytes: equal states give equal bytes."""

    def copy(self, partition: int, machine: str) -> Callable[[], bytes] | None:
        """Return what writes the state down as it is now, once, later and in any thread.

        None where a copy takes as long as writing it down.
        """

    def edges_digest(self, partition: int, machine: str) -> bytes:
        """Return the digest of the ends of all edges of a machine.

        It is equal in two builds whose machines have taken and said the same.
        """

    def edges_waiting(self, partition: int) -> int:
        """Return on how many edges something came too early, and nothing since."""

    def state_hashes(self, partition: int) -> Mapping[str, bytes]:
        """Return the state hash of each machine of a partition, edges included, by its name."""

    def check(self) -> None:
        """Assert every invariant of every machine."""
