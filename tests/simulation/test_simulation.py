"""A whole exchange from a seed, with faults: nothing is lost, doubled or made of nothing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from simulation.faults import FAULTS
from simulation.run import report
from simulation.scheduler import FAULTS_MIN, STEPS, Simulation
from simulation.violation import Violation

from partita.schemas import accounts, feed, orders, reports
from partita.schemas.reasons import Reason

SEEDS = 100
DIGEST = """
import sys
from simulation.scheduler import Simulation
simulation = Simulation(7)
simulation.run()
print(simulation.digest())
"""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_invariant_holds_whatever_goes_wrong(seed: int) -> None:
    """Crashes, zombies, lines, lost and doubled records: each step and each rest is checked."""
    simulation = Simulation(seed)

    try:
        simulation.run()
    except Violation as violation:
        pytest.fail(report(simulation, seed, STEPS, violation), pytrace=False)

    assert len(simulation.faults) >= FAULTS_MIN


def test_a_seed_is_one_run_byte_for_byte() -> None:
    """The log is the same in two processes that hash differently."""
    tests = str(Path(__file__).parents[1])

    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": tests},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }

    assert len(digests) == 1


def test_everything_that_can_be_said_is_said() -> None:
    """A few seeds together carry every event of every edge, and every end of an order."""
    events: set[type[object]] = set()
    ends: set[Reason] = set()
    for seed in range(8):
        simulation = Simulation(seed)
        simulation.run()
        for edge in simulation.sightings.edges.values():
            events |= {type(event) for _, event in edge.events}
            ends |= {event.reason for _, event in edge.events if isinstance(event, reports.Done)}
    unions = (orders.OrderEvent, reports.Report, accounts.AccountEvent, feed.FeedEvent)

    assert events == {kind for union in unions for kind in get_args(union)}
    assert ends == {
        Reason.NONE,
        Reason.NOT_TRADING,
        Reason.POST_ONLY_WOULD_TAKE,
        Reason.FILL_OR_KILL_UNFILLABLE,
        Reason.SELF_TRADE,
        Reason.IMMEDIATE_REMAINDER,
        Reason.NO_LIQUIDITY,
        Reason.REQUESTED,
        Reason.TIME_REACHED,
    }


def test_every_kind_of_fault_happens() -> None:
    """A few seeds together have met all that can go wrong."""
    kinds = set()
    for seed in range(SEEDS):
        simulation = Simulation(seed)
        simulation.run()
        kinds |= simulation.kinds
        if kinds == set(FAULTS):
            break

    assert kinds == set(FAULTS)
