"""What makes a log unfit: each does it for real to an exchange at rest, and can be undone."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from simulation.damage import KINDS
from simulation.oracle import standing
from simulation.stations import CHANGELOGS, INPUTS, Kind
from simulation.venue import Venue

from partita.schemas.errors import LogError, LogTruncated, SnapshotMissing, TopicRecreated
from partita.schemas.topics import BOOK


class Where(NamedTuple):
    """An input's partition, trimmed behind snapshots that stand."""

    kind: Kind
    partition: int
    positions: tuple[int, ...]  # of the snapshots, ascending


def find(venue: Venue, kind: Kind) -> Where | None:
    """Return a partition whose start must rest on snapshots."""
    for partition in range(2):
        start = venue.log.starts.get((INPUTS[kind], partition), 0)
        records = venue.log.records(CHANGELOGS[kind], partition)
        usable = standing(records).usable(start)
        positions = tuple(sorted(m.position for found in usable.values() for m, _ in found))
        if start > 0 and positions:
            return Where(kind, partition, positions)
    return None


def cut_the_end(venue: Venue, where: Where) -> None:
    """Let acknowledged records vanish, as after an unclean election: a snapshot stands beyond."""
    stored = venue.log.partitions[INPUTS[where.kind], where.partition]
    lost = stored[where.positions[-1] - 1 :]
    del stored[where.positions[-1] - 1 :]
    venue.damage.undo.append(partial(stored.extend, lost))


def trim_too_far(venue: Venue, where: Where) -> None:
    """Let the input begin behind all snapshots."""
    _let_begin(venue, where, where.positions[-1] + 1)


def _let_begin(venue: Venue, where: Where, offset: int) -> None:
    place = INPUTS[where.kind], where.partition
    start = venue.log.starts[place]
    venue.log.starts[place] = offset
    venue.damage.undo.append(partial(venue.log.starts.__setitem__, place, start))


def lose_the_changelog(venue: Venue, where: Where) -> None:
    """Let all snapshots vanish."""
    place = CHANGELOGS[where.kind], where.partition
    stored = venue.log.partitions[place]
    venue.log.partitions[place] = []
    venue.damage.undo.append(partial(venue.log.partitions.__setitem__, place, stored))


def rot_everything(venue: Venue, where: Where) -> None:
    """Let all snapshots rot, each in another way."""
    topic = CHANGELOGS[where.kind]
    there = standing(venue.log.records(topic, where.partition))
    whole = [m for m in there.manifests.values() if there.data(m) is not None]
    for at, manifest in enumerate(whole):
        if standing(venue.log.records(topic, where.partition)).data(manifest) is None:
            continue  # it shares its chunks with one that has rotted already
        kind = KINDS[at % 3]  # those that leave the manifest
        if manifest.position < venue.log.starts[INPUTS[where.kind], where.partition]:
            kind = "a lost manifest"
        venue.damage.rot(topic, where.partition, manifest, kind, venue.rng)


def create_a_topic_again(venue: Venue, _where: Where) -> None:
    """Let an event topic of that name be another one."""
    known = venue.log.topic_ids[BOOK]
    venue.log.topic_ids[BOOK] = f"{BOOK} 2"
    venue.damage.undo.append(partial(venue.log.topic_ids.__setitem__, BOOK, known))


Harm = Callable[[Venue, Where], None]

HARMS: tuple[tuple[Harm, type[LogError]], ...] = (
    (cut_the_end, LogTruncated),
    (trim_too_far, LogTruncated),
    (lose_the_changelog, SnapshotMissing),
    (rot_everything, SnapshotMissing),
    (create_a_topic_again, TopicRecreated),
)
