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
from partita.schemas.errors import LogUnavailable

pytestmark = pytest.mark.kafka

SYMBOL = "DASH-USD"  # that no other suite trades
_accounts = itertools.count(840_001)  # each test has accounts of its own
KINDS = {"place": 60, "cancel": 12, "amend": 12, "sweep": 2, "out": 2, "read": 4}


class Crowd:
    """Traders at random, many at a time, of accounts that nobody else has."""

    def __init__(self, recorder: Recorder, seed: int) -> None:
        self.accounts = [next(_accounts) for _ in range(6)]
        self.endings: set[Ending] = set()
        self._recorder = recorder
        self._rng = random.Random(seed)
        self._placed: list[tuple[int, str]] = []

    async def fund(self) -> None:
        """Give every account some of both."""
        for account in self.accounts:
            for asset, amount in (("USD", "5000"), ("DASH", "50")):
                self._note(await self._recorder.transfer(account, asset, amount))

    async def act(self, count: int) -> None:
        """Do so many things, twenty at a time."""
        for _ in range(count // 20):
            await asyncio.gather(*(self._act() for _ in range(20)))

    def _note(self, outcome: Outcome) -> None:
        self.endings.add(outcome.ending)

    async def _act(self) -> None:
        rng, recorder = self._rng, self._recorder
        account, name = rng.choice([*self._placed[-30:], (self.accounts[0], "none")])
        price, size = f"{rng.randint(95, 105)}", f"0.{rng.randint(1, 90):02}"
        match rng.choices(list(KINDS), list(KINDS.values()))[0]:
            case "cancel":
                self._note(await recorder.cancel(account, client_order_id=name))
            case "amend":
                named = recorder.amend(
                    account, client_order_id=name, price=price, size=size, symbol=SYMBOL
                )
                self._note(await named)
            case "sweep":
                self._note(await recorder.cancel_all(account, SYMBOL))
            case "out":
                self._note(await recorder.transfer(account, "USD", "-1"))
            case "read":
                await recorder.balances(account)
                await recorder.totals()
            case _:
                await self._place(price, size)

    async def _place(self, price: str, size: str) -> None:
        account, name = self._rng.choice(self.accounts), f"r{len(self._placed)}"
        self._placed.append((account, name))
        placed = self._recorder.place(
            account,
            SYMBOL,
            self._rng.choice(("buy", "sell")),
            price=price,
            size=size,
            time_in_force=self._rng.choice((None, None, None, "IOC", "FOK")),
            client_order_id=name,
        )
        self._note(await placed)


def whole(exchange: Exchange, path: Path) -> Summary:
    """Check a history together with the streams on the log."""
    streams = {shard: shard_stream(exchange.bootstrap, shard) for shard in range(2)}
    return check_history(completed(kept(path), streams))


async def test_what_a_client_sees_of_a_running_exchange_is_right(
    exchange: Exchange, tmp_path: Path
) -> None:
    """It trades a few seconds; its history is right by itself, and together with the log."""
    path = tmp_path / "history"
    async with Recorder(exchange.bootstrap, path=path) as recorder:
        crowd = Crowd(recorder, seed=3)
        await crowd.fund()
        await crowd.act(1_000)
        await recorder.come_to_rest()

    summary = check_history(kept(path))

    assert {Ending.OK, Ending.REJECTED} == crowd.endings
    assert summary.trades > 50
    assert summary.reads > 10
    assert summary == whole(exchange, path)._replace(events=summary.events, trades=summary.trades)


async def test_a_client_that_can_read_no_more_is_replaced(
    exchange: Exchange, tmp_path: Path
) -> None:
    """What it did not hear is found out, and stands on the log."""
    path = tmp_path / "history"
    async with Recorder(exchange.bootstrap, path=path) as recorder:
        crowd = Crowd(recorder, seed=4)
        await crowd.fund()
        for _ in range(2):
            acting = asyncio.create_task(crowd.act(200))
            await recorder.balances(crowd.accounts[0])
            recorder.client._session._fail(LogUnavailable("as when its reader dies"))  # noqa: SLF001 - no broker does that on command
            await acting
        await recorder.come_to_rest()

    assert recorder.clients == 3
    assert {Ending.OK, Ending.REJECTED} == crowd.endings
    assert whole(exchange, path).operations > 400
