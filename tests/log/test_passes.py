"""Parked places and how the operator goes past them; what a worker tells of itself."""

import hashlib

import pytest
from log_machines.bench import ROLE, Process, World
from log_machines.machines import BREAKS, TOPIC

from partita.log.port import Outgoing
from partita.log.worker import AllParked
from partita.schemas.codec import encode
from partita.schemas.enums import Line, WorkerState
from partita.schemas.operations import Pass
from partita.schemas.topics import PASSES

UNKNOWN = b"\xc3\x01" + bytes(range(8)) + b"newer"


def give_pass(world: World, offset: int, sha256: bytes | None = None, partition: int = 0) -> None:
    """Write the operator's word to go past a record."""
    value = world.log.records(TOPIC, partition)[offset].value
    right = hashlib.sha256(value).digest()
    word = Pass(b"", TOPIC, partition, offset, sha256 or right, "a test")
    key = f"{TOPIC}/{partition}/{offset}".encode()
    world.log.append(Outgoing(PASSES, 0, key, encode(word)))


def park(world: World, process: Process) -> int:
    """Put a record that no build knows, and let the process meet it; return its offset."""
    world.log.append(Outgoing(TOPIC, 0, None, UNKNOWN))
    with pytest.raises(AllParked):
        process.rest()
    process.connection.deliver()
    return len(world.log.records(TOPIC, 0)) - 1


def test_a_parked_place_is_told_of() -> None:
    """Position, reason, and the hash that a pass must name."""
    world = World()
    process = Process(world.log)
    world.say_many(5)
    offset = park(world, process)

    status = world.statuses()[-1]

    assert (WorkerState.PARKED, offset, hashlib.sha256(UNKNOWN).digest()) == (
        status.state,
        status.position,
        status.parked_sha256,
    )
    assert "fingerprint" in status.reason


@pytest.mark.parametrize("order_id", [None, BREAKS])
def test_a_pass_lets_the_partition_go_on(order_id: int | None) -> None:
    """Past a record of an unknown schema, and past one at which the machine fails."""
    world = World()
    process = Process(world.log)
    world.say_many(25)
    process.rest()
    if order_id is None:
        offset = park(world, process)
    else:
        world.say(order_id)
        offset = len(world.log.records(TOPIC, 0)) - 1
        with pytest.raises(AllParked):
            process.rest()
        process.connection.deliver()
    give_pass(world, offset)
    world.say_many(25)

    again = Process(world.log)
    again.rest()

    # The number of what was passed counts as taken: nobody waits for it.
    kept = [event for event in world.said if event.order_id != BREAKS]
    assert kept == again.echo.heard
    assert kept == [event for _, event in sorted(world.echoed().items())]
    assert "passed by the operator's word" in again.notes.alarms


def test_a_worker_that_is_alive_hears_of_a_pass() -> None:
    """Its other partitions have kept it up; the parked one is made anew and goes on."""
    world = World()
    process = Process(world.log)
    process.connection.own((0, 1))
    world.say_many(5)
    process.rest()
    world.log.append(Outgoing(TOPIC, 0, None, UNKNOWN))
    process.rest()
    assert [5] == process.notes.parked_at
    world.say_many(5)

    give_pass(world, 5)
    process.rest()

    assert world.said == process.echo.heard
    assert 10 == len(world.said)


def test_every_line_skips_the_same_record() -> None:
    """Also one that starts later, from a snapshot or from nothing."""
    world = World()
    process = Process(world.log, ROLE._replace(trim=False))
    world.say_many(5)
    offset = park(world, process)
    give_pass(world, offset)
    world.say_many(40)
    process = Process(world.log, ROLE._replace(trim=False))
    process.rest()

    second = Process(world.log, ROLE._replace(line=Line.B, trim=False))
    second.rest()
    replayed = Process(world.log, ROLE._replace(changelog="nothing", trim=False))
    replayed.rest()

    hashes = [p.core.state_hashes(0) for p in (process, second, replayed)]
    assert hashes[0] == hashes[1] == hashes[2]
    assert world.said == replayed.echo.heard


def test_passes_of_two_partitions_that_are_heard_at_once_are_both_acted_upon() -> None:
    """Making the one anew does not forget the other."""
    world = World()
    process = Process(world.log)
    process.connection.own((0, 1, 2))
    process.rest()
    for partition in (0, 1):
        world.log.append(Outgoing(TOPIC, partition, None, UNKNOWN))
    process.rest()
    assert 2 == len(process.notes.parked_at)

    for partition in (0, 1):
        give_pass(world, 0, partition=partition)
    process.rest()

    assert {0: 1, 1: 1, 2: 0} == process.worker.positions


def test_nothing_behind_a_wrong_pass_is_taken() -> None:
    """Though it came in the same poll, and the other partitions go on."""
    world = World()
    world.say_many(3)
    world.log.append(Outgoing(TOPIC, 0, None, UNKNOWN))
    give_pass(world, 3, hashlib.sha256(b"something else").digest())
    world.say_many(3)
    process = Process(world.log)
    process.connection.own((0, 1))

    process.rest()

    assert [3] == process.notes.parked_at
    assert world.said[:3] == process.echo.heard
    assert 3 == len(world.echoed())


def test_a_pass_for_another_record_parks() -> None:
    """The operator looked at something else than what stands there."""
    world = World()
    process = Process(world.log)
    world.say_many(5)
    offset = park(world, process)
    give_pass(world, offset, hashlib.sha256(b"something else").digest())

    again = Process(world.log)
    with pytest.raises(AllParked):
        again.rest()

    assert [offset] == again.notes.parked_at


def test_two_passes_that_are_heard_at_once_both_count() -> None:
    """Each of a worker's parked partitions goes on."""
    world = World()
    process = Process(world.log)
    process.connection.own((0, 1, 2))
    world.say_many(5)
    process.rest()
    for partition in (0, 1):
        world.log.append(Outgoing(TOPIC, partition, None, UNKNOWN))
    process.rest()
    for partition, offset in ((0, 5), (1, 0)):
        word = Pass(b"", TOPIC, partition, offset, hashlib.sha256(UNKNOWN).digest(), "a test")
        world.log.append(Outgoing(PASSES, 0, b"%d" % partition, encode(word)))
    process.rest()
    world.say_many(5)
    process.rest()

    assert {0: 11, 1: 1, 2: 0} == process.worker.positions
