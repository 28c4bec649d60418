"""A bulk on a real Kafka: tables out, outcomes back, and what the ledger itself says of them."""

import asyncio
import itertools
import os
import signal
from array import array
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.producers import Client, ClientClosed, ClientLimits
from partita.producers.bulk import Bulk, OrderTable, OrderTerms, Outcomes, RowState
from partita.schemas.enums import OrderState, Side, TimeInForce
from partita.schemas.errors import InvalidValue, NoAnswer, Overloaded
from partita.schemas.reasons import Reason

pytestmark = pytest.mark.kafka

SYMBOL = "SOL-USD"
README = Path(__file__).parents[2] / "producers" / "README.md"
# The exchange is shared by all suites: each test has accounts of its own, on both shards.
_accounts = itertools.count(750_001)


@pytest.fixture
async def client(exchange: Exchange) -> AsyncIterator[Client]:
    """A client that is closed behind the test."""
    async with Client.connecting(exchange.bootstrap) as connected:
        yield connected


@pytest.fixture
async def accounts(client: Client) -> Sequence[int]:
    """Four accounts that nobody else uses, with money."""
    mine = [next(_accounts) for _ in range(4)]
    await fund(client, mine)
    return mine


async def fund(client: Client, accounts: Sequence[int]) -> None:
    """Give accounts money for many small orders."""
    await asyncio.gather(*(client.transfer(account, "USD", 100_000) for account in accounts))


def bids(
    client: Client, accounts: Sequence[int], count: int, terms: OrderTerms | None = None
) -> OrderTable:
    """Return bids that no one sells to, by the accounts in turn."""
    table = OrderTable(terms or OrderTerms())
    rules = client.instruments[SYMBOL]
    for at in range(count):
        account = accounts[at % len(accounts)]
        table.append(account, rules.instrument_id, Side.BUY, 1 + at % 5, rules.min_size)
    return table


async def open_ids(client: Client, accounts: Sequence[int]) -> dict[str, int]:
    """Return the accounts' open orders by client_order_id, as the ledger has them."""
    pages = await asyncio.gather(*(client.open_orders(account) for account in accounts))
    found = [view for page in pages for view in page]
    assert all(view.state is OrderState.OPEN for view in found)
    return {view.client_order_id: view.order_id for view in found}


def ids(bulk: Bulk, outcomes: Outcomes) -> dict[str, int]:
    """Return the orders of some rows by client_order_id, as the bulk has them."""
    pairs = zip(outcomes.rows, outcomes.order_ids, strict=True)
    return {bulk.command_id(row): order_id for row, order_id in pairs}


async def test_outcomes_are_what_the_ledger_says(client: Client, accounts: Sequence[int]) -> None:
    """Orders that rest, one for which there is no money, cancels, and a cancel too many."""
    async with client.bulk() as bulk:
        table = bids(client, accounts, 500)
        table.append(accounts[0], table.instrument_id[0], Side.BUY, 10_000_000, 1_000_000)
        placed = await bulk.place(table)
        assert {RowState.SETTLED: 500, RowState.REJECTED: 1} == placed.counts()
        assert Reason.INSUFFICIENT_FUNDS is placed.reason(500)
        assert 0 == placed.order_ids.pop()
        assert ids(bulk, placed._replace(rows=placed.rows[:-1])) == await open_ids(client, accounts)
        owners, named = table.account[:500], placed.order_ids
        cancelled = await bulk.cancel(owners + owners[:1], named + named[:1])
        assert {RowState.SETTLED: 500, RowState.REJECTED: 1} == cancelled.counts()
        assert not await open_ids(client, accounts)
        assert (0, 0) == (bulk.unanswered, bulk.gaps)


async def test_orders_that_end_at_once_are_done(client: Client, accounts: Sequence[int]) -> None:
    """IOC orders that meet nobody, by the terms of their table."""
    async with client.bulk() as bulk:
        table = OrderTable(OrderTerms(time_in_force=TimeInForce.IOC))
        size = str(client.instruments[SYMBOL].min_size)
        bulk.add(table, accounts[0], SYMBOL, "buy", price="0.01", size=size)
        done = await bulk.place(table)
        assert {RowState.DONE: 1} == done.counts()
        view = await client.order(accounts[0], client_order_id=bulk.command_id(done.rows[0]))
        assert (view.order_id, view.reason) == (done.order_ids[0], done.reason(0))
        with pytest.raises(InvalidValue, match="price"):
            bulk.add(table, accounts[0], SYMBOL, "buy", price="0.001", size=size)


async def test_overload_is_refused_before_the_log(exchange: Exchange) -> None:
    """What there is room for goes out, the rest is not taken in; answers make room again."""
    mine = [next(_accounts) for _ in range(4)]
    limits = ClientLimits(window=50)
    async with Client.connecting(exchange.bootstrap, limits=limits) as client:
        await fund(client, mine)
        async with client.bulk() as bulk:
            table = bids(client, mine, 80)
            rows = bulk.offer(table)
            assert (range(50), 0, 50) == (rows, bulk.room(), bulk.unanswered)
            with pytest.raises(Overloaded):
                bulk.offer(table)
            assert 50 == bulk.rows
            first = await bulk.until_settled(rows)
            bulk.forget(rows)
            assert (50, 0) == (bulk.room(), bulk.unanswered)
            second = await bulk.until_settled(bulk.offer(table.part(50, 80)))
            with pytest.raises(InvalidValue, match="taken in"):
                bulk.outcomes(range(81))
            assert await open_ids(client, mine) == ids(bulk, first) | ids(bulk, second)
            assert {RowState.FORGOTTEN: 50} == bulk.outcomes(rows).counts()


async def test_tables_beside_each_other_and_beside_the_client(
    client: Client, accounts: Sequence[int]
) -> None:
    """Two bulks and two tables of one at a time, and single orders: each hears of its own."""
    async with client.bulk() as one, client.bulk() as two:
        table = bids(client, accounts, 3_000)
        other = bids(client, accounts, 700)
        single = [
            client.place(accounts[0], SYMBOL, "buy", price="0.01", size="1") for _ in range(20)
        ]
        tables, orders = await asyncio.gather(
            asyncio.gather(one.place(table), one.place(other), two.place(table)),
            asyncio.gather(*single),
        )
        assert [3_000, 700, 3_000] == [done.counts()[RowState.SETTLED] for done in tables]
        bulks = (one, one, two)
        found = {placed.client_order_id: placed.order_id for placed in orders}
        for bulk, done in zip(bulks, tables, strict=True):
            found |= ids(bulk, done)
        assert 6_720 == len(found)
        assert found == await open_ids(client, accounts)


async def test_a_closed_bulk_says_so(client: Client, accounts: Sequence[int]) -> None:
    """Also to one that waits."""
    async with client.bulk() as bulk:
        pass
    with pytest.raises(ClientClosed):
        bulk.offer(bids(client, accounts, 1))
    with pytest.raises(ClientClosed):
        await bulk.place(bids(client, accounts, 1))


async def test_a_bulk_joins_beside_one_at_work(client: Client, accounts: Sequence[int]) -> None:
    """It misses none of its own answers, and takes nothing of the other for a gap."""
    terms = OrderTerms(time_in_force=TimeInForce.IOC)  # an account has room for 5,000
    async with client.bulk() as busy:
        placing = asyncio.create_task(busy.place(bids(client, accounts, 16_000, terms)))
        while not placing.done():
            async with client.bulk() as bulk:
                placed = await bulk.place(bids(client, accounts, 50, terms))
                assert {RowState.DONE: 50} == placed.counts()
                assert 0 == bulk.gaps
        assert {RowState.DONE: 16_000} == (await placing).counts()
        assert 0 == busy.gaps


async def test_a_client_that_closes_ends_its_bulks(exchange: Exchange) -> None:
    """They hear no answers any more."""
    client = await Client.connect(exchange.bootstrap)
    async with client.bulk() as bulk:
        await client.aclose()
        with pytest.raises(ClientClosed):
            bulk.offer(bids(client, [next(_accounts)], 1))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Exchange]:
    """An exchange that a test may harm: of one shard."""
    with Exchange(Plan(tmp_path, DEFAULT_FILE, shards=1)) as running:
        running.start(lambda _: None)
        yield running


def ledger_pid(exchange: Exchange) -> int:
    """Return the ledger's process."""
    (state,) = [one for one in exchange.states() if one.name.startswith("ledger")]
    assert state.pid is not None
    return state.pid


async def test_a_killed_ledger_loses_and_doubles_nothing(own: Exchange) -> None:
    """In the middle of a table; its supervisor starts it again, what it says again counts once."""
    limits = ClientLimits(
        window=2_000, answer_timeout_ms=55_000, valid_for_ms=55_000, oldest_ms=55_000, retries=20
    )
    async with Client.connecting(own.bootstrap, limits=limits) as client:
        mine = list(range(1, 5))
        await fund(client, mine)
        async with client.bulk() as bulk:
            table = bids(client, mine, 12_000)
            placing = asyncio.create_task(bulk.place(table))
            while bulk.answered < 2_000:  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.01)
            os.kill(ledger_pid(own), signal.SIGKILL)
            while not placing.done():
                own.look_after(lambda _: None)
                await asyncio.sleep(0.05)
            placed = await placing
            assert {RowState.SETTLED: 12_000} == placed.counts()
            assert ids(bulk, placed) == await open_ids(client, mine)
            assert 0 == bulk.gaps


async def test_no_answer_leaves_the_rest_unsent_and_the_window_free(own: Exchange) -> None:
    """A frozen ledger: what was sent is unknown; when it is back, it has taken just that."""
    limits = ClientLimits(window=200, answer_timeout_ms=600, oldest_ms=200, retries=2)
    async with Client.connecting(own.bootstrap, limits=limits) as client:
        await fund(client, [1])
        async with client.bulk() as bulk:
            os.kill(ledger_pid(own), signal.SIGSTOP)
            try:
                offered = bulk.offer(bids(client, [1], 10))
                await asyncio.sleep(0.3)
                with pytest.raises(Overloaded):
                    bulk.offer(bids(client, [1], 10))
                placed = await bulk.place(bids(client, [1], 1_000))
                with pytest.raises(NoAnswer):
                    await client.balances(1)
                with pytest.raises(NoAnswer):
                    async with client.bulk(timeout_s=0.2):
                        pass
            finally:
                os.kill(ledger_pid(own), signal.SIGCONT)
            sent = placed.counts()[RowState.UNANSWERED]
            assert 0 < sent < 200
            assert 1_000 - sent == placed.counts()[RowState.UNSENT]
            # It was away for longer than its group waits, so it has to join and to restore again.
            async with asyncio.timeout(60):
                while {RowState.SETTLED: 10} != (await bulk.until_settled(offered)).counts():
                    pass
            assert {RowState.SETTLED: 5} == (await bulk.place(bids(client, [1], 5))).counts()
            known = {bulk.command_id(row) for row in range(10 + sent)}
            found = await open_ids(client, [1])
            assert known == found.keys() - {bulk.command_id(row) for row in range(1_010, 1_015)}
            done = await bulk.cancel(array("q", [1] * len(found)), array("q", found.values()))
            assert {RowState.SETTLED: len(found)} == done.counts()


async def test_the_readmes_example_runs(own: Exchange, capsys: pytest.CaptureFixture[str]) -> None:
    """As it stands there."""
    _, _, behind = README.read_text().partition("<!-- bulk -->\n```python\n")
    code, _, _ = behind.partition("```")
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - the README's own example
    await names["main"](own.bootstrap)  # type: ignore[operator]  # defined by the example
    assert "1000 rest" in capsys.readouterr().out
