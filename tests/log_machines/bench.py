"""A log in memory, a worker of echoes on it that can be killed, and somebody who speaks to it."""

from collections.abc import Callable

from log_machines.machines import TOPIC, Echo, echo_core

from partita.log.changelog import Changelog
from partita.log.core import Alarm, Parked
from partita.log.memory import MemoryConnection, MemoryLog
from partita.log.port import Outgoing
from partita.log.role import Role
from partita.log.worker import Worker
from partita.schemas.chain import ORDERS
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Line
from partita.schemas.operations import WorkerStatus
from partita.schemas.orders import CancelOrder, OrderBatch, OrderGroup
from partita.schemas.snapshots import Manifest
from partita.schemas.topics import WORKER_STATUS

CHANGELOG = "changelog"
EVERY_MS = 1_000
ROLE = Role(
    service="echoes",
    topic=TOPIC,
    changelog=CHANGELOG,
    build="one",
    owner="test",
    snapshot_every_ms=EVERY_MS,
    inline_rows_max=1 << 62,
    trim_behind_ms=0,
)


class Killed(Exception):
    """The process died here."""


class Notes:
    """A Watch that writes down."""

    def __init__(self) -> None:
        self.alarms: list[str] = []
        self.opened_at: list[int] = []
        self.parked_at: list[int] = []

    def opened(self, _partition: int, offset: int) -> None:
        """Write it down."""
        self.opened_at.append(offset)

    def closed(self, partition: int) -> None:
        """Nothing to do."""

    def alarm(self, alarm: Alarm) -> None:
        """Write it down."""
        self.alarms.append(alarm.text)

    def parked(self, parked: Parked) -> None:
        """Write it down."""
        self.parked_at.append(parked.offset)


class Process:
    """A worker of partition 0: it lives until it is killed."""

    def __init__(
        self,
        log: MemoryLog,
        role: Role = ROLE,
        reached: Callable[[str], None] = lambda _point: None,
    ) -> None:
        self.notes = Notes()
        self.connection = MemoryConnection(log, TOPIC)
        self.connection.own((0,))
        self.core, self._echoes = echo_core()
        self.worker = Worker(self.connection, self.core, self.notes, None, role, reached)

    @property
    def echo(self) -> Echo:
        """The machine."""
        return self._echoes[0]

    def step(self, *, deliver: bool = True) -> int:
        """Take what is there; let what it says arrive, or not."""
        taken = self.worker.step(0)
        if deliver:
            self.connection.deliver()
        return taken

    def rest(self) -> None:
        """Step until nothing is left to do."""
        self.step()
        while self.step() or self.connection.under_way:
            pass
        self.step()
        self.step()


class World:
    """The log, and a speaker whose events are numbered."""

    def __init__(self) -> None:
        self.log = MemoryLog(time_ms=50_000)
        self.said: list[CancelOrder] = []

    def say(self, order_id: int | None = None, *, after_ms: int = 100) -> None:
        """Let time pass, then append the next event."""
        self.log.time_ms += after_ms
        event = CancelOrder(len(self.said) + 100 if order_id is None else order_id, 0, 0)
        group = OrderGroup(1, len(self.said) + 1, ORDERS.roll(0, self.said), (event,))
        self.said.append(event)
        self.log.append(Outgoing(TOPIC, 0, None, encode(OrderBatch(b"", Line.A, 0, (group,)))))

    def say_many(self, count: int) -> None:
        """Append so many events, a snapshot period in each ten."""
        for _ in range(count):
            self.say()

    def echoed(self) -> dict[int, CancelOrder]:
        """Return what stands on the output by number; an equal number has equal content."""
        found: dict[int, CancelOrder] = {}
        for record in self.log.records("out", 0):
            for group in decode(record.value).groups:
                for number, event in enumerate(group.events, group.first):
                    assert found.setdefault(number, event) == event
        return found

    def changelog(self) -> Changelog:
        """Return what stands on the changelog."""
        return Changelog(self.log.records(CHANGELOG, 0))

    def manifests(self) -> list[Manifest]:
        """Return the manifests that stand there, the newest first."""
        return self.changelog().of_machine("echo")

    def statuses(self) -> list[WorkerStatus]:
        """Return all statuses that were ever said."""
        return [decode(record.value) for record in self.log.records(WORKER_STATUS, 0)]
