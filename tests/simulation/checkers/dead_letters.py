"""What no machine can take is a dead letter, and nothing else is."""

from simulation.checkers.base import Checker
from simulation.sightings import Noted, Sightings
from simulation.venue import Venue

from partita.schemas.dead_letter import DeadLetter
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS


class DeadLetters(Checker):
    """The dead letters against the bad records."""

    name = "dead letters"

    def __init__(self, venue: Venue, sightings: Sightings) -> None:
        super().__init__(venue)
        self._sightings = sightings
        self._letters: set[tuple[str, int, int]] = set()

    def note(self, noted: Noted) -> None:
        """Collect the letters."""
        if isinstance(noted.message, DeadLetter):
            letter = noted.message
            self._letters.add((letter.topic, letter.partition, letter.offset))

    def at_rest(self) -> None:
        """Compare."""
        bad = {place for place in self._sightings.bad if place[0] in {ACCOUNT_COMMANDS, ORDERS}}
        odd = sorted(bad ^ self._letters)
        self.require(not odd, f"bad without a letter, or a letter without: {odd}")
