"""What a partition of an input is rebuilt from: all of the log, or the oldest snapshots kept."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from partita.deploy.audit.edges import Edge, ends_of
from partita.deploy.audit.findings import Differences, Kind, Place
from partita.log.changelog import Changelog
from partita.log.core import Snapshot
from partita.log.edges import EdgeState
from partita.log.port import Record
from partita.log.recovery import Ground, recover
from partita.schemas.codec import decode, knows
from partita.schemas.errors import Unreadable
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.operations import Pass
from partita.schemas.snapshots import Manifest


class Hash(NamedTuple):
    """What a live machine was at a position."""

    manifest: Manifest
    comparable: bool  # whether its bytes are those that this build would write


class Input(NamedTuple):
    """A partition, and what is known of it."""

    place: Place
    start: int  # the offset from which it is read
    end: int  # and up to which
    from_snapshots: bool
    snapshots: Sequence[Snapshot]
    hashes: Sequence[Hash]  # by position
    passes: Mapping[int, bytes]  # the SHA-256 of records that the operator goes past, by offset
    # Up to where the machines' edges in are known from the machines themselves; what stands behind
    # it is read record by record.
    split: int


def prepare(
    changelog: Changelog,
    ground: Ground,
    build: str,
    differences: Differences,
    notes: list[str],
) -> Input:
    """Choose what to rebuild a partition from.

    Raises:
        TopicRecreated, WrongPartitions: the snapshots are of another exchange.
        LogTruncated, SnapshotMissing: a machine can be made from nothing that is left.
    """
    place = Place(ground.topic, ground.partition)
    where = f"{ground.topic}/{ground.partition}"
    for key, manifest in list(changelog.manifests.items()):
        if manifest.position > ground.end:
            text = f"{where} ends at offset {ground.end}, and a snapshot of {manifest.machine}"
            text += f", line {manifest.line}, stands at {manifest.position}: records are lost"
            differences.add(Kind.LOST, text, place)
            del changelog.manifests[key]
    recovery = recover(changelog, ground, oldest=True)
    whole = ground.start == 0
    notes += [f"{where}: {text}" for text in recovery.alarms]
    snapshots = () if whole else recovery.snapshots
    return Input(
        place=place,
        start=0 if whole else recovery.offset,
        end=ground.end,
        from_snapshots=bool(snapshots),
        snapshots=snapshots,
        hashes=_hashes(changelog, build),
        passes={},
        split=ground.end,
    )


def _hashes(changelog: Changelog, build: str) -> list[Hash]:
    found = []
    for manifest in changelog.manifests.values():
        data = None if manifest.build == build else changelog.data(manifest)
        comparable = manifest.build == build or (data is not None and knows(data))
        found.append(Hash(manifest, comparable))
    return sorted(found, key=lambda one: (one.manifest.position, one.manifest.machine))


def saved(changelog: Changelog) -> dict[Edge, EdgeState]:
    """Return what machines had said at their newest snapshots: none of it is said again."""
    found: dict[Edge, EdgeState] = {}
    for machine in changelog.machines():
        for manifest in changelog.of_machine(machine):
            data = changelog.data(manifest)
            if data is not None and knows(data):
                found |= ends_of(decode(data, SNAPSHOT_BYTES_MAX)).said
                break
    return found


def passes_of(records: Sequence[Record]) -> dict[Place, dict[int, bytes]]:
    """Return the operator's passes, by partition and offset."""
    found: dict[Place, dict[int, bytes]] = {}
    for record in records:
        try:
            message = decode(record.value)
        except Unreadable:
            continue  # as the workers do: a tombstone takes nothing back
        if isinstance(message, Pass):
            place = Place(message.topic, message.partition)
            found.setdefault(place, {})[message.offset] = message.sha256
    return found
