"""From the events of the private stream to the answers of the commands under way."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from partita.producers.pending import Answer, Pending, Waiting
from partita.producers.views import RawEvent
from partita.schemas import errors
from partita.schemas.accounts import (
    Accepted,
    Answered,
    Balance,
    Done,
    Opened,
    OrderStatus,
    Received,
    Rejected,
    Total,
)


class OwnOrder(NamedTuple):
    """What a client remembers of an order until it is done."""

    account: int
    client_order_id: str
    instrument_id: int


class Answers:
    """Gives each answer to the command that waits for it, and knows the orders that are not done.

    `describe` says in words what an OrderStatus says.
    """

    def __init__(self, pending: Pending, describe: Callable[[OrderStatus], str]) -> None:
        self.positions: dict[int, int] = {}  # by shard, the number of the last event taken
        self.orders: dict[int, OwnOrder] = {}  # by order_id
        self._pending = pending
        self._describe = describe
        self._names: dict[tuple[int, str], int] = {}
        # By shard: the run of events, at consecutive numbers, that may be parts of an answer.
        self._parts: dict[int, list[RawEvent]] = {}
        self._settling: dict[int, list[asyncio.Future[None]]] = {}

    def order_named(self, account: int, name: tuple[int, str]) -> OwnOrder | None:
        """Return an order by one of its names (build.order_name), if it is known."""
        order_id = name[0] or self._names.get((account, name[1]), 0)
        found = self.orders.get(order_id)
        return found if found is not None and found.account == account else None

    @property
    def has_settling(self) -> bool:
        """Whether somebody waits for an order to rest or to be done."""
        return bool(self._settling)

    def settling(self, order_id: int) -> asyncio.Future[None]:
        """Return a future that is done when the order is next told to rest or to be done."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._settling.setdefault(order_id, []).append(future)
        return future

    def forget_settling(self, order_id: int, future: asyncio.Future[None]) -> None:
        """Forget who waits no more; nothing if it is done."""
        waiting = self._settling.get(order_id, [])
        if future in waiting:
            waiting.remove(future)
            if not waiting:
                del self._settling[order_id]

    def take(self, events: Sequence[RawEvent]) -> None:
        """Take events, those of a shard in order."""
        for raw in events:
            event = raw.event
            match event:
                case Balance() | OrderStatus() | Total():
                    self._take_part(raw)
                case Received():
                    self._received(raw, event)
                case Opened():
                    self._settle(event.order_id)
                case Done():
                    self._settle(event.order_id)
                    self._forget(event.order_id)
                case Accepted():
                    self._answer(event.account, event.command_id, Answer(raw, ()))
                case Rejected():
                    self._rejected(raw, event)
                case Answered():
                    self._answered(raw, event)
                case _:
                    pass
        for raw in events:
            self.positions[raw.shard] = raw.number

    def _take_part(self, raw: RawEvent) -> None:
        parts = self._parts.setdefault(raw.shard, [])
        if parts:
            last = parts[-1]
            if last.number != raw.number - 1 or last.event.account != raw.event.account:
                parts.clear()
        parts.append(raw)

    def _received(self, raw: RawEvent, event: Received) -> None:
        waiting = self._answer(event.account, event.command_id, Answer(raw, ()))
        # Of those placed here, and once: a repeat's answer may come after the order's end, and
        # would never be taken out again.
        if waiting and not event.repeated:
            order = OwnOrder(event.account, event.command_id, event.instrument_id)
            self.orders[event.order_id] = order
            self._names[event.account, event.command_id] = event.order_id

    def _forget(self, order_id: int) -> None:
        order = self.orders.pop(order_id, None)
        if order is not None:
            self._names.pop((order.account, order.client_order_id), None)

    def _settle(self, order_id: int) -> None:
        for future in self._settling.pop(order_id, ()):
            if not future.done():
                future.set_result(None)

    def _answer(self, account: int, command_id: str, answer: Answer) -> bool:
        """Give an answer to the command that waits for it; return whether one did."""
        waiting = self._pending.pop(account, command_id)
        if waiting is not None and not waiting.future.done():
            waiting.future.set_result(waiting.result(answer))
        return waiting is not None

    def _rejected(self, raw: RawEvent, event: Rejected) -> None:
        waiting = self._pending.pop(event.account, event.command_id)
        if waiting is None:
            return
        detail = ""
        parts = self._parts.get(raw.shard)
        if parts and parts[-1].number == raw.number - 1:
            status = parts[-1].event
            if isinstance(status, OrderStatus) and status.order_id == event.order_id:
                detail = self._describe(status)
        fail(waiting, errors.Rejected(event.command_id, event.reason, raw.time_ms, detail))

    def _answered(self, raw: RawEvent, event: Answered) -> None:
        count = event.count
        run = self._parts.get(raw.shard, [])
        parts = run[len(run) - count :] if count else []
        # Some of it never came (a gap): the question stays open, and is asked again.
        if len(parts) == count and (not parts or parts[-1].number == raw.number - 1):
            self._answer(event.account, event.command_id, Answer(raw, parts))
        run.clear()


def fail(waiting: Waiting, error: errors.PartitaError) -> None:
    """Tell a command's caller that it failed, unless the caller is gone."""
    if not waiting.future.done():
        waiting.future.set_exception(error)
