"""The auditor on an exchange with faults: crashes, zombies, lines, lost and doubled records."""

import pytest
from histories.simulated import Audit
from simulation.scheduler import Simulation


@pytest.mark.parametrize("seed", range(2))
def test_an_exchange_with_faults_is_right_by_what_it_says(seed: int) -> None:
    """What clients hear of it is what they would hear of one without."""
    simulation = Simulation(seed)
    (audit,) = (checker for checker in simulation.checkers if isinstance(checker, Audit))

    simulation.run()

    assert audit.auditor.trades.count > 0
