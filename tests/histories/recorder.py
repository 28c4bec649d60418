"""The recorder: a client that keeps the history of what it does, whatever happens around it.

Workers and brokers may go away under it: a command that times out is found out about, a client that
cannot go on is replaced. It raises for what its caller has done wrong, and for nothing else until
its patience ends.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, NamedTuple, ParamSpec, Self, TypeVar

from histories.history import History
from histories.tap import Said, TappedSession

from partita.producers import (
    CancelledAll,
    Client,
    ClientLimits,
    OrderView,
    Placed,
    RawEvent,
    results,
)
from partita.schemas.accounts import Done, Opened, Received
from partita.schemas.commands import CancelAll, Place
from partita.schemas.enums import OrderState
from partita.schemas.errors import (
    InvalidValue,
    NoAnswer,
    OutcomeUnknown,
    Overloaded,
    PartitaError,
    Rejected,
)
from partita.schemas.reasons import Reason

P = ParamSpec("P")
T = TypeVar("T")

# Few seconds to an answer, so that a death is noticed; and a life that outlasts a restart.
LIMITS = ClientLimits(answer_timeout_ms=3_000, oldest_ms=30_000, valid_for_ms=20_000)
_PAUSE_S = 0.2  # between two attempts of anything
_CONNECT_S = 10.0
# How many commands are found out about at a time: after an outage there are thousands.
_ASKING_MAX = 200


class Ending(StrEnum):
    """What became of a command, as far as its client knows."""

    OK = "ok"  # it took effect
    REJECTED = "rejected"
    NEVER = "never"  # it was unknown, and had, and will have, no effect
    NOT_SENT = "not_sent"  # too much is unanswered
    UNRESOLVED = "unresolved"  # patience has ended


class Outcome(NamedTuple):
    """The end of a command."""

    ending: Ending
    value: Any = None  # of OK: what the client's own method returns
    reason: Reason = Reason.NONE  # of REJECTED


def _recorded(
    submit: Callable[Concatenate[Client, P], asyncio.Future[T]],
) -> Callable[Concatenate["Recorder", P], Coroutine[Any, Any, Outcome]]:
    """Return a client's method with its history kept and its outcome found out."""

    async def run(self: "Recorder", /, *args: P.args, **kwargs: P.kwargs) -> Outcome:
        return await self._run(lambda session: submit(Client(session), *args, **kwargs))

    return run


class Recorder:
    """See the module. Everything is to be used on the loop that it was opened on.

    Commands take what the methods of Client of the same names take; an amend needs the symbol, for
    a client that replaces another does not know the orders. Through `client` anything else can be
    asked and said; it is recorded, too, but its errors are the caller's.
    """

    place = _recorded(Client.submit_place)
    cancel = _recorded(Client.submit_cancel)
    amend = _recorded(Client.submit_amend)
    transfer = _recorded(Client.submit_transfer)

    def __init__(
        self,
        bootstrap: str,
        *,
        path: Path | None = None,
        strangers: bool = True,
        limits: ClientLimits = LIMITS,
        patience_s: float = 120.0,
    ) -> None:
        """Prepare a recorder; path: keep the history in this file; strangers: see Auditor."""
        self.history: History  # from when it is opened
        self.clients = 0  # how many there were, one after another
        self._bootstrap = bootstrap
        self._path = path
        self._strangers = strangers
        self._limits = limits
        self._patience_s = patience_s
        self._session: TappedSession
        self._renewing = asyncio.Lock()
        self._asking = asyncio.Semaphore(_ASKING_MAX)
        self._under_way = 0
        # Orders that were received, and have not been heard to rest or to be done; their accounts.
        self._moving: dict[int, int] = {}

    async def __aenter__(self) -> Self:
        session = await self._connect()
        rules = tuple(session.catalogue.instruments.values())
        shards = session.shape.shards
        self.history = History(shards, rules, strangers=self._strangers, path=self._path)
        self._use(session)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._session.aclose()
        self.history.close()

    @property
    def client(self) -> Client:
        """The client of now; after an outage it may be another one."""
        return Client(self._session)

    # The session, and its successors.

    async def _connect(self) -> TappedSession:
        """Open a session.

        Raises:
            PartitaError: why none could be opened until patience ended.
        """
        deadline_s = time.monotonic() + self._patience_s
        while True:
            try:
                session = await TappedSession.open(self._bootstrap, self._limits, _CONNECT_S)
            except PartitaError:
                if time.monotonic() > deadline_s:
                    raise
                await asyncio.sleep(_PAUSE_S)
            else:
                assert isinstance(session, TappedSession)
                return session

    def _use(self, session: TappedSession) -> None:
        self.clients += 1
        self._session = session
        session.tap(self.history, self.clients, self._hear)

    async def _renew(self, ended: TappedSession) -> None:
        """Replace a session that cannot go on; nothing if that is done."""
        async with self._renewing:
            if self._session is ended:
                await ended.aclose()
                self._use(await self._connect())

    def _hear(self, events: Sequence[RawEvent]) -> None:
        for *_, event in events:
            if isinstance(event, Received):
                self._moving[event.order_id] = event.account
            elif isinstance(event, Opened | Done):
                self._moving.pop(event.order_id, None)

    # Commands.

    async def cancel_all(self, account: int, symbol: str) -> Outcome:
        """Cancel all orders of the account on a symbol; see Client.cancel_all."""

        def submit(session: TappedSession) -> asyncio.Future[CancelledAll]:
            until_ms = session.now_ms() + session.limits.valid_for_ms
            listed = session.catalogue.listed(symbol)
            head = account, session.ids.new(), until_ms
            command = CancelAll(*head, listed.instrument.instrument_id)
            return session.submit(command, results.cancelled_all, last=True)

        return await self._run(submit)

    async def _run(self, submit: Callable[[TappedSession], asyncio.Future[Any]]) -> Outcome:
        self._under_way += 1
        try:
            while True:
                session = self._session
                try:
                    future = submit(session)
                except Overloaded:
                    return Outcome(Ending.NOT_SENT)
                except InvalidValue:
                    raise
                except PartitaError:  # this client has ended; nothing was sent
                    await self._renew(session)
                    continue
                return await self._outcome(session.said, future)
        finally:
            self._under_way -= 1

    async def _outcome(self, said: Said, future: asyncio.Future[Any]) -> Outcome:
        """Return what became of a command, found out by asking where that is needed."""
        found = await _ending(future)
        if found is not None:
            return found
        async with self._asking:
            return await self._find_out(said)

    async def _find_out(self, said: Said) -> Outcome:
        """Ask for an order by its client_order_id, and send the same command again, by turns."""
        deadline_s = time.monotonic() + self._patience_s
        while time.monotonic() < deadline_s:
            session = self._session
            try:
                found = await self._ask(said)
                if found is None:
                    found = await _ending(session.submit(*said[:2], last=said.last))
            except (NoAnswer, Overloaded):
                await asyncio.sleep(_PAUSE_S)
            except PartitaError:  # this client has ended; nothing was sent
                await self._renew(session)
            else:
                if found is not None:
                    return found
        return Outcome(Ending.UNRESOLVED)

    async def _ask(self, said: Said) -> Outcome | None:
        """Return what became of an order; None when that is not known yet, or it is none."""
        command = said.command
        if not isinstance(command, Place):
            return None
        account, name, client = command.account, command.command_id, self.client
        try:
            view = await client.order(account, client_order_id=name)
        except Rejected as refusal:
            late = refusal.time_ms > command.valid_until_ms
            if late and refusal.reason is Reason.UNKNOWN_ORDER:
                return Outcome(Ending.NEVER)
            return None
        return Outcome(Ending.OK, _placed(view))

    # Reading, and the end.

    async def balances(self, account: int) -> bool:
        """Read an account's balances into the history; return whether there was an answer."""
        return await self._read(lambda client: client.balances(account))

    async def totals(self) -> bool:
        """Read the totals of all shards into the history; return whether all have answered."""
        return await self._read(Client.totals)

    async def _read(self, ask: Callable[[Client], Awaitable[Any]]) -> bool:
        session = self._session
        try:
            await ask(Client(session))
        except (NoAnswer, Overloaded, Rejected):
            return False
        except InvalidValue:
            raise
        except PartitaError:
            await self._renew(session)
            return False
        return True

    async def come_to_rest(self) -> None:
        """Wait until nothing is under way: no command, no order, no money in clearing.

        Others must not trade meanwhile.

        Raises:
            NoAnswer: patience has ended; is a matcher running?
        """
        deadline_s = time.monotonic() + self._patience_s
        still = 0
        while still < 2:  # shards answer one after another: once could be chance
            if time.monotonic() > deadline_s:
                text = f"{self._under_way} commands and {len(self._moving)} orders are under way"
                raise NoAnswer(f"the exchange does not come to rest: {text}")
            still = still + 1 if await self._is_still() else 0
            await asyncio.sleep(_PAUSE_S / 4)

    async def _is_still(self) -> bool:
        client = self.client
        if self._under_way:
            return False
        with suppress(NoAnswer, Overloaded, Rejected):
            # What became of them may have been said while no client was listening.
            for order_id, account in list(self._moving.items()):
                if await _is_received(client, account, order_id):
                    return False
                self._moving.pop(order_id, None)
            totals = await client.totals()
            return not any(total.clearing for total in totals.values())
        return False


async def _is_received(client: Client, account: int, order_id: int) -> bool:
    """Return whether an order is on its way to its book."""
    try:
        view = await client.order(account, order_id=order_id)
    except Rejected:
        return False  # it was done so long ago that it is forgotten
    return view.state is OrderState.RECEIVED


async def _ending(future: asyncio.Future[Any]) -> Outcome | None:
    """Return how a command ended; None when that is unknown."""
    try:
        return Outcome(Ending.OK, await future)
    except OutcomeUnknown:
        return None
    except Rejected as refusal:
        # A copy that is looked at after its life: had one before it been taken, the answer to that
        # would have been repeated.
        if refusal.reason is Reason.COMMAND_EXPIRED:
            return Outcome(Ending.NEVER)
        return Outcome(Ending.REJECTED, reason=refusal.reason)


def _placed(view: OrderView) -> Placed:
    return Placed(view.order_id, view.client_order_id, view.position)
