"""Processes of a real exchange killed and frozen under load: nothing lost, nothing doubled.

The schedules are short ones of `run.py`, which gives long ones.
"""

from pathlib import Path

import pytest
from crashes.schedule import BROKER, Freeze, Kill, Step, Wait, Zombie, points
from crashes.venue import Report, Setting, as_json, crash_run

from partita.log.crash_points import POINTS

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

SEED = 1


def run(setting: Setting, *steps: Step) -> Report:
    """Run a schedule; nothing may be wrong afterwards, whatever was done."""
    report = crash_run(setting, steps, print)
    print(as_json(report))

    assert [] == report.violations, f"{setting}; the history and the logs are kept there"
    assert report.settled_events > 0
    assert "clean" == report.audit["verdict"]
    assert report.history["trades"] > 0
    return report


def test_one_line_that_ends_at_every_named_point_comes_back(tmp_path: Path) -> None:
    """With one worker of each kind every end stops the venue; the inputs are trimmed meanwhile."""
    report = run(
        Setting(tmp_path, SEED, trim=True),
        Wait(1.5),
        points("ledger-1", "matchers-1"),
        Kill(("ledger-1", "matchers-1", "ledger-1"), 0.4),
        Wait(1.0),
    )

    assert {"kills of workers": 5, "ends at named points": len(POINTS)} == report.did
    assert {"-9": len(POINTS) + 5} == report.ends
    assert not report.rebuilt["from_start"]


def test_two_lines_with_zombies_and_a_broker_that_dies(tmp_path: Path) -> None:
    """Two owners of one partition in one line, kills of either line, a broker killed and frozen."""
    report = run(
        Setting(tmp_path, SEED, lines=2, matchers=2),
        Wait(2.0),
        Zombie("matchers-1"),
        Wait(1.0),
        Kill(("matchers-1", "ledger-B1", "ledger-1"), 0.3),
        Freeze("matchers-2", 0.7),
        Kill((BROKER,)),
        Wait(1.0),
        Freeze(BROKER, 1.5),
        Kill(("matchers-B2", "ledger-1")),
        Wait(1.0),
    )

    assert {
        "kills of workers": 5,
        "kills of the broker": 1,
        "freezes until another took over": 1,
        "freezes of workers": 1,
        "freezes of the broker": 1,
    } == report.did
    assert report.two_owners >= 1
    assert report.rebuilt["from_start"]
