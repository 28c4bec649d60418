"""The auditor bites: bugs put into the exchange on purpose are found from requests and replies."""

import random
from contextlib import suppress

import pytest
from histories.bugs import BUGS
from histories.check import check_history
from histories.flows import Flow
from histories.table import Table
from histories.violation import Violation
from simulation.breakages import Breakage, broken

from partita.log.worker import AllParked

SEEDS = 10  # within which a bug must be found
STEPS = 60


def find(bug: Breakage) -> str | None:
    """Return what the first history that shows a bug is found to be."""
    for seed in range(SEEDS):
        flow = Flow(Table(), random.Random(seed))
        # A shard may notice by itself and stop; what it had said before shows the bug all the same.
        with broken(bug), suppress(AllParked):
            flow.run(STEPS)
        try:
            check_history(flow.table.history.entries())
        except Violation as violation:
            return f"seed {seed}: {violation}"
    return None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_bug_put_in_on_purpose_is_found(bug: Breakage) -> None:
    """Some history cannot be."""
    found = find(bug)

    assert found is not None
    assert ": shard " in found, "an event is found to be wrong, not only one to be missing"
    print(f"{bug.__name__}: {found}")  # seen with -s


def test_without_a_bug_nothing_is_found() -> None:
    """The same histories are right as they are."""
    assert find(lambda _: None) is None
