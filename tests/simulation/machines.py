"""The machines of a process, whichever engine they run on, and what a checker sees of them.

Machines of the reference are looked at as they are. Those of the native engine are inside their
core: what is seen is the reference machine that their snapshot restores.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from simulation.defects import FragileBook, FragileCore, FragileShard

from partita.ledger import engines as ledger
from partita.ledger.partition import NewShard
from partita.log import native
from partita.log.core import WorkerCore
from partita.log.reference_core import Machines
from partita.matchers import engines as matchers
from partita.matchers.partition import NewBook
from partita.schemas.codec import decode
from partita.schemas.enums import Line
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.topics import ORDERS

Of = TypeVar("Of", bound=Machines)


class Engines(NamedTuple):
    """What shards and books of the reference are made of, and how many processes are native."""

    new_shard: NewShard
    new_book: NewBook
    native: float = 0.0

    def draws_native(self, rng: random.Random) -> bool:
        """Return whether the next process is native."""
        return rng.random() < self.native


REFERENCE = Engines(FragileShard, FragileBook)
# Every other process is native, where that engine is: lines, successors and replays differ.
MIXED = REFERENCE._replace(native=0.5 if native.INSTALLED else 0.0)


def native_core(topic: str, shards: int, line: Line) -> WorkerCore:
    """Return a core of the native engine."""
    engine = matchers if topic == ORDERS else ledger
    core: Any = FragileCore(engine.core(native.NAME)(shards, line))
    return core  # type: ignore[no-any-return]  # what it does not define is that of the core within


class Sight(Mapping[int, Of], Generic[Of]):
    """The machines of a native core by partition, as the reference would have them."""

    def __init__(self, core: WorkerCore, make: Callable[[int], Of], owned: list[int]) -> None:
        self._core = core
        self._make = make
        self._owned = owned  # partitions that were opened
        self._seen: dict[int, tuple[object, Of]] = {}

    def __getitem__(self, partition: int) -> Of:
        """Restore the machines of a partition, when something has changed since the last look."""
        marks = dict(self._core.machines(partition))
        if partition in self._seen and self._seen[partition][0] == marks:
            return self._seen[partition][1]
        machines = self._make(partition)
        for name, mark in marks.items():
            data = self._core.snapshot(partition, name)
            machines.restore(decode(data, SNAPSHOT_BYTES_MAX), mark.position)
        self._seen[partition] = marks, machines
        return machines

    def __iter__(self) -> Any:
        """Iterate over the partitions that are open."""
        return iter(self._owned)

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._owned)
