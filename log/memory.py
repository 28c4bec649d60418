"""The log in memory: one process, one thread, and time and delivery in the hands of the caller.

Nothing happens by itself: what a connection sends is under way until `deliver` puts it on the log,
so that a simulation can stop, repeat or lose anything at any point in between.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from partita.log.port import Outgoing, Record
from partita.schemas.errors import DeliveryFailed


class Stored(NamedTuple):
    """A record in a partition."""

    time_ms: int
    key: bytes | None
    value: bytes


class MemoryLog:
    """All partitions of all topics, and the broker's clock."""

    def __init__(self, time_ms: int = 0) -> None:
        self.time_ms = time_ms  # what the next record is stamped with
        self.partitions: dict[tuple[str, int], list[Stored]] = {}

    def append(self, outgoing: Outgoing) -> int:
        """Put a record at the end of its partition; return its offset."""
        stored = self.partitions.setdefault((outgoing.topic, outgoing.partition), [])
        stored.append(Stored(self.time_ms, outgoing.key, outgoing.value))
        return len(stored) - 1

    def records(self, topic: str, partition: int, offset: int = 0) -> list[Record]:
        """Return the records of a partition from an offset on."""
        stored = self.partitions.get((topic, partition), [])
        return [
            Record(partition, at, stored[at].time_ms, stored[at].value)
            for at in range(offset, len(stored))
        ]


class MemoryConnection:
    """One worker's connection to a MemoryLog: a `Log`."""

    def __init__(self, log: MemoryLog, topic: str, batch_max: int = 1_000) -> None:
        self.batch_max = batch_max  # records a poll returns at most
        self.under_way: deque[Outgoing] = deque()
        self._log = log
        self._topic = topic
        self._owned: dict[int, int] = {}
        self._positions: dict[int, int] = {}  # of owned partitions that were sought
        self._ownerships = 0
        self._lost: str | None = None

    def own(self, partitions: Sequence[int]) -> None:
        """Make these the owned partitions; those that were owned already stay as they are."""
        self._owned = {p: number for p, number in self._owned.items() if p in partitions}
        self._positions = {p: at for p, at in self._positions.items() if p in partitions}
        for partition in partitions:
            if partition not in self._owned:
                self._ownerships += 1
                self._owned[partition] = self._ownerships

    def lose_delivery(self, why: str) -> None:
        """Make the next call fail as when the broker's answer to a send was lost."""
        self._lost = why

    def deliver(self, count: int | None = None) -> int:
        """Put the first so many (or all) records under way on the log; return how many."""
        count = len(self.under_way) if count is None else min(count, len(self.under_way))
        for _ in range(count):
            self._log.append(self.under_way.popleft())
        return count

    def poll(self, timeout_s: float) -> Sequence[Record]:  # noqa: ARG002 - nothing to wait for
        """Return the next records, the partitions by turns; see Log."""
        self._fail_if_lost()
        found: list[Record] = []
        for partition, position in self._positions.items():
            room = self.batch_max - len(found)
            stored = self._log.partitions.get((self._topic, partition), [])
            last = min(len(stored), position + room)
            found += [
                Record(partition, at, stored[at].time_ms, stored[at].value)
                for at in range(position, last)
            ]
            self._positions[partition] = last
        if self._positions:  # the next poll starts with another partition
            first = next(iter(self._positions))
            self._positions[first] = self._positions.pop(first)
        return found

    def owned(self) -> Mapping[int, int]:
        """Return the owned partitions with their ownership numbers."""
        return self._owned

    def seek(self, partition: int, offset: int) -> None:
        """Read an owned partition from an offset on."""
        self._positions[partition] = offset

    def pause(self, partition: int) -> None:
        """Stop reading a partition."""
        del self._positions[partition]

    def send(self, outgoing: Outgoing) -> None:
        """Put a record under way."""
        self._fail_if_lost()
        self.under_way.append(outgoing)

    def flush(self, timeout_s: float) -> None:  # noqa: ARG002 - delivery takes no time here
        """Deliver all that is under way."""
        self._fail_if_lost()
        self.deliver()

    def _fail_if_lost(self) -> None:
        if self._lost is not None:
            raise DeliveryFailed(self._lost)
