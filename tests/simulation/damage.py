"""Snapshots that rot where they stand, and that the operator can bring back."""

import hashlib
import random
from collections.abc import Callable, Mapping
from functools import partial

from simulation.broker import Broker
from simulation.oracle import Key, Standing, readable, split, standing

from partita.schemas.codec import encode
from partita.schemas.snapshots import Chunk, Manifest

KINDS = (
    "a flipped bit",
    "a rubbish chunk",
    "a lost chunk",
    "a rubbish manifest",
    "a lost manifest",
    "no chunks at all",
    "a later format",
)


class Damage:
    """All that is damaged now."""

    def __init__(self, log: Broker) -> None:
        self.undo: list[Callable[[], None]] = []  # what brings back what there was
        self._log = log

    def _put(self, topic: str, partition: int, values: Mapping[Key, bytes]) -> None:
        """Put other values in the place of the latest ones of some keys."""
        stored = self._log.partitions[topic, partition]
        latest = {split(record.key): at for at, record in enumerate(stored) if record.key}
        for key, value in values.items():
            at = latest[key]
            self.undo.append(partial(stored.__setitem__, at, stored[at]))
            stored[at] = stored[at]._replace(value=value)

    def repair(self) -> None:
        """Bring everything back."""
        for bring_back in reversed(self.undo):
            bring_back()
        self.undo.clear()

    def rot(
        self, topic: str, partition: int, manifest: Manifest, kind: str, rng: random.Random
    ) -> None:
        """Damage a whole snapshot in one way."""
        there = standing(self._log.records(topic, partition))
        name, line = manifest.machine, str(manifest.line)
        key = name, line, manifest.position, "manifest"
        chunks = [
            (name, line, manifest.chunks_position, str(part)) for part in range(manifest.chunks)
        ]
        part = rng.randrange(manifest.chunks)
        values: dict[Key, bytes] = {}
        match kind:
            case "a flipped bit":
                values[chunks[part]] = _flipped(there, chunks[part], rng)
            case "a rubbish chunk":
                values[chunks[part]] = rng.randbytes(30)
            case "a lost chunk":
                values[chunks[part]] = b""
            case "a rubbish manifest":
                values[key] = rng.randbytes(30)
            case "a lost manifest":
                values[key] = b""
            case "no chunks at all":
                values = dict.fromkeys(chunks, b"")
            case _:
                values = _of_later_format(there, manifest, key, chunks[0])
        self._put(topic, partition, values)


def _flipped(there: Standing, key: Key, rng: random.Random) -> bytes:
    chunk = readable(there.values[key])
    assert isinstance(chunk, Chunk)
    data = bytearray(chunk.data)
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return encode(Chunk(b"", bytes(data)))


def _of_later_format(there: Standing, manifest: Manifest, key: Key, first: Key) -> dict[Key, bytes]:
    """Return records that say the same in a schema that nobody knows yet."""
    data = there.data(manifest)
    chunk = readable(there.values[first])
    assert data is not None
    assert isinstance(chunk, Chunk)
    later = b"\xc3\x01later fp"[: min(10, len(chunk.data))]
    whole = later + data[len(later) :]
    sha256 = hashlib.sha256(whole).digest()
    return {
        first: encode(Chunk(b"", later + chunk.data[len(later) :])),
        key: encode(manifest._replace(sha256=sha256, build="later")),
    }
