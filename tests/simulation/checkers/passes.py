"""Parked places: only some places park, and nobody goes past one without the operator's word."""

from simulation.broker import Place
from simulation.checkers.base import Checker
from simulation.stations import INPUTS, Station
from simulation.venue import Venue

from partita.log.core import Parked


class Passes(Checker):
    """Who parks, and who goes past."""

    name = "passes"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        # By process and partition: the places that had been passed when it was opened.
        self._passed: dict[tuple[int, int], set[Place]] = {}

    def opened(self, station: Station, partition: int, offset: int) -> None:  # noqa: ARG002 - see Checker
        """Note what the operator had let go past by then."""
        self._passed[station.process, partition] = set(self.venue.operator.passed)

    def parked(self, station: Station, parked: Parked) -> None:
        """Require that somebody put something there that parks, and no earlier pass for it."""
        place = INPUTS[station.kind], parked.partition, parked.offset
        known = place in self.venue.log.parking
        self.require(known, f"{station.name} parks without a reason: {parked}")
        passed = place in self._passed[station.process, parked.partition]
        self.require(not passed, f"{station.name} knows nothing of a pass, and parks: {parked}")

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
