"""The lock on a data folder: one live owner, and none once the owner and its server are gone.

It is an flock on `partita.lock`, which the kernel lets go of when the last process that has the
file open ends, however it ends. The server inherits the open file: so after a kill -9 of the owner
the folder stays locked for the moment that its server still needs to die, and the next start waits
for exactly that. The file's text says who holds it, for messages and for whether to wait.
"""

import fcntl
import os
import time
from pathlib import Path

from partita.deploy.errors import DataFolderInUse

NAME = "partita.lock"
# A server whose owner was killed gets SIGKILL at once; giving its memory back takes well under 1 s.
ORPHAN_WAIT_S = 10.0
POLL_S = 0.02


class FolderLock:
    """Holds the lock of `folder` from construction until `release`.

    Raises DataFolderInUse if another live process has it, OSError if the file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self.fd = os.open(folder / NAME, flags, 0o644)  # for the server to inherit
        try:
            self._acquire(folder)
            self.note()
        except BaseException:
            os.close(self.fd)
            raise

    def _acquire(self, folder: Path) -> None:
        deadline_s = time.monotonic() + ORPHAN_WAIT_S
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holders = self._holders()
                alive = [pid for pid in holders if _is_running(pid)]
                owner_lives = bool(alive) and alive[0] == holders[0]
                if owner_lives or time.monotonic() > deadline_s:
                    raise DataFolderInUse(folder, alive[0] if alive else None) from None
                time.sleep(POLL_S)
            else:
                return

    def note(self, server_pid: int | None = None) -> None:
        """Write down who holds the lock: this process, and its server once there is one."""
        pids = [os.getpid()] if server_pid is None else [os.getpid(), server_pid]
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, " ".join(map(str, pids)).encode() + b"\n", 0)

    def release(self) -> None:
        """Let go of the folder; only after the server has ended."""
        os.ftruncate(self.fd, 0)
        # Said aloud, not left to close: a forked child of ours may have the same open file.
        fcntl.flock(self.fd, fcntl.LOCK_UN)
        os.close(self.fd)

    def _holders(self) -> list[int]:
        """The owner's pid, then its server's; empty while the owner is writing them."""
        words = os.pread(self.fd, 64, 0).split()
        return [int(word) for word in words if word.isdigit()]


def _is_running(pid: int) -> bool:
    """Say whether `pid` is a process that may hold something: a zombie has let go of all."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in "ZX"
