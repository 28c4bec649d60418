"""The simulated market on a running exchange: planned times, quotes taken back, funds topped up."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from partita.deploy.simulate.crowd import QUOTES, Crowd, Wish, accounts, makers, opening_ticks
from partita.producers import Client, Placed
from partita.schemas.decimals import Increments, from_steps, to_steps, unit
from partita.schemas.enums import InstrumentStatus
from partita.schemas.errors import InvalidValue, OutcomeUnknown, Overloaded, Rejected
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason

# What is later than this is not caught up with: a market after a pause is no burst.
_LATE_S = 1.0
_SLEEP_S = 0.05
_MICROS = 1_000_000
_TELL_EVERY_S = 1.0


class Plan(NamedTuple):
    """What to simulate."""

    symbols: int  # of the listed ones, in the order of their numbers
    rate: int  # orders a second, over all symbols
    seed: int
    seconds: int | None = None  # None: until it is stopped


@dataclass(slots=True)
class Tally:
    """What has happened."""

    placed: int = 0
    cancelled: int = 0
    rejected: dict[Reason, int] = field(default_factory=dict)
    unknown: int = 0  # no answer came in time
    overloaded: int = 0  # not sent: too much was unanswered
    skipped: int = 0  # not sent: its time was long past
    topped_up: int = 0


class _Symbol:
    """One symbol: its crowd, and the quotes that rest."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.steps = Increments.of(crowd.instrument)
        self.quotes: deque[tuple[int, int]] = deque()  # (account, order_id), oldest first


class Market:
    """The simulated market; `run` is its life."""

    def __init__(self, client: Client, plan: Plan) -> None:
        self.tally = Tally()
        self._client = client
        self._plan = plan
        self._rng = random.Random(f"{plan.seed} times")  # noqa: S311 - a market, no secret
        self._symbols = [
            _Symbol(Crowd(rules, self._opening(rules), plan.seed)) for rules in self._chosen()
        ]
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: BaseException | None = None

    def _chosen(self) -> list[Instrument]:
        listed = sorted(self._client.instruments.values(), key=lambda rules: rules.instrument_id)
        trading = [rules for rules in listed if rules.status is InstrumentStatus.TRADING]
        if not trading:
            raise InvalidValue("symbols", self._plan.symbols, "no listed instrument is trading")
        return trading[: self._plan.symbols]

    def _opening(self, rules: Instrument) -> int:
        step = Increments.of(rules).price_step
        ticker = self._client.ticker(rules.symbol)
        if ticker is not None and ticker.last_price is not None:
            return to_steps(ticker.last_price, step, "price")
        return opening_ticks(rules, step)

    async def run(self, stop: asyncio.Event, tell: Callable[[Tally], None]) -> None:
        """Trade until the plan's time is over or it is told to stop; then take the quotes back.

        Raises:
            PartitaError: the exchange cannot be spoken to any more.
        """
        await self._fund()
        await self._clear(await self._left_behind())
        begun_s = time.monotonic()
        due_s, told_s = begun_s, begun_s
        while not stop.is_set():
            if self._failed is not None:
                raise self._failed
            now_s = time.monotonic()
            if self._plan.seconds is not None and now_s - begun_s >= self._plan.seconds:
                break
            if now_s - due_s > _LATE_S:
                late = int((now_s - due_s) * self._plan.rate)
                self.tally.skipped += late
                due_s = now_s
            while due_s <= now_s:
                self._act()
                due_s += self._rng.randrange(2 * _MICROS // self._plan.rate + 1) / _MICROS
            if now_s - told_s >= _TELL_EVERY_S:
                told_s = now_s
                tell(self.tally)
            await asyncio.sleep(min(_SLEEP_S, max(0.0, due_s - time.monotonic())))
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._clear({(m, s.crowd.instrument.symbol) for m in makers() for s in self._symbols})
        tell(self.tally)

    def _act(self) -> None:
        # The first symbols are busier than the last, as on any exchange.
        symbol = self._symbols[min(self._rng.randrange(len(self._symbols)) for _ in range(2))]
        wish = symbol.crowd.wish()
        self._spawn(self._place(symbol, wish))
        if len(symbol.quotes) > QUOTES:
            self._spawn(self._cancel(*symbol.quotes.popleft()))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            self._failed = self._failed or task.exception()

    async def _place(self, symbol: _Symbol, wish: Wish) -> None:
        rules = symbol.crowd.instrument
        try:
            placed: Placed = await self._client.submit_place(
                wish.account,
                rules.symbol,
                wish.side,
                price=symbol.steps.price(wish.price),
                size=symbol.steps.size(wish.size),
                time_in_force="GTC" if wish.rests else "IOC",
            )
        except Overloaded:
            self.tally.overloaded += 1
        except OutcomeUnknown:
            self.tally.unknown += 1
        except Rejected as rejected:
            reason = rejected.reason
            self.tally.rejected[reason] = self.tally.rejected.get(reason, 0) + 1
            if reason is Reason.INSUFFICIENT_FUNDS:
                await self._top_up(symbol, wish.account)
        else:
            self.tally.placed += 1
            if wish.rests:
                symbol.quotes.append((wish.account, placed.order_id))

    async def _cancel(self, account: int, order_id: int) -> None:
        try:
            await self._client.submit_cancel(account, order_id=order_id)
        except Rejected:
            return  # it was filled
        except Overloaded:
            self.tally.overloaded += 1
        except OutcomeUnknown:
            self.tally.unknown += 1
        else:
            self.tally.cancelled += 1

    def _amounts(self, symbol: _Symbol) -> tuple[tuple[str, Decimal], tuple[str, Decimal]]:
        rules = symbol.crowd.instrument
        quote, base = symbol.crowd.funds()
        return (
            (rules.quote_asset, from_steps(quote, unit(rules.quote_decimals))),
            (rules.base_asset, from_steps(base, unit(rules.base_decimals))),
        )

    async def _fund(self) -> None:
        """Give every account what it trades with; what was given by an earlier run stays so."""
        given: dict[str, Decimal] = {}
        for symbol in self._symbols:
            given.update(self._amounts(symbol))
        # The amount is part of what a repeat must repeat: an earlier run may have given another.
        known = {account: await self._assets(account) for account in accounts()}
        await asyncio.gather(
            *(
                self._client.transfer(account, asset, amount, transfer_id=f"simulate-{asset}")
                for account in accounts()
                for asset, amount in given.items()
                if asset not in known[account]
            )
        )

    async def _assets(self, account: int) -> set[str]:
        """Return the assets an account has, or has had."""
        try:
            return set(await self._client.balances(account))
        except Rejected as rejected:
            if rejected.reason is not Reason.UNKNOWN_ACCOUNT:
                raise
            return set()  # its first transfer opens it

    async def _top_up(self, symbol: _Symbol, account: int) -> None:
        for asset, amount in self._amounts(symbol):
            try:
                await self._client.submit_transfer(account, asset, amount)
            except (Overloaded, OutcomeUnknown, Rejected):
                return  # the next refused order asks again
        self.tally.topped_up += 1

    async def _left_behind(self) -> set[tuple[int, str]]:
        """Return (maker, symbol) of quotes that a run which was killed has left."""
        return {
            (maker, order.symbol)
            for maker in makers()
            for order in await self._client.open_orders(maker)
        }

    async def _clear(self, quotes: set[tuple[int, str]]) -> None:
        for maker, symbol in sorted(quotes):
            cancelled = await self._client.cancel_all(maker, symbol)
            self.tally.cancelled += cancelled.orders
