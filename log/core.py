"""The worker core contract: record bytes in, record bytes out, all machines of a worker inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from partita.log.port import Outgoing, Record


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


class Outputs(NamedTuple):
    """What came of some records."""

    records: Sequence[Outgoing]
    alarms: Sequence[Alarm]
    parked: Sequence[Parked]  # the partitions that these records parked


@dataclass(slots=True)
class Counters:
    """What a core has seen since it was made; for people and for tests."""

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

    @property
    def counters(self) -> Counters:
        """What was seen since the start."""

    def open(self, partition: int) -> int:
        """Make the machines of a partition; return the offset from which they must read.

        That is 0: the state is the whole log. (A snapshot's position, once there are snapshots.)
        """

    def close(self, partition: int) -> None:
        """Forget the machines of a partition that is owned no more."""

    def apply(self, records: Sequence[Record]) -> Outputs:
        """Apply records; never raises for what a record holds."""

    def latest(self) -> Sequence[Outgoing]:
        """Return what is said once for many records, and forget it: the tickers of moved books."""

    def next_expiry_ms(self, partition: int) -> int | None:
        """Return the log time at which a tick would make something happen; None for never."""

    def state_hashes(self, partition: int) -> Mapping[str, bytes]:
        """Return the state hash of each machine of a partition, edges included, by its name."""

    def check(self) -> None:
        """Assert every invariant of every machine."""
