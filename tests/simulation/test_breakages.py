"""The simulation bites: each bug put in on purpose is found by a named checker."""

from collections.abc import Mapping

import pytest
from simulation import breakages
from simulation.breakages import broken
from simulation.faults import FAULTS, processes
from simulation.finding import Found, find_all, searches
from simulation.machines import MIXED, REFERENCE, Engines
from simulation.rogue import let_a_line_diverge, stopped_itself
from simulation.scheduler import Simulation
from simulation.violation import Violation

# With these there would be lines of two builds, of which one would be silent.
_OF_ONE_BUILD = {
    fault: weight
    for fault, weight in FAULTS.items()
    if fault not in {processes.upgrade, processes.second_line}
}
# Many seeds are one fixture; on a busy host they take minutes.
pytestmark = pytest.mark.timeout(1_800)

_ROGUE_SEEDS = range(4)


@pytest.fixture(scope="module")
def found() -> Mapping[str, Found]:
    """Where each bug is found, looked for where it was found the last time and then everywhere."""
    return {one.name: one for one in find_all(searches())}


@pytest.mark.parametrize("name", [search.name for search in searches()])
def test_a_bug_put_in_on_purpose_is_found(name: str, found: Mapping[str, Found]) -> None:
    """Some seed ends in a violation."""
    one = found[name]

    assert one.seed >= 0
    assert one.checker != "the simulation", one.text
    print(f"{one.name}: seed {one.seed}, {one.text.splitlines()[0][:150]}")  # seen with -s


def _lived(seed: int, engines: Engines = MIXED) -> Simulation:
    simulation = Simulation(seed, engines=engines, faults=_OF_ONE_BUILD)
    simulation.run()
    return simulation


@pytest.mark.parametrize("seed", _ROGUE_SEEDS)
def test_a_diverged_line_is_refused_and_stops_itself(seed: int) -> None:
    """What it says after it has diverged changes nothing, because its chain disagrees."""
    simulation = _lived(seed)

    end = let_a_line_diverge(simulation)

    assert stopped_itself(end), end
    assert sum(
        station.worker.core.counters(partition).lines_refused
        for station in simulation.venue.stations
        for partition in station.partitions
    )


def test_without_the_chain_a_diverged_line_does_harm() -> None:
    """So it is the chain that refuses it."""
    with broken(breakages.no_chain_check):
        simulation = _lived(1, REFERENCE)  # what is broken is the reference

        with pytest.raises(Violation):
            let_a_line_diverge(simulation)
