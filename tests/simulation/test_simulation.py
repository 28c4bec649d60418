"""A whole exchange from a seed, with faults: nothing is lost, doubled or made of nothing."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
from simulation.checkers.recovery import OPENED, RESTORED
from simulation.faults import FAULTS
from simulation.machines import MIXED
from simulation.scheduler import FAULTS_MIN, Simulation
from simulation.seeds import Job, Outcome, run_all

from partita.log import native
from partita.log.crash_points import POINTS
from partita.schemas import accounts, feed, orders, reports
from partita.schemas.reasons import Reason

# Many seeds are one fixture; on a busy host they take minutes.
pytestmark = pytest.mark.timeout(1_800)

SEEDS = 200
DIGEST = """
import sys
from simulation.machines import MIXED
from simulation.scheduler import Simulation
simulation = Simulation(7, engines=MIXED)
simulation.run()
print(simulation.digest())
"""


@pytest.fixture(scope="module")
def outcomes() -> Sequence[Outcome]:
    """What came of all seeds."""
    return sorted(run_all(Job(seed) for seed in range(SEEDS)))


@pytest.fixture(scope="module")
def met(outcomes: Sequence[Outcome]) -> Counter[str]:
    """What all seeds together have met."""
    return sum((outcome.counts for outcome in outcomes), Counter())


def test_every_invariant_holds_whatever_goes_wrong(outcomes: Sequence[Outcome]) -> None:
    """Crashes, zombies, lines, rotten snapshots: each step and each rest is checked."""
    failures = [outcome.failure for outcome in outcomes if outcome.failure]

    if failures:
        pytest.fail("\n".join(failures), pytrace=False)
    assert min(outcome.faults for outcome in outcomes) >= FAULTS_MIN


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


@pytest.mark.skipif(not native.INSTALLED, reason="no native engine is installed")
@pytest.mark.parametrize("seed", range(8))
def test_a_seed_is_one_run_whichever_engines_its_processes_have(seed: int) -> None:
    """All of the reference, every other native, all native: one log, byte for byte.

    So what a seed finds does not depend on whether the native engine is installed.
    """
    digests = set()
    for share in (0.0, MIXED.native, 1.0):
        simulation = Simulation(seed, engines=MIXED._replace(native=share))
        simulation.run()
        digests.add(simulation.digest())
    assert len(digests) == 1


def test_everything_that_can_be_said_is_said(outcomes: Sequence[Outcome]) -> None:
    """The seeds together carry every event of every edge, and every end of an order."""
    unions = (orders.OrderEvent, reports.Report, accounts.AccountEvent, feed.FeedEvent)

    said = frozenset().union(*(outcome.said for outcome in outcomes))
    ends = frozenset().union(*(outcome.ends for outcome in outcomes))

    assert said == {kind.__name__ for union in unions for kind in get_args(union)}
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


def test_every_kind_of_fault_happens(met: Counter[str]) -> None:
    """What can go wrong has gone wrong in some seed, and at every named point a process died."""
    assert not [fault.__name__ for fault in FAULTS if not met[f"seeds with {fault.__name__}"]]
    assert not [point for point in POINTS if not met[f"died at {point!r}"]]


def test_most_workers_start_from_snapshots(met: Counter[str]) -> None:
    """A recovery that reads from offset 0 would show nothing of snapshots."""
    assert met[RESTORED] > met[OPENED] / 2
    assert met["silences ended by agreement"]
    assert met["silences ended alone"]
