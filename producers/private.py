"""The private stream as an iterator, with a bounded buffer between it and the client."""

import asyncio
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from partita.producers.errors import EventsLost
from partita.producers.events import PrivateEvent
from partita.producers.translate import Translator, UnknownName
from partita.producers.views import RawEvent
from partita.schemas.accounts import OrderStatus
from partita.schemas.errors import PartitaError


class Listener(Protocol):
    """Who is given the events of some accounts; all calls are on the client's loop."""

    @property
    def accounts(self) -> frozenset[int]:
        """Whose events; empty for everyone's."""

    def take(self, events: Sequence[RawEvent]) -> None:
        """Take events; those of other accounts may be among them."""

    def end(self, error: PartitaError | None) -> None:
        """Hear that no more will come, or that some were lost."""


class Callback:
    """A listener that gives all events to a function."""

    accounts: frozenset[int] = frozenset()

    def __init__(self, function: Callable[[Sequence[RawEvent]], None]) -> None:
        self.take = function

    def end(self, error: PartitaError | None) -> None:
        """Do nothing: the client's own log says it."""


class Buffer:
    """A listener that keeps events until they are asked for."""

    def __init__(self, accounts: Iterable[int], most: int) -> None:
        self.accounts = frozenset(accounts)
        self._most = most
        self._events: deque[RawEvent] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self._error: PartitaError | None = None

    def take(self, events: Sequence[RawEvent]) -> None:
        """Keep events; when that makes too many, end behind what there is."""
        if self._ended:
            return
        mine = self.accounts
        wanted = [raw for raw in events if raw.event.account in mine] if mine else events
        if len(self._events) + len(wanted) > self._most:
            text = f"the reader of these events is more than {self._most} behind"
            self.end(EventsLost(f"{text}; read faster, or ask by inquiry and begin anew"))
            return
        self._events.extend(wanted)
        self._wake.set()

    def end(self, error: PartitaError | None) -> None:
        """End behind what is kept; the first end counts."""
        if not self._ended:
            self._ended, self._error = True, error
        self._wake.set()

    async def get(self) -> RawEvent:
        """Return the next event.

        Raises:
            StopAsyncIteration: the client was closed.
            PartitaError: why there are no more.
        """
        while not self._events:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._events.popleft()


class PrivateEvents:
    """An iterator over the private stream from its making on. Ends with its client.

    Raises EventsLost, after what came before, when it falls behind or when events never came.
    """

    def __init__(
        self,
        buffer: Buffer,
        translator: Translator,
        ask: Callable[[int, int], Awaitable[OrderStatus]],
        forget: Callable[[Buffer], None],
    ) -> None:
        self._buffer = buffer
        self._translator = translator
        self._ask = ask  # (account, order_id): what the ledger says of an order
        self._finalizer = weakref.finalize(self, forget, buffer)

    def __aiter__(self) -> "PrivateEvents":
        return self

    async def __anext__(self) -> PrivateEvent:
        while True:
            raw = await self._buffer.get()
            try:
                event = self._translator.translate(raw)
            except UnknownName as unknown:
                # It was there before this iterator: ask once, as the event does not tell.
                self._translator.learn(await self._ask(unknown.account, unknown.order_id))
                event = self._translator.translate(raw)
            if event is not None:
                return event

    async def aclose(self) -> None:
        """Stop; an iterator that is not used any more does so by itself."""
        self._finalizer()
        self._buffer.end(None)
