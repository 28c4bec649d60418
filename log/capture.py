"""Taking the bytes of a machine's state while the worker goes on.

A small machine is written down at once. Of a larger one a copy is made, where its engine can, and a
thread writes that down, beside the interpreter. What is larger still, or has no copy, is written
down by a copy of the process: fork gives the child the state as it was at that instant, for the
price of copying page tables, and the kernel copies the pages that the parent changes meanwhile.
(Redis saves its data in the same way.) All machines of a worker pay that price, whichever is
taken. The child runs nothing but that: no threads of the client library come along, it keeps no
file open but the one it writes, and it ends without cleaning up.
"""

import gc
import hashlib
import os
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, Protocol

Write = Callable[[], bytes]

# Ten times as long as ten million orders take; a child that was stopped must not keep its machine
# from being written for ever.
_LIMIT_S = 600.0
# The worker's own work comes first on a busy host.
_NICE = 10
_FD_MAX = 1 << 16
# Copies of machines at a time.
_THREADS_MAX = 4


# Made here: what a child of a process with threads begins anew may wait for their locks.
_SHA256 = hashlib.sha256()
_SHA256_BYTES = _SHA256.digest_size


class Data(Protocol):
    """The bytes of a state, read piece by piece: a very large one is never wholly in the worker."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def sha256(self) -> bytes:
        """Their hash."""

    def piece(self, start: int, size: int) -> bytes:
        """Return so many bytes from a place on, fewer at the end."""

    def drop(self) -> None:
        """Let go of them."""


class Source(NamedTuple):
    """A machine's state, in place."""

    rows: int  # how many it has, about
    write: Write  # writes it down as it is when this is called
    # Gives what writes it down, once, as it was then; None where nothing can.
    copy: Callable[[], Write | None]


class Capture(Protocol):
    """The bytes of a state as it was when this was made."""

    def data(self) -> Data | None:
        """Return the bytes, once; None while they are being written.

        Raises:
            CaptureFailed: they never will be.
        """

    def drop(self) -> None:
        """Give it up."""


class CaptureFailed(Exception):
    """The state could not be written down; the machine itself is as it was."""


Take = Callable[[Source], Capture]


def by_rows(inline_rows_max: int, copied_rows_max: int) -> Take:
    """Return how to take a state: at once, of more rows by a thread, of still more by a child."""
    writing: list[ThreadCapture] = []

    def take(source: Source) -> Capture:
        rows, write, copy = source
        writing[:] = (one for one in writing if one.is_running)
        # Many at once, before a planned stop: there is to be no second copy of all machines.
        if rows <= inline_rows_max or (rows <= copied_rows_max and len(writing) >= _THREADS_MAX):
            return InlineCapture(write)
        copied = copy() if rows <= copied_rows_max else None
        if copied is None:
            return ForkedCapture(write)
        writing.append(ThreadCapture(copied))
        return writing[-1]

    return take


class InMemory:
    """Bytes that are here."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.sha256 = hashlib.sha256(data).digest()

    def piece(self, start: int, size: int) -> bytes:
        """See Data."""
        return self._data[start : start + size]

    def drop(self) -> None:
        """Nothing is kept open."""


class InFile:
    """Bytes in a file without a name, their hash behind them."""

    def __init__(self, file: int) -> None:
        self._file = file
        self.size = os.fstat(file).st_size - _SHA256_BYTES
        self.sha256 = os.pread(file, _SHA256_BYTES, self.size)

    def piece(self, start: int, size: int) -> bytes:
        """See Data."""
        return os.pread(self._file, min(size, self.size - start), start)

    def drop(self) -> None:
        """Close the file: its memory is free."""
        os.close(self._file)


class InlineCapture:
    """Written down at once."""

    def __init__(self, write: Write) -> None:
        """Write. Raises CaptureFailed."""
        try:
            self._data = InMemory(write())
        except Exception as error:
            # Whatever it is: the machine is untouched and trading goes on; without a snapshot the
            # input is not trimmed, so nothing is lost either.
            raise CaptureFailed(f"{type(error).__name__}: {error}") from error

    def data(self) -> Data:
        """Return the bytes."""
        return self._data

    def drop(self) -> None:
        """Nothing is under way."""


class ThreadCapture:
    """Written down by a thread, from a copy."""

    def __init__(self, write: Write) -> None:
        """Begin. Raises CaptureFailed where the system has no room for a thread."""
        self._data: InMemory | None = None
        self._failed = ""
        self._thread = threading.Thread(target=self._run, args=(write,), daemon=True)
        self._deadline_s = time.monotonic() + _LIMIT_S
        try:
            self._thread.start()
        except RuntimeError as error:
            raise CaptureFailed(f"no thread for a snapshot: {error}") from error

    @property
    def is_running(self) -> bool:
        """Whether it is being written down."""
        return self._thread.is_alive()

    def _run(self, write: Write) -> None:
        with suppress(OSError):  # Linux gives each thread its own, where it is allowed to
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        try:
            self._data = InMemory(write())
        except BaseException as error:  # noqa: BLE001 - as of a child: told of, and trading goes on
            self._failed = f"{type(error).__name__}: {error}"

    def data(self) -> Data | None:
        """Return the bytes once the thread has ended; see Capture."""
        if self.is_running:
            if time.monotonic() < self._deadline_s:
                return None
            raise CaptureFailed(f"the thread has not ended after {_LIMIT_S:g} s")
        if self._data is None:
            raise CaptureFailed(self._failed)
        return self._data

    def drop(self) -> None:
        """Leave it: it ends by itself, and nobody asks for what it has written."""


class ForkedCapture:
    """Written down by a child, a copy of this process."""

    def __init__(self, write: Write) -> None:
        """Fork. Raises CaptureFailed where the system has no room for a child."""
        try:
            self._file = os.memfd_create("snapshot")
        except OSError as error:
            raise CaptureFailed(f"no memory for a snapshot: {error}") from error
        try:
            with warnings.catch_warnings():
                # Python warns that a child of a process with threads may wait for their locks;
                # this one takes none of them.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._pid = os.fork()
        except OSError as error:
            os.close(self._file)
            raise CaptureFailed(f"no child for a snapshot: {error}") from error
        if self._pid == 0:
            _write_and_end(write, self._file)
        self._deadline_s = time.monotonic() + _LIMIT_S

    def data(self) -> Data | None:
        """Return the bytes once the child has ended; see Capture."""
        try:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
        except ChildProcessError as error:  # whoever started this process lets nobody wait
            self._pid = 0
            os.close(self._file)
            raise CaptureFailed(f"nothing is told of the child: {error}") from error
        if pid == 0:
            if time.monotonic() < self._deadline_s:
                return None
            self.drop()
            raise CaptureFailed(f"the child has not ended after {_LIMIT_S:g} s")
        self._pid = 0
        if status != 0:
            os.close(self._file)
            code = os.waitstatus_to_exitcode(status)
            raise CaptureFailed(f"the child that wrote the snapshot ended with {code}")
        return InFile(self._file)

    def drop(self) -> None:
        """End the child."""
        if not self._pid:
            return
        with suppress(ChildProcessError):  # as above: it has ended, and its number may be another's
            if os.waitpid(self._pid, os.WNOHANG)[0] == 0:
                os.kill(self._pid, 9)
                os.waitpid(self._pid, 0)
        os.close(self._file)
        self._pid = 0


def _write_and_end(write: Write, file: int) -> None:
    """Be the child."""
    code = 1
    try:
        gc.disable()
        os.closerange(3, file)  # no socket or lock is to outlive the parent
        os.closerange(file + 1, _FD_MAX)
        os.nice(_NICE)
        data, hashed = write(), _SHA256.copy()
        hashed.update(data)
        for written in (data, hashed.digest()):
            left = memoryview(written)
            while left:
                left = left[os.write(file, left) :]
        code = 0
    except BaseException:  # noqa: BLE001 - said where the worker's log goes; then it ends in any case
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)
