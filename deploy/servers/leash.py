"""Become a program that the kernel kills when its parent dies.

Usage: `python -I -S leash.py PARENT_PID PROGRAM ARGUMENT...`; run as a script, never imported.

PR_SET_PDEATHSIG survives exec, so a few milliseconds of Python in the child set it and are replaced
by the program, under the same pid. It is a program of its own because the other way, a function run
between fork and exec, can deadlock where the parent has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def main(parent: int, command: list[str]) -> None:
    """Ask for SIGKILL at the parent's death, then become `command`. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    if os.getppid() != parent:  # it died before the kernel was asked, and will not be noticed
        sys.exit("leash: the parent is gone")
    os.execv(command[0], command)  # noqa: S606 - becoming another program is the purpose


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
