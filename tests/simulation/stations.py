"""A worker as a process that can be killed: its connection, its core, and what is left behind."""

import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, Protocol

from simulation.broker import Broker
from simulation.captures import takes
from simulation.climate import Climate
from simulation.connection import Connection, Killed
from simulation.machines import Engines, Sight, native_core
from simulation.violation import Violation, violate

from partita.ledger.partition import ShardPartition
from partita.log.core import Alarm, Parked, WorkerCore
from partita.log.port import Outgoing
from partita.log.reference_core import ReferenceCore
from partita.log.role import Role
from partita.log.silence import Silence
from partita.log.worker import AllParked, Worker
from partita.matchers.partition import BookPartition
from partita.schemas.enums import Line
from partita.schemas.errors import LogError
from partita.schemas.topics import ACCOUNT_COMMANDS, BOOKS_CHANGELOG, LEDGER_CHANGELOG, ORDERS

SHARDS = 2
PARTITIONS = 2


class Kind(Enum):
    """What a station runs."""

    LEDGER = "ledger"
    MATCHER = "matchers"


INPUTS = {Kind.LEDGER: ACCOUNT_COMMANDS, Kind.MATCHER: ORDERS}
CHANGELOGS = {Kind.LEDGER: LEDGER_CHANGELOG, Kind.MATCHER: BOOKS_CHANGELOG}


class Doom(NamedTuple):
    """That a process is to die at a named point, when it has come there so often."""

    point: str
    left: int


class Watcher(Protocol):
    """Who is told what becomes of stations, while it happens."""

    def stepping(self, station: "Station") -> None:
        """A station is about to step."""

    def opened(self, station: "Station", partition: int, offset: int) -> None:
        """A station has made the machines of a partition and reads from an offset."""

    def closed(self, station: "Station", partition: int) -> None:
        """A station owns a partition no more."""

    def parked(self, station: "Station", parked: Parked) -> None:
        """A partition of a station has stopped."""

    def sent(self, station: "Station", outgoing: Outgoing) -> None:
        """A station has sent a record."""

    def trimmed(self, station: "Station", partition: int) -> None:
        """A station has let go of records of an input."""

    def ended(self, station: "Station", error: Exception) -> None:
        """A station has ended by itself."""


@dataclass
class Surroundings:
    """What all stations share."""

    log: Broker
    rng: random.Random
    climate: Climate
    engine_rng: random.Random  # of its own: a run is the same on whichever engines
    elsewhere: Callable[["Station", int], bool]  # whether another line's station has a partition
    watchers: list[Watcher] = field(default_factory=list)
    processes: int = 0  # started so far


class Station:
    """One process: it is started, steps, dies, and is started again with nothing."""

    process: int  # its number: that of no other
    connection: Connection
    worker: Worker
    books: Mapping[int, BookPartition]
    shards: Mapping[int, ShardPartition]
    stopped: set[int]  # partitions that are parked
    silences: dict[int, Silence]  # of partitions that were opened silently by this process
    doom: Doom | None

    def __init__(
        self,
        around: Surroundings,
        kind: Kind,
        line: Line,
        partitions: tuple[int, ...],
        engines: Engines,
        build: str,
    ) -> None:
        self.kind = kind
        self.line = line
        self.partitions = partitions
        self.build = build
        self.alive = False
        self.torn = False  # something it sent is missing: it must be started again
        self.stalled_until = 0  # the step at which it wakes up
        self.zombie_until: int | None = None  # the step at which a replaced one dies
        self.rogue = False  # a build that does otherwise
        self.busy = False  # in the middle of a step, while others act
        self.end: Exception | None = None  # by which the last process ended, if by itself
        self.sent_before = 0  # what it had sent when its last step began
        self._around = around
        self._engines = engines
        self._skew_ms = around.rng.randint(-800, 800)
        self.start()

    @property
    def name(self) -> str:
        """Return what people call it."""
        zombie = "zombie " if self.zombie_until is not None else ""
        owned = "+".join(map(str, self.partitions))
        return f"{zombie}{self.kind.value} {self.line.value}{owned} ({self.build})"

    def start(self) -> None:
        """Be a new process."""
        around, climate = self._around, self._around.climate
        around.processes += 1
        self.process = around.processes
        self._opened: list[int] = []
        self.stopped, self.silences, self.doom = set(), {}, None
        ledger = self.kind is Kind.LEDGER
        topic, changelog = INPUTS[self.kind], CHANGELOGS[self.kind]
        self.connection = Connection(
            around.log,
            topic,
            changelog,
            compacts=climate.compacts,
            sent=self._sent,
            trimmed=self._trimmed,
        )
        self.connection.others = lambda partition: around.elsewhere(self, partition)
        self.connection.own(self.partitions)
        role = Role(
            service=self.kind.value,
            topic=topic,
            changelog=changelog,
            line=self.line,
            build=self.build,
            owner=f"process {self.process}",
            shards=SHARDS,
            ticks=not ledger,
            snapshot_every_ms=climate.snapshot_every_ms,
            chunk_bytes=climate.chunk_bytes,
            trim=climate.trims,
            trim_behind_ms=climate.trim_behind_ms,
            agree_over=climate.agree_over,
            alone_ms=climate.alone_ms,
            clocks_ms=climate.clocks_ms,
        )
        core = self._new_core(topic, self._new_shard if ledger else self._new_books)
        capture = takes(around.rng, climate)
        self.worker = Worker(
            self.connection, core, self, self._now_ms, role, self._reached, capture
        )
        self.alive = True
        self.torn = False
        self.stalled_until = 0

    def own(self, partitions: tuple[int, ...]) -> None:
        """Own these partitions from the next step on."""
        self.partitions = partitions
        self.connection.own(partitions)

    def step(self) -> int:
        """Let the worker step; return how many records it took, -1 when it died of it."""
        self.sent_before = self.connection.sends
        self._tell(lambda watcher: watcher.stepping(self))
        try:
            return self.worker.step(0)
        except Violation:
            raise
        except (Killed, AllParked, LogError) as error:
            self.alive = False
            self.end = ended = error
            self._tell(lambda watcher: watcher.ended(self, ended))
            return -1
        except Exception as error:  # noqa: BLE001 - a worker has errors of its own, and no others
            violate("worker", f"{self.name} ends by {error!r}")

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

    def opened(self, partition: int, offset: int) -> None:
        """Hear from the worker; see Watch."""
        if partition not in self._opened:
            self._opened.append(partition)
        self.stopped.discard(partition)
        self._tell(lambda watcher: watcher.opened(self, partition, offset))
        self.connection.given.pop(partition, None)

    def closed(self, partition: int) -> None:
        """Hear from the worker; see Watch."""
        if partition in self._opened:
            self._opened.remove(partition)
        self.stopped.discard(partition)
        self.silences.pop(partition, None)
        self._tell(lambda watcher: watcher.closed(self, partition))

    def parked(self, parked: Parked) -> None:
        """Hear from the worker; see Watch."""
        self.stopped.add(parked.partition)
        self._tell(lambda watcher: watcher.parked(self, parked))

    def alarm(self, alarm: Alarm) -> None:
        """Nothing to do: the counters tell."""

    def _tell(self, tell: Callable[[Watcher], None]) -> None:
        for watcher in self._around.watchers:
            tell(watcher)

    def _sent(self, outgoing: Outgoing) -> None:
        self._tell(lambda watcher: watcher.sent(self, outgoing))

    def _trimmed(self, partition: int) -> None:
        self._tell(lambda watcher: watcher.trimmed(self, partition))

    def _reached(self, point: str) -> None:
        if self.doom is not None and self.doom.point == point:
            self.doom = self.doom._replace(left=self.doom.left - 1)
            if self.doom.left == 0:
                raise Killed(f"at {point!r}")

    def _new_core(self, topic: str, make: Callable[[int], Any]) -> WorkerCore:
        """Return the core of a new process, and keep its machines in sight."""
        core: WorkerCore
        if self._engines.draws_native(self._around.engine_rng):
            core = native_core(topic, SHARDS, self.line)
            seen: Mapping[int, Any] = Sight(core, make, self._opened)
        else:
            made: dict[int, Any] = {}

            def kept(partition: int) -> Any:
                made[partition] = make(partition)
                return made[partition]

            core, seen = ReferenceCore(topic, kept), made
        if topic == ORDERS:
            self.books, self.shards = seen, {}
        else:
            self.books, self.shards = {}, seen
        return core

    def _new_shard(self, shard: int) -> ShardPartition:
        return ShardPartition(self._engines.new_shard(shard, SHARDS), self.line)

    def _new_books(self, partition: int) -> BookPartition:
        return BookPartition(partition, SHARDS, self.line, self._engines.new_book)

    def _now_ms(self) -> int:
        return self._around.log.time_ms + self._skew_ms


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
