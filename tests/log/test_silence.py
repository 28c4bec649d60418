"""A line of another build: silent until it has agreed; and what a line hears of itself."""

from collections.abc import Sequence

import pytest
from log_machines.bench import EVERY_MS, ROLE, Process, World
from log_machines.machines import STREAM, Echo, echo_core

from partita.log.cadence import Cadence
from partita.log.core import Snapshot
from partita.log.outbox import Outbox
from partita.log.port import Outgoing
from partita.log.recovery import Recovery
from partita.log.reference_core import Judged
from partita.log.silence import Silence
from partita.schemas.codec import encode
from partita.schemas.converter import Message
from partita.schemas.enums import Line, WorkerState
from partita.schemas.errors import Diverged
from partita.schemas.operations import RefusedLine
from partita.schemas.orders import CancelOrder
from partita.schemas.topics import WORKER_STATUS

OTHER = ROLE._replace(line=Line.B, build="two", owner="other", agree_over=30)


def output_count(world: World) -> int:
    """Return how many records stand on the output."""
    return len(world.log.records("out", 0))


def lived(count: int = 45) -> tuple[World, Process]:
    """Return a world in which line A of build one is at work."""
    world = World()
    process = Process(world.log)
    for _ in range(count):
        world.say()
        process.rest()
    return world, process


def test_another_build_says_nothing_until_it_has_agreed() -> None:
    """It computes and compares at the other line's snapshots; then it speaks."""
    world, first = lived()
    other = Process(world.log, OTHER)
    other.connection.others = lambda _partition: True
    said = output_count(world)
    other.rest()

    assert said == output_count(world)
    assert WorkerState.SILENT is world.statuses()[-1].state

    while other.worker.silences:
        world.say()
        first.rest()
        said = output_count(world)
        other.rest()
        assert len(world.said) < 120
    assert world.said == other.echo.heard

    world.say()
    other.rest()

    assert output_count(world) > said
    assert world.said == [event for _, event in sorted(world.echoed().items())]


def test_alone_it_agrees_over_what_there_is() -> None:
    """An upgrade of an exchange of one line: from the older snapshot to the newest."""
    world, _ = lived()
    other = Process(world.log, OTHER)
    other.connection.others = lambda _partition: False

    other.rest()

    newest, older = (m for m in world.manifests() if m.line is Line.A)
    assert [older.position, newest.position] == other.notes.opened_at
    assert not other.worker.silences
    assert world.said == other.echo.heard


def test_a_build_that_does_otherwise_is_refused_before_it_has_said_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It stops itself; the log is as it was."""
    world, _ = lived()
    take = Echo.take

    def otherwise(
        self: Echo, message: Message, offset: int, time_ms: int, outbox: Outbox
    ) -> Sequence[Judged]:
        judged = take(self, message, offset, time_ms, outbox)
        outbox.put(STREAM, 0, 1, self._out, CancelOrder(1, 1, 1))
        return judged

    monkeypatch.setattr(Echo, "take", otherwise)
    said = output_count(world)

    with pytest.raises(Diverged, match="It has said nothing"):
        Process(world.log, OTHER).rest()

    assert said == output_count(world)


def test_a_machine_that_stands_further_on_is_not_compared() -> None:
    """What another line says of a place below its snapshot is no news of it."""
    world, _ = lived()
    newest, older = world.manifests()
    core, _ = echo_core()
    data = world.changelog().data(newest)
    assert data is not None
    core.open(0, (Snapshot("echo", newest.position, data),))
    start = Recovery((), (), older.position, older.time_ms, ())
    silence = Silence(0, "two", start, 1 << 62, Cadence(EVERY_MS))
    silence.look(core, older.position, older.time_ms + 2 * EVERY_MS)

    silence.hear([older])

    assert older.edges != newest.edges
    assert 0 == silence.compared


def test_two_silent_lines_do_not_wait_for_each_other() -> None:
    """Both lines were replaced at once: no snapshot would ever come that one could agree with."""
    world, _ = lived()
    lines = [
        Process(world.log, OTHER._replace(line=line, owner=f"new {line}", agree_over=1_000))
        for line in Line
    ]
    for process in lines:
        process.connection.others = lambda _partition: True
    for _ in range(3):
        for process in lines:
            process.rest()

    assert not any(process.worker.silences for process in lines)
    assert world.said == lines[0].echo.heard == lines[1].echo.heard


def test_the_same_build_speaks_at_once() -> None:
    """There is nothing to find out."""
    world, _ = lived()
    second = Process(world.log, ROLE._replace(line=Line.B, owner="other"))
    second.rest()

    assert not second.worker.silences
    assert 1 == len(second.notes.opened_at)


def refusal(world: World, sender: str, line: Line) -> None:
    """Let a receiver say in its status that it has refused a line."""
    (status,) = world.statuses()[-1:]
    refused = RefusedLine(sender, line, "receiver", 7, world.log.time_ms)
    told = status._replace(service="receivers", owner="them", refused=(refused,))
    world.log.append(Outgoing(WORKER_STATUS, 0, b"receivers/A/0", encode(told)))


def other_line(world: World, process: Process) -> None:
    """Let a B line of the same machines be at work."""
    (status,) = world.statuses()[-1:]
    told = status._replace(line=Line.B, owner="b")
    world.log.append(Outgoing(WORKER_STATUS, 0, b"echoes/B/0", encode(told)))
    process.connection.others = lambda _partition: True


def test_a_line_that_its_receivers_refuse_stops_itself() -> None:
    """It has diverged, and does not know it by itself; the other line goes on."""
    world, first = lived()
    other_line(world, first)
    world.log.time_ms += 2_001
    refusal(world, "echo", Line.A)

    with pytest.raises(Diverged, match="receiver has refused what echo, line A, said"):
        first.rest()


def test_the_only_line_goes_on_and_raises_an_alarm() -> None:
    """Perhaps its receiver is wrong; without it the partition would stop."""
    world, first = lived()
    world.log.time_ms += 2_001
    refusal(world, "echo", Line.A)
    world.say()

    first.rest()

    assert world.said == first.echo.heard
    assert any("no other line speaks" in text for text in first.notes.alarms)


@pytest.mark.parametrize(("sender", "line"), [("echo", Line.B), ("another", Line.A)])
def test_a_refusal_of_another_concerns_nobody_else(sender: str, line: Line) -> None:
    """Neither of the other line, nor of another machine."""
    world, first = lived()
    other_line(world, first)
    world.log.time_ms += 2_001
    refusal(world, sender, line)
    world.say()

    first.rest()

    assert world.said == first.echo.heard


def test_what_was_refused_before_a_process_came_up_is_not_its_own() -> None:
    """A line that was started again from a good snapshot is not stopped by its past."""
    world, _ = lived()
    refused_ms = world.log.time_ms
    again = Process(world.log, ROLE._replace(owner="next"))
    other_line(world, again)
    world.log.time_ms += 10
    again.rest()
    (status,) = world.statuses()[-1:]
    told = status._replace(
        service="receivers", refused=(RefusedLine("echo", Line.A, "receiver", 7, refused_ms),)
    )
    world.log.append(Outgoing(WORKER_STATUS, 0, b"receivers/A/0", encode(told)))

    again.rest()

    assert world.said == again.echo.heard


def test_a_silent_line_names_nobody() -> None:
    """What it refuses may be its own mistake."""
    world, first = lived()
    other_line(world, first)
    world.log.time_ms += 2_001
    (status,) = world.statuses()[-1:]
    refused = RefusedLine("echo", Line.A, "receiver", 7, world.log.time_ms)
    told = status._replace(
        service="receivers", owner="them", refused=(refused,), state=WorkerState.SILENT
    )
    world.log.append(Outgoing(WORKER_STATUS, 0, b"receivers/B/0", encode(told)))

    first.rest()

    assert not first.notes.alarms


def test_two_lines_of_a_new_build_do_not_wait_for_each_other() -> None:
    """Both are silent, so both agree over what there is, and speak."""
    world, _ = lived()
    lines = [
        Process(world.log, ROLE._replace(line=line, build="two", owner=f"two {line}"))
        for line in (Line.A, Line.B)
    ]
    for process in lines:
        process.connection.others = lambda _partition: True
    for _ in range(4):
        for process in lines:
            process.rest()

    assert not any(process.worker.silences for process in lines)
