"""What a checker is."""

from typing import ClassVar, Never

from simulation.sightings import Noted, Seen
from simulation.stations import Kind, Station
from simulation.venue import Venue
from simulation.violation import violate


class Checker:
    """Watches one family of invariants; says what is broken by a Violation."""

    name: ClassVar[str]

    def __init__(self, venue: Venue) -> None:
        self.venue = venue

    def note(self, noted: Noted) -> None:
        """Look at a record that came to stand on the log."""

    def see(self, seen: Seen) -> None:
        """Look at an event that was seen for the first time, in the order of its edge."""

    def stepped(self, station: Station) -> None:
        """Look at a station that has taken records."""

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
