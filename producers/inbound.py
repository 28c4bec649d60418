"""Events on their way in: one reader of account-events for a client and all of its bulks.

A record is fetched once, however many hear of it. What is done for each poll is done in the
reader's thread; the loop is woken at most once a poll, and not at all when nothing concerns it.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from partita.log.kafka.follower import Follower
from partita.log.kafka.reader import Reader
from partita.log.port import Record
from partita.producers.stream import Stream
from partita.producers.views import RawEvent


class Hearer(Protocol):
    """Who hears all records from when it was added on, beside the streams: a bulk."""

    def take(self, records: Sequence[Record], now_ns: int) -> bool:
        """Run in the reader's thread; return whether there is news for the loop."""

    def hear(self) -> None:
        """Run on the loop some time after there was news."""

    def end(self, error: Exception) -> None:
        """Run on the loop when nothing more will be heard."""


class Inbound:
    """Reads account-events for the streams of a client, one a shard, and for its hearers."""

    def __init__(self, streams: Iterable[Stream]) -> None:
        self._streams = list(streams)
        self._loop = asyncio.get_running_loop()
        # The loop makes another one for each change, so the thread may go through the one it has.
        self._hearers: tuple[Hearer, ...] = ()
        self._waking = False  # the loop will be told that there is news, and has not been yet
        self._events: Callable[[Sequence[RawEvent]], None]
        self._failed: Callable[[Exception], None]
        self.follower: Follower[RawEvent] | None = None

    @property
    def gaps(self) -> int:
        """How often events never came."""
        return sum(stream.gaps for stream in self._streams)

    async def start(
        self,
        reader: Reader,
        timeout_s: float,
        events: Callable[[Sequence[RawEvent]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Read a reader of account-events from its end on; both callables are called on the loop.

        Raises:
            LogUnavailable: no broker answered in time.
        """
        self._events, self._failed = events, failed
        try:
            ends = await asyncio.to_thread(reader.ends, range(len(self._streams)), timeout_s)
        except BaseException:
            await asyncio.to_thread(reader.close)
            raise
        self.follower = Follower(reader, ends, self._make, self._take, self._fail, "events reader")

    def add(self, hearer: Hearer) -> None:
        """Let one hear. What the log says to a question asked from now on, it hears before us."""
        self._hearers = (*self._hearers, hearer)

    def remove(self, hearer: Hearer) -> None:
        """Let one hear no more; it may be hearing the poll that is being read. Nothing if none."""
        self._hearers = tuple(one for one in self._hearers if one is not hearer)

    def _make(self, records: Sequence[Record]) -> list[RawEvent]:
        """Run in the follower's thread."""
        hearers = self._hearers
        news = False
        if hearers:
            now_ns = time.perf_counter_ns()
            for hearer in hearers:
                try:
                    news |= hearer.take(records, now_ns)
                except Exception as error:  # noqa: BLE001 - it ends, whatever it is; the others go on
                    self._loop.call_soon_threadsafe(self._end, hearer, error)
        found = self._found(records)
        # Events wake the loop themselves, and what counts for a bulk are its newest counts.
        if news and not found and not self._waking:
            self._waking = True
            self._loop.call_soon_threadsafe(self._tell)
        return found

    def _found(self, records: Sequence[Record]) -> list[RawEvent]:
        return [
            raw for record in records for raw in self._streams[record.partition].take(record.value)
        ]

    def _take(self, events: Sequence[RawEvent]) -> None:
        self._tell()
        self._events(events)

    def _tell(self) -> None:
        self._waking = False  # first: what comes from here on wakes the loop again
        for hearer in self._hearers:
            hearer.hear()

    def _end(self, hearer: Hearer, error: Exception) -> None:
        self.remove(hearer)
        hearer.end(error)

    def _fail(self, error: Exception) -> None:
        self.end(error)
        self._failed(error)

    def end(self, error: Exception) -> None:
        """Tell all hearers that nothing more will be heard."""
        for hearer in self._hearers:
            self._end(hearer, error)
