"""A line of another build says nothing until it has agreed; one that disagrees never does."""

from collections import Counter
from collections.abc import Iterator

from simulation.checkers.base import Checker
from simulation.market import INSTRUMENTS
from simulation.oracle import Start, expected
from simulation.sightings import Noted
from simulation.stations import Kind, Station
from simulation.venue import Venue

from partita.log.port import Outgoing
from partita.schemas.codec import decode
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.enums import Line, WorkerState
from partita.schemas.errors import Diverged
from partita.schemas.operations import WorkerStatus
from partita.schemas.orders import OrderBatch
from partita.schemas.reports import ReportBatch
from partita.schemas.topics import (
    ACCOUNT_COMMANDS,
    ACCOUNT_EVENTS,
    DEAD_LETTERS,
    LEDGER_CHANGELOG,
    WORKER_STATUS,
)

_PARTITION_OF = {i.instrument_id: i.partition for i in INSTRUMENTS}
_SPEAKING = (WorkerState.REPLAYING, WorkerState.RUNNING)


class Silences(Checker):
    """Who may speak, and who does."""

    name = "silence"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self.counts: Counter[str] = Counter()
        self._states: dict[tuple[str, Line, int], tuple[WorkerState, str]] = {}  # with the build
        # Processes' partitions for which nobody else spoke before the last step.
        self._alone: set[tuple[int, int]] = set()
        self._spoke: set[tuple[int, int]] = set()  # those whose silence is over

    def note(self, noted: Noted) -> None:
        """Keep the latest status of each."""
        if isinstance(noted.message, WorkerStatus):
            status = noted.message
            place = status.service, status.line, status.partition
            self._states[place] = status.state, status.build

    def stepping(self, station: Station) -> None:
        """Note which silent station has nobody of another build to wait for."""
        for partition in station.silences:
            place = station.process, partition
            self._alone.discard(place)
            others = [
                s
                for s in self.venue.live(station.kind)
                if s.line is not station.line and partition in s.partitions
            ]
            said = [self._states.get((station.kind.value, s.line, partition)) for s in others]
            if not any(s is None or (s[0] in _SPEAKING and s[1] != station.build) for s in said):
                self._alone.add(place)

    def opened(self, station: Station, partition: int, offset: int) -> None:  # noqa: ARG002 - see Checker
        """Require silence where the newest snapshots are another build's."""
        given = station.connection.given[partition]
        ids = self.venue.log.topic_ids
        start = expected(given.changelog, given.start, given.end, ids)
        assert isinstance(start, Start)
        foreign = any(m.build != station.build for m in start.chosen.values())
        place = station.process, partition
        if partition in station.worker.silences:
            self.require(foreign, f"{station.name} is silent, and all snapshots are its own")
            self.counts["partitions opened silently"] += 1
            station.silences[partition] = station.worker.silences[partition]
            return
        silence = station.silences.pop(partition, None)
        if silence is not None:
            enough = silence.agreed_over >= self.venue.climate.agree_over
            self.counts["silences ended by agreement"] += enough
            self.counts["silences ended alone"] += not enough
            alone = silence.caught_up and place in self._alone  # for how long it was, is not seen
            text = f"{station.name} speaks after it has agreed over {silence.agreed_over} records"
            self.require(enough or alone, text)
            self._spoke.add(place)
        elif foreign:
            self.require(place in self._spoke, f"{station.name} speaks at once, of another build")

    def closed(self, station: Station, partition: int) -> None:
        """Forget what was known of a partition."""
        self._spoke.discard((station.process, partition))
        self._alone.discard((station.process, partition))

    def sent(self, station: Station, outgoing: Outgoing) -> None:
        """Require that nothing of a silent partition is said but its status."""
        silences = station.worker.silences
        if silences and outgoing.topic != WORKER_STATUS:
            odd = set(_partitions_of(station.kind, outgoing)) & silences.keys()
            self.require(not odd, f"{station.name} is silent on {odd}, and says {outgoing}")

    def ended(self, station: Station, error: Exception) -> None:
        """Require that only those diverge that do otherwise."""
        if isinstance(error, Diverged):
            self.require(station.rogue, f"{station.name} does as the others do, and yet: {error}")
            self.counts["builds that found that they do otherwise"] += 1

    def at_rest(self) -> None:
        """Require that all that do otherwise were found out."""
        rogues = [station.name for station in self.venue.stations if station.rogue]
        self.require(not rogues, f"they do otherwise, and nobody has found out: {rogues}")


def _partitions_of(kind: Kind, outgoing: Outgoing) -> Iterator[int]:
    """Yield the input partitions from which a record came."""
    if outgoing.topic == DEAD_LETTERS:
        letter = decode(outgoing.value)
        assert isinstance(letter, DeadLetter)
        yield letter.partition
    elif kind is Kind.MATCHER and outgoing.topic == ACCOUNT_COMMANDS:
        batch = decode(outgoing.value)
        assert isinstance(batch, ReportBatch)
        yield from (_PARTITION_OF[group.instrument_id] for group in batch.groups)
    elif kind is Kind.LEDGER and outgoing.topic not in {LEDGER_CHANGELOG, ACCOUNT_EVENTS}:
        batch = decode(outgoing.value)
        assert isinstance(batch, OrderBatch)
        yield batch.shard
    else:
        yield outgoing.partition
