"""The SDK on a running exchange."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from decimal import Decimal

import pytest

from partita.deploy.exchange import Exchange
from partita.producers import (
    BlockingClient,
    Client,
    ClientClosed,
    ClientLimits,
    OrderDone,
    OrderFilled,
    OrderReceived,
    PrivateEvent,
    RawEvent,
)
from partita.schemas.enums import OrderState, Outcome
from partita.schemas.errors import (
    InvalidValue,
    LogUnavailable,
    OutcomeUnknown,
    Overloaded,
    Rejected,
)
from partita.schemas.reasons import Reason

pytestmark = pytest.mark.kafka

SYMBOL = "BTC-USD"
# The exchange is shared by all suites: each test has accounts of its own, on both shards.
_accounts = itertools.count(710_001)


@pytest.fixture
async def client(exchange: Exchange) -> AsyncIterator[Client]:
    """A client that is closed behind the test."""
    async with Client.connecting(exchange.bootstrap) as connected:
        yield connected


@pytest.fixture
def account() -> int:
    """An account that nobody else uses."""
    return next(_accounts)


@pytest.fixture
def other() -> int:
    """Another one."""
    return next(_accounts)


async def fund(client: Client, account: int) -> None:
    """Give an account some of both."""
    await client.transfer(account, "USD", 100_000)
    await client.transfer(account, "BTC", 5)


async def until_done(events: AsyncIterator[PrivateEvent]) -> list[PrivateEvent]:
    """Return events up to the first end of an order."""
    seen = []
    async for event in events:
        seen.append(event)
        if isinstance(event, OrderDone):
            break
    return seen


async def rejected(command: Awaitable[object]) -> Reason:
    """Return why a command was rejected."""
    with pytest.raises(Rejected) as refusal:
        await command
    return refusal.value.reason


async def test_an_order_is_placed_amended_filled_and_settled(
    client: Client, account: int, other: int
) -> None:
    """From the deposit to balances that add up, at prices no other test uses."""
    await fund(client, account)
    await fund(client, other)
    events = client.events(account)
    placed = await client.place(account, SYMBOL, "buy", price="50000.01", size="0.5")
    view = await client.outcome(account, placed)
    assert (OrderState.OPEN, Decimal("0.5")) == (view.state, view.remaining)
    amended = await client.amend(account, order_id=placed.order_id, price="50000", size="0.3")
    assert placed.order_id == amended.order_id
    sold = await client.place(other, SYMBOL, "sell", price="50000", size="0.3")
    done = await client.outcome(other, sold)
    assert (Outcome.FILLED, Decimal(0)) == (done.outcome, done.remaining)
    seen = await until_done(events)
    fills = [event for event in seen if isinstance(event, OrderFilled)]
    assert [(Decimal(50_000), Decimal("0.3"))] == [(fill.price, fill.size) for fill in fills]
    balances = await client.balances(account)
    paid = 15_000 + fills[0].fee
    assert (100_000 - paid, Decimal(0)) == (balances["USD"].available, balances["USD"].held)
    assert Decimal("5.3") == balances["BTC"].available


async def test_a_cancel_takes_an_order_out_and_a_second_one_is_told_its_end(
    client: Client, account: int
) -> None:
    """By either name; what was held is available again."""
    await fund(client, account)
    placed = await client.place(
        account, SYMBOL, "buy", price="10", size="1", client_order_id="mine"
    )
    await client.outcome(account, placed)
    assert [placed.order_id] == [view.order_id for view in await client.open_orders(account)]
    cancelled = await client.cancel(account, client_order_id="mine")
    assert placed.order_id == cancelled.order_id
    with pytest.raises(Rejected) as late:
        await client.cancel(account, order_id=placed.order_id)
    assert Reason.ORDER_DONE == late.value.reason
    assert "cancelled (requested), filled 0.00" in late.value.detail
    assert [] == await client.open_orders(account)
    assert Decimal(100_000) == (await client.balances(account))["USD"].available


async def test_cancel_all_tells_how_many_there_were(client: Client, account: int) -> None:
    """Of the symbol, and of this account."""
    await fund(client, account)
    for symbol in (SYMBOL, SYMBOL, "ETH-USD"):
        placed = await client.place(account, symbol, "buy", price="10", size="1")
        await client.outcome(account, placed)
    assert (await client.cancel_all(account, SYMBOL)).orders == 2
    assert ["ETH-USD"] == [view.symbol for view in await client.open_orders(account)]
    assert (await client.cancel_all(account, "ETH-USD")).orders == 1


async def test_an_order_of_another_client_can_be_amended(
    client: Client, exchange: Exchange, account: int
) -> None:
    """The ledger is asked for its symbol."""
    await fund(client, account)
    placed = await client.place(account, SYMBOL, "buy", price="10", size="1")
    async with Client.connecting(exchange.bootstrap) as second:
        with pytest.raises(InvalidValue):
            second.submit_amend(account, order_id=placed.order_id, price="10", size="0.5")
        await second.amend(account, order_id=placed.order_id, price="10", size="0.5")
    assert Decimal("0.5") == (await client.order(account, order_id=placed.order_id)).size
    await client.cancel(account, order_id=placed.order_id)


async def test_refusals_are_raised_with_their_reasons(
    client: Client, account: int, other: int
) -> None:
    """Funds, accounts, orders: what only the ledger knows."""
    unopened = client.submit_place(account, SYMBOL, "buy", price="10", size="1")
    assert Reason.UNKNOWN_ACCOUNT == await rejected(unopened)
    await fund(client, account)
    await fund(client, other)
    poor = client.submit_place(account, SYMBOL, "buy", price="500000", size="1")
    assert Reason.INSUFFICIENT_FUNDS == await rejected(poor)
    assert Reason.INSUFFICIENT_FUNDS == await rejected(
        client.submit_transfer(account, "USD", "-100000.01")
    )
    assert Reason.UNKNOWN_ORDER == await rejected(
        client.submit_cancel(account, client_order_id="no")
    )
    placed = await client.place(account, SYMBOL, "buy", price="10", size="1", client_order_id="one")
    assert Reason.UNKNOWN_ORDER == await rejected(
        client.submit_cancel(other, order_id=placed.order_id)
    )
    same = await client.place(account, SYMBOL, "buy", price="10", size="1", client_order_id="one")
    assert placed.order_id == same.order_id
    again = client.submit_place(account, SYMBOL, "buy", price="11", size="1", client_order_id="one")
    assert Reason.DUPLICATE_ID == await rejected(again)
    await client.cancel(account, order_id=placed.order_id)


async def test_a_transfer_id_counts_once(client: Client, account: int) -> None:
    """Repeated it does nothing anew; with another amount it is rejected."""
    for _ in range(3):
        await client.transfer(account, "USD", 10, transfer_id="salary")
    other_content = client.submit_transfer(account, "USD", 11, transfer_id="salary")
    assert Reason.DUPLICATE_ID == await rejected(other_content)
    assert Decimal(10) == (await client.balances(account))["USD"].available


async def test_an_expired_command_is_rejected_with_the_time_of_the_answer(
    exchange: Exchange, account: int
) -> None:
    """One millisecond to live is over before the log has it."""
    limits = ClientLimits(valid_for_ms=1)
    async with Client.connecting(exchange.bootstrap, limits=limits) as client:
        late = client.submit_transfer(account, "USD", 10)
        time.sleep(0.02)  # noqa: ASYNC251 - nothing is sent before this turn of the loop ends
        assert Reason.COMMAND_EXPIRED == await rejected(late)


async def test_thousands_of_orders_in_flight_are_each_answered(
    client: Client, account: int, other: int
) -> None:
    """For two accounts on two shards, in batches that grow by themselves."""
    await fund(client, account)
    await fund(client, other)
    futures = [
        client.submit_place(one, SYMBOL, "buy", price="1", size="0.01", time_in_force="IOC")
        for _ in range(1_500)
        for one in (account, other)
    ]
    placed = await asyncio.gather(*futures)
    assert len({one.order_id for one in placed}) == 3_000
    assert len({one.client_order_id for one in placed}) == 3_000
    assert client.gaps == 0
    assert max(one.position for one in placed if one.position.shard == account % 2) <= (
        client.position(account)
    )


async def test_past_the_window_nothing_is_sent_but_cancels(
    exchange: Exchange, account: int
) -> None:
    """Ten may be unanswered; the eleventh is Overloaded, a cancel is not."""
    limits = ClientLimits(window=10)
    async with Client.connecting(exchange.bootstrap, limits=limits) as client:
        await fund(client, account)
        futures = [
            client.submit_place(
                account, SYMBOL, "buy", price="1", size="0.01", client_order_id=str(n)
            )
            for n in range(10)
        ]
        with pytest.raises(Overloaded):
            client.submit_place(account, SYMBOL, "buy", price="1", size="0.01")
        await asyncio.gather(*futures, client.submit_cancel(account, client_order_id="9"))
        assert len(await client.open_orders(account)) == 9
        await client.cancel_all(account, SYMBOL)


async def test_a_listener_hears_all_accounts_in_order(
    client: Client, exchange: Exchange, account: int
) -> None:
    """Also what other clients do; no number twice, none missing; and no more when it is ended."""
    heard: list[RawEvent] = []

    def listener(events: Sequence[RawEvent]) -> None:
        heard.extend(events)

    stop = client.listen(listener)
    async with Client.connecting(exchange.bootstrap) as second:
        await fund(second, account)
        await client.balances(account)
        await asyncio.sleep(0.05)
        numbers = [raw.number for raw in heard if raw.shard == account % 2]
        assert list(range(numbers[0], numbers[-1] + 1)) == numbers
        assert account in {raw.event.account for raw in heard}
        stop()
        count = len(heard)
        await second.transfer(account, "USD", 1)
        await client.balances(account)
        await asyncio.sleep(0.05)
    assert count == len(heard)


async def test_a_stream_tells_only_of_its_accounts(
    client: Client, account: int, other: int
) -> None:
    """Though the client itself commands others."""
    events = client.events(account)
    await fund(client, other)
    await fund(client, account)
    await client.place(account, SYMBOL, "buy", price="1", size="0.01", time_in_force="IOC")
    seen = await until_done(events)
    assert {account} == {event.account for event in seen}
    assert [SYMBOL] == [event.symbol for event in seen if isinstance(event, OrderReceived)]


async def test_the_ticker_shows_the_best_bid(client: Client, account: int) -> None:
    """On a symbol that no other test trades."""
    await fund(client, account)
    tickers = client.tickers("ETH-USD")
    placed = await client.place(account, "ETH-USD", "buy", price="123.45", size="0.5")
    async with asyncio.timeout(10):
        async for view in tickers:
            if view.bid == Decimal("123.45"):
                break
    latest = client.ticker("ETH-USD")
    assert latest is not None
    assert Decimal("0.5") == latest.bid_size
    await client.cancel(account, order_id=placed.order_id)


async def test_money_is_neither_made_nor_lost(client: Client, account: int) -> None:
    """Over all accounts of all shards."""
    await fund(client, account)
    totals = await client.totals()
    assert {Decimal(0)} == {view.difference for view in totals.values()}
    assert totals["BTC"].external <= -5


async def test_a_closed_client_tells_all_that_wait(exchange: Exchange, account: int) -> None:
    """What is unanswered is unknown, streams end, and nothing more is sent."""
    client = await Client.connect(exchange.bootstrap)
    events = client.events(account)
    future = client.submit_transfer(account, "USD", 1)
    await client.aclose()
    await client.aclose()
    with pytest.raises(OutcomeUnknown):
        await future
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    with pytest.raises(ClientClosed):
        await client.balances(account)


async def test_no_broker_is_said_in_time() -> None:
    """Within the time-out, with the address."""
    with pytest.raises(LogUnavailable, match=r"127\.0\.0\.1:1"):
        await Client.connect("127.0.0.1:1", timeout_s=1.0)


def test_the_blocking_client_does_the_same(exchange: Exchange) -> None:
    """Without a loop in sight: commands, inquiries, errors, and streams."""
    account = next(_accounts)
    with BlockingClient(exchange.bootstrap) as client:
        assert "BTC-USD" in client.instruments
        events = client.events(account)
        client.transfer(account, "USD", "100")
        placed = client.place(account, SYMBOL, "buy", price="1", size="0.01", time_in_force="IOC")
        assert client.outcome(account, placed).outcome is Outcome.CANCELLED
        ends = (event for event in events if isinstance(event, OrderDone))
        assert placed.order_id == next(ends).order_id
        assert Decimal(100) == client.balances(account)["USD"].available
        with pytest.raises(InvalidValue):
            client.ticker("NONE-USD")
        with pytest.raises(Rejected):
            client.cancel(account, client_order_id="none")
    client.close()
