"""A client's connection: commands out, answers and events in, on one loop.

Everything here runs on the loop but what the followers do in their threads.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from partita.log.kafka.admin import Admin, ExchangeShape
from partita.log.kafka.follower import Follower
from partita.log.kafka.reader import Reader
from partita.log.kafka.sender import Sender
from partita.producers.answers import Answers, fail
from partita.producers.build import Ids
from partita.producers.catalogue import Catalogue
from partita.producers.compacted import Compacted
from partita.producers.errors import ClientClosed, EventsLost
from partita.producers.inbound import Hearer, Inbound
from partita.producers.limits import ClientLimits
from partita.producers.outbound import Outbound
from partita.producers.pending import Answer, Pending, Waiting
from partita.producers.private import Listener
from partita.producers.stream import Stream, Wanted
from partita.producers.tickers import TickerBook
from partita.producers.translate import describe
from partita.producers.views import RawEvent
from partita.schemas.commands import Command, Inquire
from partita.schemas.converter import Message
from partita.schemas.enums import Question
from partita.schemas.errors import (
    DeliveryFailed,
    NoAnswer,
    OutcomeUnknown,
    PartitaError,
    Rejected,
)
from partita.schemas.limits import ACCOUNT_MAX
from partita.schemas.reasons import Reason
from partita.schemas.topics import ACCOUNT_EVENTS, INSTRUMENTS, TICKERS

_LOGGER = logging.getLogger("partita.producers")
T = TypeVar("T")

# How often what waits is looked at: fine against waits of seconds, coarse against their cost.
_TICK_S = 0.05
# How often to look for accounts of which nothing is awaited any more.
_WANT_LESS_S = 1.0
# How long a closing client waits for what it sent to reach the log.
_CLOSE_S = 2.0
# A clock that is off by more is worth a word: people's clocks, and networks, are off by less.
_CLOCK_OFF_MS = 2_000
# The first question is not the client's own, so it does not go by the client's limits.
_JOIN_VALID_MS = 30_000
# A clock so far off that even the first question is refused.
_CLOCK_REASONS = (Reason.COMMAND_EXPIRED, Reason.VALID_UNTIL_TOO_FAR)


def _exchange_shape(bootstrap: str, timeout_s: float) -> ExchangeShape:
    admin = Admin(bootstrap)
    admin.partition_counts(timeout_s)  # fails after our time-out, not after the admin's own
    return admin.shape()


class Session:
    """See the module."""

    def __init__(self, bootstrap: str, shape: ExchangeShape, limits: ClientLimits) -> None:
        self.shape = shape
        self.limits = limits
        self.ids = Ids()
        self.catalogue = Catalogue()
        self.tickers = TickerBook(self.catalogue)
        self._pending = Pending(limits)
        self.answers = Answers(self._pending, lambda status: describe(self.catalogue, status))
        self.bootstrap = bootstrap
        self._loop = asyncio.get_running_loop()
        self._wanted = Wanted()
        self._listeners: dict[int, Listener] = {}
        # Any account number of a shard will do for asking the shard itself: the largest ones, whose
        # events are nobody else's.
        self._asking = [
            ACCOUNT_MAX - (ACCOUNT_MAX - shard) % shape.shards for shard in range(shape.shards)
        ]
        self._questions = [self.ids.new() for _ in self._asking]
        self._wanted.accounts.update(self._asking)
        self._inbound = Inbound(
            Stream(shard, self._wanted, account, self._questions[shard])
            for shard, account in enumerate(self._asking)
        )
        self._gaps_told = 0
        self._want_less_s = 0.0  # when to look next for accounts of which nothing is awaited
        self._clock_ahead_ms = 0  # what the log's clock is ahead of ours, when that is much
        self._sender = Sender(bootstrap)
        self._outbound = Outbound(shape.shards)
        self._flush_at: asyncio.Handle | None = None
        self._tick_at: asyncio.Handle | None = None
        self._compacted: list[Compacted] = []
        self._ended: PartitaError | None = None  # why nothing goes out any more

    @classmethod
    async def open(cls, bootstrap: str, limits: ClientLimits, timeout_s: float) -> "Session":
        """Connect; see Client.connect."""
        shape = await asyncio.to_thread(_exchange_shape, bootstrap, timeout_s)
        session = cls(bootstrap, shape, limits)
        try:
            await session._start(timeout_s)
        except BaseException:
            await session.aclose()
            raise
        return session

    async def _start(self, timeout_s: float) -> None:
        bootstrap, partitions = self.bootstrap, self.shape.partitions
        self._compacted = [
            Compacted(bootstrap, INSTRUMENTS, 1, self._take_rules, self._fail),
            Compacted(bootstrap, TICKERS, partitions, self.tickers.take, self._fail),
        ]
        reader = Reader(bootstrap, ACCOUNT_EVENTS)
        await self._inbound.start(reader, timeout_s, self._take, self._fail)
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*(one.start(timeout_s) for one in self._compacted))
        except TimeoutError as error:
            text = f"instruments and tickers could not be read within {timeout_s:g} s"
            raise NoAnswer(text) from error
        await asyncio.gather(*(self._join(at, timeout_s) for at in range(self.shape.shards)))

    def _take_rules(self, instruments: Sequence[Message]) -> None:
        self.catalogue.take(instruments)
        self.tickers.retell()

    async def _join(self, shard: int, timeout_s: float) -> None:
        """Ask a shard where its stream stands, and what its clock says."""
        try:
            async with asyncio.timeout(timeout_s):
                asked_ms = _clock_ms()
                try:
                    log_ms = await self._ask_join(shard)
                except Rejected as refusal:
                    if refusal.reason not in _CLOCK_REASONS:
                        raise
                    self._set_clock(asked_ms, refusal.time_ms)
                    await self._ask_join(shard)
                else:
                    self._set_clock(asked_ms, log_ms)
        except (TimeoutError, NoAnswer) as error:
            raise NoAnswer(
                f"no ledger worker answers for shard {shard}: is `partita ledger` running?"
            ) from error

    async def _ask_join(self, shard: int) -> int:
        """Return the log's time at the question."""
        account, question = self._asking[shard], self._questions[shard]
        until_ms = self.now_ms() + _JOIN_VALID_MS
        command = Inquire(account, question, until_ms, Question.POSITION, 0, "")
        return (await self.submit(command, _itself, last=True)).last.time_ms

    def _set_clock(self, ours_ms: int, log_ms: int) -> None:
        ahead_ms = log_ms - ours_ms
        if abs(ahead_ms) > _CLOCK_OFF_MS and not self._clock_ahead_ms:
            _LOGGER.warning(
                "this computer's clock says %d, the exchange's %d (milliseconds since 1970);"
                " commands go by the exchange's",
                ours_ms,
                log_ms,
            )
            self._clock_ahead_ms = ahead_ms

    def now_ms(self) -> int:
        """Return the time by which the exchange goes, milliseconds since 1970."""
        return _clock_ms() + self._clock_ahead_ms

    @property
    def gaps(self) -> int:
        """How often events never came."""
        return self._inbound.gaps

    def submit(
        self, command: Command, result: Callable[[Answer], T], *, last: bool = False
    ) -> asyncio.Future[T]:
        """Send a command with all others of this turn of the loop; return its result to come.

        Raises:
            Overloaded: too much is unanswered; `last` commands are refused last.
            InvalidValue: a command of this id is under way.
            PartitaError: the client is closed, or has failed.
        """
        if self._ended is not None:
            raise self._ended
        now_s = time.monotonic()
        self._pending.admit(now_s, last=last)
        future: asyncio.Future[T] = self._loop.create_future()
        self._pending.add(Waiting(command, future, result), now_s)
        self._wanted.accounts.add(command.account)
        self._outbound.put(command)
        if self._flush_at is None:
            self._flush_at = self._loop.call_soon(self._flush)
        if self._tick_at is None:
            self._tick_at = self._loop.call_later(_TICK_S, self._tick)
        return future

    async def ask(
        self, account: int, question: Question, name: tuple[int, str] = (0, "")
    ) -> Answer:
        """Inquire; see Client.order.

        Raises:
            Rejected: no such account or order.
            NoAnswer: none came in time.
        """
        until_ms = self.now_ms() + self.limits.valid_for_ms
        command = Inquire(account, self.ids.new(), until_ms, question, *name)
        return await self.submit(command, _itself, last=True)

    async def ask_totals(self) -> list[Answer]:
        """Ask each shard for its totals."""
        return await asyncio.gather(*(self.ask(one, Question.TOTALS) for one in self._asking))

    async def join(self, hearer: Hearer) -> None:
        """Let one hear the private streams; return when it has heard every shard answer.

        Raises:
            NoAnswer: a shard has not; it hears all the same.
        """
        self._inbound.add(hearer)
        await asyncio.gather(*(self.ask(one, Question.POSITION) for one in self._asking))

    def leave(self, hearer: Hearer) -> None:
        """Let one hear no more; nothing if it does not."""
        self._inbound.remove(hearer)

    def _flush(self) -> None:
        self._flush_at = None
        try:
            for outgoing in self._outbound.take():
                self._sender.send(outgoing)
        except DeliveryFailed as error:
            self._renew(error)

    def _renew(self, error: DeliveryFailed) -> None:
        """Send all that is unanswered once more, under its ids, with a sender that works."""
        _LOGGER.warning("sending %d commands again: %s", len(self._pending), error)
        self._sender = Sender(self.bootstrap)
        self._outbound = Outbound(self.shape.shards)
        for waiting in self._pending.unanswered():
            self._outbound.put(waiting.command)
        if self._flush_at is not None:
            self._flush_at.cancel()
        self._flush_at = self._loop.call_later(_TICK_S, self._flush)

    def _tick(self) -> None:
        """Send again what waits too long, give up what has waited long enough."""
        self._tick_at = None
        due = self._pending.due(time.monotonic())
        for waiting in due.given_up:
            fail(waiting, _unanswered(waiting.command))
        for waiting in due.again:
            self._outbound.put(waiting.command)
        if due.again and self._flush_at is None:
            self._flush_at = self._loop.call_soon(self._flush)
        try:
            self._sender.serve()
        except DeliveryFailed as error:
            self._renew(error)
        if len(self._pending):
            self._tick_at = self._loop.call_later(_TICK_S, self._tick)

    def listen(self, listener: Listener) -> None:
        """Give a listener all events of its accounts from now on."""
        self._listeners[id(listener)] = listener
        self._wanted.accounts.update(listener.accounts)
        self._want_everyone()

    def forget(self, listener: Listener) -> None:
        """Give a listener no more; nothing if it is none."""
        self._listeners.pop(id(listener), None)
        self._want_everyone()

    def _want_less(self) -> None:
        """Now and then, forget the accounts of which nothing is awaited any more.

        Others may send for them, in bulk, and reading all of that would be for nothing.
        """
        waits = len(self._pending) or self.answers.has_settling
        if waits or time.monotonic() < self._want_less_s:
            return
        self._want_less_s = time.monotonic() + _WANT_LESS_S
        wanted = {order.account for order in self.answers.orders.values()}
        wanted.update(*(listener.accounts for listener in self._listeners.values()))
        wanted.update(self._asking)
        self._wanted.accounts = wanted

    def _want_everyone(self) -> None:
        self._wanted.everyone = any(not one.accounts for one in self._listeners.values())

    def _take(self, events: Sequence[RawEvent]) -> None:
        self.answers.take(events)
        if (gaps := self.gaps) > self._gaps_told:
            self._gaps_told = gaps
            self._end_listeners(EventsLost("some events never came; ask by inquiry, begin anew"))
        self._want_less()
        for listener in self._listeners.values():
            # Each in a call of its own: one that fails is told of by the loop, and harms no other.
            self._loop.call_soon(listener.take, events)

    def _end_listeners(self, error: PartitaError | None) -> None:
        for listener in self._listeners.values():
            listener.end(error)

    def _fail(self, error: Exception) -> None:
        """End, because nothing can be read any more."""
        if not isinstance(error, PartitaError):
            _LOGGER.error("a reader of this client failed", exc_info=error)
            error = NoAnswer(f"this client can read no answers: {type(error).__name__}: {error}")
        self._end(error, error)

    def _end(self, why: PartitaError, told: PartitaError | None) -> None:
        if self._ended is not None:
            return
        self._ended = why
        if self._tick_at is not None:
            self._tick_at.cancel()
        for waiting in self._pending.clear():
            fail(waiting, _unanswered(waiting.command))
            if not waiting.future.cancelled():
                waiting.future.exception()  # whoever awaits it hears; else nobody need
        self._end_listeners(told)
        self.tickers.end(told)

    async def aclose(self) -> None:
        """Send what was submitted, stop reading, and tell all that wait. Once is enough."""
        if self._flush_at is not None:
            self._flush_at.cancel()
            self._flush()
        closed = ClientClosed("this client is closed")
        self._end(closed, None)
        self._inbound.end(closed)
        followers = [self._inbound.follower, *(one.follower for one in self._compacted)]
        running: list[Follower[Any]] = [one for one in followers if one is not None]
        for follower in running:
            follower.stop()
        await asyncio.to_thread(self._leave, running)

    def _leave(self, followers: Sequence[Follower[Any]]) -> None:
        """Run in a thread: waits."""
        for follower in followers:
            follower.join()
        try:
            self._sender.flush(_CLOSE_S)
        except DeliveryFailed as error:
            _LOGGER.warning("closed before all was sent: %s", error)


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000


def _itself(answer: Answer) -> Answer:
    return answer


def _unanswered(command: Command) -> PartitaError:
    if isinstance(command, Inquire):
        return NoAnswer(f"no answer to an inquiry of account {command.account}: is it running?")
    return OutcomeUnknown(command.account, command.command_id, command.valid_until_ms)
