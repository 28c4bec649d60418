"""Taking a machine's bytes: at once, or by a child while the worker goes on."""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from partita.log.capture import (
    Capture,
    CaptureFailed,
    ForkedCapture,
    InlineCapture,
    Source,
    ThreadCapture,
    Write,
    by_rows,
)


def data_of(capture: Capture) -> bytes:
    """Wait for the bytes."""
    while (data := capture.data()) is None:
        time.sleep(0.001)
    try:
        assert hashlib.sha256(data.piece(0, data.size)).digest() == data.sha256
        return data.piece(0, 7) + data.piece(7, data.size)
    finally:
        data.drop()


def test_a_child_writes_what_was_then() -> None:
    """What the parent changes meanwhile is not in it."""
    state = [b"then"] * 100_000
    capture = ForkedCapture(lambda: b"".join(state))
    state[:] = [b"late"] * 100_000

    assert b"then" * 100_000 == data_of(capture)


def test_a_thread_writes_while_the_worker_goes_on() -> None:
    """It is asked again and again, and waits for nobody."""
    begin = threading.Event()

    def write() -> bytes:
        begin.wait()
        return b"copy" * 100_000

    capture = ThreadCapture(write)
    assert capture.data() is None
    begin.set()

    assert b"copy" * 100_000 == data_of(capture)


@pytest.mark.parametrize(
    ("rows", "copied", "kind"),
    [
        (10, True, InlineCapture),
        (11, True, ThreadCapture),
        (20, True, ThreadCapture),
        (21, True, ForkedCapture),
        (11, False, ForkedCapture),
    ],
)
def test_what_is_larger_is_taken_otherwise(rows: int, copied: bool, kind: type[Capture]) -> None:
    """At once, by a thread from a copy, by a child of the process; the bytes are the same."""
    copies = []

    def copy() -> Write | None:
        copies.append(rows)
        return (lambda: b"state of it") if copied else None

    capture = by_rows(10, 20)(Source(rows, lambda: b"state of it", copy))

    assert isinstance(capture, kind)
    assert data_of(capture) == b"state of it"
    assert copies == [rows] * (10 < rows <= 20)


def test_of_many_machines_at_once_only_some_are_copied() -> None:
    """A planned stop writes all of them down: there is no room for a second copy of each."""
    begin = threading.Event()

    def later() -> bytes:
        begin.wait()
        return b"copied"

    take = by_rows(0, 100)
    source = Source(50, lambda: b"in place", lambda: later)
    captures = [take(source) for _ in range(6)]
    begin.set()

    assert [type(capture) for capture in captures] == [ThreadCapture] * 4 + [InlineCapture] * 2
    assert [data_of(capture) for capture in captures] == [b"copied"] * 4 + [b"in place"] * 2
    assert isinstance(take(source), ThreadCapture)


@pytest.mark.usefixtures("no_threads")
def test_a_thread_that_cannot_be_started_is_told_of() -> None:
    """As a child that cannot be forked: the worker goes on without this snapshot."""
    with pytest.raises(CaptureFailed, match="no thread"):
        ThreadCapture(lambda: b"state")


@pytest.fixture
def no_threads() -> Iterator[None]:
    """A process that may have no more threads: no room for their stacks."""
    before = threading.stack_size(1 << 46)
    yield
    threading.stack_size(before)


@pytest.mark.parametrize("kind", [ForkedCapture, InlineCapture, ThreadCapture])
def test_a_state_that_cannot_be_written_is_told_of(
    kind: Callable[[Write], Capture], capfd: pytest.CaptureFixture[str]
) -> None:
    """The worker goes on without this snapshot."""

    def fail() -> bytes:
        raise OverflowError("too wide")

    with pytest.raises(CaptureFailed, match="ended with" if kind is ForkedCapture else "too wide"):
        data_of(kind(fail))
    if kind is ForkedCapture:
        assert "too wide" in capfd.readouterr().err


def test_a_child_that_is_given_up_is_gone() -> None:
    """No process is left behind by a partition that went to another worker."""

    def dawdle() -> bytes:
        time.sleep(60)
        return b""

    capture = ForkedCapture(dawdle)

    capture.drop()

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def open_files() -> set[str]:
    """Return the numbers of this process's open files."""
    return {file.name for file in Path("/proc/self/fd").iterdir()}


@pytest.fixture
def nobody_waits() -> Iterator[None]:
    """Children that leave nothing to wait for, as where SIGCHLD is ignored."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.mark.usefixtures("nobody_waits")
@pytest.mark.parametrize("given_up", [False, True])
def test_a_child_of_which_nothing_is_told_leaves_no_file_open(given_up: bool) -> None:
    """Each snapshot would stay in memory else."""
    before = open_files()
    capture = ForkedCapture(lambda: b"state")
    if given_up:
        time.sleep(0.2)  # it has ended then
    else:
        with pytest.raises(CaptureFailed):
            data_of(capture)
    capture.drop()
    assert before == open_files()
