"""A client whose every operation, and all that it hears, goes into a history."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from histories.history import History

from partita.producers import Client, RawEvent
from partita.producers.pending import Answer
from partita.schemas.commands import Command
from partita.schemas.errors import Overloaded, Rejected


class Recorder:
    """Stands between a client and its session, where commands have their final form."""

    def __init__(self, client: Client, history: History) -> None:
        self._history = history
        session = client._session  # noqa: SLF001 - commands have their ids from here on only
        self._submit = session.submit
        session.submit = self._record  # type: ignore[method-assign]
        client.listen(self._hear)

    def _record(
        self, command: Command, result: Callable[[Answer], Any], *, last: bool = False
    ) -> asyncio.Future[Any]:
        history, op = self._history, 0

        def recorded(answer: Answer) -> Any:
            shard, number, time_ms, event = answer.last
            parts = (*(raw.event for raw in answer.parts), event)
            history.ok(op, shard, number, time_ms, parts)
            return result(answer)

        def ended(future: asyncio.Future[Any]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            if isinstance(error, Rejected):
                history.refused(op, error.reason)
            elif error is not None:
                history.unknown(op)

        try:
            future = self._submit(command, recorded, last=last)
        except Overloaded as error:
            history.not_sent(command, str(error))
            raise
        op = history.invoked(command)  # before it is sent: that is for the loop's next turn
        future.add_done_callback(ended)
        return future

    def _hear(self, events: Sequence[RawEvent]) -> None:
        for shard, number, time_ms, event in events:
            self._history.heard(1, shard, number, time_ms, event)
