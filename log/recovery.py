"""What a partition is made from: the newest whole snapshot of each machine, of any line.

Nothing is guessed. A snapshot that cannot be used is told of, and the one before it is taken; when
none is left and the log does not reach back far enough, the partition is refused.
"""

from collections.abc import Mapping
from typing import NamedTuple

from partita.log.changelog import Changelog, births
from partita.log.core import Snapshot
from partita.schemas.codec import knows
from partita.schemas.errors import LogTruncated, SnapshotMissing, TopicRecreated, WrongPartitions
from partita.schemas.snapshots import Manifest


class Ground(NamedTuple):
    """What is true of the log now."""

    topic: str  # the input
    partition: int
    start: int  # offset of its first kept record
    end: int  # offset behind its last record
    topic_ids: Mapping[str, str]  # the event topics
    shards: int


class Recovery(NamedTuple):
    """What a partition starts from."""

    snapshots: tuple[Snapshot, ...]
    manifests: tuple[Manifest, ...]  # of those snapshots
    offset: int  # from which it is read
    time_ms: int  # largest log time below that offset, as far as it is known
    alarms: tuple[str, ...]  # what could not be used, and why


def recover(changelog: Changelog, ground: Ground, *, oldest: bool = False) -> Recovery:
    """Choose the newest whole snapshot of each machine; with `oldest`, the oldest whole one.

    Raises:
        TopicRecreated, WrongPartitions: the snapshots are of another exchange.
        LogTruncated: the log ends before, or begins behind, what they need.
        SnapshotMissing: a machine can be made neither from a snapshot nor from the log.
    """
    where = f"{ground.topic}/{ground.partition}"
    for manifest in changelog.manifests.values():
        _check_origin(manifest, ground)
    alarms = list(changelog.unreadable)
    chosen: list[tuple[Manifest, Snapshot]] = []
    offsets: list[int] = []
    since = births(changelog)
    for machine in changelog.machines():
        found = _usable(changelog, machine, ground, alarms, oldest=oldest)
        if found is not None:
            chosen.append(found)
            offsets.append(found[0].position)
        elif since.get(machine, 0) >= ground.start:
            offsets.append(since.get(machine, 0))
        elif _all_below(changelog.of_machine(machine), ground.start):
            raise LogTruncated(
                f"{where} begins at offset {ground.start}, behind all snapshots of {machine} that"
                f" can be used: records that it needs are gone ({'; '.join(alarms)}). Nothing was"
                " changed. Bring back the log (from a replica or a copy)"
            )
        else:
            raise SnapshotMissing(_nothing_left(machine, where, ground, alarms))
    if not offsets and ground.start > 0:
        raise SnapshotMissing(_nothing_left("any machine", where, ground, alarms))
    offset = min(offsets, default=0)
    at = [manifest.time_ms for manifest, _ in chosen if manifest.position == offset]
    return Recovery(
        tuple(snapshot for _, snapshot in chosen),
        tuple(manifest for manifest, _ in chosen),
        offset,
        max(at, default=0),
        tuple(alarms),
    )


def _usable(
    changelog: Changelog, machine: str, ground: Ground, alarms: list[str], *, oldest: bool
) -> tuple[Manifest, Snapshot] | None:
    found = changelog.of_machine(machine)
    disputed = _disputed(found)
    for manifest in reversed(found) if oldest else found:
        what = f"snapshot of {machine}, line {manifest.line}, position {manifest.position}"
        data = changelog.data(manifest)
        if manifest.position in disputed:
            alarms.append(f"{what}: two lines differ, and one of them is wrong; it is not used")
        elif data is None:
            alarms.append(f"{what}: damaged or not whole; it is not used")
        elif not knows(data):
            alarms.append(f"{what}: of a format that this build does not know; it is not used")
        elif manifest.position < ground.start:
            alarms.append(f"{what}: the log begins at {ground.start} only; it is not used")
        else:
            return manifest, Snapshot(machine, manifest.position, data)
    return None


def _all_below(manifests: list[Manifest], start: int) -> bool:
    return bool(manifests) and all(manifest.position < start for manifest in manifests)


def _disputed(manifests: list[Manifest]) -> set[int]:
    """Return the positions at which two lines of one build have different states."""
    states: dict[tuple[str, int], set[bytes]] = {}
    for manifest in manifests:
        states.setdefault((manifest.build, manifest.position), set()).add(manifest.sha256)
    return {position for (_, position), found in states.items() if len(found) > 1}


def _check_origin(manifest: Manifest, ground: Ground) -> None:
    where = f"{ground.topic}/{ground.partition}"
    for topic in manifest.topics:
        now = ground.topic_ids.get(topic.name)
        if now != topic.topic_id:
            raise TopicRecreated(
                f"topic {topic.name} was created again: its id is {now}, and the snapshots on this"
                f" cluster were taken with {topic.topic_id}. Nothing was changed. Bring back the"
                " topic's data, or start an exchange of its own in new topics"
            )
    if manifest.shards != ground.shards:
        raise WrongPartitions(
            f"the snapshots of {where} are of an exchange of {manifest.shards} shards, and"
            f" account-commands has {ground.shards} partitions; the number of shards is fixed when"
            " the exchange is made. Nothing was changed"
        )
    if manifest.position > ground.end:
        raise LogTruncated(
            f"{where} ends at offset {ground.end}, and a snapshot of {manifest.machine} stands at"
            f" {manifest.position}: records are lost. Nothing was changed. Bring back the log (from"
            " a replica or a copy), and look with `partita audit` before trading goes on"
        )


def _nothing_left(machine: str, where: str, ground: Ground, alarms: list[str]) -> str:
    why = "; ".join(alarms) if alarms else "there is none"
    return (
        f"{where} begins at offset {ground.start}, and no snapshot of {machine} can be used: {why}."
        " Nothing was changed. Bring back the changelog, or run the build that wrote the snapshots"
    )
