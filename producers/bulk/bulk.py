"""A connection for many orders at once: tables out in batches, outcomes from the private stream.

Sending runs on the loop, in turns; the stream is read in a thread. No step of either is for one
order alone where the native engine is installed.
"""

import asyncio
import time
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from partita.log.kafka.follower import Follower
from partita.log.kafka.reader import Reader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing, Record
from partita.producers.bulk.outcomes import Outcomes, outcomes
from partita.producers.bulk.run import Run, new_run
from partita.producers.bulk.table import OrderTable
from partita.producers.errors import EventsLost
from partita.producers.limits import ClientLimits
from partita.producers.session import Session
from partita.schemas.errors import DeliveryFailed, InvalidValue, NoAnswer, Overloaded, PartitaError
from partita.schemas.limits import BATCH_COMMANDS_MAX
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS

# Turns of the loop in a window: rows go out in full batches, and answers come in meanwhile.
_TURNS = 8
# How long to wait for news before looking whether something waits for too long.
_LOOK_S = 0.05
_CLOSE_S = 2.0
# The prefix of a bulk's ids: as many random bits as keep all bulks of an account's memory apart.
_PREFIX_CHARACTERS = 8


class Bulk:
    """Sends tables of orders and of cancels; made by `Client.bulk`, for one loop.

    - `place` and `cancel` wait for room and then for every answer;
    - `offer` sends what there is room for and says how many rows that were: overload is refused
      here, before anything is on the log.
    """

    def __init__(self, session: Session) -> None:
        """Wrap a session; programs call `Client.bulk`."""
        self.answered = self.settled = self.gaps = 0  # of all rows so far
        self.rows = 0  # how many were taken in
        self._session = session
        self._limits: ClientLimits = session.limits
        self._run: Run = new_run(session.ids.new()[:_PREFIX_CHARACTERS], session.shape.shards)
        full = BATCH_COMMANDS_MAX * session.shape.shards
        self._turn_rows = max(1, min(full, session.limits.window // _TURNS))
        self._sender = Sender(session.bootstrap)
        self._news = asyncio.Event()
        self._failed: Exception | None = None
        self._oldest_s = 0.0  # when there was last nothing unanswered, or an answer came
        self._follower: Follower[tuple[int, int, int]] | None = None

    async def open(self, timeout_s: float) -> None:
        """Start reading the private stream at its end.

        Raises:
            LogUnavailable: no broker answers in time.
        """
        reader = Reader(self._session.bootstrap, ACCOUNT_EVENTS)
        shards = range(self._session.shape.shards)
        ends = await asyncio.to_thread(reader.ends, shards, timeout_s)
        self._follower = Follower(reader, ends, self._make, self._take, self._fail, "bulk reader")

    def _make(self, records: Sequence[Record]) -> list[tuple[int, int, int]]:
        """Run in the follower's thread."""
        return [self._run.take(records, time.perf_counter_ns())]

    def _take(self, counts: Sequence[tuple[int, int, int]]) -> None:
        before = self.answered
        self.answered, self.settled, self.gaps = counts[-1]
        if self.answered > before:
            self._oldest_s = time.monotonic()
        self._news.set()

    def _fail(self, error: Exception) -> None:
        self._failed = error
        self._news.set()

    @property
    def unanswered(self) -> int:
        """How many rows are under way without an answer."""
        return self.rows - self.answered

    def room(self) -> int:
        """Return how many rows may be sent now; 0 when answers are too late."""
        if not self.unanswered:
            return self._limits.window
        age_ms = (time.monotonic() - self._oldest_s) * 1_000
        return 0 if age_ms > self._limits.oldest_ms else self._limits.window - self.unanswered

    def offer(self, table: OrderTable) -> range:
        """Send the first rows of a table, as many as there is room for; return their indexes.

        Raises:
            Overloaded: there is room for none; nothing was sent.
            InvalidValue: the table is none.
        """
        table.check()
        room = self.room()
        if len(table) and room <= 0:
            raise Overloaded(f"{self.unanswered} rows are unanswered; nothing was sent")
        return self._send_places(table.first(room))

    async def place(self, table: OrderTable) -> Outcomes:
        """Send all orders of a table as fast as there is room; return what became of each.

        An order that rests is settled. One that is received only when the time-out has passed stays
        so in the outcomes; what was never answered stays unanswered: its outcome is unknown.

        Raises:
            InvalidValue: the table is none.
            EventsLost: some events never came; ask by inquiry.
        """
        table.check()
        first = self.rows
        for at in range(0, len(table), self._turn_rows):
            part = table.part(at, at + self._turn_rows)
            await self._wait_for_room(len(part))
            self._send_places(part)
            await asyncio.sleep(0)
        return await self.until_settled(range(first, self.rows))

    async def cancel(self, account: "array[int]", order_id: "array[int]") -> Outcomes:
        """Cancel orders, each by its owner and id; return what became of each cancel.

        Raises:
            InvalidValue: the columns have different lengths.
            EventsLost: some events never came.
        """
        if len(account) != len(order_id):
            raise InvalidValue("columns", (len(account), len(order_id)), "must have one length")
        first = self.rows
        for at in range(0, len(account), self._turn_rows):
            some = slice(at, at + self._turn_rows)
            await self._wait_for_room(len(account[some]))
            self._run.cancel(account[some], order_id[some])
            self._send(len(account[some]))
            await asyncio.sleep(0)
        return await self.until_settled(range(first, self.rows))

    async def until_settled(self, rows: range) -> Outcomes:
        """Wait until these rows are settled, or nothing has been heard for the answer time-out."""
        waits, again = self._limits.answer_timeout_ms / 1_000, self._limits.retries
        heard, since_s = -1, time.monotonic()
        while self.settled < self.rows:
            if self.settled != heard:
                heard, since_s = self.settled, time.monotonic()
            elif time.monotonic() - since_s > waits / (self._limits.retries + 1):
                if not again:
                    break
                again, since_s = again - 1, time.monotonic()
                self._encode(rows.start, rows.stop)
            await self._hear()
        return self.outcomes(rows)

    def outcomes(self, rows: range) -> Outcomes:
        """Return what has become of some rows so far."""
        return outcomes(*self._run.outcomes(rows.start, rows.stop))

    async def _wait_for_room(self, rows: int) -> None:
        while self.unanswered + rows > self._limits.window and self.unanswered:
            await self._hear()
            if (time.monotonic() - self._oldest_s) * 1_000 > self._limits.answer_timeout_ms:
                raise NoAnswer(f"{self.unanswered} rows are unanswered, and no answer comes")

    async def _hear(self) -> None:
        """Wait for news, at most for a moment."""
        self._news.clear()
        try:
            async with asyncio.timeout(_LOOK_S):
                await self._news.wait()
        except TimeoutError:
            self._serve()
        if self._failed is not None:
            error = self._failed
            raise error if isinstance(error, PartitaError) else NoAnswer(f"no answers: {error}")
        if self.gaps:
            raise EventsLost("some events never came; ask by inquiry, begin anew")

    def _send_places(self, table: OrderTable) -> range:
        self._run.place(table)
        return self._send(len(table))

    def _send(self, rows: int) -> range:
        if not self.unanswered:
            self._oldest_s = time.monotonic()
        first, self.rows = self.rows, self.rows + rows
        self._encode(first, self.rows)
        return range(first, self.rows)

    def _encode(self, first: int, end: int) -> None:
        until_ms = self._session.now_ms() + self._limits.valid_for_ms
        try:
            for shard, record in self._run.encode(first, end, until_ms):
                self._sender.send(Outgoing(ACCOUNT_COMMANDS, shard, None, record))
        except DeliveryFailed:
            self._renew()

    def _serve(self) -> None:
        try:
            self._sender.serve()
        except DeliveryFailed:
            self._renew()

    def _renew(self) -> None:
        """Send all that is unanswered once more, under its ids, with a sender that works."""
        self._sender = Sender(self._session.bootstrap)
        until_ms = self._session.now_ms() + self._limits.valid_for_ms
        for shard, record in self._run.encode(0, self.rows, until_ms):
            self._sender.send(Outgoing(ACCOUNT_COMMANDS, shard, None, record))

    async def aclose(self) -> None:
        """Send what was submitted and stop reading."""
        follower = self._follower
        if follower is not None:
            follower.stop()
            await asyncio.to_thread(follower.join)
        await asyncio.to_thread(self._sender.flush, _CLOSE_S)


@asynccontextmanager
async def connected(session: Session, timeout_s: float) -> AsyncIterator[Bulk]:
    """Open a bulk beside a session for the length of an `async with`."""
    bulk = Bulk(session)
    await bulk.open(timeout_s)
    try:
        yield bulk
    finally:
        await bulk.aclose()
