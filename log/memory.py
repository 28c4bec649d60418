"""The log in memory: one process, one thread, and time and delivery in the hands of the caller.

Nothing happens by itself: what a connection sends is under way until `deliver` puts it on the log,
so that a simulation can stop, repeat or lose anything at any point in between.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from partita.log.port import Outgoing, Record
from partita.schemas.errors import DeliveryFailed, LogError
from partita.schemas.topics import EVENT_TOPICS


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
        # Below these nothing is given any more. It is kept all the same, for who checks the rest.
        self.starts: dict[tuple[str, int], int] = {}
        self.topic_ids: dict[str, str] = {name: f"{name} 1" for name in EVENT_TOPICS}

    def append(self, outgoing: Outgoing) -> int:
        """Put a record at the end of its partition; return its offset."""
        stored = self.partitions.setdefault((outgoing.topic, outgoing.partition), [])
        stored.append(Stored(self.time_ms, outgoing.key, outgoing.value))
        return len(stored) - 1

    def records(self, topic: str, partition: int, offset: int = 0) -> list[Record]:
        """Return the records of a partition from an offset on."""
        stored = self.partitions.get((topic, partition), [])
        return [
            Record(partition, at, stored[at].time_ms, stored[at].value, stored[at].key)
            for at in range(offset, len(stored))
        ]

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return the offset of the first kept record of a partition, and of its end."""
        where = topic, partition
        return self.starts.get(where, 0), len(self.partitions.get(where, ()))


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
        self.lost: list[Outgoing] = []  # what never arrives; what arrives is under way no more
        self._barriers: list[list[Outgoing]] = []  # what was not acknowledged at each
        self._followed: dict[tuple[str, int], int] = {}
        self.others: Callable[[int], bool] = lambda _partition: False

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
            if position < self._log.starts.get((self._topic, partition), 0):
                raise LogError(f"{self._topic}/{partition}: what comes next is not there any more")
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

    def barrier(self) -> int:
        """Draw a line under all that was sent so far; return its number."""
        self._barriers.append([*self.under_way, *self.lost])
        return len(self._barriers) - 1

    def passed(self, barrier: int) -> bool:
        """Return whether all above a barrier has arrived."""
        left = {id(outgoing) for outgoing in (*self.under_way, *self.lost)}
        return not any(id(outgoing) in left for outgoing in self._barriers[barrier])

    def bounds(self, partition: int) -> tuple[int, int]:
        """Return where an input partition begins and ends."""
        return self._log.bounds(self._topic, partition)

    def trim(self, partition: int, offset: int) -> None:
        """Let go of the records of an input partition below an offset."""
        where = self._topic, partition
        self._log.starts[where] = max(offset, self._log.starts.get(where, 0))

    def read(self, topic: str, partition: int) -> Sequence[Record]:
        """Return all that a compacted partition holds."""
        return self._log.records(topic, partition)

    def follow(self, topic: str, partition: int, offset: int) -> None:
        """Hear what comes to a compacted partition from an offset on."""
        self._followed[topic, partition] = offset

    def unfollow(self, topic: str, partition: int) -> None:
        """Hear no more of it."""
        self._followed.pop((topic, partition), None)

    def news(self) -> Sequence[tuple[str, Record]]:
        """Return what has come to the followed partitions."""
        found: list[tuple[str, Record]] = []
        for (topic, partition), offset in self._followed.items():
            records = self._log.records(topic, partition, offset)
            found += [(topic, record) for record in records]
            self._followed[topic, partition] = offset + len(records)
        return found

    def topic_ids(self) -> Mapping[str, str]:
        """Return what each event topic is called."""
        return dict(self._log.topic_ids)

    def elsewhere(self, partition: int) -> bool:
        """Return whether another line's worker has this partition now."""
        return self.others(partition)

    def flush(self, timeout_s: float) -> None:  # noqa: ARG002 - delivery takes no time here
        """Deliver all that is under way."""
        self._fail_if_lost()
        self.deliver()

    def _fail_if_lost(self) -> None:
        if self._lost is not None:
            raise DeliveryFailed(self._lost)
