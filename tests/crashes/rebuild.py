"""Rebuilds every machine from the log alone, and compares: to be run as a process of its own.

Fresh machines read their inputs from the first record on (or, where these are trimmed, from the
oldest snapshots), and at the position of each snapshot that stands on a changelog, of any line,
their bytes must have its hash. At the end of the log the books and the shards must agree.

    python tests/crashes/rebuild.py BOOTSTRAP     prints one JSON object
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from crashes.agreement import disagreements

from partita.ledger.service import SERVICE as LEDGER
from partita.ledger.snapshot import from_snapshot as shard_of_snapshot
from partita.ledger.state import ShardState
from partita.log.changelog import Changelog, sha256
from partita.log.core import WorkerCore
from partita.log.kafka.admin import Admin
from partita.log.kafka.around import Around
from partita.log.kafka.reader import Reader
from partita.log.port import Record
from partita.log.recovery import Ground, recover
from partita.log.service import Service
from partita.matchers.service import SERVICE as MATCHERS
from partita.matchers.snapshot import from_snapshot as book_of_snapshot
from partita.matchers.state import BookState
from partita.schemas.codec import decode
from partita.schemas.enums import Line
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.snapshots import BookSnapshot, Manifest

_PIECE = 500  # records a call
_PATIENCE_S = 30.0


@dataclass
class Rebuilt:
    """What was found."""

    violations: list[str] = field(default_factory=list)
    machines: int = 0
    records: int = 0
    from_start: bool = True  # all of it from offset 0
    compared: list[str] = field(default_factory=list)  # "machine line": each with an equal hash
    manifests: int = 0  # how many were compared


class _Partition:
    """One partition of an input, and the snapshots of its machines."""

    def __init__(self, bootstrap: str, service: Service, partition: int, shards: int) -> None:
        self.where = f"{service.topic}/{partition}"
        self.partition = partition
        around = Around(bootstrap)
        self.start, self.end = around.bounds(service.topic, partition)
        self.changelog = Changelog(around.read(service.changelog, partition))
        ids = around.topic_ids()
        ground = Ground(service.topic, partition, self.start, self.end, ids, shards)
        around.close()
        self.recovery = None if self.start == 0 else recover(self.changelog, ground, oldest=True)
        self._reader = Reader(bootstrap, service.topic)

    @property
    def first(self) -> int:
        """The offset from which it is read."""
        return 0 if self.recovery is None else self.recovery.offset

    def records(self) -> Iterator[Record]:
        """Give all records."""
        self._reader.start({self.partition: self.first})
        position = self.first
        while position < self.end:
            found = self._reader.read(_PATIENCE_S)
            assert found, f"{self.where} ends at {self.end}, and nothing comes after {position}"
            for record in found:
                position = record.offset + 1
                yield record
        self._reader.close()


def rebuild(bootstrap: str) -> Rebuilt:
    """Rebuild and compare everything. The exchange must be at rest."""
    found, shape = Rebuilt(), Admin(bootstrap).shape()
    shards, books = list[ShardState](), list[BookState]()
    for service, count in ((LEDGER, shape.shards), (MATCHERS, shape.partitions)):
        for number in range(count):
            core = service.core(shape, Line.A, None)
            _replay(core, _Partition(bootstrap, service, number, shape.shards), found)
            for machine in core.machines(number):
                found.machines += 1
                state = decode(core.snapshot(number, machine), SNAPSHOT_BYTES_MAX)
                if isinstance(state, BookSnapshot):
                    books.append(book_of_snapshot(state)[0])
                else:
                    shards.append(shard_of_snapshot(state)[0])
            core.check()
    found.violations.extend(disagreements(shards, books))
    return found


def _replay(core: WorkerCore, partition: _Partition, found: Rebuilt) -> None:
    found.from_start = found.from_start and partition.start == 0
    found.violations.extend(partition.changelog.unreadable)
    places: defaultdict[int, list[Manifest]] = defaultdict(list)
    for manifest in partition.changelog.manifests.values():
        places[manifest.position].append(manifest)
        if partition.changelog.data(manifest) is None:
            found.violations.append(f"{partition.where}: damaged or not whole: {_name(manifest)}")
        if manifest.position > partition.end:
            found.violations.append(f"{partition.where} ends before {_name(manifest)}")
    core.open(
        partition.partition, () if partition.recovery is None else partition.recovery.snapshots
    )
    piece: list[Record] = []
    for record in partition.records():
        if record.offset in places or len(piece) == _PIECE:
            _apply(core, partition, piece, found)
            piece = []
            _compare(core, partition, places[record.offset], found)
        piece.append(record)
    _apply(core, partition, piece, found)
    _compare(core, partition, places[partition.end], found)
    if letters := core.counters(partition.partition).dead_letters:
        found.violations.append(f"{partition.where}: {letters} dead letters, of none that was sent")


def _apply(
    core: WorkerCore, partition: _Partition, records: Sequence[Record], found: Rebuilt
) -> None:
    found.records += len(records)
    found.violations.extend(
        f"{partition.where} parks at {parked.offset}: {parked.reason}"
        for parked in core.apply(records).parked
    )


def _compare(
    core: WorkerCore, partition: _Partition, manifests: Sequence[Manifest], found: Rebuilt
) -> None:
    marks = core.machines(partition.partition)
    for manifest in manifests:
        mark = marks.get(manifest.machine)
        if mark is not None and mark.position >= manifest.position:
            continue  # what it was made from, or older
        if mark is None:
            found.violations.append(f"{partition.where}: no machine is behind {_name(manifest)}")
            continue
        same_state = manifest.sha256 == sha256(core.snapshot(partition.partition, manifest.machine))
        edges = core.edges_digest(partition.partition, manifest.machine)
        if not same_state or manifest.edges != edges:
            what = "state" if manifest.edges == edges else "state and edges"
            found.violations.append(f"{partition.where}: another {what} than {_name(manifest)}")
        found.manifests += 1
        name = f"{manifest.machine} {manifest.line}"
        if name not in found.compared:
            found.compared.append(name)


def _name(manifest: Manifest) -> str:
    return f"{manifest.machine}, line {manifest.line}, position {manifest.position}"


if __name__ == "__main__":
    print(json.dumps(asdict(rebuild(sys.argv[1]))))
