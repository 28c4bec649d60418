"""The recorder on a running exchange: what its client saw is a right history."""

import asyncio
import itertools
import random
from pathlib import Path

import pytest
from histories.check import Summary, check_history
from histories.complete import completed
from histories.history import kept
from histories.log_stream import shard_stream
from histories.recorder import Ending, Outcome, Recorder

from partita.deploy.exchange import Exchange

pytestmark = pytest.mark.kafka

SYMBOL = "LTC-USD"  # that no other suite trades
ACCOUNTS = tuple(range(840_001, 840_007))
KINDS = {"place": 60, "cancel": 12, "amend": 12, "sweep": 2, "out": 2, "read": 4}


async def act(recorder: Recorder, rng: random.Random, count: int) -> list[Outcome]:
    """Do so many things at random, many of them at once."""
    names = (f"r{number}" for number in itertools.count())
    placed: list[tuple[int, str]] = []
    outcomes: list[Outcome] = []

    async def one() -> None:
        account = rng.choice(ACCOUNTS)
        kind = rng.choices(
            ("place", "cancel", "amend", "sweep", "out", "read"), (60, 12, 12, 2, 2, 4)
        )
        price, size = f"{rng.randint(95, 105)}", f"0.{rng.randint(1, 90):02}"
        named = rng.choice(placed[-30:]) if placed else (account, "none")
        match kind[0]:
            case "cancel":
                outcomes.append(await recorder.cancel(named[0], client_order_id=named[1]))
            case "amend":
                account, name = named
                change = recorder.amend(
                    account, client_order_id=name, price=price, size=size, symbol=SYMBOL
                )
                outcomes.append(await change)
            case "sweep":
                outcomes.append(await recorder.cancel_all(account, SYMBOL))
            case "out":
                outcomes.append(await recorder.transfer(account, "USD", "-1"))
            case "read":
                await recorder.balances(account)
                await recorder.totals()
            case _:
                name = next(names)
                placed.append((account, name))
                side = rng.choice(("buy", "sell"))
                tif = rng.choice((None, None, None, "IOC", "FOK"))
                outcomes.append(
                    await recorder.place(
                        account,
                        SYMBOL,
                        side,
                        price=price,
                        size=size,
                        time_in_force=tif,
                        client_order_id=name,
                    )
                )

    for _ in range(count // 20):
        await asyncio.gather(*(one() for _ in range(20)))
    return outcomes


async def test_what_a_client_sees_of_a_running_exchange_is_right(
    exchange: Exchange, tmp_path: Path
) -> None:
    """It trades a few seconds; the history is kept in a file, checked, and checked with the log."""
    path = tmp_path / "history"
    async with Recorder(exchange.bootstrap, path=path) as recorder:
        for account in ACCOUNTS:
            for asset, amount in (("USD", "5000"), ("LTC", "50")):
                funded = await recorder.transfer(account, asset, amount)
                assert funded.ending is Ending.OK
        outcomes = await act(recorder, random.Random(3), 1_000)
        await recorder.come_to_rest()

    summary = check_history(kept(path))
    streams = {shard: shard_stream(exchange.bootstrap, shard) for shard in range(2)}

    assert {Ending.OK, Ending.REJECTED} == {outcome.ending for outcome in outcomes}
    assert summary.trades > 50
    assert summary.reads > 10
    whole = check_history(completed(kept(path), streams))
    assert summary == whole._replace(events=summary.events, trades=summary.trades)
    assert isinstance(summary, Summary)
