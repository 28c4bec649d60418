"""A copy of what is about to be trimmed, so that the audit of a running exchange is not overtaken.

Workers trim their inputs a minute behind their second newest snapshots: what is left is copied in a
moment, and may be gone before it is applied.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from partita.deploy.audit.source import Source
from partita.log.port import Record

_HEAD = struct.Struct("<qqI")  # offset, time_ms, bytes of the value
_PIECE = 1_000


class _Copy(NamedTuple):
    file: IO[bytes]
    first: int
    end: int


class Spool:
    """A source with copies of parts of some partitions; everything else it asks another one for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._copies: dict[tuple[str, int], _Copy] = {}

    def copy(self, topic: str, partition: int, first: int, end: int) -> None:
        """Copy records, behind those that were copied before. Raises Overtaken."""
        where = topic, partition
        if where not in self._copies:
            # Closed, and so removed, with the spool.
            file = TemporaryFile()  # noqa: SIM115 - it outlives this function
            self._copies[where] = _Copy(file, first, first)
        kept = self._copies[where]
        assert first == kept.end, "a copy has no holes"
        kept.file.seek(0, 2)
        for records in self._source.records(topic, partition, first, end):
            for record in records:
                kept.file.write(_HEAD.pack(record.offset, record.time_ms, len(record.value)))
                kept.file.write(record.value)
        self._copies[where] = kept._replace(end=end)

    def close(self) -> None:
        """Remove the copies."""
        for kept in self._copies.values():
            kept.file.close()
        self._copies.clear()

    def records(
        self, topic: str, partition: int, first: int, end: int
    ) -> Iterator[Sequence[Record]]:
        """Yield records, from the copy as far as it goes."""
        kept = self._copies.get((topic, partition))
        if kept is not None and kept.first <= first < kept.end:
            copied = (
                record
                for record in _read(kept.file, partition)
                if first <= record.offset < min(end, kept.end)
            )
            while piece := list(islice(copied, _PIECE)):
                yield piece
            first = kept.end
        yield from self._source.records(topic, partition, first, end)

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return where a partition begins and ends."""
        return self._source.bounds(topic, partition)

    def compacted(self, topic: str, partition: int) -> Sequence[Record]:
        """Return all that a compacted partition holds."""
        return self._source.compacted(topic, partition)

    def topic_ids(self) -> Mapping[str, str]:
        """Return what the cluster calls each event topic."""
        return self._source.topic_ids()

    def wait(self, since_s: float) -> bool:
        """Wait a moment for more to come."""
        return self._source.wait(since_s)


def _read(file: IO[bytes], partition: int) -> Iterator[Record]:
    """Yield what a copy holds; others may read it at the same time."""
    at = 0
    while True:
        file.seek(at)
        head = file.read(_HEAD.size)
        if not head:
            return
        offset, time_ms, size = _HEAD.unpack(head)
        yield Record(partition, offset, time_ms, file.read(size))
        at += _HEAD.size + size
