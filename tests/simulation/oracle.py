"""From what a worker must start, computed a second time and plainly, from what it was given."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from partita.log.port import Record
from partita.schemas.codec import decode, knows
from partita.schemas.errors import (
    LogError,
    LogTruncated,
    SnapshotMissing,
    TopicRecreated,
    Unreadable,
)
from partita.schemas.snapshots import Chunk, Manifest

Key = tuple[str, str, int, str]  # machine, line, position, part


class Start(NamedTuple):
    """Where a worker starts."""

    offset: int
    chosen: Mapping[str, Manifest]  # by machine, for those that have a snapshot


class Standing(NamedTuple):
    """What stands on a changelog's partition."""

    values: Mapping[Key, bytes]
    manifests: Mapping[Key, Manifest]  # that can be read

    def data(self, manifest: Manifest) -> bytes | None:
        """Return the bytes of a snapshot; None when they are not whole."""
        pieces = []
        for part in range(manifest.chunks):
            key = manifest.machine, str(manifest.line), manifest.chunks_position, str(part)
            chunk = readable(self.values.get(key, b""))
            pieces.append(chunk.data if isinstance(chunk, Chunk) else b"")
        data = b"".join(pieces)
        return data if hashlib.sha256(data).digest() == manifest.sha256 else None

    def usable(self, start: int = 0) -> dict[str, list[tuple[Manifest, bytes]]]:
        """Return by machine what a worker can start from, the newest last; of two, line A's."""
        found: dict[str, list[tuple[Manifest, bytes]]] = {}
        for manifest in sorted(self.manifests.values(), key=lambda m: (m.position, m.line == "A")):
            data = self.data(manifest)
            if data is not None and knows(data) and manifest.position >= start:
                found.setdefault(manifest.machine, []).append((manifest, data))
        return found


def split(key: bytes) -> Key:
    """Return the parts of a changelog's key."""
    machine, line, position, part = key.decode().rsplit("/", 3)
    return machine, line, int(position), part


def readable(value: bytes) -> object:
    """Return the message of a record; None when it cannot be read."""
    try:
        return decode(value)
    except Unreadable:
        return None


def standing(records: Sequence[Record]) -> Standing:
    """Return what is left of the records of a changelog."""
    values: dict[Key, bytes] = {}
    for record in records:
        assert record.key is not None
        values[split(record.key)] = record.value
    values = {key: value for key, value in values.items() if value}
    read = {key: readable(value) for key, value in values.items() if key[3] == "manifest"}
    return Standing(values, {key: m for key, m in read.items() if isinstance(m, Manifest)})


def expected(
    records: Sequence[Record],
    start: int,
    end: int,
    topic_ids: Mapping[str, str],
    *,
    oldest: bool = False,
) -> Start | type[LogError]:
    """Return where a worker starts, or the error by which it refuses to."""
    there = standing(records)
    manifests = there.manifests.values()
    for manifest in manifests:
        if any(topic_ids.get(topic.name) != topic.topic_id for topic in manifest.topics):
            return TopicRecreated
        if manifest.position > end:
            return LogTruncated
    # Whoever is named nowhere came after all that is named.
    born = {birth.machine: birth.first_offset for m in manifests for birth in m.machines}
    usable = there.usable(start)
    chosen: dict[str, Manifest] = {}
    offsets = []
    for machine, first_offset in born.items():
        if machine in usable:
            chosen[machine] = usable[machine][0 if oldest else -1][0]
            offsets.append(chosen[machine].position)
        elif first_offset >= start:
            offsets.append(first_offset)
        else:
            below = any(m.machine == machine and m.position < start for m in manifests)
            return LogTruncated if below else SnapshotMissing
    if not offsets and start > 0:
        return SnapshotMissing
    return Start(min(offsets, default=0), chosen)
