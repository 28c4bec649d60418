"""How snapshots stand on a changelog: keys, chunks, manifests, and what of them counts.

Keys are machine/line/position/part; the part is a chunk's number, or `manifest`. Nothing is ever
overwritten but by the same (a manifest by one that names older chunks of the same bytes), so a
snapshot is whole when its manifest stands there, with all chunks it names and the hash of their
bytes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Self

from partita.log.port import Outgoing, Record
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Line
from partita.schemas.errors import Unreadable
from partita.schemas.snapshots import Chunk, Manifest

MANIFEST = "manifest"


class Key(NamedTuple):
    """The key of a record on a changelog."""

    machine: str
    line: Line
    position: int
    part: str  # number of the chunk, or MANIFEST

    def encoded(self) -> bytes:
        """Return the key as bytes."""
        return "/".join((self.machine, self.line, str(self.position), self.part)).encode()

    @classmethod
    def decoded(cls, key: bytes) -> Self:
        """Return the key of these bytes. Raises ValueError."""
        machine, line, position, part = key.decode().rsplit("/", 3)
        return cls(machine, Line(line), int(position), part)


class Changelog:
    """What stands on one partition of a changelog: the latest of each key."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.manifests: dict[Key, Manifest] = {}
        self.unreadable: list[str] = []  # what is wrong with manifests that cannot be read
        self.next_offset = 0  # behind what was taken
        self._values: dict[Key, bytes] = {}
        self.take(records)

    def take(self, records: Iterable[Record]) -> list[Manifest]:
        """Take records in the order of their offsets; return the manifests among them."""
        fresh = []
        for record in records:
            self.next_offset = record.offset + 1
            try:
                key = Key.decoded(record.key or b"")
            except ValueError:
                self.unreadable.append(f"no snapshot has the key {record.key!r}")
                continue
            if not record.value:
                self._values.pop(key, None)
                self.manifests.pop(key, None)
                continue
            self._values[key] = record.value
            if key.part == MANIFEST:
                self.manifests.pop(key, None)
                if (manifest := self._manifest(key, record.value)) is not None:
                    self.manifests[key] = manifest
                    fresh.append(manifest)
        return fresh

    def _manifest(self, key: Key, value: bytes) -> Manifest | None:
        try:
            message = decode(value)
        except Unreadable as error:
            self.unreadable.append(f"manifest {key.encoded().decode()}: {error}")
            return None
        if not isinstance(message, Manifest) or message.position != key.position:
            self.unreadable.append(f"{key.encoded().decode()} is not a manifest")
            return None
        return message

    def of_machine(self, machine: str) -> list[Manifest]:
        """Return the manifests of a machine, the newest first; at one position line A first."""
        found = [m for m in self.manifests.values() if m.machine == machine]
        return sorted(found, key=lambda m: (-m.position, m.line))

    def machines(self) -> list[str]:
        """Return the names of all machines that a manifest speaks of.

        A machine of which only chunks stand here came into being behind all manifests: each of them
        names all machines of the partition at its position.
        """
        names = {manifest.machine for manifest in self.manifests.values()}
        names |= {birth.machine for m in self.manifests.values() for birth in m.machines}
        return sorted(names)

    def names(self) -> list[str]:
        """Return the names of all machines of which anything stands here, be it a torn snapshot."""
        return sorted({*self.machines(), *(key.machine for key in self._values)})

    def data(self, manifest: Manifest) -> bytes | None:
        """Return the bytes of a snapshot; None when they are not whole."""
        pieces = []
        for part in range(manifest.chunks):
            key = Key(manifest.machine, manifest.line, manifest.chunks_position, str(part))
            try:
                chunk = decode(self._values.get(key, b""))
            except Unreadable:
                return None
            if not isinstance(chunk, Chunk):
                return None
            pieces.append(chunk.data)
        data = b"".join(pieces)
        whole = len(data) == manifest.size and sha256(data) == manifest.sha256
        return data if whole else None

    def keys(self, machine: str, line: Line) -> Iterator[Key]:
        """Yield all keys of a machine's line."""
        return (key for key in self._values if key.machine == machine and key.line == line)


def sha256(data: bytes) -> bytes:
    """Return the hash that a manifest holds."""
    return hashlib.sha256(data).digest()


class Place(NamedTuple):
    """Where the snapshots of a partition's machines go."""

    topic: str
    partition: int

    def chunk(self, manifest: Manifest, part: int, piece: bytes) -> Outgoing:
        """Return a chunk of a snapshot as a record."""
        key = Key(manifest.machine, manifest.line, manifest.chunks_position, str(part))
        return Outgoing(*self, key.encoded(), encode(Chunk(b"", piece)))

    def manifest(self, manifest: Manifest) -> Outgoing:
        """Return a manifest as a record."""
        key = Key(manifest.machine, manifest.line, manifest.position, MANIFEST)
        return Outgoing(*self, key.encoded(), encode(manifest))

    def without(self, keys: Iterable[Key]) -> Iterator[Outgoing]:
        """Yield tombstones of these keys, manifests first: no manifest outlives its chunks."""
        for key in sorted(keys, key=lambda key: (key.part != MANIFEST, key)):
            yield Outgoing(*self, key.encoded(), b"")


def births(changelog: Changelog) -> Mapping[str, int]:
    """Return since which offset each machine that a manifest speaks of is on the partition."""
    return {b.machine: b.first_offset for m in changelog.manifests.values() for b in m.machines}
