"""Workers killed in the middle of a stream: nothing lost, nothing doubled."""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from undisturbed.exchange import UndisturbedExchange

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.log.kafka.reader import Reader
from partita.producers import Client, ClientLimits, Placed, RawEvent
from partita.schemas.accounts import Done, Filled, Opened
from partita.schemas.codec import decode
from partita.schemas.commands import Command, CommandBatch
from partita.schemas.instrument import Instrument
from partita.schemas.topics import ACCOUNT_COMMANDS

SYMBOLS = ("BTC-USD", "ETH-USD", "BNB-USD")
ACCOUNTS = range(1, 9)
ORDERS = 1_500
# As long as a command may live: a killed worker comes back well within it.
PATIENT = ClientLimits(answer_timeout_ms=55_000, valid_for_ms=55_000, oldest_ms=55_000)


@pytest.fixture
def one_shard(tmp_path: Path) -> Iterator[Exchange]:
    """An exchange of one shard: the order of commands is the order at the books."""
    exchange = Exchange(Plan(tmp_path, DEFAULT_FILE, shards=1, trim=False))
    with exchange:
        exchange.start(lambda _: None)
        yield exchange


def kill(exchange: Exchange, module: str) -> None:
    """Kill a worker that this test's exchange has started; its supervisor starts it again."""
    (state,) = [s for s in exchange.states() if s.name.startswith(module)]
    assert state.pid is not None
    os.kill(state.pid, signal.SIGKILL)


def client_commands(bootstrap: str) -> list[Command]:
    """Return what the clients' records on the log hold, in order."""
    reader = Reader(bootstrap, ACCOUNT_COMMANDS)
    end = reader.ends([0])[0]
    reader.start({0: 0})
    found: list[Command] = []
    position = 0
    while position < end:
        for record in reader.read(1.0):
            position = record.offset + 1
            message = decode(record.value)
            if isinstance(message, CommandBatch):
                found += message.commands
    reader.close()
    return found


async def trade(client: Client, exchange: Exchange) -> list[RawEvent]:
    """Trade at random around one price, and kill each worker on the way; return all events."""
    heard: list[RawEvent] = []
    client.listen(heard.extend)
    rng = random.Random(5)
    await asyncio.gather(
        *(
            client.submit_transfer(account, asset, "100000000")
            for account in ACCOUNTS
            for asset in ("USD", *(symbol.partition("-")[0] for symbol in SYMBOLS))
        )
    )
    waiting: list[asyncio.Future[Placed]] = []
    for n in range(ORDERS):
        if n in (ORDERS // 3, 2 * ORDERS // 3):
            kill(exchange, "ledger" if n == ORDERS // 3 else "matchers")
        waiting.append(
            client.submit_place(
                rng.choice(ACCOUNTS),
                rng.choice(SYMBOLS),
                rng.choice(("buy", "sell")),
                price=Decimal(rng.randrange(9_950, 10_050)) / 100,
                size=Decimal(rng.randrange(1, 500)) / 1000,
                self_trade="co",
            )
        )
        if n % 10 == 0:
            await asyncio.sleep(0.005)
            exchange.look_after(lambda _: None)
    answers = asyncio.gather(*waiting)
    while not answers.done():
        exchange.look_after(lambda _: None)
        await asyncio.sleep(0.05)
    orders = {placed.order_id for placed in await answers}
    assert ORDERS == len(orders)
    while not orders <= {e.order_id for *_, e in heard if isinstance(e, Opened | Done)}:
        exchange.look_after(lambda _: None)
        await asyncio.sleep(0.05)
    return heard


@pytest.mark.kafka
@pytest.mark.timeout(180)
async def test_a_ledger_and_a_matcher_killed_under_way_change_no_balance(
    one_shard: Exchange,
) -> None:
    """Every order is answered once; balances and fills are those of an undisturbed exchange."""
    async with Client.connecting(one_shard.bootstrap, limits=PATIENT) as client:
        heard = await trade(client, one_shard)
        listed: list[Instrument] = list(client.instruments.values())
        found = {
            (account, client.instruments[f"{asset}-USD"].base_asset_id if asset != "USD" else 2): (
                balance.available,
                balance.held,
            )
            for account in ACCOUNTS
            for asset, balance in (await client.balances(account)).items()
        }
        totals = await client.totals()
    undisturbed = UndisturbedExchange(listed, shards=1, partitions=2)
    undisturbed.submit(client_commands(one_shard.bootstrap))
    units = {2: Decimal(10) ** 10}
    expected = {
        (account, asset): tuple(Decimal(x) / units.get(asset, 10**8) for x in balance)
        for (account, asset), balance in undisturbed.balances().items()
    }

    assert expected == found
    assert not any(total.difference for total in totals.values())
    assert [2, 0] == [
        sum(s.restarts for s in one_shard.states()),
        sum(s.given_up for s in one_shard.states()),
    ]
    numbers = [(shard, number) for shard, number, _, _ in heard]
    assert len(numbers) == len(set(numbers))
    fills = sorted((e.order_id, e.trade_id, e.size) for *_, e in heard if isinstance(e, Filled))
    assert fills
    assert fills == sorted(
        (e.order_id, e.trade_id, e.size) for e in undisturbed.events() if isinstance(e, Filled)
    )
