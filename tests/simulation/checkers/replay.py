"""Invariant 8: the state is a function of the partition, however often and whoever reads it."""

from simulation.checkers.base import Checker
from simulation.stations import PARTITIONS, SHARDS, Kind

from partita.ledger.partition import ledger_core
from partita.log.reference_core import ReferenceCore
from partita.matchers.partition import matcher_core
from partita.schemas.enums import Line
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS

_PIECE = 37  # records a call; the live ones were cut otherwise


class Replay(Checker):
    """Fresh machines that read everything from offset 0, against those that lived."""

    name = "replay"

    def at_rest(self) -> None:
        """Require equal hashes of all lines."""
        seen: dict[str, bytes] = {}
        for station in [*self.ledgers(), *self.matchers()]:
            for machine, state_hash in station.state_hashes().items():
                same = seen.setdefault(machine, state_hash) == state_hash
                self.require(same, f"{machine} of {station.name} differs from another's")

    def at_end(self) -> None:
        """Require equal hashes of fresh machines."""
        engines = self.venue.engines
        fresh = {
            Kind.LEDGER: (ledger_core(SHARDS, Line.A, engines.new_shard), ACCOUNT_COMMANDS, SHARDS),
            Kind.MATCHER: (matcher_core(SHARDS, Line.A, engines.new_book), ORDERS, PARTITIONS),
        }
        hashes: dict[str, bytes] = {}
        for core, topic, partitions in fresh.values():
            for partition in range(partitions):
                hashes.update(self._replayed(core, topic, partition))
        for station in [*self.ledgers(), *self.matchers()]:
            for machine, state_hash in station.state_hashes().items():
                same = hashes[machine] == state_hash
                self.require(same, f"{machine} of {station.name} differs from a replay")

    def _replayed(self, core: ReferenceCore, topic: str, partition: int) -> dict[str, bytes]:
        core.open(partition)
        records = self.venue.log.records(topic, partition)
        for at in range(0, len(records), _PIECE):
            outputs = core.apply(records[at : at + _PIECE])
            self.require(not outputs.parked, f"the replay parks: {outputs.parked}")
        return dict(core.state_hashes(partition))
