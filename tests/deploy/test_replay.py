"""`partita replay`: a tape on a running exchange, and the proof that the money adds up."""

import asyncio
import json
import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from partita.deploy.commands.replay import replay as replay_command
from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE, read_instruments
from partita.deploy.match.run import run_tape
from partita.deploy.match.scale import Scale
from partita.deploy.replay.figures import Figures
from partita.deploy.replay.run import Wish, replay
from partita.deploy.tape.reader import read_tape, survey
from partita.matchers.engines import engine
from partita.producers import Client
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument

HEADER = "op,id,account,symbol,side,type,tif,price,size,funds,post_only,stp,expire_ms,time_ms"
INSTRUMENTS = {rules.symbol: rules for rules in read_instruments(DEFAULT_FILE, 2, {})}
BTC_USD = INSTRUMENTS["BTC-USD"]


def write(path: Path, *lines: str) -> Path:
    """Write a tape; return its path."""
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="ascii")
    return path


def flow(path: Path, symbol: str, first_account: int, rows: int) -> Path:
    """Write a tape of all kinds of orders of 40 accounts that cross, rest, change and go."""
    chance, lines, placed = random.Random(7), [], list[tuple[str, int]]()
    for seq in range(rows):
        what = chance.random()
        if placed and what < 0.2:
            name, account = placed.pop(chance.randrange(len(placed)))
            lines.append(f"cancel,{name},{account},{symbol},,,,,,,,,,{seq}")
        elif placed and what < 0.35:
            name, account = chance.choice(placed)
            price, size = 200 + chance.randint(-9, 9), chance.randint(1, 9)
            lines.append(f"amend,{name},{account},{symbol},,,,{price},{size},,,,,{seq}")
        else:
            account, name = first_account + chance.randrange(40), f"o{seq}"
            side, price = chance.choice(("buy", "sell")), 200 + chance.randint(-9, 9)
            kind = chance.choice(("limit,GTC",) * 8 + ("limit,IOC", "limit,FOK", "market,IOC"))
            shown = "" if kind.startswith("market") else price
            post_only = "true" if kind == "limit,GTC" and chance.random() < 0.1 else ""
            size = chance.randint(1, 9)
            lines.append(
                f"place,{name},{account},{symbol},{side},{kind},{shown},{size},,{post_only},,,{seq}"
            )
            placed.append((name, account))
    return write(path, *lines)


class Ignored:
    """A progress that no one looks at."""

    def begin(self, what: str, total: int | None) -> None:
        """Look away."""

    def at(self, done: int) -> None:
        """Look away."""


def run(exchange: Exchange, tape: Path, factor: float | None = None) -> Figures:
    """Replay a tape, funded."""
    wish = Wish(tape, survey(tape).rows, fund=True, factor=factor)
    return asyncio.run(replay(exchange.bootstrap, wish, Ignored()))


@pytest.mark.kafka
def test_the_command_replays_a_tape_twice_and_reports(exchange: Exchange, tmp_path: Path) -> None:
    """Orders, rejections by reason, trades, volume, latency, conservation; a second run is new."""
    # Accounts of one shard, so that nothing on the tape overtakes.
    tape = write(
        tmp_path / "tape.csv",
        "place,s,910001,LTC-USD,sell,limit,GTC,90,2,,,,,",
        "place,b,910005,LTC-USD,buy,limit,GTC,90,0.5,,,,,",
        "amend,s,910001,LTC-USD,,,,90,1,,,,,",
        "place,p,910005,LTC-USD,buy,limit,GTC,90,1,,true,,,",
        "place,x,910005,LTC-USD,buy,limit,GTC,90.0000001,1,,,,,",
        "place,y,910005,NO-SUCH,buy,limit,GTC,90,1,,,,,",
        "cancel,s,910001,LTC-USD,,,,,,,,,,",
        "cancel,s,910001,LTC-USD,,,,,,,,,,",
    )
    arguments = [str(tape), "--fund", "--json", "--bootstrap", exchange.bootstrap]
    for _ in range(2):
        done = CliRunner().invoke(replay_command, arguments)
        assert done.exit_code == 0, done.output
        figures: dict[str, Any] = json.loads(done.stdout)
        assert (8, 6, 4) == (figures["rows"], figures["sent"], figures["accepted"])
        expected = {
            "post_only_would_take": 1,
            "refused: price": 1,
            "refused: symbol": 1,
            "order_done": 1,
        }
        assert expected == figures["rejected"]
        assert {"LTC-USD": {"trades": 1, "base": "0.500000", "quote": "45.0000000000"}} == (
            figures["volumes"]
        )
        assert figures["conservation"]["ok"]
        assert {} == figures["conservation"]["differences"]
        assert figures["latency"]["count"] == 6


@pytest.mark.kafka
def test_the_tape_s_own_times_are_kept(exchange: Exchange, tmp_path: Path) -> None:
    """Half a second is a quarter at twice the speed; a tape without times is refused."""
    lines = [f"place,o{n},910007,LTC-USD,buy,limit,IOC,1,1,,,,,{1_000 + 100 * n}" for n in range(6)]
    figures = run(exchange, write(tmp_path / "timed.csv", *lines), factor=2.0)
    assert 0.25 <= figures.seconds < 5
    assert figures.sent == figures.accepted == 6
    with pytest.raises(InvalidValue, match="no times"):
        run(exchange, write(tmp_path / "untimed.csv", lines[0][:-4]), factor=1.0)


@pytest.fixture(scope="module")
def one_shard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """An exchange of one shard, whose workers are started again when they are killed."""
    plan = Plan(tmp_path_factory.mktemp("one-shard"), DEFAULT_FILE, shards=1)
    with Exchange(plan) as running:
        running.start(lambda _: None)
        with looked_after(running):
            yield running


@contextmanager
def looked_after(exchange: Exchange) -> Iterator[None]:
    """Start workers again that end, as `partita up` does."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            exchange.look_after(lambda _: None)

    thread = threading.Thread(target=look)
    thread.start()
    yield
    over.set()
    thread.join()


class Killer:
    """A progress that kills a worker when a part of the tape is settled."""

    def __init__(self, exchange: Exchange, schedule: dict[str, int]) -> None:
        self.killed: dict[str, int] = {}  # by worker: how many commands were settled
        self._exchange = exchange
        self._schedule = schedule
        self._replaying = False

    def begin(self, what: str, total: int | None) -> None:  # noqa: ARG002 - the protocol's
        """Note whether the orders themselves are next."""
        self._replaying = what == "replay"

    def at(self, done: int) -> None:
        """Kill those whose time has come."""
        for name, after in self._schedule.items():
            if self._replaying and name not in self.killed and done >= after:
                (pid,) = (one.pid for one in self._exchange.states() if one.name == name)
                assert pid is not None, "it runs until it is killed"
                os.kill(pid, signal.SIGKILL)
                self.killed[name] = done


async def balances(exchange: Exchange, first_account: int, rules: Instrument) -> list[Decimal]:
    """Return what each account has of base and quote, available and held."""
    async with Client.connecting(exchange.bootstrap) as client:
        found = []
        for account in range(first_account, first_account + 40):
            views = await client.balances(account)
            for asset in (rules.base_asset, rules.quote_asset):
                view = views.get(asset)
                found += [Decimal(0)] * 2 if view is None else [view.available, view.held]
        return found


@pytest.mark.kafka
def test_killed_workers_change_nothing(one_shard: Exchange, tmp_path: Path) -> None:
    """Kill -9 of ledger and matcher in the middle: the same trades, rejections and balances."""
    rows = 6_000
    calm_tape = flow(tmp_path / "calm.csv", "BTC-USD", 1_001, rows)
    calm = run(one_shard, calm_tape)

    rough_tape = flow(tmp_path / "rough.csv", "ETH-USD", 2_001, rows)
    killer = Killer(one_shard, {"ledger-1": rows // 5, "matchers-1": rows // 2})
    wish = Wish(rough_tape, rows, fund=True, factor=None)
    rough = asyncio.run(replay(one_shard.bootstrap, wish, killer))

    assert {"ledger-1", "matchers-1"} == set(killer.killed)
    assert all(done < rows for done in killer.killed.values()), "killed in the middle"
    assert calm.conservation.ok
    assert rough.conservation.ok
    assert (calm.trades, calm.accepted, calm.rejected, 0) == (
        rough.trades,
        rough.accepted,
        rough.rejected,
        rough.unknown,
    )
    assert calm.volumes[0][1:] == rough.volumes[0][1:]
    assert asyncio.run(balances(one_shard, 1_001, BTC_USD)) == asyncio.run(
        balances(one_shard, 2_001, INSTRUMENTS["ETH-USD"])
    )

    scale = Scale(Decimal("0.01"), Decimal("0.00000001"))
    offline = run_tape(read_tape(calm_tape), engine(None), scale)
    assert offline.trades == calm.trades, "one shard: exactly what the tape gives offline"
