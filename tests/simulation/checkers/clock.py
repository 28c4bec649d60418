"""Time: a machine's is the largest log time of what it took; a dropped duplicate is nothing."""

from simulation.checkers.base import Checker
from simulation.sightings import EdgeName, Noted
from simulation.venue import Venue

from partita.schemas.commands import CommandBatch
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderBatch, Tick
from partita.schemas.reports import ReportBatch
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS


class Clock(Checker):
    """The time of each machine, from the records alone."""

    name = "clock"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self._shards: dict[int, int] = {}
        self._books: dict[int, int] = {}
        self._versions: dict[int, tuple[int, int]] = {}  # partition and version, by instrument
        self._taken: dict[EdgeName, int] = {}

    def note(self, noted: Noted) -> None:
        """Find which machines take something of a record."""
        time_ms, partition, message = noted.record.time_ms, noted.record.partition, noted.message
        match message:
            case CommandBatch() if message.commands:
                _advance(self._shards, partition, time_ms)
            case Tick():
                for book, (of, _) in self._versions.items():
                    if of == partition:
                        _advance(self._books, book, time_ms)
            case Instrument() if noted.topic == ORDERS:
                _, version = self._versions.get(message.instrument_id, (0, 0))
                if message.version > version:
                    self._versions[message.instrument_id] = partition, message.version
                    _advance(self._books, message.instrument_id, time_ms)
            case OrderBatch() | ReportBatch():
                for group in noted.groups:
                    last = self._taken.get(group.edge, 0)
                    if group.first <= last + 1 < group.first + len(group.events):
                        self._taken[group.edge] = group.first + len(group.events) - 1
                        clocks = self._shards if noted.topic == ACCOUNT_COMMANDS else self._books
                        machine = group.edge.receiver
                        _advance(clocks, machine, time_ms)

    def at_rest(self) -> None:
        """Compare with every machine."""
        for ledger in self.ledgers():
            for shard in ledger.partitions:
                is_, due = ledger.shards[shard].shard.time_ms, self._shards.get(shard, 0)
                self.require(is_ == due, f"shard {shard} is at {is_}, has taken up to {due}")
        for matcher in self.matchers():
            for partition in matcher.partitions:
                for book, machine in matcher.books[partition].books.items():
                    is_, due = machine.book.time_ms, self._books[book]
                    self.require(is_ == due, f"book {book} is at {is_}, has taken up to {due}")


def _advance(clocks: dict[int, int], machine: int, time_ms: int) -> None:
    clocks[machine] = max(clocks.get(machine, 0), time_ms)
