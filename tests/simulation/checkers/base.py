"""What a checker is."""

from typing import ClassVar, Never

from simulation.sightings import Noted, Seen
from simulation.stations import Kind, Station
from simulation.venue import Venue
from simulation.violation import violate

from partita.log.core import Parked
from partita.log.port import Outgoing


class Checker:
    """Watches one family of invariants; says what is broken by a Violation."""

    name: ClassVar[str]

    def __init__(self, venue: Venue) -> None:
        self.venue = venue

    def note(self, noted: Noted) -> None:
        """Look at a record that came to stand on the log, in the order of all of them."""

    def see(self, seen: Seen) -> None:
        """Look at an event that was seen for the first time, in the order of its edge."""

    def stepping(self, station: Station) -> None:
        """Look at a station that is about to step."""

    def stepped(self, station: Station) -> None:
        """Look at a station that has taken records."""

    def opened(self, station: Station, partition: int, offset: int) -> None:
        """Look at a partition that a station has just made and reads from an offset."""

    def closed(self, station: Station, partition: int) -> None:
        """Hear that a station owns a partition no more."""

    def parked(self, station: Station, parked: Parked) -> None:
        """Look at a partition that has stopped."""

    def sent(self, station: Station, outgoing: Outgoing) -> None:
        """Look at what a station has sent."""

    def trimmed(self, station: Station, partition: int) -> None:
        """Look at an input of which a station has let go some records."""

    def ended(self, station: Station, error: Exception) -> None:
        """Look at a station that has ended by itself."""

    def at_rest(self) -> None:
        """Look at all, when everybody has taken everything."""

    def fail(self, text: str) -> Never:
        """Say what is broken."""
        violate(self.name, text)

    def require(self, condition: bool, text: str) -> None:
        """Fail unless the condition holds."""
        if not condition:
            self.fail(text)

    def ledgers(self) -> list[Station]:
        """Return the live ledger stations."""
        return self.venue.live(Kind.LEDGER)

    def matchers(self) -> list[Station]:
        """Return the live matcher stations."""
        return self.venue.live(Kind.MATCHER)
