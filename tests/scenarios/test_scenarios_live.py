"""The same scenarios on a running exchange, through the SDK, each on a symbol of its own."""

import asyncio
import itertools
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from scenarios import values as said
from scenarios.parser import parse

from partita.deploy.exchange import Exchange
from partita.deploy.listing import list_instruments, listed_instruments
from partita.marketdata.feed import snapshot
from partita.producers import Client, RawEvent
from partita.schemas import accounts
from partita.schemas.decimals import from_steps
from partita.schemas.enums import InstrumentStatus, OrderType, Side
from partita.schemas.errors import Rejected
from partita.schemas.instrument import Instrument

PATIENCE_S = 20.0
ALL = [
    scenario
    for path in sorted(Path(__file__).parent.glob("*.txt"))
    for scenario in parse(path.read_text("utf-8"), path.name)
]
# Time cannot be told to pass here, and halting is the operator's: those run on the core.
SCENARIOS = [
    scenario
    for scenario in ALL
    if not any(isinstance(step.action, said.Wait | said.SetStatus) for step in scenario.steps)
]

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
_numbers = itertools.count(1)


def list_symbol(bootstrap: str, scenario: said.Scenario) -> Instrument:
    """List a symbol for one scenario: a lot at a tick is one quote unit, as scenarios have it."""
    listed = listed_instruments(bootstrap)
    btc = listed["BTC-USD"]
    assert btc.notional_unit == 1
    number = max(i.instrument_id for i in listed.values()) + 1
    instrument = btc._replace(
        instrument_id=number,
        symbol=f"BTC-USD{number}",
        partition=number % 2,
        status=InstrumentStatus.TRADING,
        maker_fee_ppm=scenario.maker_fee_ppm,
        taker_fee_ppm=scenario.taker_fee_ppm,
    )
    list_instruments(bootstrap, [instrument])
    return instrument


class Live:
    """Says a scenario's lines to a running exchange, and its events back in their words."""

    def __init__(self, client: Client, instrument: Instrument) -> None:
        self._client = client
        self._instrument = instrument
        self._accounts: dict[str, int] = {}
        self._names: dict[int, str] = {}  # by order_id
        self._ids: dict[str, int] = {}
        self._heard: list[RawEvent] = []
        self._told: list[said.Expected] = []  # what an answer tells, and no event
        client.listen(self._heard.extend)

    async def account(self, name: str) -> int:
        """Return the number of an account, opened and funded at its first use."""
        if name not in self._accounts:
            # Neighbours in number live on different shards.
            account = self._accounts[name] = 3_000_000 + next(_numbers)
            await self._client.transfer(account, "USD", "1000")
            await self._client.transfer(account, "BTC", "1000")
        return self._accounts[name]

    def price(self, ticks: int) -> Decimal:
        """Return a price as clients give it."""
        return from_steps(ticks, Decimal("0.01"))

    def size(self, lots: int) -> Decimal:
        """Return a size as clients give it."""
        return from_steps(lots, Decimal("0.00000001"))

    async def do(self, step: said.Step) -> None:
        """Do one action, wait for all that must come of it, and see that nothing else did."""
        self._heard.clear()
        self._told.clear()
        await self._act(step.action)
        expected = _as_events(step)
        deadline_s = time.monotonic() + PATIENCE_S
        while (happened := self._happened()) != expected:
            if time.monotonic() > deadline_s:
                break
            await asyncio.sleep(0.005)

        assert expected == happened, f"line {step.line}"

    async def _act(self, action: said.Action) -> None:
        client = self._client
        if isinstance(action, said.Place):
            await self._place(action)
        elif isinstance(action, said.CancelAll):
            account = await self.account(action.account)
            cancelled = await client.cancel_all(account, self._instrument.symbol)
            self._told.append(said.OrdersCancelled(cancelled.orders))
        elif isinstance(action, said.Cancel | said.Amend):
            account, order_id = await self.account(action.account), self._ids[action.name]
            try:
                if isinstance(action, said.Cancel):
                    await client.cancel(account, order_id=order_id)
                else:
                    await client.amend(
                        account,
                        order_id=order_id,
                        symbol=self._instrument.symbol,
                        price=self.price(action.price),
                        size=self.size(action.size),
                    )
            except Rejected as refused:
                self._told.append(said.Refused(action.name, refused.reason))

    async def _place(self, place: said.Place) -> None:
        limit = place.type is OrderType.LIMIT
        placed = await self._client.place(
            await self.account(place.account),
            self._instrument.symbol,
            place.side,
            type=place.type,
            price=self.price(place.price) if limit else None,
            size=self.size(place.size) if place.size else None,
            funds=from_steps(place.funds, Decimal("0.0000000001")) if place.funds else None,
            time_in_force=place.time_in_force,
            post_only=place.post_only,
            self_trade=place.self_trade,
            expire_ms=time.time_ns() // 1_000_000 + 60_000 if place.live_ms else None,
        )
        self._names[placed.order_id] = place.name
        self._ids[place.name] = placed.order_id

    def _happened(self) -> Counter[said.Expected]:
        """Return what was heard; fills by two, since each party hears its own."""
        makers: dict[int, accounts.Filled] = {}
        takers: dict[int, accounts.Filled] = {}
        found: Counter[said.Expected] = Counter(self._told)
        for *_, event in self._heard:
            if isinstance(event, accounts.Filled):
                (makers if event.liquidity == "maker" else takers)[event.trade_id] = event
            elif isinstance(event, accounts.Opened):
                name = self._names[event.order_id]
                found[said.Opened(name, event.remaining, 0)] += 1
            elif isinstance(event, accounts.Changed):
                name = self._names[event.order_id]
                found[said.Changed(name, event.remaining, event.price)] += 1
            elif isinstance(event, accounts.Done):
                name = self._names[event.order_id]
                found[said.Done(name, event.outcome, event.remaining, event.reason)] += 1
        for trade_id in makers.keys() & takers.keys():
            one, other = makers[trade_id], takers[trade_id]
            names = self._names[one.order_id], self._names[other.order_id]
            assert (one.price, one.size) == (other.price, other.size)
            found[said.Traded(*names, one.size, one.price)] += 1
        return found


def _as_events(step: said.Step) -> Counter[said.Expected]:
    """Return what a step expects as the private stream tells it.

    There an order that is amended stays open, so its opening again is not told, and an opening
    has no price.
    """
    amended = step.action.name if isinstance(step.action, said.Amend) else None
    return Counter(
        event._replace(price=0) if isinstance(event, said.Opened) else event
        for event in step.expected
        if not (isinstance(event, said.Opened) and event.name == amended)
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
async def test_scenario(scenario: said.Scenario, exchange: Exchange) -> None:
    """What the text says comes of each line, on real parts; and the public book at the end."""
    instrument = await asyncio.to_thread(list_symbol, exchange.bootstrap, scenario)
    async with Client.connecting(exchange.bootstrap, timeout_s=PATIENCE_S) as client:
        while instrument.symbol not in client.instruments:  # noqa: ASYNC110 - the client hears by itself
            await asyncio.sleep(0.01)
        live = Live(client, instrument)
        for step in scenario.steps:
            await live.do(step)

    replica = await asyncio.to_thread(snapshot, exchange.bootstrap, instrument)
    replica.check()
    for side, levels in ((Side.BUY, scenario.bids), (Side.SELL, scenario.asks)):
        depth = [said.BookLine(*level) for level in replica.depth(side, 100)]
        assert list(levels) == depth, scenario.source


async def test_a_gtt_order_expires_by_a_tick_on_a_quiet_symbol(exchange: Exchange) -> None:
    """Nobody trades the symbol: the matcher's own tick lets its time pass."""
    async with Client.connecting(exchange.bootstrap, timeout_s=PATIENCE_S) as client:
        await client.transfer(2_900_000, "USD", "10")
        soon_ms = time.time_ns() // 1_000_000 + 1_500
        placed = await client.place(
            2_900_000, "KSM-USD", "buy", price="1", size="1", time_in_force="GTT", expire_ms=soon_ms
        )
        order = await client.outcome(2_900_000, placed)
        deadline_s = time.monotonic() + PATIENCE_S
        while order.state != "done" and time.monotonic() < deadline_s:
            await asyncio.sleep(0.05)
            order = await client.order(2_900_000, order_id=placed.order_id)
        balance = (await client.balances(2_900_000))["USD"]

    assert ("done", "expired") == (order.state, order.outcome)
    assert (Decimal(10), Decimal(0)) == (balance.available, balance.held)
