"""Sending a tape: in its order, at its times or as fast as it goes, never more than has room.

What is exact. Commands go out in the order of the tape, and those of one shard arrive in it; with
one shard that is the order at the book, so a replay then gives what `partita match` gives. An amend
names the size that shall remain, the wire wants the total, and what was filled must be known: the
sender waits until the order's own commands, and every command under way that may fill it, are
settled, and all rows behind wait with it.

What may race. With more shards, orders of accounts in different shards may overtake each other on
the way to the book; other people's orders may fill an order while its amend is under way (then less
remains than the tape says); an expiry (GTT) is as far ahead of the send as on the tape, and what it
meets by then may differ.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from time import perf_counter, time_ns
from typing import Any, TypeVar

from partita.deploy.replay.following import Command, Following, Order
from partita.deploy.replay.ids import RunIds
from partita.deploy.tape.row import Op, TapeRow
from partita.producers import Client, RawEvent
from partita.schemas.decimals import Increments
from partita.schemas.enums import OrderType, Side
from partita.schemas.errors import InvalidValue, NoAnswer, OutcomeUnknown, Overloaded, Rejected
from partita.schemas.reasons import Reason

_T = TypeVar("_T")

# Unsettled commands: enough to fill the batches of a worker's poll, few enough that one waits for
# well below a second.
WINDOW = 4_000
# Rows between two looks at the loop: what is sent in one turn is one batch for each shard.
_TURN_ROWS = 250
# How long to wait for room when the client has none.
_ROOM_S = 0.005
_LOOK_S = 1.0
# How long nothing may be settled while something is waited for: longer than the client's own
# time-out, and than a killed worker needs to come back.
_SILENCE_S = 90.0


class Sender:
    """Sends rows and follows what becomes of them."""

    def __init__(
        self, client: Client, ids: RunIds, factor: float | None, window: int = WINDOW
    ) -> None:
        """Make a sender; factor divides the tape's times, None: as fast as it goes."""
        self.following = Following()
        self.unknown: list[Command] = []  # given up by the client; their answer may still come
        self.sent = 0
        self.first_sent_s = 0.0
        self._client = client
        self._ids = ids
        self._factor = factor
        self._window = window
        self._news = asyncio.Event()
        self._answers: list[tuple[Command, Reason]] = []
        self._start_s = 0.0
        self._first_ms = 0

    def take(self, events: Sequence[RawEvent]) -> None:
        """Take the private stream of all accounts."""
        now_s = perf_counter()
        self.following.take(events, now_s)
        # Behind the events: an amend that is answered has the fills that came with it.
        for command, reason in self._answers:
            self.following.settle(command, reason, now_s)
        self._answers.clear()
        self._news.set()

    async def until(self, ready: Callable[[], bool]) -> None:
        """Wait for news until something is so.

        Raises:
            NoAnswer: nothing was settled for too long.
        """
        settled, since_s = self.following.settled, perf_counter()
        while not ready():
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._news.wait()
            if self.following.settled > settled:
                settled, since_s = self.following.settled, perf_counter()
            elif perf_counter() - since_s > _SILENCE_S:
                raise NoAnswer(
                    f"{len(self.following)} commands are not settled, and none was for"
                    f" {_SILENCE_S:g} s: do the ledger and the matcher run? See `partita status`"
                )

    async def send(self, rows: Iterable[TapeRow]) -> None:
        """Send all rows.

        Raises:
            NoAnswer: the exchange does not answer.
        """
        self._start_s = perf_counter()
        for row in rows:
            if row.seq == 0:
                self._first_ms = row.time_ms
            planned_s = await self._turn(row)
            try:
                await self._send(row, planned_s)
            except InvalidValue as error:
                self.following.refused(f"refused: {error.field}")
                self._news.set()

    async def settle(self) -> None:
        """Wait until all that was sent is settled or stays unknown, then ask about the unknown."""

        def settled() -> bool:
            self.unknown = [command for command in self.unknown if not command.settled]
            return len(self.following) <= len(self.unknown)

        await self.until(settled)
        for command in self.unknown:
            await self._ask(command)

    async def _ask(self, command: Command) -> None:
        """Ask about a place that the client has given up; of others nothing more can be told."""
        if command.op is Op.PLACE:
            try:
                name = command.client_order_id
                await self._client.order(command.account, client_order_id=name)
            except Rejected as refusal:
                # valid_until has passed, so that is final: it never reached the ledger.
                if refusal.reason is Reason.UNKNOWN_ORDER:
                    self.following.give_up(command)
                    return
                raise
        self.following.give_up(command)

    async def _turn(self, row: TapeRow) -> float:
        """Wait until a row is due and there is room; return its planned send time."""
        following = self.following
        if self._factor is not None:
            ahead_s = (row.time_ms - self._first_ms) / 1_000 / self._factor
            planned_s = self._start_s + ahead_s
            if (wait_s := planned_s - perf_counter()) > 0:
                await asyncio.sleep(wait_s)
        if row.seq % _TURN_ROWS == 0:
            await asyncio.sleep(0)
        if len(following) >= self._window:
            # Waiting for a good part of the room makes few, large batches of it.
            await self.until(lambda: len(following) <= self._window * 3 // 4)
        return planned_s if self._factor is not None else 0.0

    async def _send(self, row: TapeRow, planned_s: float) -> None:
        name = self._ids.order(row.id)
        order = self.following.order(row.account, name)
        if row.op is Op.PLACE:
            if row.side is Side.BUY:
                await self.until(lambda: not self.following.reserves_all(row.account))
            market = row.type is OrderType.MARKET
            assert row.side is not None, "a place on a tape has a side"
            reserves_all = market and row.side is Side.BUY and row.funds is None
            order = Order(row.side, reserves_all=reserves_all)
            future: asyncio.Future[Any] = await self._admitted(partial(self._place, row, name))
        elif row.op is Op.CANCEL:
            future = await self._admitted(
                lambda: self._client.submit_cancel(row.account, client_order_id=name)
            )
        else:
            future = await self._admitted(await self._amend(row, name, order))
        now_s = perf_counter()
        if not self.sent:
            self.first_sent_s = now_s
        self.sent += 1
        planned_s = now_s if self._factor is None else planned_s
        command = Command(row.op, row.account, name, row.symbol, order, row.price, planned_s)
        self.following.add(command)
        future.add_done_callback(partial(self._answered, command))

    async def _admitted(self, submit: Callable[[], "asyncio.Future[_T]"]) -> "asyncio.Future[_T]":
        while True:
            try:
                return submit()
            except Overloaded:
                await asyncio.sleep(_ROOM_S)

    def _place(self, row: TapeRow, name: str) -> "asyncio.Future[Any]":
        assert row.side is not None, "a place on a tape has a side"
        return self._client.submit_place(
            row.account,
            row.symbol,
            row.side,
            price=row.price,
            size=row.size,
            funds=row.funds,
            type=row.type,
            time_in_force=row.time_in_force,
            post_only=row.post_only,
            self_trade=row.self_trade,
            expire_ms=self._expiry(row),
            client_order_id=name,
        )

    def _expiry(self, row: TapeRow) -> int | None:
        """Return an expiry as far ahead of now as it was on the tape."""
        if not row.expire_ms:
            return None
        if not row.time_ms:
            return row.expire_ms
        ahead_ms = int((row.expire_ms - row.time_ms) / (self._factor or 1.0))
        return time_ns() // 1_000_000 + ahead_ms

    async def _amend(
        self, row: TapeRow, name: str, order: Order | None
    ) -> Callable[[], "asyncio.Future[Any]"]:
        """Wait until it is known what was filled; return the submit of the amend."""
        rules = self._client.instruments.get(row.symbol)
        if rules is None:
            raise InvalidValue("symbol", row.symbol, "is not listed on this exchange")
        steps = Increments.of(rules)
        price, remaining, filled = row.price, row.size, Decimal(0)
        if order is not None:
            await self.until(lambda: not order.under_way)
            resting = steps.price(order.price)
            await self.until(
                lambda: order.done or not self.following.may_change(order, resting, row.symbol)
            )
            filled = steps.size(order.filled)
            price = steps.price(order.price) if price is None else price
            remaining = steps.size(order.size - order.filled) if remaining is None else remaining
        if price is None:
            raise InvalidValue("price", None, "is unchanged, and the order is unknown")
        if remaining is None:
            raise InvalidValue("size", None, "is unchanged, and the order is unknown")
        total = remaining + filled
        return partial(
            self._client.submit_amend,
            row.account,
            price=price,
            size=total,
            client_order_id=name,
            symbol=row.symbol,
        )

    def _answered(self, command: Command, future: "asyncio.Future[Any]") -> None:
        error = future.exception()
        if isinstance(error, OutcomeUnknown):
            self.following.late(command, error.command_id)
            self.unknown.append(command)
            self._news.set()
        elif error is not None and not isinstance(error, Rejected):
            raise error
        elif command.op is not Op.PLACE:
            # What became of a place, its own events tell; the events come right behind this.
            reason = error.reason if isinstance(error, Rejected) else Reason.NONE
            self._answers.append((command, reason))
