"""The bytes of a relayed record: groups of numbered orders, and filler up to the real size.

A group is what a batch of the real path has for each edge: which edge, the number of the first
order, how many. Filler is cut from bytes prepared once, so a record costs the same for one order
as for a thousand, save for copying.
"""

import random
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from benchmarks.relay.shape import HOPS, ORDERS_MAX, Kind
from partita.schemas.limits import RECORD_BYTES_MAX

_COUNT = struct.Struct("<H")
_GROUP = struct.Struct("<BxHHxxIQ")


class Edge(NamedTuple):
    """Two machines, or all books of a partition as one."""

    kind: int
    shard: int
    partition: int  # 0 where there is none


class Group(NamedTuple):
    """Consecutive orders of one edge."""

    edge: Edge
    first: int
    count: int  # type: ignore[assignment] # shadows tuple.count, which no one calls


def _prepared() -> memoryview:
    """Return bytes that look like ours to whatever might compress them: small numbers, ids."""
    chance = random.Random(3)
    small = (0, 2, 4, 17, 130, 200)
    mixed = (chance.choice((*small, chance.randrange(256))) for _ in range(1 << 16))
    return memoryview(bytes(mixed) * (RECORD_BYTES_MAX >> 16))


_FILLER = _prepared()
_BYTES = {kind: HOPS[kind].bytes_an_order for kind in Kind}


def pack(groups: Iterable[Group]) -> Iterator[bytes]:
    """Yield the groups of one destination as records, none larger than the real ones may be."""
    batch: list[Group] = []
    full = 0.0  # the share of a record that is taken
    for group in groups:
        edge, first, left = group
        most = ORDERS_MAX[Kind(edge.kind)]
        while full + left / most > 1:
            part = int((1 - full) * most)
            if part:
                batch.append(Group(edge, first, part))
            yield _encode(batch)
            batch, full = [], 0.0
            first, left = first + part, left - part
        if left:
            batch.append(Group(edge, first, left))
            full += left / most
    if batch:
        yield _encode(batch)


def _encode(batch: list[Group]) -> bytes:
    size = round(sum(count * _BYTES[Kind(edge.kind)] for edge, _, count in batch))
    parts = [_COUNT.pack(len(batch))]
    parts += [_GROUP.pack(*edge, count, first) for edge, first, count in batch]
    filler = size - _COUNT.size - len(batch) * _GROUP.size
    return b"".join((*parts, _FILLER[: max(0, filler)]))


def unpack(value: bytes) -> Iterator[Group]:
    """Yield the groups of a record."""
    (groups,) = _COUNT.unpack_from(value)
    end = _COUNT.size + groups * _GROUP.size
    for kind, shard, partition, count, first in _GROUP.iter_unpack(value[_COUNT.size : end]):
        yield Group(Edge(kind, shard, partition), first, count)
