"""Invariant 8: the state is a function of the partition, however often and whoever reads it."""

import hashlib

from simulation.checkers.base import Checker
from simulation.checkers.changelogs import Changelogs, Stood
from simulation.machines import native_core
from simulation.stations import CHANGELOGS, INPUTS, PARTITIONS, SHARDS, Kind
from simulation.venue import Venue

from partita.ledger.partition import ledger_core
from partita.log.core import WorkerCore
from partita.matchers.partition import matcher_core
from partita.schemas.codec import decode
from partita.schemas.enums import Line
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.snapshots import BookSnapshot, ShardSnapshot
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, BOOK, ORDERS

_PIECE = 37  # records a call; the live ones were cut otherwise
# Snapshots of a machine whose bytes are compared; of the others the ends of the edges are, in which
# the chains of all that was taken and said are.
_BYTES_MAX = 6


class Replay(Checker):
    """Fresh machines that read everything from offset 0, against those that lived."""

    name = "replay"

    def __init__(self, venue: Venue, changelogs: Changelogs) -> None:
        super().__init__(venue)
        self._changelogs = changelogs

    def at_rest(self) -> None:
        """Require equal hashes of all lines."""
        seen: dict[str, bytes] = {}
        for station in [*self.ledgers(), *self.matchers()]:
            for machine, state_hash in station.state_hashes().items():
                same = seen.setdefault(machine, state_hash) == state_hash
                self.require(same, f"{machine} of {station.name} differs from another's")

    def at_end(self) -> None:
        """Require equal hashes of fresh machines, and equal snapshots on the way."""
        fresh = {Kind.LEDGER: SHARDS, Kind.MATCHER: PARTITIONS}
        hashes: dict[str, bytes] = {}
        for kind, partitions in fresh.items():
            core = self._fresh(kind)
            for partition in range(partitions):
                hashes.update(self._replayed(core, kind, partition))
        for station in [*self.ledgers(), *self.matchers()]:
            for machine, state_hash in station.state_hashes().items():
                same = hashes[machine] == state_hash
                self.require(same, f"{machine} of {station.name} differs from a replay")

    def _fresh(self, kind: Kind) -> WorkerCore:
        """Return a core that has seen nothing, of one engine or the other."""
        engines = self.venue.engines
        if engines.draws_native(self.venue.around.engine_rng):
            return native_core(INPUTS[kind], SHARDS, Line.A)
        if kind is Kind.LEDGER:
            return ledger_core(SHARDS, Line.A, engines.new_shard)
        return matcher_core(SHARDS, Line.A, engines.new_book)

    def _replayed(self, core: WorkerCore, kind: Kind, partition: int) -> dict[str, bytes]:
        core.open(partition)
        topic, changelog = INPUTS[kind], CHANGELOGS[kind]
        records = self.venue.log.records(topic, partition)
        parking = self.venue.log.parking
        skipped = {at for name, of, at in parking if (name, of) == (topic, partition)}
        stood: dict[int, list[Stood]] = {}
        for one in self._changelogs.stood:
            if (one.topic, one.partition) == (changelog, partition):
                stood.setdefault(one.manifest.position, []).append(one)
        exact = _spread(stood)
        behind = {offset + 1 for offset in skipped}
        pieces = range(_PIECE, len(records), _PIECE)
        begun = time_ms = 0
        for cut in sorted({*pieces, *stood, *skipped, *behind, len(records)} - {0}):
            if begun in skipped:
                core.skip(records[begun])
            else:
                outputs = core.apply(records[begun:cut])
                self.require(not outputs.parked, f"the replay parks: {outputs.parked}")
            time_ms = max([time_ms, *(record.time_ms for record in records[begun:cut])])
            begun = cut
            for one in stood.get(cut, ()):
                self._compare(core, one, time_ms, exact=cut in exact.get(one.manifest.machine, ()))
        return dict(core.state_hashes(partition))

    def _compare(self, core: WorkerCore, one: Stood, time_ms: int, *, exact: bool) -> None:
        manifest, partition = one.manifest, one.partition
        machine, position = manifest.machine, manifest.position
        what = f"the snapshot of {machine} at {position}, line {manifest.line},"
        marks = core.machines(partition)
        self.require(machine in marks, f"{what} is of a machine that was not there")
        births = tuple((name, mark.first_offset) for name, mark in sorted(marks.items()))
        named = tuple((birth.machine, birth.first_offset) for birth in manifest.machines)
        self.require(births == named, f"{what} names {named}, there are {births}")
        # Who starts where no snapshot stands does not know to what the clock had come before.
        known = manifest.time_ms == time_ms or self.venue.log.back_ms > 0
        self.require(known, f"{what} is of {time_ms}: {manifest.time_ms}")
        edges = core.edges_digest(partition, machine)
        self.require(edges == manifest.edges, f"{what} has other edges than a replay")
        if exact:
            data = core.snapshot(partition, machine)
            same = hashlib.sha256(data).digest() == manifest.sha256 and len(data) == manifest.size
            self.require(same, f"{what} differs from a replay's")
        for (topic, receiver), said in _said(core, partition, machine).items():
            arrived = next(
                (
                    last
                    for edge, last in one.lasts.items()
                    if (edge.topic, edge.receiver) == (topic, receiver)
                ),
                0,
            )
            ahead = f"{what} stood there with {arrived} of {said} on {topic} to {receiver}"
            self.require(arrived >= said, ahead)


def _spread(stood: dict[int, list[Stood]]) -> dict[str, set[int]]:
    """Return by machine a few of the positions at which a snapshot stood, spread over all."""
    positions: dict[str, set[int]] = {}
    for position, ones in stood.items():
        for one in ones:
            positions.setdefault(one.manifest.machine, set()).add(position)
    return {
        machine: set(sorted(all_)[:: -(-len(all_) // _BYTES_MAX)])
        for machine, all_ in positions.items()
    }


def _said(core: WorkerCore, partition: int, machine: str) -> dict[tuple[str, int], int]:
    """Return the numbers up to which a machine has spoken, by topic and receiver."""
    found = decode(core.snapshot(partition, machine), SNAPSHOT_BYTES_MAX)
    if isinstance(found, ShardSnapshot):
        said = {(ORDERS, end.peer): end.number for end in found.to_books}
        return {**said, (ACCOUNT_EVENTS, 0): found.to_accounts[0].number}
    assert isinstance(found, BookSnapshot)
    said = {(ACCOUNT_COMMANDS, end.peer): end.number for end in found.to_shards}
    return {**said, (BOOK, 0): found.to_everyone[0].number}
