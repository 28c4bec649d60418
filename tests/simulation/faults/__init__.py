"""What can go wrong, and how often it does. Each returns what it did, or None: nothing to do."""

from collections.abc import Mapping

from simulation.faults import changelogs, processes, records
from simulation.faults.kinds import Fault

FAULTS: Mapping[Fault, int] = {
    processes.crash_in_step: 4,
    processes.crash_at_point: 10,
    processes.crash_between_steps: 5,
    processes.crash_all: 1,
    processes.lose_acknowledgement: 3,
    processes.stall: 3,
    processes.zombie: 4,
    processes.second_line: 3,
    processes.upgrade: 2,
    processes.rebalance: 4,
    processes.read_slowly: 2,
    records.tear: 3,
    records.poison: 2,
    records.stray: 1,
    records.park: 2,
    records.echo: 3,
    records.clock_back: 2,
    records.leap: 2,
    changelogs.rot: 4,
    changelogs.do_otherwise: 2,
}
