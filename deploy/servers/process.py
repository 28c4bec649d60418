"""A child process that cannot outlive us, and that Ctrl-C in the terminal does not reach.

Why a thread: the kernel's death signal (see leash.py) is sent when the *thread* that forked ends,
not the process. So each child is forked by a thread of its own, which then waits for as long as
the child matters. If our process goes, by whatever signal, that thread goes with it, and the kernel
kills the child.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

LEASH = Path(__file__).resolve().with_name("leash.py")


class LeashedProcess:
    """`command` runs in `folder`, with its output appended to `log`, from construction on.

    `held_fd`, if given, stays open in the child: a lock on it is held until both are gone.
    `environment` is added to ours. Raises OSError
    if the log cannot be opened or no process can be made; that `command[0]` cannot be run
    shows as a non-zero exit with the reason in the log.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        held_fd: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = list(command)
        self._folder = folder
        self._log = log
        self._environment = dict(environment or {})
        self._held_fds = () if held_fd is None else (held_fd,)
        self._child: subprocess.Popen[bytes] | None = None
        self._error: OSError | None = None
        self._born = threading.Event()
        self._released = threading.Event()
        keeper = threading.Thread(target=self._keep, name=f"keeper-{command[0]}", daemon=True)
        keeper.start()
        try:
            self._born.wait()
        except BaseException:  # Ctrl-C in between: the child must not be forgotten
            self._born.wait()
            self._abandon()
            raise
        if self._error is not None:
            raise self._error

    def _abandon(self) -> None:
        if self._child is not None:
            self.kill()

    def _keep(self) -> None:
        leash = [sys.executable, "-I", "-S", "-B", str(LEASH), str(os.getpid())]
        try:
            with self._log.open("ab") as output:
                self._child = subprocess.Popen(  # noqa: S603 - our own command, no shell
                    leash + self._command,
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=self._held_fds,
                    # The terminal's Ctrl-C goes to its own process group: what uses the server is
                    # to be stopped before it.
                    start_new_session=True,
                    # Without a UTF-8 locale Java cannot open a path that is not ASCII.
                    env={**os.environ, "LC_ALL": "C.UTF-8", **self._environment},
                )
        except OSError as error:
            self._error = error
            self._released.set()
        finally:
            self._born.set()
        self._released.wait()

    @property
    def pid(self) -> int:
        """The child's process id: the leash's at first, which becomes the program's."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status (minus the signal's number if one ended it), None while it runs."""
        status = self._process.poll()
        if status is not None:
            self._released.set()
        return status

    def wait(self, timeout_s: float) -> int:
        """Return the exit status. Raises TimeoutError if it still runs after `timeout_s`."""
        try:
            status = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"pid {self.pid} still runs after {timeout_s} s") from error
        self._released.set()
        return status

    def stop(self, timeout_s: float) -> bool:
        """Send SIGTERM, and SIGKILL after `timeout_s`; return whether the first was enough."""
        self._process.terminate()
        try:
            self.wait(timeout_s)
        except TimeoutError:
            return False
        finally:  # also where the wait is interrupted: gone is gone
            self.kill()
        return True

    def kill(self) -> None:
        """Send SIGKILL, if it still runs, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        self._released.set()

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise RuntimeError("the process was never started")
        return self._child
