"""The auditor as a checker of the simulation: it hears what stands on the log, and nothing else."""

from histories.auditor import Auditor
from histories.violation import Violation
from simulation.checkers.base import Checker
from simulation.sightings import Noted, Seen
from simulation.stations import SHARDS
from simulation.venue import Venue

from partita.schemas.commands import CommandBatch
from partita.schemas.instrument import Instrument
from partita.schemas.topics import ACCOUNT_EVENTS, ORDERS


class Audit(Checker):
    """Whether requests and replies fit together."""

    name = "audit"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self.auditor = Auditor(SHARDS)
        self._back_ms = 0  # by which the clock has gone back so far

    def note(self, noted: Noted) -> None:
        """Tell the auditor of commands and rules, and of the clock."""
        back_ms = self.venue.log.back_ms
        if back_ms > self._back_ms:
            self.auditor.clock_went_back(back_ms - self._back_ms)
            self._back_ms = back_ms
        if isinstance(noted.message, CommandBatch):
            for command in noted.message.commands:
                self.auditor.sent(command)
        elif isinstance(noted.message, Instrument) and noted.topic == ORDERS:
            self.auditor.ruled(noted.message)

    def see(self, seen: Seen) -> None:
        """Tell it of the events of the accounts."""
        if seen.edge.topic == ACCOUNT_EVENTS:
            try:
                self.auditor.heard(seen.edge.sender, seen.number, seen.time_ms, seen.event)
            except Violation as violation:
                self.fail(str(violation))

    def at_rest(self) -> None:
        """Let it look at an exchange at rest."""
        try:
            self.auditor.at_rest()
        except Violation as violation:
            self.fail(str(violation))
