"""The native engine, where its distribution is installed, and its worker core: the one home of it.

`partita-native` is the crate of `native/`, built by cargo where there is one. Without it everything
works on the reference engines.
"""

import shutil
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeVar

from partita.log.core import (
    Alarm,
    Counters,
    MachineMark,
    Outputs,
    Parked,
    Refused,
    Snapshot,
)
from partita.log.port import Outgoing, Record
from partita.schemas.codec import SCHEMAS
from partita.schemas.enums import Line
from partita.schemas.errors import (
    InvalidValue,
    Undecodable,
    UnknownFingerprint,
    WrongPartitions,
)
from partita.schemas.operations import RefusedLine

_Found = TypeVar("_Found")

try:
    import partita_native
except ImportError:  # no cargo where this was set up
    INSTALLED = False
else:
    INSTALLED = True

NAME = "native"


def missing() -> str:
    """Return why there is no native engine, for people."""
    why = "run `make native`" if shutil.which("cargo") else "no cargo"
    return f"the native one is not installed: {why}"


@cache
def build() -> str:
    """Return which sources of the crate the native engine was built from.

    Raises:
        InvalidValue: it was built for other records than this build's.
    """
    ours = {name: schema.head for name, schema in SCHEMAS.items()}
    theirs = dict(partita_native.HEADS)
    if theirs != ours:
        rule = "was built for other records than this build's: run `make native`"
        raise InvalidValue("engine", NAME, rule)
    return partita_native.BUILD


class NativeCore:
    """A WorkerCore around machines written in Rust; see partita.log.core."""

    def __init__(self, core: Callable[[], "partita_native.Core"]) -> None:
        build()
        self._core = core()

    @classmethod
    def matcher(cls, shards: int, line: Line) -> "NativeCore":
        """Return the core of a matcher."""
        return cls(lambda: partita_native.Core.matcher(shards, line))

    @classmethod
    def ledger(cls, shards: int, line: Line) -> "NativeCore":
        """Return the core of a ledger."""
        return cls(lambda: partita_native.Core.ledger(shards, line))

    def counters(self, partition: int) -> Counters:
        """Return what was seen of a partition since this core was made."""
        return Counters(*self._core.counters(partition))

    def open(self, partition: int, snapshots: Sequence[Snapshot] = ()) -> None:
        """Make the machines of a partition from their snapshots; see WorkerCore."""
        given = [(snapshot.position, snapshot.data) for snapshot in snapshots]
        try:
            self._core.open(partition, given)
        except partita_native.Undecodable as error:
            raise Undecodable(f"a snapshot of partition {partition}: {error}") from error
        except partita_native.UnknownFingerprint as error:
            raise UnknownFingerprint(str(error)) from error
        except partita_native.WrongPartitions as error:
            raise WrongPartitions(str(error)) from error

    def close(self, partition: int) -> None:
        """Forget the machines of a partition."""
        self._core.close(partition)

    def apply(self, records: Sequence[Record]) -> Outputs:
        """Apply records in their order, other threads running meanwhile; see WorkerCore."""
        out, alarms, parked, refused = self._core.apply(records)
        return Outputs(
            [Outgoing._make(record) for record in out],
            [Alarm._make(alarm) for alarm in alarms],
            [Parked._make(one) for one in parked],
            [Refused(at, _refused_line(*line)) for at, line in refused],
        )

    def skip(self, record: Record) -> None:
        """Go past a record without applying it; see WorkerCore."""
        self._core.skip(record)

    def latest(self) -> Sequence[Outgoing]:
        """Return what is said once for many records; see WorkerCore."""
        return [Outgoing._make(record) for record in self._core.latest()]

    def next_expiry_ms(self, partition: int) -> int | None:
        """Return when a tick would make something happen."""
        return self._core.next_expiry_ms(partition)

    def machines(self, partition: int) -> Mapping[str, MachineMark]:
        """Return each machine of a partition by its name, with what tells whether it moved."""
        return {name: MachineMark(*mark) for name, *mark in self._core.machines(partition)}

    def snapshot(self, partition: int, machine: str) -> bytes:
        """Return the whole state of a machine as bytes."""
        return _known(self._core.snapshot(partition, machine), machine)

    def copy(self, partition: int, machine: str) -> Callable[[], bytes]:
        """Return what writes the state down as it is now; see WorkerCore."""
        return _known(self._core.copy(partition, machine), machine).write

    def edges_digest(self, partition: int, machine: str) -> bytes:
        """Return the digest of the ends of all edges of a machine."""
        return _known(self._core.edges_digest(partition, machine), machine)

    def edges_waiting(self, partition: int) -> int:
        """Return on how many edges something came too early, and nothing since."""
        return self._core.edges_waiting(partition)

    def state_hashes(self, partition: int) -> Mapping[str, bytes]:
        """Return the state hash of each machine of a partition by its name."""
        return {
            name: _known(self._core.state_hash(partition, name), name)
            for name in self.machines(partition)
        }

    def check(self) -> None:
        """Assert every invariant of every machine."""
        self._core.check()


def _refused_line(sender: str, line: str, receiver: str, offset: int, time_ms: int) -> RefusedLine:
    return RefusedLine(sender, Line(line), receiver, offset, time_ms)


def _known(found: _Found | None, machine: str) -> _Found:
    if found is None:
        raise KeyError(machine)
    return found


def bulk(prefix: str, numbers: Sequence[int]) -> "partita_native.Bulk":
    """Return the rows of a client's bulk in Rust (partita.producers.bulk)."""
    build()
    return partita_native.Bulk(prefix, numbers)


def concerned(record: bytes, accounts: "array[int]") -> bool:
    """Return whether a record of account-events names one of these accounts, ascending.

    True for a record that cannot be read: the codec says what is wrong with it.
    """
    return partita_native.concerned(record, accounts)


def has_news(record: bytes, known: int) -> bool:
    """Return whether a record of account-events has an event with a number above `known`.

    True when it cannot be read: who decodes it says why.
    """
    return partita_native.has_news(record, known)
