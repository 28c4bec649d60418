"""The broker of the simulation: it also knows in which order everything came to stand there."""

from partita.log.memory import MemoryLog
from partita.log.port import Outgoing

Place = tuple[str, int, int]  # topic, partition, offset


class Broker(MemoryLog):
    """A MemoryLog with what a simulation knows of it."""

    def __init__(self, time_ms: int) -> None:
        super().__init__(time_ms)
        self.arrivals: list[Place] = []  # in their order
        # By what was put there on purpose: what no machine can take, and what parks a partition
        # until the operator lets it go past.
        self.bad: set[Place] = set()
        self.parking: set[Place] = set()
        self.latest_ms = time_ms  # the largest time that was ever stamped
        self.back_ms = 0  # by which the clock has gone back, all times together

    def append(self, outgoing: Outgoing) -> int:
        """Put a record at the end of its partition; return its offset."""
        offset = super().append(outgoing)
        self.latest_ms = max(self.latest_ms, self.time_ms)
        self.arrivals.append((outgoing.topic, outgoing.partition, offset))
        return offset

    def turn_back(self, back_ms: int) -> None:
        """Let the clock go back."""
        self.time_ms -= back_ms
        self.back_ms += back_ms

    def spoil(self, outgoing: Outgoing, *, parks: bool = False) -> int:
        """Put a record there that no machine can take, or one that parks; return its offset."""
        offset = self.append(outgoing)
        place = outgoing.topic, outgoing.partition, offset
        (self.parking if parks else self.bad).add(place)
        return offset

    def good(self, topic: str, partition: int) -> list[int]:
        """Return the offsets of a partition at which nothing was spoilt on purpose."""
        spoilt = self.bad | self.parking
        stored = self.partitions.get((topic, partition), ())
        return [at for at in range(len(stored)) if (topic, partition, at) not in spoilt]
