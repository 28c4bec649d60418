"""A worker's connection in the simulation: during it the process may die, and others may act."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from simulation.broker import Broker

from partita.log.memory import MemoryConnection
from partita.log.port import Outgoing, Record


class Killed(Exception):
    """The process died here."""


class Given(NamedTuple):
    """What a worker was told of a partition, to start from."""

    changelog: Sequence[Record]
    start: int
    end: int


class Connection(MemoryConnection):
    """See the module."""

    def __init__(
        self,
        log: Broker,
        topic: str,
        changelog: str,
        *,
        compacts: bool,
        sent: Callable[[Outgoing], None],
        trimmed: Callable[[int], None],
    ) -> None:
        super().__init__(log, topic)
        self.sends_left: int | None = None  # None: it lives
        self.sends = 0  # so far
        # What others do while this one reads a changelog, once.
        self.meanwhile: Callable[[], None] | None = None
        self.given: dict[int, Given] = {}
        self._changelog = changelog
        self._compacts = compacts
        self._sent = sent
        self._trimmed = trimmed

    def send(self, outgoing: Outgoing) -> None:
        """Send, or die."""
        if self.sends_left is not None:
            if self.sends_left == 0:
                raise Killed
            self.sends_left -= 1
        super().send(outgoing)
        self.sends += 1
        self._sent(outgoing)

    def bounds(self, partition: int) -> tuple[int, int]:
        """Return where an input partition begins and ends, and note it."""
        start, end = super().bounds(partition)
        known = self.given.get(partition, Given((), start, end))
        self.given[partition] = known._replace(end=end)
        return start, end

    def read(self, topic: str, partition: int) -> Sequence[Record]:
        """Return all that a compacted partition holds, as far as compaction has left it."""
        if topic == self._changelog and self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        records = super().read(topic, partition)
        if self._compacts:
            latest = {record.key: record for record in records}
            last = records[-1].offset if records else -1
            records = sorted(
                (r for r in latest.values() if r.value or r.offset == last),
                key=lambda record: record.offset,
            )
        if topic == self._changelog:
            known = self.given.get(partition, Given((), 0, 0))
            self.given[partition] = known._replace(changelog=records)
        return records

    def trim(self, partition: int, offset: int) -> None:
        """Let go of the records of an input partition below an offset."""
        super().trim(partition, offset)
        self._trimmed(partition)
