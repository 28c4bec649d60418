"""Processor time: of our processes by name, and the share that others took meanwhile.

The machine is shared. A run during which others took a tenth of it tells little of throughput, and
nothing of latency.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.venue import CLOCK_HZ, process_cpu_s

_IDLE = (3, 4)  # of the fields of /proc/stat: idle, and idle while a disk is waited for


class Usage(NamedTuple):
    """What was used up to a moment, in seconds."""

    by_name: dict[str, float]
    busy_s: float  # of all processors
    all_s: float

    def since(self, before: "Usage", orders: int) -> "Spent":
        """Return what was used since then."""
        cpu_s = {name: s - before.by_name[name] for name, s in self.by_name.items()}
        others_s = self.busy_s - before.busy_s - sum(cpu_s.values())
        return Spent(
            {name: s / orders * 1e6 for name, s in cpu_s.items()},
            max(0.0, others_s / (self.all_s - before.all_s)),
        )


class Spent(NamedTuple):
    """What a run has cost."""

    cpu_us: dict[str, float]  # an order, by process
    others: float  # share of the machine that went to processes without a name here


def usage(pids: Mapping[str, int]) -> Usage:
    """Return what these processes, and the machine, have used so far."""
    first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    # Guests' time is counted twice: in the first fields, too.
    ticks = [int(field) for field in first.split()[1:9]]
    idle = sum(ticks[field] for field in _IDLE)
    by_name = {name: process_cpu_s(pid) for name, pid in pids.items()}
    return Usage(by_name, (sum(ticks) - idle) / CLOCK_HZ, sum(ticks) / CLOCK_HZ)
