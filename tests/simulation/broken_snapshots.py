"""Ways to break snapshots and recovery on purpose; the simulation must find each."""

from collections.abc import Mapping
from typing import Any

import pytest

from partita.ledger import partition as ledger_partition
from partita.ledger.partition import ShardPartition
from partita.ledger.snapshot import ShardEdges, to_snapshot
from partita.ledger.state import ShardState
from partita.log import recovery, worker
from partita.log.capture import InlineCapture, InMemory, Write
from partita.log.changelog import MANIFEST, Changelog, Key, Place
from partita.log.core import MachineMark
from partita.log.edges import EdgeState, InEdge, OutEdge
from partita.log.memory import MemoryConnection
from partita.log.reference_core import ReferenceCore
from partita.log.snapshots import Snapshots
from partita.matchers.machine import BookMachine
from partita.matchers.partition import BookPartition
from partita.matchers.reference import ReferenceBook
from partita.matchers.state import BookState
from partita.schemas.codec import decode
from partita.schemas.converter import Message
from partita.schemas.errors import Unreadable
from partita.schemas.snapshots import Chunk, Manifest, ShardSnapshot

# ruff: noqa: SLF001 - breaking the inside is the point

Patch = pytest.MonkeyPatch


def ahead_of_its_outputs(patch: Patch) -> None:
    """A snapshot does not wait until what its machine had said has arrived."""
    real = Snapshots._take

    def take(self: Snapshots, *arguments: Any) -> None:
        log: Any = self._log
        barrier = log.barrier
        log.barrier = lambda: log._barriers.append([]) or len(log._barriers) - 1
        real(self, *arguments)
        log.barrier = barrier

    patch.setattr(Snapshots, "_take", take)


def _pieces(self: Changelog, manifest: Manifest) -> list[bytes | None]:
    found: list[bytes | None] = []
    for part in range(manifest.chunks):
        key = Key(manifest.machine, manifest.line, manifest.chunks_position, str(part))
        try:
            chunk = decode(self._values.get(key, b""))
        except Unreadable:
            chunk = None
        found.append(chunk.data if isinstance(chunk, Chunk) else None)
    return found


def torn_snapshot_accepted(patch: Patch) -> None:
    """A snapshot is used although chunks of it are missing."""
    patch.setattr(
        Changelog,
        "data",
        lambda self, manifest: b"".join(piece or b"" for piece in _pieces(self, manifest)),
    )


def hash_not_checked(patch: Patch) -> None:
    """A snapshot is used although its bytes are not those that were written."""

    def data(self: Changelog, manifest: Manifest) -> bytes | None:
        pieces = _pieces(self, manifest)
        return None if None in pieces else b"".join(piece or b"" for piece in pieces)

    patch.setattr(Changelog, "data", data)


def _restored_otherwise(patch: Patch, of_shard: Any, of_book: Any) -> None:
    """Do something to each machine that has just been restored."""
    real_shard, real_book = ShardPartition.restore, BookMachine.restore

    def shard(self: ShardPartition, message: Message, position: int) -> None:
        real_shard(self, message, position)
        of_shard(self)

    def book(self: BookMachine, snapshot: Any, position: int) -> None:
        real_book(self, snapshot, position)
        of_book(self)

    patch.setattr(ShardPartition, "restore", shard)
    patch.setattr(BookMachine, "restore", book)


def numbers_not_restored(patch: Patch) -> None:
    """A restored machine has its state and position again, but numbers its events from 1."""

    def of_shard(made: ShardPartition) -> None:
        made._to_books.clear()
        made._to_accounts = OutEdge()

    def of_book(made: BookMachine) -> None:
        made._to_shards = [OutEdge() for _ in made._to_shards]
        made._to_everyone = OutEdge()

    _restored_otherwise(patch, of_shard, of_book)


def chain_not_restored(patch: Patch) -> None:
    """A restored machine goes on with its numbers, and begins its chains anew."""

    def unchained(edge: OutEdge) -> OutEdge:
        return OutEdge(EdgeState(edge.number, 0))

    def of_shard(made: ShardPartition) -> None:
        made._to_books = {at: unchained(edge) for at, edge in made._to_books.items()}

    def of_book(made: BookMachine) -> None:
        made._to_shards = [unchained(edge) for edge in made._to_shards]

    _restored_otherwise(patch, of_shard, of_book)


def in_edge_not_restored(patch: Patch) -> None:
    """A restored machine does not know what it has taken."""

    def of_shard(made: ShardPartition) -> None:
        made._from_books = {at: InEdge() for at in made._from_books}

    def of_book(made: BookMachine) -> None:
        made._from_shards = [InEdge() for _ in made._from_shards]

    _restored_otherwise(patch, of_shard, of_book)


def time_not_restored(patch: Patch) -> None:
    """A restored book begins at time 0."""
    real = ReferenceBook.restore

    def restore(self: ReferenceBook, state: BookState) -> None:
        real(self, state._replace(time_ms=0))

    patch.setattr(ReferenceBook, "restore", restore)


def ids_not_kept(patch: Patch) -> None:
    """The memory of ids is not in the snapshot."""
    real = to_snapshot

    def without(state: ShardState, edges: ShardEdges) -> ShardSnapshot:
        return real(state._replace(ids=()), edges)

    patch.setattr(ledger_partition, "to_snapshot", without)


def _recovered_otherwise(patch: Patch, change: Any) -> None:
    real = recovery.recover

    def recover(*arguments: Any, **options: Any) -> recovery.Recovery:
        changed: recovery.Recovery = change(real(*arguments, **options), *arguments)
        return changed

    patch.setattr(worker, "recover", recover)


def one_record_left_out(patch: Patch) -> None:
    """A restored partition is read from behind the record that comes next."""
    _recovered_otherwise(
        patch, lambda found, *_: found._replace(offset=found.offset + bool(found.snapshots))
    )


def labelled_one_late(patch: Patch) -> None:
    """A snapshot says that it has taken the record before which it was taken."""
    real = Snapshots.take
    patch.setattr(
        Snapshots, "take", lambda self, partition, offset, *rest: real(
            self, partition, offset + 1, *rest
        )
    )  # fmt: skip


def older_without_replay(patch: Patch) -> None:
    """The older snapshot is taken, and the log read from the newest one's position."""

    def older(
        found: recovery.Recovery, changelog: Changelog, ground: recovery.Ground
    ) -> recovery.Recovery:
        old = recovery.recover(changelog, ground, oldest=True)
        return old._replace(offset=found.offset)

    _recovered_otherwise(patch, older)


def taken_too_late(patch: Patch) -> None:
    """The bytes are those of some records later than the position says."""

    def init(self: InlineCapture, write: Write) -> None:
        self._write = write  # type: ignore[attr-defined] # it has none

    patch.setattr(InlineCapture, "__init__", init)
    patch.setattr(InlineCapture, "data", lambda self: InMemory(self._write()))


def change_not_noticed(patch: Patch) -> None:
    """A machine is taken for an idle one, and its last snapshot renewed."""
    real = ReferenceCore.machines

    def machines(self: ReferenceCore, partition: int) -> Mapping[str, MachineMark]:
        marks = real(self, partition)
        return {name: mark._replace(taken=0) for name, mark in marks.items()}

    patch.setattr(ReferenceCore, "machines", machines)


def manifest_before_chunks(patch: Patch) -> None:
    """The manifest is written first."""
    real = Snapshots._write_on

    def write_on(self: Snapshots, pending: Any) -> None:
        place = Place(self._role.changelog, pending.partition)
        self._log.send(place.manifest(pending.manifest))
        real(self, pending)

    patch.setattr(Snapshots, "_write_on", write_on)


def trimmed_to_the_newest(patch: Patch) -> None:
    """The input is trimmed below the newest snapshot, and the older one is of no use."""

    def trim(self: Snapshots, partition: int) -> None:
        shelves = self._partitions[partition].shelves
        found = [shelves.get(machine) for machine in self._core.machines(partition)]
        if all(shelf and shelf.written for shelf in found):
            newest = min(s.written[-1].manifest.position for s in found if s)
            self._log.trim(partition, newest)

    patch.setattr(Snapshots, "_trim", trim)


def newest_removed(patch: Patch) -> None:
    """What is removed is the newest snapshot, and not what is older than two."""
    real = Snapshots._tidy

    def tidy(self: Snapshots, pending: Any) -> None:
        real(self, pending)
        manifest = pending.manifest
        key = Key(manifest.machine, manifest.line, manifest.position, MANIFEST)
        for outgoing in Place(self._role.changelog, pending.partition).without([key]):
            self._log.send(outgoing)

    patch.setattr(Snapshots, "_tidy", tidy)


def births_ignored(patch: Patch) -> None:
    """A machine without a snapshot is held for one that was always there."""
    patch.setattr(recovery, "births", lambda _changelog: {})


def listing_forgotten(patch: Patch) -> None:
    """A restored book takes what stands before its listing."""
    real = BookPartition.restore

    def restore(self: BookPartition, message: Message, position: int) -> None:
        real(self, message, position)
        for machine in self.books.values():
            machine.first_offset = 0

    patch.setattr(BookPartition, "restore", restore)


def committed_position_believed(patch: Patch) -> None:
    """A restarted worker goes on where the last one was, without its state."""
    reached: dict[tuple[str, int], int] = {}
    real = ReferenceCore.apply

    def apply(self: ReferenceCore, records: Any) -> Any:
        outputs = real(self, records)
        for record in records:
            reached[self._topic, record.partition] = record.offset + 1
        return outputs

    def committed(
        found: recovery.Recovery, _changelog: Changelog, ground: recovery.Ground
    ) -> recovery.Recovery:
        position = reached.get((ground.topic, ground.partition))
        return found if position is None else recovery.Recovery((), (), position, 0, ())

    patch.setattr(ReferenceCore, "apply", apply)
    _recovered_otherwise(patch, committed)


def torn_snapshot_asks(patch: Patch) -> None:
    """A machine of which only torn chunks stand there must have a snapshot."""
    real = Changelog.machines
    patch.setattr(
        Changelog,
        "machines",
        lambda self: sorted({*real(self), *(key.machine for key in self._values)}),
    )


def end_looked_for_first(patch: Patch) -> None:
    """The end of the log is what it was before the changelog was read."""
    real = MemoryConnection.bounds
    first: dict[tuple[int, int], tuple[int, int]] = {}

    def bounds(self: MemoryConnection, partition: int) -> tuple[int, int]:
        place = id(self), partition
        if place in first:
            return first.pop(place)
        first[place] = real(self, partition)
        return first[place]

    patch.setattr(MemoryConnection, "bounds", bounds)


def chunks_of_others_removed(patch: Patch) -> None:
    """A process removes chunks on which another one of its line goes on to build."""
    real = Snapshots._tidy

    def tidy(self: Snapshots, pending: Any) -> None:
        partition, machine = pending.partition, pending.manifest.machine
        # It takes for its own whatever chunks of its line stand there, however new.
        log: Any = self._log
        standing = Changelog(MemoryConnection.read(log, self._role.changelog, partition))
        shelf = self._partitions[partition].shelves[machine]
        chunks = standing.keys(machine, self._role.line)
        shelf.keys |= {key for key in chunks if key.part != MANIFEST}
        shelf.changed = 1 << 62
        real(self, pending)

    patch.setattr(Snapshots, "_tidy", tidy)


BROKEN_SNAPSHOTS = (
    ahead_of_its_outputs,
    torn_snapshot_accepted,
    hash_not_checked,
    numbers_not_restored,
    chain_not_restored,
    in_edge_not_restored,
    time_not_restored,
    ids_not_kept,
    one_record_left_out,
    labelled_one_late,
    older_without_replay,
    taken_too_late,
    change_not_noticed,
    manifest_before_chunks,
    trimmed_to_the_newest,
    newest_removed,
    births_ignored,
    listing_forgotten,
    committed_position_believed,
    torn_snapshot_asks,
    end_looked_for_first,
    chunks_of_others_removed,
)
