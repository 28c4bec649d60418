"""A thread that reads a topic and hands what it makes of it to an event loop."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from partita.log.kafka.reader import Reader
from partita.log.port import Record

T = TypeVar("T")

# How long the thread waits for a record before it looks whether it shall stop.
_READ_S = 0.1
# How many hand-overs the loop may be behind; then the log waits, where there is room.
_HANDOVERS_MAX = 4
# A reader drains what is there in one go; more would only be more at once for the loop.
_RECORDS_MAX = 200


class Follower(Generic[T]):
    """Reads partitions from given offsets on, until it is stopped or cannot go on.

    `make` runs in the thread; `take` runs on the loop with each list that is not empty; `fail` runs
    on the loop once, when the thread has died of an error.
    """

    def __init__(
        self,
        reader: Reader,
        offsets: Mapping[int, int],
        make: Callable[[Sequence[Record]], Sequence[T]],
        take: Callable[[Sequence[T]], None],
        fail: Callable[[Exception], None],
        name: str,
    ) -> None:
        self._reader = reader
        self._offsets = offsets
        self._make = make
        self._take = take
        self._fail = fail
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._room = threading.Semaphore(_HANDOVERS_MAX)
        # A daemon: a program that forgot to close it must still be able to end.
        self._thread = threading.Thread(target=self._run, name=f"partita {name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._reader.start(self._offsets)
            while not self._stopping():
                records = self._reader.read(_READ_S, _RECORDS_MAX)
                if records and (made := self._make(records)):
                    self._hand_over(made)
        except Exception as error:  # noqa: BLE001 - whatever the thread dies of, its owner must hear of it
            if not self._stopping():
                self._loop.call_soon_threadsafe(self._fail, error)
        finally:
            self._reader.close()

    def _stopping(self) -> bool:
        return self._stop.is_set() or self._loop.is_closed()

    def _hand_over(self, made: Sequence[T]) -> None:
        while not self._room.acquire(timeout=_READ_S):
            if self._stopping():
                return
        if not self._stopping():
            self._loop.call_soon_threadsafe(self._taken, made)

    def _taken(self, made: Sequence[T]) -> None:
        try:
            self._take(made)
        finally:
            self._room.release()

    def stop(self) -> None:
        """Ask the thread to end; returns at once."""
        self._stop.set()

    def join(self) -> None:
        """Wait until the thread has ended; not on the loop."""
        self._thread.join()
