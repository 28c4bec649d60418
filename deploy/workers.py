"""The workers of `partita up`: processes that are started again when they end by themselves.

Those that say that another start would not help are left: the log is not as it must be, and a
person must look. Those whose partitions are all parked are left too, until the operator has passed
a record.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from partita.deploy.servers.process import LeashedProcess
from partita.ledger.projector.exits import ProjectorExit
from partita.log.service import LOG_EXITS, WorkerExit
from partita.schemas.errors import LogError

# What no restart helps against, with the code that a worker ends with, and every command too.
REFUSALS: tuple[tuple[type[LogError], WorkerExit], ...] = tuple(
    (kind, code) for kind, code in LOG_EXITS if code >= WorkerExit.TOPIC_RECREATED
)

STOP_TIMEOUT_S = 30.0  # longer than a worker may write snapshots and wait for what it sent
# The first restart is at once; one that keeps ending waits longer each time, up to the last.
BACK_OFF_S = (0.0, 0.5, 1.0, 2.0, 5.0)
# A worker that ran this long has overcome what ended the one before it.
_STEADY_S = 30.0


class WorkerState(NamedTuple):
    """A worker as `partita up` shows it."""

    name: str
    pid: int | None  # None while it waits to be started again
    restarts: int
    given_up: bool  # its partitions are all parked, or it was refused: a person should look
    refused: LogError | None  # why it will not run on this log


def _no_passes() -> int:
    return 0


class SupervisedWorker:
    """One worker's process, started again when it ends.

    But not when it refuses the log; and when all its partitions are parked, twice in a row, only
    after the operator has passed a record.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        folder: Path,
        back_off_s: Sequence[float] = BACK_OFF_S,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        # What the next starts add to the environment, one each: a test says at which point of its
        # work a process is to end.
        self.environments: deque[Mapping[str, str]] = deque()
        self._back_off_s = back_off_s
        self._command = command
        self._folder = folder
        self._process: LeashedProcess | None = None
        self._started_s = 0.0
        self._again_at_s = 0.0
        self._failures = 0
        self._restarts = 0
        self._given_up = False
        self._unfit = False  # its store was, when it ended last
        self._refused: LogError | None = None
        self._parkings = 0  # ends in a row with all partitions parked
        self._passes = 0  # where the passes ended before the last start after such an end

    def start(self) -> None:
        """Start the process. Raises OSError."""
        environment = self.environments.popleft() if self.environments else {}
        self._process = LeashedProcess(
            self._command, folder=self._folder, log=self.log, environment=environment
        )
        self._started_s = time.monotonic()

    def state(self) -> WorkerState:
        """Return how it is now."""
        running = self._process is not None and self._process.returncode is None
        pid = self._process.pid if self._process is not None and running else None
        return WorkerState(self.name, pid, self._restarts, self._given_up, self._refused)

    def look_after(
        self, report: Callable[[str], None], passes: Callable[[], int] = _no_passes
    ) -> None:
        """Notice an end, and start again when it is time; `passes` tells where the passes end."""
        if self._given_up and not self._may_go_on(passes, report):
            return
        if self._process is not None and (status := self._process.returncode) is not None:
            self._process = None
            self._ended(status, report, passes)
        if self._process is None and not self._given_up and time.monotonic() >= self._again_at_s:
            self._restarts += 1
            self.start()

    def _may_go_on(self, passes: Callable[[], int], report: Callable[[str], None]) -> bool:
        """Return whether a pass was written since this was started last; no other end is undone."""
        if self._refused is not None or passes() <= self._passes:
            return False
        self._given_up, self._parkings, self._failures, self._again_at_s = False, 0, 0, 0.0
        report(f"a record was passed: {self.name} is started again")
        return True

    def _ended(self, status: int, report: Callable[[str], None], passes: Callable[[], int]) -> None:
        steady = time.monotonic() - self._started_s > _STEADY_S
        if status == WorkerExit.ALL_PARKED:
            self._parkings = 1 if steady else self._parkings + 1
            if self._parkings > 1:
                self._given_up = True
                report(
                    f"{self.name}: all its partitions are parked, and starting again did not help;"
                    f" see `partita parked` and {self.log}"
                )
                return
            # Before the start: a pass that is written during it may have come too late for it.
            self._passes = passes()
        else:
            self._parkings = 0
        if status in {code for _, code in REFUSALS}:
            self._given_up = True
            self._refused = self._refusal(status)
            report(f"{self._refused}; {self.name} is not started again ({_meaning(status)})")
            return
        if status == ProjectorExit.NEWER_DATA:
            self._given_up = True
            report(f"{self._last_words()}; {self.name} is not started again (code {status})")
            return
        if status == ProjectorExit.STORE_UNFIT:
            # Once it is made anew all goes on by itself; until then a word is enough.
            if not self._unfit:
                report(f"{self._last_words()}; {self.name} looks again now and then")
            self._unfit, self._again_at_s = True, time.monotonic() + self._back_off_s[-1]
            return
        self._unfit = False
        self._failures = 1 if steady else self._failures + 1
        wait_s = self._back_off_s[min(self._failures, len(self._back_off_s)) - 1]
        self._again_at_s = time.monotonic() + wait_s
        report(f"{self.name} ended with code {status}, and is started again in {wait_s:g} s")

    def _refusal(self, status: int) -> LogError:
        """Return the error that ended it, with its own words."""
        kind = next(kind for kind, code in REFUSALS if code == status)
        return kind(self._last_words())

    def _last_words(self) -> str:
        """Return the error that its log ends with."""
        said = self.log.read_text(errors="replace").rpartition(" ERROR ")[2]
        return said.strip() or f"see {self.log}"

    def stop(self) -> bool:
        """Stop it; return whether it went by itself."""
        return self._process is None or self._process.stop(STOP_TIMEOUT_S)


def _meaning(status: int) -> str:
    """Return an exit code with its name, as deploy/README.md lists them."""
    return f"code {status}, {WorkerExit(status).name.lower().replace('_', ' ')}"


def worker_command(module: str, bootstrap: str, *options: str) -> list[str]:
    """Return the command line of a worker: module is ledger or matchers."""
    return [sys.executable, "-m", f"partita.{module}", "--bootstrap", bootstrap, *options]


def command_line(bootstrap: str, command: str, *options: str) -> list[str]:
    """Return the command line of a `partita` command."""
    return [sys.executable, "-m", "partita.deploy", command, "--bootstrap", bootstrap, *options]
