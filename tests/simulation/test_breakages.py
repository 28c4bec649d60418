"""The simulation bites: each bug put in on purpose is found by a named checker."""

import pytest
from simulation import breakages
from simulation.breakages import BREAKAGES, Breakage, broken
from simulation.rogue import let_a_line_diverge
from simulation.scheduler import Simulation
from simulation.violation import Violation

SEEDS = 40  # within which a bug must be found


def find(breakage: Breakage) -> tuple[int, Violation] | None:
    """Return the first seed that finds a bug, and what it says."""
    for seed in range(SEEDS):
        with broken(breakage):
            try:
                Simulation(seed).run()
            except Violation as violation:
                return seed, violation
    return None


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.__name__)
def test_a_bug_put_in_on_purpose_is_found(breakage: Breakage) -> None:
    """Some seed ends in a violation."""
    found = find(breakage)

    assert found is not None
    print(f"{breakage.__name__}: seed {found[0]}, {str(found[1])[:150]}")  # seen with -s


def test_a_diverged_line_is_refused() -> None:
    """What a line says after it has diverged changes nothing, because its chain disagrees."""
    simulation = Simulation(1)
    simulation.run()

    said = let_a_line_diverge(simulation)

    assert said > 0
    assert sum(
        station.worker.core.counters(partition).lines_refused
        for station in simulation.venue.stations
        for partition in station.partitions
    )


def test_without_the_chain_a_diverged_line_does_harm() -> None:
    """So it is the chain that refuses it."""
    with broken(breakages.no_chain_check):
        simulation = Simulation(1)
        simulation.run()

        with pytest.raises(Violation):
            let_a_line_diverge(simulation)
