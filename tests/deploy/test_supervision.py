"""Which workers are started again, with programs that end as workers do."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from partita.deploy.workers import SupervisedWorker, WorkerState
from partita.ledger.projector.exits import ProjectorExit
from partita.log.service import WorkerExit
from partita.schemas.errors import Diverged, SnapshotMissing, TopicRecreated

PATIENCE_S = 30.0
# Ends with the code that stands in a file beside it, once there is one.
PROGRAM = """
import pathlib, sys, time
code = pathlib.Path("code")
while not code.exists():
    time.sleep(0.01)
print("2026 ERROR worker: in its own words")
sys.exit(int(code.read_text()))
"""


class Supervisor:
    """Looks after one program, with the operator's passes in its hands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.passes = 0
        self.asked = 0  # how often the end of the passes was
        self.worker = SupervisedWorker("ledger-1", [sys.executable, "-c", PROGRAM], folder)
        self.worker.start()

    def let_end(self, code: int) -> None:
        """Make the program end with a code whenever it runs."""
        (self.folder / "code").write_text(str(code))

    def let_run(self) -> None:
        """Make the program run on when it is started next."""
        (self.folder / "code").unlink()

    def until(self, holds: Callable[[WorkerState], bool]) -> WorkerState:
        """Look after it until something holds."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds(self.worker.state()):
            assert time.monotonic() < deadline_s, self.worker.state()
            self.look()
            time.sleep(0.01)
        return self.worker.state()

    def look(self) -> None:
        """Look after it once."""
        self.worker.look_after(self.said.append, self._passes)

    def _passes(self) -> int:
        self.asked += 1
        return self.passes


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor whose program is stopped at the end."""
    supervisor = Supervisor(tmp_path)
    yield supervisor
    supervisor.worker.stop()


def test_a_healthy_worker_that_is_killed_is_started_again_at_once(supervisor: Supervisor) -> None:
    """By the look that notices it; the passes are nobody's matter then."""
    pid = supervisor.worker.state().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    state = supervisor.until(lambda state: state.restarts == 1)

    assert state.pid not in (None, pid)
    assert ["ledger-1 ended with code -9, and is started again in 0 s"] == supervisor.said
    assert 0 == supervisor.asked


def test_a_worker_that_is_parked_twice_is_left_until_a_record_is_passed(
    supervisor: Supervisor,
) -> None:
    """And is given two tries again then: another record may be the next one's trouble."""
    supervisor.let_end(WorkerExit.ALL_PARKED)
    given_up = supervisor.until(lambda state: state.given_up)
    assert (None, 1, None) == (given_up.pid, given_up.restarts, given_up.refused)
    assert "see `partita parked`" in supervisor.said[-1]
    for _ in range(3):
        supervisor.look()
    assert given_up == supervisor.worker.state()

    supervisor.passes += 1
    supervisor.until(lambda state: state.restarts == 3 and state.given_up)
    supervisor.let_run()
    supervisor.passes += 1
    state = supervisor.until(lambda state: state.pid is not None)

    assert (4, False) == (state.restarts, state.given_up)
    assert "a record was passed: ledger-1 is started again" == supervisor.said[-1]


def test_a_pass_that_is_written_while_a_worker_tries_again_is_not_missed(
    supervisor: Supervisor,
) -> None:
    """It may have come too late for that try."""
    supervisor.let_end(WorkerExit.ALL_PARKED)
    supervisor.until(lambda state: state.restarts == 1)
    supervisor.passes += 1

    state = supervisor.until(lambda state: state.restarts == 3 and state.given_up)

    assert 1 == supervisor.said.count("a record was passed: ledger-1 is started again")
    assert state == supervisor.worker.state()


def test_a_worker_that_is_parked_after_another_end_is_tried_once_more(
    supervisor: Supervisor,
) -> None:
    """A kill before is no reason to give it up."""
    pid = supervisor.worker.state().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    supervisor.until(lambda state: state.restarts == 1)
    supervisor.let_end(WorkerExit.ALL_PARKED)

    assert 2 == supervisor.until(lambda state: state.given_up).restarts


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        (WorkerExit.TOPIC_RECREATED, TopicRecreated, "code 13, topic recreated"),
        (WorkerExit.SNAPSHOT_MISSING, SnapshotMissing, "code 18, snapshot missing"),
        (WorkerExit.DIVERGED, Diverged, "code 19, diverged"),
    ],
)
def test_a_worker_that_refuses_the_log_is_left_and_told_of_once(
    supervisor: Supervisor, code: WorkerExit, kind: type[Exception], name: str
) -> None:
    """With its own words and what its code means; a pass changes nothing of that."""
    supervisor.let_end(code)
    state = supervisor.until(lambda state: state.given_up)
    supervisor.passes += 1
    for _ in range(3):
        supervisor.look()

    assert state == supervisor.worker.state()
    assert (None, 0) == (state.pid, state.restarts)
    assert isinstance(state.refused, kind)
    assert [f"worker: in its own words; ledger-1 is not started again ({name})"] == supervisor.said


def test_any_other_end_is_tried_again_more_and_more_slowly(supervisor: Supervisor) -> None:
    """No broker answers: it may tomorrow."""
    supervisor.let_end(WorkerExit.LOG_UNFIT)

    supervisor.until(lambda state: state.restarts == 2 and not state.given_up)

    ended = "ledger-1 ended with code 12, and is started again in"
    assert [f"{ended} 0 s", f"{ended} 0.5 s"] == supervisor.said[:2]


def test_a_projector_that_meets_newer_records_stays_down(supervisor: Supervisor) -> None:
    """Only another build can read them."""
    supervisor.let_end(ProjectorExit.NEWER_DATA)
    state = supervisor.until(lambda state: state.given_up)

    assert (None, 0, None) == (state.pid, state.restarts, state.refused)
    assert ["worker: in its own words; ledger-1 is not started again (code 20)"] == supervisor.said


def test_a_projector_without_a_fit_store_is_told_of_once_and_comes_back(
    supervisor: Supervisor,
) -> None:
    """The store may be made anew meanwhile: then nobody has to start anything again."""
    supervisor.worker._back_off_s = (0.0, 0.05)  # noqa: SLF001 - nobody likes to wait
    supervisor.let_end(ProjectorExit.STORE_UNFIT)
    supervisor.until(lambda state: state.restarts == 3)
    supervisor.let_run()
    state = supervisor.until(lambda state: state.pid is not None)

    assert not state.given_up
    assert ["worker: in its own words; ledger-1 looks again now and then"] == supervisor.said
