"""Where a worker starts: from the newest whole snapshots, or it refuses, and has done nothing."""

from collections import Counter

from simulation.checkers.base import Checker
from simulation.oracle import Start, expected
from simulation.stations import Station
from simulation.venue import Venue

from partita.schemas.errors import LogError, LogTruncated, SnapshotMissing, TopicRecreated

REFUSALS = (LogTruncated, SnapshotMissing, TopicRecreated)
_EARLY_STEPS = 300  # before these there need not be any snapshot
OPENED = f"partitions opened after step {_EARLY_STEPS}"
RESTORED = f"{OPENED}, from snapshots"


class Recovery(Checker):
    """Each start and each refusal against a computation of its own."""

    name = "recovery"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self.counts: Counter[str] = Counter()

    def _expected(
        self, station: Station, partition: int, *, oldest: bool
    ) -> Start | type[LogError]:
        given = station.connection.given[partition]
        ids = self.venue.log.topic_ids
        return expected(given.changelog, given.start, given.end, ids, oldest=oldest)

    def opened(self, station: Station, partition: int, offset: int) -> None:
        """Require the right offset, and machines that stand where their snapshots do."""
        where = f"{station.name}, partition {partition}"
        silent = partition in station.worker.silences
        due = self._expected(station, partition, oldest=silent)
        if not isinstance(due, Start):
            self.fail(f"{where} should refuse with {due.__name__}, and starts at {offset}")
        self.require(offset == due.offset, f"{where} starts at {offset}, should at {due.offset}")
        marks = station.worker.core.machines(partition)
        made = {name: mark.position for name, mark in marks.items() if mark.position}
        right = {name: m.position for name, m in due.chosen.items() if m.position}
        self.require(made == right, f"{where} is made from {made}, should be from {right}")
        if self.venue.step > _EARLY_STEPS:
            self.counts[OPENED] += 1
            self.counts[RESTORED] += bool(due.chosen)

    def ended(self, station: Station, error: Exception) -> None:
        """Require a reason, and that nothing was done; let the operator repair what is damaged."""
        if not isinstance(error, REFUSALS):
            return
        self.counts[f"refusals by {type(error).__name__}, repaired"] += 1
        (partition,) = station.connection.given
        due = self._expected(station, partition, oldest=False)
        self.require(due is type(error), f"{station.name} refuses without a reason: {error}")
        sent = station.connection.sends - station.sent_before
        self.require(sent == 0, f"{station.name} refuses, and has sent {sent} records: {error}")
        self.require(bool(self.venue.damage.undo), f"nothing is damaged, and yet: {error}")
        self.venue.damage.repair()
