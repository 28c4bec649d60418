"""A connection for many orders at once: tables out in batches, outcomes from the private stream.

Sending runs on the loop, in turns; what the session's one reader reads is taken in its thread. No
step of either is for one order alone where the native engine is installed.
"""

import asyncio
import logging
import time
from array import array
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing, Record
from partita.producers.bulk.outcomes import Outcomes, RowState, outcomes
from partita.producers.bulk.reference import digits
from partita.producers.bulk.run import Run, new_run
from partita.producers.bulk.table import OrderTable, check_columns
from partita.producers.errors import ClientClosed, EventsLost
from partita.producers.session import Session
from partita.schemas.decimals import Number
from partita.schemas.errors import DeliveryFailed, InvalidValue, NoAnswer, Overloaded, PartitaError
from partita.schemas.limits import BATCH_COMMANDS_MAX
from partita.schemas.topics import ACCOUNT_COMMANDS

_LOGGER = logging.getLogger("partita.producers")

# Turns of the loop in a window: rows go out in full batches, and answers come in meanwhile.
_TURNS = 8
# How long to wait for news before looking whether something waits for too long.
_LOOK_S = 0.05
_CLOSE_S = 2.0
# The prefix of a bulk's ids: as many random bits as keep all bulks of an account's memory apart.
_PREFIX_CHARACTERS = 8


class Bulk:
    """Sends tables of orders and of cancels; made by `Client.bulk`, for one loop.

    - `place` and `cancel` wait for room and then for every answer, and forget their rows;
    - `offer` sends what there is room for and says which rows that were: overload is refused here,
      before anything is on the log. Who offers asks for `outcomes`, and then must `forget`.

    All of them raise, beside what they say themselves: ClientClosed; EventsLost: some events never
    came, so ask by inquiry and open another bulk; NoAnswer: the log cannot be read any more.
    """

    def __init__(self, session: Session) -> None:
        """Wrap a session; programs call `Client.bulk`."""
        self.rows = 0  # how many were taken in so far
        self._session = session
        self._limits = session.limits
        self._prefix = session.ids.new()[:_PREFIX_CHARACTERS]
        self._run: Run = new_run(self._prefix, [0] * session.shape.shards)
        self._counts = (0, 0, 0)  # answered, settled, gaps; written by the reader's thread
        self._joined = False
        self._gaps_before = 0  # before it had joined: those are none
        full = BATCH_COMMANDS_MAX * session.shape.shards
        self._turn_rows = max(1, min(full, session.limits.window // _TURNS))
        self._sender = Sender(session.bootstrap)
        self._sent = 0  # rows, without those that were forgotten before their answers
        # What was sent and when, from the oldest on that is not answered wholly.
        self._sends: deque[tuple[range, float]] = deque()
        self._news = asyncio.Event()
        self._ended: PartitaError | None = None

    @classmethod
    async def open(cls, session: Session, timeout_s: float) -> "Bulk":
        """Hear the private streams, and join them when all shards have answered a question.

        Until then it only follows the numbers, and counts no gaps: a line that is behind may be
        heard before one that is ahead, and nothing was sent yet whose answer could be missed.

        Raises:
            NoAnswer: the ledger gives none in time.
        """
        bulk = cls(session)
        try:
            async with asyncio.timeout(timeout_s):
                await session.join(bulk)
        except BaseException as error:
            await bulk.aclose()
            if isinstance(error, TimeoutError):
                raise NoAnswer("no answer of all shards: is `partita ledger` running?") from error
            raise
        bulk._joined, bulk._gaps_before = True, bulk._counts[2]
        return bulk

    def take(self, records: Sequence[Record], now_ns: int) -> bool:
        """Take records in the reader's thread; return whether there is news. See Hearer."""
        before, self._counts = self._counts, self._run.take(records, now_ns)
        return self._counts != before

    def hear(self) -> None:
        """Wake who waits for news. See Hearer."""
        if self.gaps and self._ended is None:
            self._ended = EventsLost("some events never came; ask by inquiry, begin anew")
        self._news.set()

    def end(self, error: Exception) -> None:
        """End: nothing more will be heard. See Hearer."""
        if not isinstance(error, PartitaError):
            error = NoAnswer(f"this bulk can read no answers: {type(error).__name__}: {error}")
        self._ended = self._ended or error
        self._news.set()

    @property
    def answered(self) -> int:
        """How many of all rows so far were answered."""
        return self._counts[0]

    @property
    def settled(self) -> int:
        """Of how many of all rows so far nothing more is awaited."""
        return self._counts[1]

    @property
    def gaps(self) -> int:
        """How often events never came."""
        return self._counts[2] - self._gaps_before if self._joined else 0

    @property
    def unanswered(self) -> int:
        """How many rows are under way without an answer."""
        return self._sent - self.answered

    def command_id(self, row: int) -> str:
        """Return the id under which a row goes out: an order's client_order_id."""
        return self._prefix + digits(row)

    def oldest_s(self) -> float:
        """Return for how long the oldest row that is not answered has been under way."""
        while self._sends:
            rows, sent_s = self._sends[0]
            at = self._run.waiting(rows.start, rows.stop, RowState.RECEIVED)
            if at < rows.stop:
                self._sends[0] = range(at, rows.stop), sent_s
                return time.monotonic() - sent_s
            self._sends.popleft()
        return 0.0

    def room(self) -> int:
        """Return how many rows may be sent now; 0 when an answer is too late."""
        if self.oldest_s() * 1_000 > self._limits.oldest_ms:
            return 0
        return max(0, self._limits.window - self.unanswered)

    def add(
        self,
        table: OrderTable,
        account: int,
        symbol: str,
        side: str,
        *,
        price: Number | None = None,
        size: Number | None = None,
    ) -> None:
        """Add an order in decimals to a table, under its terms. Raises InvalidValue."""
        session = self._session
        listed = session.catalogue.listed(symbol)
        table.add(listed, account, side, price=price, size=size, now_ms=session.now_ms())

    def offer(self, table: OrderTable) -> range:
        """Send the first rows of a table, as many as there is room for; return their indexes.

        Raises:
            Overloaded: there is room for none; nothing was sent.
            InvalidValue: the table is none.
        """
        self._look()
        table.check()
        room = self.room()
        if len(table) and not room:
            raise Overloaded(f"{self.unanswered} rows are unanswered; nothing was sent")
        part = table.first(room)
        self._run.place(part)
        rows = self._taken_in(len(part))
        self._send(rows)
        return rows

    async def place(self, table: OrderTable) -> Outcomes:
        """Send all orders of a table as fast as there is room; return what became of each.

        An order that rests is settled. One that is received only when the time-out has passed stays
        so in the outcomes; one that is unanswered then is unknown: ask by its `command_id`. When no
        answer comes for so long that there is no room, the rest stays unsent.

        Raises:
            InvalidValue: the table is none.
        """
        table.check()
        self._look()
        self._run.place(table)
        return await self._carry_out(self._taken_in(len(table)), self._limits.window)

    async def cancel(self, account: "array[int]", order_id: "array[int]") -> Outcomes:
        """Cancel orders, each by its owner and id; return what became of each cancel. See `place`.

        Cancels have room beyond the window (limits.cancels_extra).

        Raises:
            InvalidValue: the columns have different lengths.
        """
        check_columns(account, order_id)
        self._look()
        self._run.cancel(account, order_id)
        window = self._limits.window + self._limits.cancels_extra
        return await self._carry_out(self._taken_in(len(account)), window)

    def _taken_in(self, count: int) -> range:
        self.rows += count
        return range(self.rows - count, self.rows)

    async def _carry_out(self, rows: range, window: int) -> Outcomes:
        sent = rows.start
        try:
            while sent < rows.stop:
                part = range(sent, min(sent + self._turn_rows, rows.stop))
                if not await self._wait_for_room(len(part), window):
                    break
                self._send(part)
                sent = part.stop
                await asyncio.sleep(0)
            await self._wait_until_settled(range(rows.start, sent))
            return self.outcomes(rows)
        finally:
            self.forget(rows)

    async def _wait_for_room(self, rows: int, window: int) -> bool:
        """Return whether there is room, after waiting for it while answers come."""
        while self.unanswered and self.unanswered + rows > window:
            if self.oldest_s() * 1_000 > self._limits.answer_timeout_ms:
                return False
            await self._hear()
        return True

    async def until_settled(self, rows: range) -> Outcomes:
        """Wait until offered rows are settled or time-outs have passed; return what became of them.

        Raises:
            InvalidValue: there are no such rows.
        """
        self._check(rows)
        await self._wait_until_settled(rows)
        return self.outcomes(rows)

    async def _wait_until_settled(self, sent: range) -> None:
        """Wait as long as the first that is not settled moves; send again what is unanswered."""
        again = self._limits.retries
        step_s = self._limits.answer_timeout_ms / 1_000 / (again + 1)
        at, since_s = sent.start, time.monotonic()
        while (first := self._run.waiting(at, sent.stop, RowState.SETTLED)) < sent.stop:
            if first > at:
                at, since_s = first, time.monotonic()
            elif time.monotonic() - since_s > step_s:
                if not again:
                    return
                again, since_s = again - 1, time.monotonic()
                self._send_again(range(at, sent.stop))
            await self._hear()

    def outcomes(self, rows: range) -> Outcomes:
        """Return what has become of some rows so far.

        Raises:
            InvalidValue: there are no such rows.
        """
        self._check(rows)
        return outcomes(rows, *self._run.outcomes(rows.start, rows.stop))

    def forget(self, rows: range) -> None:
        """Forget some rows: those under way leave the window, and nothing is heard of them.

        Their memory is free when all rows before them are forgotten, too.

        Raises:
            InvalidValue: there are no such rows.
        """
        self._check(rows)
        self._sent -= self._run.forget(rows.start, rows.stop)

    def _check(self, rows: range) -> None:
        if not 0 <= rows.start <= rows.stop <= self.rows or rows.step != 1:
            raise InvalidValue("rows", rows, f"must lie in the {self.rows} that were taken in")

    async def _hear(self) -> None:
        """Wait for news, at most for a moment."""
        self._news.clear()
        try:
            async with asyncio.timeout(_LOOK_S):
                await self._news.wait()
        except TimeoutError:
            pass  # time-outs are looked at without news, too
        self._look()

    def _look(self) -> None:
        """Raise why this has ended; else hear of failed deliveries."""
        if self._ended is not None:
            raise self._ended
        try:
            self._sender.serve()
        except DeliveryFailed as error:
            self._renew(error)

    def _send(self, rows: range) -> None:
        self.oldest_s()  # what is answered leaves `_sends`
        self._sends.append((rows, time.monotonic()))
        self._sent += len(rows)
        try:
            self._put(rows)
        except DeliveryFailed as error:
            self._renew(error)

    def _put(self, rows: range) -> None:
        until_ms = self._session.now_ms() + self._limits.valid_for_ms
        for shard, record in self._run.encode(rows.start, rows.stop, until_ms):
            self._sender.send(Outgoing(ACCOUNT_COMMANDS, shard, None, record))

    def _send_again(self, within: range) -> None:
        """Send those rows once more that were sent and are not answered, under their ids."""
        try:
            for rows, _ in self._sends:
                self._put(range(max(rows.start, within.start), min(rows.stop, within.stop)))
        except DeliveryFailed as error:
            self._renew(error)

    def _renew(self, error: DeliveryFailed) -> None:
        """Send all that is unanswered once more, with a sender that works."""
        _LOGGER.warning("sending %d rows again: %s", self.unanswered, error)
        self._sender = Sender(self._session.bootstrap)
        for rows, _ in self._sends:
            self._put(rows)

    async def aclose(self) -> None:
        """Send what was submitted and stop reading; nothing is heard of what is unanswered."""
        self._ended = self._ended or ClientClosed("this bulk is closed")
        self._news.set()
        self._session.leave(self)
        try:
            await asyncio.to_thread(self._sender.flush, _CLOSE_S)
        except DeliveryFailed as error:
            _LOGGER.warning("closed before all was sent: %s", error)


@asynccontextmanager
async def connected(session: Session, timeout_s: float) -> AsyncIterator[Bulk]:
    """Open a bulk beside a session for the length of an `async with`."""
    bulk = await Bulk.open(session, timeout_s)
    try:
        yield bulk
    finally:
        await bulk.aclose()
