"""The faust app: trades in, candles and the last 24 hours out.

faust shares the partitions in its group, streams the records, keeps the timer and sends. What is
told and how far is not left to it: offsets are checked record by record, a start or a rebalance
begins with `source.start`, and nothing is kept in its tables (see README).
"""

import asyncio
import logging
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import faust

from partita.log.kafka.admin import Admin
from partita.log.kafka.fitness import MESSAGE_BYTES_MAX
from partita.log.kafka.marks import Marks
from partita.log.kafka.settings import owner
from partita.marketdata.bars import source
from partita.marketdata.bars.bar import INTERVALS_S, MINUTE_S
from partita.marketdata.bars.partition import PartitionBars
from partita.schemas.codec import encode
from partita.schemas.errors import DeliveryFailed, LogError, LogUnavailable
from partita.schemas.market_data import Candle, DayTicker
from partita.schemas.topics import CANDLES, TICKERS, TRADES

GROUP = "partita-bars"
# Not the group's own offsets, which faust commits as it sees fit; nobody is a member of this one.
MARKS = "partita-bars-marks"

# How often open minutes are told of, and closed bars; the rest, and the marks, once a second.
_TELL_EVERY_S = 0.25
_TELL_ALL_EVERY_S = 1.0
# The cluster forgets a mark after a week.
_MARK_AGAIN_S = 3_600.0
_ACKNOWLEDGED_S = 60.0
_GIVE_BACK_S = 2.0  # of the 5 s or more that a rebalance waits for a member
_WATCH_EVERY_S = 5.0
# A stream that stands for so long with records before it will not move again by itself.
_STALLED_S = 20.0

_LOGGER = logging.getLogger("partita.bars")


class Settings(NamedTuple):
    """How a process is to run."""

    bootstrap: str
    session_timeout_ms: int = 6_000


class Out(NamedTuple):
    """A record to send."""

    topic: str
    partition: int
    key: bytes
    message: Candle | DayTicker


class Part:
    """A partition that is owned."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()  # its bars are there
        self.bars: PartitionBars | None = None  # None too while another thread has them
        self.trouble: list[str] = []
        self.stood_s = time.monotonic()  # since when its position is the same
        self.stood_at = -1


class BarsApp:
    """One process's share of the work; `failed` says why it cannot go on."""

    def __init__(self, settings: Settings) -> None:
        self.failed: Exception | None = None
        self.ended = asyncio.Event()
        self._bootstrap = settings.bootstrap
        self._marks = Marks(settings.bootstrap, MARKS, TRADES)
        self._admin = Admin(settings.bootstrap)
        self._parts: dict[int, Part] = {}
        self._marked: dict[int, int] = {}
        self._tell_all_s = self._mark_again_s = self._watch_s = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._telling = asyncio.Lock()
        self.faust = _app(settings)
        trades, candles, tickers = (
            self.faust.topic(name, key_serializer="raw", value_serializer="raw")
            for name in (TRADES, CANDLES, TICKERS)
        )
        self._topics = {CANDLES: candles, TICKERS: tickers}
        self.faust.agent(trades, name="bars")(self._stream)
        self.faust.timer(_TELL_EVERY_S, name="tell")(self._tick)
        self.faust.on_partitions_revoked.connect(self._revoked)
        self.faust.on_partitions_assigned.connect(self._assigned)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until it is told to stop, or cannot go on; see `failed`."""
        # Beside it, so that it can be told to stop while it starts.
        starts = asyncio.create_task(self._guarded(self.faust.start()))
        self._tasks.add(starts)
        waits = [asyncio.create_task(event.wait()) for event in (stop, self.ended)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """Tell what is there, and leave the group."""
        if self.failed is None:
            self._tell_all_s = 0.0
            await self._tell()
        await self.faust.stop()

    def _fail(self, error: Exception) -> None:
        self.failed = self.failed or error
        self.ended.set()

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Do something; if it fails, so does the process: it is started again, and replays."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - it is told by `failed`, and nothing goes on
            self._fail(error)

    async def _revoked(self, _app: Any, revoked: Any, **_: Any) -> None:
        for where in revoked:
            if where.topic == TRADES and self._parts.pop(where.partition, None) is not None:
                _LOGGER.info("partition %d is given back", where.partition)
        # What is being told of them must arrive before the next owner looks at what stands: behind
        # its words an old one would stand for good. It waits for us, but not for ever.
        with suppress(TimeoutError):
            async with asyncio.timeout(_GIVE_BACK_S), self._telling:
                pass

    async def _assigned(self, _app: Any, assigned: Any, **_: Any) -> None:
        # All of them anew, those that stay too: what another process said meanwhile is checked.
        self._parts = {where.partition: Part() for where in assigned if where.topic == TRADES}
        _LOGGER.info("owns partitions %s", sorted(self._parts))
        for partition, part in self._parts.items():
            # Not here: the group would wait for it.
            task = asyncio.create_task(self._guarded(self._open(partition, part)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self, partition: int, part: Part) -> None:
        await self._opened(partition, part)

    async def _opened(self, partition: int, part: Part, *, full: bool = False) -> PartitionBars:
        bars = await asyncio.to_thread(self._start, partition, full)
        _LOGGER.info("partition %d: bars up to offset %d", partition, bars.position)
        part.bars = bars
        part.ready.set()
        return bars

    def _start(self, partition: int, full: bool) -> PartitionBars:
        mark = self._marks.read([partition]).get(partition)
        return source.start(self._bootstrap, partition, mark, full=full)

    async def _stream(self, stream: Any) -> None:
        async for event in stream.events():
            await self._guarded(self._event(event.message))

    async def _event(self, message: Any) -> None:
        partition, offset = message.partition, message.offset
        part = self._parts.get(partition)
        if part is None:
            return
        await part.ready.wait()
        bars = part.bars
        assert bars is not None, "it is ready"
        if self._parts.get(partition) is not part or offset < bars.position:
            return  # owned no more, or read at the start
        if offset > bars.position:
            await self._fill(partition, part, bars, offset)
        source.take(bars, partition, offset, message.key, message.value or b"")
        if bars.again is not None:
            await self._fill(partition, part, bars, bars.position)
        if bars.gap and not bars.full:
            part.bars = None
            bars = await self._opened(partition, part, full=True)
        if (trouble := bars.troubles()) != part.trouble:
            part.trouble = trouble
            for text in trouble or ["goes on"]:
                _LOGGER.warning("partition %d@%d: %s", partition, offset, text)

    async def _fill(self, partition: int, part: Part, bars: PartitionBars, end: int) -> None:
        part.bars = None
        await asyncio.to_thread(source.fill, self._bootstrap, partition, bars, end)
        part.bars = bars

    async def _tick(self) -> None:
        if self.failed is None:
            await self._guarded(self._tell())
        if self.failed is None and time.monotonic() >= self._watch_s:
            self._watch_s = time.monotonic() + _WATCH_EVERY_S
            await self._guarded(self._watch())

    async def _tell(self) -> None:
        """Send what is new, and set the marks once that has arrived."""
        async with self._telling:
            everything = time.monotonic() >= self._tell_all_s
            if everything:
                self._tell_all_s = time.monotonic() + _TELL_ALL_EVERY_S
            marks, candles, days = dict[int, int](), list[Out](), list[Out]()
            now_ms = time.time_ns() // 1_000_000
            for partition, part in list(self._parts.items()):
                if (bars := part.bars) is None:
                    continue
                news = bars.news(INTERVALS_S if everything else (MINUTE_S,))
                candles += [Out(CANDLES, partition, *told) for told in news]
                if everything:
                    days += [Out(TICKERS, partition, *told) for told in bars.days(now_ms)]
                    marks[partition] = bars.mark
            # In this order: a day that knows a trade says that its bars stand, and a mark both.
            await self._send(candles)
            if everything:
                await self._send(days)
                await self._mark(marks)

    async def _send(self, out: list[Out]) -> None:
        """Send records, and wait until they have arrived."""
        try:
            sent = [
                await self._topics[topic].send(
                    key=key, value=encode(message), partition=partition, force=True
                )
                for topic, partition, key, message in out
            ]
            await asyncio.wait_for(asyncio.gather(*sent), _ACKNOWLEDGED_S)
        except Exception as error:
            raise DeliveryFailed(f"a record may not be on the log: {error!r}") from error

    async def _mark(self, marks: dict[int, int]) -> None:
        again = time.monotonic() >= self._mark_again_s
        new = {p: mark for p, mark in marks.items() if again or self._marked.get(p) != mark}
        if new:
            try:
                await asyncio.to_thread(self._marks.write, new)
            except LogUnavailable as error:
                _LOGGER.warning("%s; a start would read more", error)
                return
            self._marked |= new
        if again:
            self._mark_again_s = time.monotonic() + _MARK_AGAIN_S

    async def _watch(self) -> None:
        """Fail where faust has stopped, or stands although there is something to read."""
        if self.faust.crashed:
            raise LogError(f"faust has stopped: {self.faust.crash_reason!r}")
        try:
            ends = await asyncio.to_thread(self._ends)
        except LogError as error:
            _LOGGER.warning("%s", error)
            return
        for partition, part in self._parts.items():
            if part.bars is None:
                continue
            position = part.bars.position
            if position != part.stood_at or position >= ends.get(partition, 0):
                part.stood_at, part.stood_s = position, time.monotonic()
            elif time.monotonic() - part.stood_s > _STALLED_S:
                raise DeliveryFailed(f"the stream of {TRADES}/{partition} stands at {position}")

    def _ends(self) -> dict[int, int]:
        return self._admin.sizes(TRADES, self._admin.partition_counts().get(TRADES, 0))


def _app(settings: Settings) -> Any:
    session_s = settings.session_timeout_ms / 1_000
    make: Callable[..., Any] = faust.App
    return make(
        GROUP,
        broker=[f"kafka://{address}" for address in settings.bootstrap.split(",")],
        autodiscover=False,
        broker_client_id=owner(),
        # It would listen on every address.
        web_enabled=False,
        # No tables, no leader: no topics of its own beside the exchange's.
        store="memory://",
        topic_disable_leader=True,
        topic_allow_declare=False,
        # It makes a folder, and puts nothing into it.
        datadir=Path(tempfile.gettempdir()) / f"{GROUP}-{os.getuid()}",
        broker_session_timeout=session_s,
        broker_heartbeat_interval=max(0.2, session_s / 6),
        broker_request_timeout=max(30.0, 2 * session_s),
        # Little is done in the callbacks, so a member that does not come back is gone.
        broker_rebalance_timeout=max(5.0, session_s),
        broker_max_poll_records=500,
        # Where the stream begins does not matter: offsets are checked.
        consumer_auto_offset_reset="earliest",
        # Partitions that are added to trades are found in this time.
        consumer_metadata_max_age_ms=10_000,
        consumer_max_fetch_size=MESSAGE_BYTES_MAX,
        producer_metadata_max_age_ms=10_000,
        producer_acks=-1,
        producer_linger=0.0,
        producer_max_request_size=MESSAGE_BYTES_MAX,
        producer_request_timeout=_ACKNOWLEDGED_S,
        # Records are batches: a few are enough, and many would be much memory.
        stream_buffer_maxsize=64,
    )
