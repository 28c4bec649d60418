"""The worker over the log in memory."""

import hashlib

import pytest
from log_machines.machines import BREAKS, ECHO, LATEST, TOPIC, Echo, echo_core

from partita.log.core import Alarm, Parked
from partita.log.memory import MemoryConnection, MemoryLog
from partita.log.port import Outgoing
from partita.log.role import Role
from partita.log.worker import LOOK_FOR_TICKS_EVERY_MS, TICK_EVERY_MS, AllParked, Worker
from partita.schemas.chain import ORDERS
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Line, WorkerState
from partita.schemas.errors import DeliveryFailed, LogError
from partita.schemas.orders import CancelOrder, OrderBatch, OrderGroup, Tick
from partita.schemas.topics import WORKER_STATUS


class Notes:
    """A Watch that writes down."""

    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []

    def opened(self, partition: int, offset: int) -> None:
        """Write it down."""
        self.said.append(("opened", partition, offset))

    def closed(self, partition: int) -> None:
        """Write it down."""
        self.said.append(("closed", partition))

    def alarm(self, alarm: Alarm) -> None:
        """Write it down."""
        self.said.append(("alarm", alarm.partition, alarm.offset))

    def parked(self, parked: Parked) -> None:
        """Write it down."""
        self.said.append(("parked", parked.partition, parked.offset))


class Bench:
    """A log, one worker of echoes on it, and a sender."""

    def __init__(self, partitions: tuple[int, ...] = (0,)) -> None:
        self.log = MemoryLog(time_ms=5_000)
        self.now_ms = 0
        self.notes = Notes()
        self.connection = MemoryConnection(self.log, TOPIC)
        self.connection.own(partitions)
        core, self.echoes = echo_core()
        self.worker = Worker(
            self.connection, core, self.notes, lambda: self.now_ms, Role(topic=TOPIC, ticks=True)
        )

    def say(self, partition: int, number: int, order_id: int | None = None) -> None:
        """Append the event of a number; the events before it are those of their own numbers."""
        event = CancelOrder(number if order_id is None else order_id, 0, 0)
        before = [CancelOrder(n, 0, 0) for n in range(1, number)]
        group = OrderGroup(1, number, ORDERS.roll(0, before), (event,))
        value = encode(OrderBatch(b"", Line.A, 0, (group,)))
        self.log.append(Outgoing(TOPIC, partition, None, value))

    def echo(self, partition: int) -> Echo:
        """Return the machine of a partition."""
        return self.echoes[partition]


def test_a_worker_starts_at_offset_0_and_takes_what_comes() -> None:
    """A step applies what is there and sends what follows."""
    bench = Bench()
    bench.say(0, 1)
    assert bench.worker.step(0) == 0  # it learns what it owns
    bench.say(0, 2)

    assert bench.worker.step(0) == 2

    assert bench.notes.said == [("opened", 0, 0)]
    assert bench.worker.positions == {0: 2}
    bench.connection.deliver()
    (record,) = bench.log.records(ECHO, 0)
    assert len(decode(record.value).groups[0].events) == 2


def test_ownership_moves_and_a_partition_won_again_is_replayed() -> None:
    """What was known of a lost partition is void."""
    bench = Bench((0, 1))
    bench.say(0, 1)
    bench.say(1, 1)
    bench.worker.step(0)
    bench.worker.step(0)

    bench.connection.own((1,))
    bench.worker.step(0)
    bench.connection.own((0, 1))
    bench.worker.step(0)
    bench.worker.step(0)

    assert bench.notes.said == [("opened", 0, 0), ("opened", 1, 0), ("closed", 0), ("opened", 0, 0)]
    assert 1 == len(bench.echo(0).heard) == len(bench.echo(1).heard)


def test_a_parked_partition_stops_and_the_others_go_on() -> None:
    """Until nothing is left, which ends the worker."""
    bench = Bench((0, 1))
    bench.worker.step(0)
    bench.say(0, 1, BREAKS)
    bench.worker.step(0)
    bench.say(1, 1)
    bench.say(0, 2)

    assert bench.worker.step(0) == 1
    assert ("parked", 0, 0) in bench.notes.said

    bench.say(1, 2, BREAKS)
    with pytest.raises(AllParked):
        bench.worker.step(0)


@pytest.mark.parametrize("came", [2, 0])
def test_a_log_that_misses_a_record_or_gives_one_twice_ends_the_worker(came: int) -> None:
    """Whatever was missed would be missing for ever; nothing is taken behind a hole."""
    bench = Bench()
    for number in (1, 2, 3):
        bench.say(0, number)
    bench.worker.step(0)
    bench.connection.batch_max = 1
    bench.worker.step(0)
    bench.connection.seek(0, came)

    with pytest.raises(LogError, match=f"offset 1 must come next, and {came} came"):
        bench.worker.step(0)
    assert 1 == len(bench.echo(0).heard)


def test_a_worker_says_that_it_is_parked_before_it_ends() -> None:
    """However soon after its last word: the operator's pass needs the place."""
    bench = Bench()
    bench.now_ms = 1_000
    bench.worker.step(0)
    bench.say(0, 1, BREAKS)

    with pytest.raises(AllParked):
        bench.worker.step(0)

    said = [decode(out.value) for out in bench.connection.under_way if out.topic == WORKER_STATUS]
    assert [(WorkerState.RUNNING, 0), (WorkerState.PARKED, 0)] == [
        (status.state, status.position) for status in said
    ]
    (record,) = bench.log.records(TOPIC, 0)
    assert hashlib.sha256(record.value).digest() == said[-1].parked_sha256


def test_what_may_not_have_arrived_ends_the_worker() -> None:
    """Unknown is not failed and not done: it starts again and replays."""
    bench = Bench()
    bench.worker.step(0)
    bench.connection.lose_delivery("no answer")

    with pytest.raises(DeliveryFailed):
        bench.worker.step(0)


def test_the_time_of_a_recovery_begins_when_the_partition_is_given() -> None:
    """What reading and making the snapshots takes is in what the worker says of it."""
    log, now_ms = MemoryLog(), 1_000
    connection = MemoryConnection(log, TOPIC)

    def reached(point: str) -> None:
        nonlocal now_ms
        now_ms += {"read changelog": 300, "opened": 40}.get(point, 0)

    core, _ = echo_core()
    role = Role(topic=TOPIC)
    worker = Worker(connection, core, Notes(), lambda: now_ms, role, reached)
    connection.own((0,))
    worker.step(0)
    connection.deliver()

    (status,) = (decode(record.value) for record in log.records(WORKER_STATUS, 0))
    assert 340 == status.recovery_ms


def test_a_tick_is_written_when_an_expiry_has_passed_and_not_too_often() -> None:
    """Ticks let quiet symbols expire orders; while the book is behind, one a second is enough."""
    bench = Bench()
    bench.worker.step(0)
    bench.echo(0).due_ms = 7_000

    late = LOOK_FOR_TICKS_EVERY_MS
    for now_ms in (6_999, 6_999 + late, 7_050, 6_998 + late + TICK_EVERY_MS, 9_000):
        bench.now_ms = now_ms
        bench.worker.step(0)

    ticks = [decode(out.value) for out in bench.connection.under_way if out.topic == "orders"]
    assert [Tick(b"")] * 2 == ticks


def test_what_is_worth_saying_once_is_said_at_a_pace() -> None:
    """The latest of many is said at once after a silence, then at most every 20 ms."""
    bench = Bench()
    bench.worker.step(0)
    said = []
    for now_ms, number in ((100, 1), (101, 2), (119, 3), (120, None), (125, None)):
        bench.now_ms = now_ms
        if number is not None:
            bench.say(0, number)
        bench.worker.step(0)
        latest = [out.value for out in bench.connection.under_way if out.topic == LATEST]
        said.append((now_ms, latest))

    assert [
        (100, [b"1"]),
        (101, [b"1"]),
        (119, [b"1"]),
        (120, [b"1", b"3"]),
        (125, [b"1", b"3"]),
    ] == said
