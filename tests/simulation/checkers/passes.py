"""Parked places: only some places park, and nobody goes past one without the operator's word."""

from simulation.checkers.base import Checker
from simulation.stations import INPUTS, Station

from partita.log.core import Parked


class Passes(Checker):
    """Who parks, and who goes past."""

    name = "passes"

    def parked(self, station: Station, parked: Parked) -> None:
        """Require that somebody put something there that parks."""
        place = INPUTS[station.kind], parked.partition, parked.offset
        known = place in self.venue.log.parking
        self.require(known, f"{station.name} parks without a reason: {parked}")

    def stepped(self, station: Station) -> None:
        """Require the right pass for each place that a station has gone past."""
        open_ = self.venue.log.parking - self.venue.operator.passed
        for topic, partition, offset in open_:
            if topic == INPUTS[station.kind] and partition in station.worker.positions:
                position = station.worker.positions[partition]
                text = f"{station.name} is at {position} of partition {partition}, past {offset}"
                self.require(position <= offset, text)

    def at_rest(self) -> None:
        """Require that nothing is parked when all passes have been given."""
        for station in self.venue.stations:
            self.require(not station.stopped, f"{station.name} is parked: {station.stopped}")
