"""A line that diverges in the middle of its life: of the same build, and it does otherwise.

It is never the first to say a number, so that the first is the right one; and it ends before it has
written itself down. What it says is refused by the chain; its receivers tell of that, it hears it,
and stops. The other line goes on.
"""

from simulation.defects import DivergedBook
from simulation.machines import Engines
from simulation.scheduler import Simulation
from simulation.sightings import COMPACTED
from simulation.stations import PARTITIONS, Kind, Station

from partita.log.worker import LOOK_AROUND_EVERY_MS
from partita.schemas.enums import Line
from partita.schemas.errors import Diverged
from partita.schemas.topics import ORDERS, WORKER_STATUS

_ROUNDS_MAX = 60  # of orders, until it must have stopped


def let_a_line_diverge(simulation: Simulation) -> Exception | None:
    """Let a second line diverge from an exchange at rest, and trade on; return by what it ended.

    All must be of one build, or it would be silent first.
    """
    venue = simulation.venue
    for station in [s for s in venue.live(Kind.MATCHER) if s.line is Line.B]:
        venue.kill(station)
        venue.stations.remove(station)
    simulation.come_to_rest()
    engines = Engines(venue.engines.new_shard, DivergedBook)
    everything = tuple(range(PARTITIONS))
    rogue = venue.add(Kind.MATCHER, Line.B, everything, engines=engines)
    rogue.rogue = True
    venue.stations.remove(rogue)  # its steps are taken here
    for _ in range(_ROUNDS_MAX):
        for _ in range(3):
            venue.clients.act()
        simulation.come_to_rest()
        if _step(simulation, rogue):
            continue
        if isinstance(rogue.end, Diverged):
            break
        rogue.start()  # what it was to read next has been trimmed
    simulation.come_to_rest()
    simulation.check_rest()
    return rogue.end


def _step(simulation: Simulation, rogue: Station) -> bool:
    """Let it take what the others have taken, and say it; return whether it is alive."""
    venue = simulation.venue
    venue.log.time_ms += LOOK_AROUND_EVERY_MS
    rogue.connection.batch_max = 1_000
    while (taken := rogue.step()) > 0:
        pass
    under_way = rogue.connection.under_way
    held: set[tuple[str, int]] = set()  # what comes behind what is held, is held
    for out in [out for out in under_way if out.topic not in COMPACTED]:
        to = out.topic, out.partition
        if to in held or simulation.sightings.would_be_first(*to, out.value):
            held.add(to)
            continue
        under_way.remove(out)
        offset = venue.log.append(out)
        if out.topic not in {WORKER_STATUS, ORDERS}:  # its ticks are as good as others'
            simulation.sightings.ignored.add((*to, offset))
    return taken == 0


def stopped_itself(end: Exception | None) -> bool:
    """Return whether a line stopped because its receivers refused it."""
    return isinstance(end, Diverged) and "has refused what" in str(end)
