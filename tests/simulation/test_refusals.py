"""A log that is not as it must be is refused, and nothing is done; brought back, all goes on."""

from functools import cache

import pytest
from simulation.harm import HARMS, Harm, Where, find
from simulation.scheduler import Simulation
from simulation.stations import Kind

from partita.schemas.errors import LogError

# Many seeds are one fixture; on a busy host they take minutes.
pytestmark = pytest.mark.timeout(1_800)

SEEDS = 50  # within which there is an exchange that has lived long enough


@cache
def _seed(kind: Kind) -> int:
    """Return the first seed after whose run an input rests on snapshots."""
    for seed in range(SEEDS):
        simulation = Simulation(seed)
        simulation.run()
        if find(simulation.venue, kind) is not None:
            return seed
    raise AssertionError("no input was ever trimmed")


def _lived(kind: Kind) -> tuple[Simulation, Where]:
    simulation = Simulation(_seed(kind))
    simulation.run()
    where = find(simulation.venue, kind)
    assert where is not None
    return simulation, where


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.value)
@pytest.mark.parametrize(("harm", "error"), HARMS, ids=lambda value: value.__name__)
def test_a_log_that_is_not_as_it_must_be_is_refused(
    harm: Harm, error: type[LogError], kind: Kind
) -> None:
    """The checker `recovery` requires that nothing was sent; then the operator repairs it."""
    simulation, where = _lived(kind)
    venue = simulation.venue
    harm(venue, where)
    before = len(venue.log.arrivals)
    stations = [s for s in venue.live(kind) if where.partition in s.partitions]
    for station in stations:
        station.start()

    taken = simulation.let_step(stations[0])

    assert (-1, error) == (taken, type(stations[0].end))
    assert before == len(venue.log.arrivals)
    assert not venue.damage.undo
    for _ in range(20):
        venue.clients.act()
    simulation.come_to_rest()
    simulation.check_rest()
    simulation.replay.at_end()
