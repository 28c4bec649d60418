"""The auditor on an exchange with faults: crashes, zombies, lines, lost and doubled records."""

import pytest
from simulation.scheduler import Simulation


@pytest.mark.parametrize("seed", range(6))
def test_an_exchange_with_faults_is_right_by_what_it_says(seed: int) -> None:
    """What clients hear of it is what they would hear of one without."""
    simulation = Simulation(seed)

    simulation.run()  # the auditor is one of its checkers

    assert simulation.audit.auditor.trades.count > 0
