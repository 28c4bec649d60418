"""A line that has diverged: it reads the same records and says something else.

It comes late, so that the first of each number is the right one; what it says beyond the others'
last number is what a receiver must refuse by the chain.
"""

from collections.abc import Sequence

from simulation.scheduler import Simulation
from simulation.stations import PARTITIONS, Engines, Kind

from partita.ledger.reference import ReferenceShard
from partita.matchers.events import BookEvent, Traded
from partita.matchers.reference import ReferenceBook
from partita.schemas.enums import Line
from partita.schemas.orders import OrderEvent


class DivergedBook(ReferenceBook):
    """A book of another build: it tells of each trade twice."""

    def apply(self, event: OrderEvent, time_ms: int) -> Sequence[BookEvent]:
        """Apply, and say more than there is to say."""
        events: list[BookEvent] = []
        for told in super().apply(event, time_ms):
            events.append(told)
            if isinstance(told, Traded):
                events.append(told)
        return events


def let_a_line_diverge(simulation: Simulation) -> int:
    """Let a diverged line say its piece to an exchange at rest; return how many records it was."""
    venue = simulation.venue
    everything = tuple(range(PARTITIONS))
    engines = Engines(ReferenceShard, DivergedBook)
    station = venue.add(Kind.MATCHER, Line.B, everything, engines)
    station.step()  # which only opens its partitions
    while station.step():
        pass
    said = list(station.connection.under_way)
    station.connection.under_way.clear()
    venue.kill(station)
    venue.stations.remove(station)
    for outgoing in said:
        offset = venue.log.append(outgoing)
        simulation.sightings.ignored.add((outgoing.topic, outgoing.partition, offset))
    simulation.come_to_rest()
    simulation.check_rest()
    return len(said)
