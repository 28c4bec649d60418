"""A client's session that notes in a history all that is said through it, and what is heard."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from histories.history import History

from partita.producers import RawEvent
from partita.producers.pending import Answer
from partita.producers.private import Callback
from partita.producers.session import Session
from partita.schemas.commands import Command
from partita.schemas.errors import PartitaError, Rejected

T = TypeVar("T")


class Said(NamedTuple):
    """A command as it was submitted: enough to submit it again."""

    command: Command
    result: Callable[[Answer], Any]
    last: bool


class TappedSession(Session):
    """What is submitted before `tap` (the session's own first questions) is not noted."""

    said: Said  # what was submitted last; known from when `submit` has returned
    _history: History | None = None

    def tap(
        self, history: History, number: int, hear: Callable[[Sequence[RawEvent]], None]
    ) -> None:
        """Note everything from now on, as the client of a number; tell of what is heard, too."""
        self._history = history

        def take(events: Sequence[RawEvent]) -> None:
            for raw in events:
                history.heard(number, *raw)
            hear(events)

        self.listen(Callback(take))

    def submit(
        self, command: Command, result: Callable[[Answer], T], *, last: bool = False
    ) -> asyncio.Future[T]:
        """Submit as any session does, and note it and its end; see Session.submit."""
        history, op = self._history, 0
        if history is None:
            return super().submit(command, result, last=last)

        def told(answer: Answer) -> T:
            shard, number, time_ms, event = answer.last
            events = (*(raw.event for raw in answer.parts), event)
            history.ok(op, shard, number, time_ms, events)
            return result(answer)

        try:
            future = super().submit(command, told, last=last)
        except PartitaError as error:
            history.not_sent(command, type(error).__name__)
            raise
        # Nothing goes out before this turn of the loop ends, so it is noted before it is sent.
        op = history.invoked(command)
        self.said = Said(command, result, last)
        future.add_done_callback(lambda done: _note_end(history, op, done))
        return future


def _note_end(history: History, op: int, done: asyncio.Future[Any]) -> None:
    error = None if done.cancelled() else done.exception()
    if isinstance(error, Rejected):
        history.refused(op, error.reason)
    elif error is not None or done.cancelled():
        history.unknown(op)
