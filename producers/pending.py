"""The commands under way: who waits for what, when it is sent again, when it is given up."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from partita.producers.limits import ClientLimits
from partita.producers.views import RawEvent
from partita.schemas.commands import Command
from partita.schemas.errors import InvalidValue, Overloaded


class Answer(NamedTuple):
    """What the ledger said to one command."""

    last: RawEvent  # Received, Accepted or Answered
    parts: Sequence[RawEvent]  # before an Answered: what was asked for


class Waiting:
    """One command under way."""

    __slots__ = ("answered", "command", "due_s", "future", "result", "sent_s", "tries")

    def __init__(
        self, command: Command, future: asyncio.Future[Any], result: Callable[[Answer], object]
    ) -> None:
        self.command = command
        self.future = future
        self.result = result  # makes the future's result of the answer
        self.answered = False
        self.sent_s = 0.0
        self.due_s = 0.0
        self.tries = 0


class Due(NamedTuple):
    """What has waited long enough."""

    again: list[Waiting]  # to be sent again
    given_up: list[Waiting]  # out of the table


class Pending:
    """The table of unanswered commands, by account and command_id; times in seconds, given."""

    def __init__(self, limits: ClientLimits) -> None:
        self._limits = limits
        self._wait_s = limits.answer_timeout_ms / 1_000 / (limits.retries + 1)
        self._table: dict[tuple[int, str], Waiting] = {}
        # Queues rather than the table's own order: the first key of a dict that loses its first
        # keys is found by walking over all that it has lost.
        self._by_sent: deque[Waiting] = deque()
        self._by_due: deque[Waiting] = deque()

    def __len__(self) -> int:
        return len(self._table)

    def admit(self, now_s: float, *, last: bool) -> None:
        """Refuse what would be too much; `last` is for cancels and inquiries.

        Raises:
            Overloaded: too many commands are unanswered, or one for too long.
        """
        limits, count = self._limits, len(self._table)
        room = limits.window + (limits.cancels_extra if last else 0)
        if count >= room:
            raise Overloaded(
                f"{count} commands are unanswered, and {room} may be; nothing was sent"
            )
        if last:
            return
        queue = self._by_sent
        while queue and queue[0].answered:
            queue.popleft()
        if queue and (age_ms := (now_s - queue[0].sent_s) * 1_000) > limits.oldest_ms:
            raise Overloaded(
                f"a command is unanswered for {age_ms:.0f} ms, and may be for {limits.oldest_ms};"
                " nothing was sent"
            )

    def add(self, waiting: Waiting, now_s: float) -> None:
        """Take in a command that is about to be sent.

        Raises:
            InvalidValue: one of its id is under way.
        """
        command = waiting.command
        key = (command.account, command.command_id)
        if key in self._table:
            rule = "is the id of a command under way: await its answer"
            raise InvalidValue("command_id", command.command_id, rule)
        waiting.sent_s = now_s
        waiting.due_s = now_s + self._wait_s
        self._table[key] = waiting
        self._by_sent.append(waiting)
        self._by_due.append(waiting)

    def pop(self, account: int, command_id: str) -> Waiting | None:
        """Take out the command that is answered; None if it is not of this table (any more)."""
        waiting = self._table.pop((account, command_id), None)
        if waiting is not None:
            waiting.answered = True
        return waiting

    def due(self, now_s: float) -> Due:
        """Return what is to be sent again, and take out what has been sent often enough."""
        queue, found = self._by_due, Due([], [])
        while queue and (queue[0].answered or queue[0].due_s <= now_s):
            waiting = queue.popleft()
            if waiting.answered:
                continue
            if waiting.tries >= self._limits.retries:
                self.pop(waiting.command.account, waiting.command.command_id)
                found.given_up.append(waiting)
            else:
                waiting.tries += 1
                waiting.due_s = now_s + self._wait_s
                found.again.append(waiting)
        # The same wait for all, so the queue stays in order.
        queue.extend(found.again)
        return found

    def unanswered(self) -> list[Waiting]:
        """Return all of it in the order in which it was submitted."""
        return list(self._table.values())

    def clear(self) -> list[Waiting]:
        """Take out all of it."""
        waiting = self.unanswered()
        for one in waiting:
            one.answered = True
        self._table.clear()
        self._by_sent.clear()
        self._by_due.clear()
        return waiting
