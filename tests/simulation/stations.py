"""A worker as a process that can be killed: its connection, its core, and what is left behind."""

import random
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from simulation.violation import violate

from partita.ledger.partition import NewShard, ShardPartition
from partita.log.core import Alarm, Parked
from partita.log.memory import MemoryConnection, MemoryLog
from partita.log.port import Outgoing
from partita.log.reference_core import ReferenceCore
from partita.log.role import Role
from partita.log.worker import AllParked, Worker
from partita.matchers.partition import BookPartition, NewBook
from partita.schemas.enums import Line
from partita.schemas.errors import DeliveryFailed
from partita.schemas.topics import ACCOUNT_COMMANDS, BOOKS_CHANGELOG, LEDGER_CHANGELOG, ORDERS

SHARDS = 2
PARTITIONS = 2


class Kind(Enum):
    """What a station runs."""

    LEDGER = "ledger"
    MATCHER = "matcher"


class Engines(NamedTuple):
    """What shards and books are made of."""

    new_shard: NewShard
    new_book: NewBook


class Killed(Exception):
    """The process died here."""


class Connection(MemoryConnection):
    """A connection during whose sends the process may die."""

    sends_left: int | None = None  # None: it lives

    def send(self, outgoing: Outgoing) -> None:
        """Send, or die."""
        if self.sends_left is not None:
            if self.sends_left == 0:
                raise Killed
            self.sends_left -= 1
        super().send(outgoing)


class _Watch:
    def __init__(self, name: str) -> None:
        self._name = name

    def opened(self, partition: int, offset: int) -> None:
        """Nothing to do."""

    def closed(self, partition: int) -> None:
        """Nothing to do."""

    def alarm(self, alarm: Alarm) -> None:
        """Nothing to do: the counters tell."""

    def parked(self, parked: Parked) -> None:
        """Fail: no fault of this simulation may make a machine fail."""
        violate("parked", f"{self._name}: {parked}")


class Station:
    """One process: it is started, steps, dies, and is started again with nothing."""

    connection: Connection
    worker: Worker
    books: dict[int, BookPartition]
    shards: dict[int, ShardPartition]

    def __init__(
        self,
        log: MemoryLog,
        kind: Kind,
        line: Line,
        partitions: tuple[int, ...],
        engines: Engines,
        skew_ms: int = 0,
    ) -> None:
        self.kind = kind
        self.line = line
        self.partitions = partitions
        self.alive = False
        self.torn = False  # something it sent is missing: it must be started again
        self.stalled_until = 0  # the step at which it wakes up
        self.zombie_until: int | None = None  # the step at which a replaced one dies
        self._log = log
        self._engines = engines
        self._skew_ms = skew_ms
        self.start()

    @property
    def name(self) -> str:
        """Return what people call it."""
        zombie = "zombie " if self.zombie_until is not None else ""
        owned = "+".join(map(str, self.partitions))
        return f"{zombie}{self.kind.value} {self.line.value}{owned}"

    def start(self) -> None:
        """Be a new process."""
        self.books, self.shards = {}, {}
        if self.kind is Kind.LEDGER:
            self.connection = Connection(self._log, ACCOUNT_COMMANDS)
            core = ReferenceCore(ACCOUNT_COMMANDS, self._new_shards)
            role = Role(
                "ledger",
                ACCOUNT_COMMANDS,
                LEDGER_CHANGELOG,
                self.line,
                shards=SHARDS,
                fork_bytes=1 << 62,
                snapshot_every_ms=3_000,
            )
        else:
            self.connection = Connection(self._log, ORDERS)
            core = ReferenceCore(ORDERS, self._new_books)
            role = Role(
                "matchers",
                ORDERS,
                BOOKS_CHANGELOG,
                self.line,
                shards=SHARDS,
                ticks=True,
                fork_bytes=1 << 62,
                snapshot_every_ms=3_000,
            )
        self.connection.own(self.partitions)
        clock = self._now_ms if self.kind is Kind.MATCHER else None
        self.worker = Worker(self.connection, core, _Watch(self.name), clock, role)
        self.alive = True
        self.torn = False
        self.stalled_until = 0

    def own(self, partitions: tuple[int, ...]) -> None:
        """Own these partitions from the next step on."""
        self.partitions = partitions
        self.connection.own(partitions)

    def step(self) -> int:
        """Let the worker step; return how many records it took, -1 when it died of it."""
        try:
            return self.worker.step(0)
        except (Killed, DeliveryFailed):
            self.alive = False
            return -1
        except AllParked as error:
            violate("parked", f"{self.name}: {error}")

    def check(self) -> None:
        """Require every invariant that a machine can see for itself."""
        try:
            self.worker.core.check()
        except AssertionError as error:
            violate("core.check", f"{self.name}: {error}")

    def state_hashes(self) -> Mapping[str, bytes]:
        """Return the hashes of all its machines by name."""
        hashes: dict[str, bytes] = {}
        for partition in self.partitions:
            hashes.update(self.worker.core.state_hashes(partition))
        return hashes

    def _new_shards(self, shard: int) -> ShardPartition:
        # As ledger_core does, and keep it in sight.
        made = ShardPartition(self._engines.new_shard(shard, SHARDS), self.line)
        self.shards[shard] = made
        return made

    def _new_books(self, partition: int) -> BookPartition:
        made = BookPartition(partition, SHARDS, self.line, self._engines.new_book)
        self.books[partition] = made
        return made

    def _now_ms(self) -> int:
        return self._log.time_ms + self._skew_ms


def deliver(
    under_way: deque[Outgoing],
    append: Callable[[Outgoing], object],
    rng: random.Random,
    most: int,
) -> int:
    """Let some of what one sender has under way to one destination arrive, in its order."""
    if not under_way:
        return 0
    to = rng.choice(list(dict.fromkeys((out.topic, out.partition) for out in under_way)))
    count = rng.randint(1, most)
    mine = [out for out in under_way if (out.topic, out.partition) == to][:count]
    for out in mine:
        under_way.remove(out)  # the first that is equal, which is the same to everyone
        append(out)
    return len(mine)
