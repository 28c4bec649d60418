"""When a machine is due for a snapshot: by the time on the log, so every line finds the same place.

Each machine has a phase of its own, so that the snapshots of a partition are spread over the
period and no pause is the sum of many.
"""

from collections.abc import Iterable
from zlib import crc32


class Cadence:
    """A period of log time."""

    def __init__(self, every_ms: int) -> None:
        self.every_ms = every_ms

    def _next_ms(self, machine: str, time_ms: int) -> int:
        """Return the first time after time_ms at which a machine is due."""
        phase = crc32(machine.encode()) % self.every_ms
        return time_ms - (time_ms - phase) % self.every_ms + self.every_ms

    def due(self, machines: Iterable[str], after_ms: int, until_ms: int) -> list[str]:
        """Return the machines that are due after one time, until another one, by name."""
        return sorted(m for m in machines if self._next_ms(m, after_ms) <= until_ms)

    def next_ms(self, machines: Iterable[str], time_ms: int) -> int:
        """Return the first time after time_ms at which any is due; far away without machines."""
        return min((self._next_ms(m, time_ms) for m in machines), default=time_ms + self.every_ms)
