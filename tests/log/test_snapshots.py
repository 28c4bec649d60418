"""Snapshots: behind acknowledged outputs, whole or not at all, two kept, the input trimmed."""

import time

import pytest
from log_machines.bench import EVERY_MS, ROLE, Killed, Process, World
from log_machines.machines import TOPIC

from partita.log.changelog import MANIFEST, Key
from partita.log.crash_points import POINTS
from partita.log.port import Outgoing
from partita.schemas.enums import Line


def test_a_snapshot_waits_for_what_the_machine_had_said() -> None:
    """No state is durable beyond its acknowledged outputs."""
    world = World()
    process = Process(world.log)
    world.say_many(25)
    process.step(deliver=False)
    process.step(deliver=False)
    process.step(deliver=False)

    assert [] == world.manifests()

    process.rest()

    assert world.manifests()


def test_its_outputs_stand_on_the_log_when_a_manifest_does() -> None:
    """However far a machine is, its manifest is not ahead of what has arrived."""
    world = World()
    process = Process(world.log)
    for _ in range(60):
        world.say()
        process.step(deliver=False)
        process.connection.deliver(1)
        for manifest in world.manifests():
            assert manifest.position <= len(world.echoed())


def test_two_are_kept_and_the_input_is_trimmed_below_the_older() -> None:
    """What is older is removed, and nothing that a kept one needs."""
    world = World()
    process = Process(world.log)
    for _ in range(60):
        world.say()
        process.rest()

    newest, older = world.manifests()

    assert newest.position > older.position
    assert older.position == world.log.starts[TOPIC, 0]
    keys = set(world.changelog().keys("echo", Line.A))
    assert {MANIFEST, "0"} == {key.part for key in keys}
    assert {newest.position, older.position} == {key.position for key in keys}


def test_a_large_machine_is_written_down_by_a_child() -> None:
    """Its snapshots are the same, and come some steps later."""
    kept = []
    for rows_max in (1 << 62, -1):
        world = World()
        process = Process(world.log, ROLE._replace(inline_rows_max=rows_max))
        found = set()
        for _ in range(45):
            world.say()
            process.rest()
            if rows_max < 0:
                time.sleep(0.005)  # as long as a child may take, and it does no harm if longer
            found |= {(m.position, m.sha256, m.edges) for m in world.manifests()}
        kept.append(found)

    assert kept[1]
    assert kept[1] <= kept[0]


def test_a_large_machine_is_written_down_less_often() -> None:
    """By log time, as its bytes allow: or snapshots would be more than all events between them."""

    def positions(bytes_per_s: int) -> set[int]:
        world = World()
        process = Process(world.log, ROLE._replace(snapshot_bytes_per_s=bytes_per_s))
        found = set()
        for _ in range(95):
            world.say()
            process.rest()
            found |= {manifest.position for manifest in world.manifests()}
        return found

    often, seldom = positions(1 << 40), positions(100)

    assert seldom
    assert seldom < often
    assert len(seldom) <= len(often) // 2


def test_trimming_stays_behind_by_log_time() -> None:
    """A line that comes up slowly may still need what was the oldest snapshot when it began."""
    world = World()
    process = Process(world.log, ROLE._replace(trim_behind_ms=3_000))
    for _ in range(80):
        world.say()
        process.rest()

    start = world.log.starts[TOPIC, 0]

    assert 20 < start < world.manifests()[-1].position - 20


def test_without_trimming_the_input_stays_whole() -> None:
    """An operator may keep everything, so that an audit starts at offset 0."""
    world = World()
    process = Process(world.log, ROLE._replace(trim=False))
    for _ in range(60):
        world.say()
        process.rest()

    assert 2 == len(world.manifests())
    assert {} == world.log.starts


def test_snapshots_stand_at_places_that_every_line_finds() -> None:
    """By the time on the log, however records are cut into polls."""
    positions = []
    for batch in (1, 3, 1_000):
        world = World()
        process = Process(world.log, ROLE._replace(trim=False))
        process.connection.batch_max = batch
        seen = set()
        for n in range(80):
            world.say()
            if n % 7 == 0:
                process.rest()
                seen |= {manifest.position for manifest in world.manifests()}
        process.rest()
        positions.append(seen | {manifest.position for manifest in world.manifests()})

    # A long poll may find two periods at once, of which the later one waits for the first.
    assert positions[0] == positions[1]
    assert positions[2] <= positions[0]
    assert len(positions[2]) > 1


def test_an_idle_machine_renews_its_manifest_and_not_its_chunks() -> None:
    """So that the input can be trimmed behind a large book in which nothing happens."""
    world = World()
    process = Process(world.log)
    world.say_many(30)
    process.rest()
    for _ in range(3):
        # Nothing for the machine: a record that is no batch at all.
        world.log.time_ms += EVERY_MS
        world.log.append(_rubbish())
        process.rest()

    newest, older = world.manifests()

    assert newest.chunks_position == older.chunks_position < older.position
    now = {key for key in world.changelog().keys("echo", Line.A) if key.part != MANIFEST}
    assert {(newest.chunks_position, "0")} == {(key.position, key.part) for key in now}
    assert world.changelog().data(newest) is not None
    assert older.position == world.log.starts[TOPIC, 0]


def _rubbish() -> Outgoing:
    return Outgoing(TOPIC, 0, None, b"rubbish")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("nth", [1, 2, 7])
def test_a_process_may_end_at_any_point(point: str, nth: int) -> None:
    """The next one restores, replays, and everything is there once."""
    world = World()
    left = nth

    def reached(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left == 0:
                raise Killed

    process = Process(world.log, reached=reached)
    died = 0
    for _ in range(80):
        world.say()
        try:
            process.step(deliver=False)
        except Killed:
            died += 1
            process.connection.deliver(len(process.connection.under_way) // 2)
            process = Process(world.log)
        process.connection.deliver(2)
    try:
        process.rest()
    except Killed:
        died += 1
        process = Process(world.log)
        process.rest()

    assert 1 == died or nth > 1
    assert world.said == process.echo.heard
    assert world.said == [event for _, event in sorted(world.echoed().items())]


def test_a_restart_reads_from_the_newest_snapshot_only() -> None:
    """Not from the beginning: recovery is bounded by the cadence."""
    world = World()
    process = Process(world.log)
    process.connection.batch_max = 10
    world.say_many(95)
    process.rest()
    newest = world.manifests()[0].position

    again = Process(world.log)
    again.rest()

    assert [newest] == again.notes.opened_at
    assert newest > 80
    assert world.said == again.echo.heard
    assert again.core.state_hashes(0) == process.core.state_hashes(0)


def test_a_planned_stop_leaves_nothing_to_replay() -> None:
    """It writes down what has changed; a process that was told twice writes nothing more."""
    world = World()
    process = Process(world.log)
    world.say_many(95)
    process.rest()

    def stop() -> int:
        process.worker.write_down()
        steps = 0
        while process.worker.unwritten():
            process.connection.deliver()
            steps += 1
        return steps

    assert stop()
    assert not stop()

    again = Process(world.log)
    again.rest()

    assert [95] == again.notes.opened_at
    assert world.said == again.echo.heard
    assert again.core.state_hashes(0) == process.core.state_hashes(0)


def test_a_planned_stop_may_be_cut_short() -> None:
    """What was written down and not acknowledged is no snapshot, and nothing is lost."""
    world = World()
    process = Process(world.log)
    world.say_many(95)
    process.rest()
    newest = world.manifests()[0].position
    process.worker.write_down()

    again = Process(world.log)
    again.rest()

    assert [newest] == again.notes.opened_at
    assert world.said == again.echo.heard


def test_a_second_line_writes_its_own_and_leaves_the_others() -> None:
    """A writer removes only what its own line wrote."""
    world = World()
    lines = [Process(world.log, ROLE._replace(line=line)) for line in (Line.A, Line.B)]
    for _ in range(60):
        world.say()
        for process in lines:
            process.rest()

    manifests = world.manifests()

    assert {Line.A: 2, Line.B: 2} == {
        line: sum(m.line is line for m in manifests) for line in (Line.A, Line.B)
    }
    by_position = {(m.position, m.sha256, m.edges) for m in manifests}
    assert 2 == len(by_position)


def test_what_a_killed_process_left_half_written_is_cleared_away() -> None:
    """Chunks without a manifest do not stay for ever."""
    world = World()

    def reached(name: str) -> None:
        if name == "chunk sent":
            raise Killed

    process = Process(world.log, reached=reached)
    world.say_many(15)
    process.step()
    with pytest.raises(Killed):
        process.rest()
    process.connection.deliver()
    orphan = set(world.changelog().keys("echo", Line.A))
    assert {"0"} == {key.part for key in orphan}

    process = Process(world.log)
    for _ in range(40):
        world.say()
        process.rest()

    assert not orphan & set(world.changelog().keys("echo", Line.A))


def test_a_key_is_read_as_it_was_written() -> None:
    """A symbol may hold a slash of its own."""
    key = Key("BTC/USD", Line.B, 12, "3")

    assert key == Key.decoded(key.encoded())


def test_two_owners_of_one_line_leave_each_other_their_snapshots() -> None:
    """A process that was replaced and goes on, and its successor, beside an idle machine."""
    world = World()
    replaced = successor = Process(world.log)
    world.say_many(30)
    for n in range(10):
        world.log.time_ms += EVERY_MS
        world.log.append(_rubbish())
        successor.rest()
        replaced.rest()
        usable = [m for m in world.manifests() if world.changelog().data(m) is not None]
        assert usable
        assert usable[0].position >= world.log.starts.get((TOPIC, 0), 0)
        if n == 3:
            successor = Process(world.log)
            successor.rest()

    world.say_many(30)
    successor.rest()
    replaced.rest()
    again = Process(world.log)
    again.rest()

    assert world.said == again.echo.heard
