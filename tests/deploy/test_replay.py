"""`partita replay`: a tape on a running exchange, and the proof that the money adds up."""

import asyncio
import json
import os
import random
import signal
import threading
from array import array
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
from partita.deploy.replay.audit import Audit
from partita.deploy.replay.figures import Figures
from partita.deploy.replay.following import Command, Following, Order
from partita.deploy.replay.ids import RunIds
from partita.deploy.replay.latency import percentiles
from partita.deploy.replay.need import deposits
from partita.deploy.replay.run import Wish, replay
from partita.deploy.tape.reader import read_tape, survey
from partita.deploy.tape.row import Op
from partita.matchers.engines import engine
from partita.producers import Client, RawEvent
from partita.schemas.accounts import Accepted, AccountEvent, Balance, Filled, Total
from partita.schemas.enums import Liquidity, Side
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument

HEADER = "op,id,account,symbol,side,type,tif,price,size,funds,post_only,stp,expire_ms,time_ms"
INSTRUMENTS = {rules.symbol: rules for rules in read_instruments(DEFAULT_FILE, 2, {})}
BTC_USD = INSTRUMENTS["BTC-USD"]
BY_ID = {rules.instrument_id: rules for rules in INSTRUMENTS.values()}


def write(path: Path, *lines: str) -> Path:
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
        pass

    def at(self, done: int) -> None:
        pass


def run(exchange: Exchange, tape: Path, factor: float | None = None) -> Figures:
    wish = Wish(tape, survey(tape).rows, fund=True, factor=factor)
    return asyncio.run(replay(exchange.bootstrap, wish, Ignored()))


# What the accounts need.


def needed(tmp_path: Path, *lines: str) -> dict[tuple[int, str], str]:
    tape = write(tmp_path / "tape.csv", *lines)
    found = deposits(read_tape(tape), INSTRUMENTS)
    return {(one.account, one.asset): str(one.amount) for one in found}


def test_buys_need_notional_and_highest_fee_and_sells_their_size(tmp_path: Path) -> None:
    """A buy of 3 at 200 and a sell of 2: 600 and a fee of 0.2 %; 2 BTC."""
    assert {(1, "USD"): "601.2000000000", (2, "BTC"): "2.00000000"} == needed(
        tmp_path,
        "place,a,1,BTC-USD,buy,limit,GTC,200,3,,,,,",
        "place,b,2,BTC-USD,sell,limit,GTC,200,2,,,,,",
    )


def test_an_amend_needs_as_much_as_another_order(tmp_path: Path) -> None:
    """What an order held may have been spent by fills before the amend."""
    assert {(1, "USD"): "1402.8000000000", (2, "BTC"): "7.00000000"} == needed(
        tmp_path,
        "place,a,1,BTC-USD,buy,limit,GTC,200,3,,,,,",
        "place,b,2,BTC-USD,sell,limit,GTC,200,2,,,,,",
        "amend,a,1,BTC-USD,,,,,4,,,,,",
        "amend,b,2,BTC-USD,,,,210,5,,,,,",
    )


def test_a_market_buy_needs_its_funds_or_a_generous_figure(tmp_path: Path) -> None:
    """By size alone: twice the highest price on the tape, fee included."""
    assert {
        (1, "USD"): "50.0000000000",
        (2, "USD"): "801.6000000000",
        (3, "BTC"): "1.00000000",
    } == (
        needed(
            tmp_path,
            "place,a,1,BTC-USD,buy,market,IOC,,,50,,,,",
            "place,b,2,BTC-USD,buy,market,IOC,,2,,,,,",
            "place,c,3,BTC-USD,sell,limit,GTC,200,1,,,,,",
        )
    )


def test_rows_that_will_be_refused_need_nothing(tmp_path: Path) -> None:
    """Unknown symbols, half ticks, absurd sizes and orders that were never placed."""
    assert {} == needed(
        tmp_path,
        "place,a,1,NO-SUCH,buy,limit,GTC,200,3,,,,,",
        "place,b,1,BTC-USD,buy,limit,GTC,200.001,3,,,,,",
        "place,c,1,BTC-USD,sell,limit,GTC,200,99999999999,,,,,",
        "amend,d,1,BTC-USD,,,,200,3,,,,,",
        "cancel,e,1,BTC-USD,,,,,,,,,,",
    )


def test_ids_of_two_runs_never_meet_and_none_becomes_too_long() -> None:
    """A tape's id stands behind the run's token; one without room is replaced by its hash."""
    one, other = RunIds("00000001"), RunIds("00000002")
    ids = ["a", "x" * 27, "x" * 28, "y" * 28, "x" * 36]
    made = [run_ids.order(name) for run_ids in (one, other) for name in ids]
    assert len(made) == len(set(made))
    assert all(len(name) <= 36 for name in made)
    assert len(one.order("x" * 37)) > 36, "what is too long by itself is still refused"


def test_percentiles_are_values_that_were_measured() -> None:
    """Nearest rank, over a thousand values."""
    values = array("d", (n / 1_000 for n in range(1, 1_001)))
    assert (1_000, 500.0, 900.0, 990.0, 999.0, 1_000.0) == percentiles(values)


# What an amend waits for.


@pytest.mark.parametrize(
    ("side", "limit", "expected"),
    [
        (Side.SELL, "199", True),
        (Side.SELL, "200", True),
        (Side.SELL, "201", False),
        (Side.SELL, None, True),
        (Side.BUY, "201", False),
    ],
)
def test_an_amend_waits_for_what_may_fill_its_order(
    side: Side, limit: str | None, expected: bool
) -> None:
    """Under way against a bid at 200: offers at or below it, and market sells; mirrored below."""
    for flip in (False, True):
        mirrored = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}
        price = None if limit is None else Decimal(limit)
        if flip and price is not None:
            price = 400 - price
        following = Following()
        resting = Order(mirrored[Side.BUY] if flip else Side.BUY, reserves_all=False)
        taker = Order(mirrored[side] if flip else side, reserves_all=False)
        following.add(Command(Op.PLACE, 2, "t", "BTC-USD", taker, price, 0.0))
        assert expected == following.may_change(resting, Decimal(200), "BTC-USD")
        assert not following.may_change(resting, Decimal(200), "ETH-USD")


# The audit.


def stream(*events: AccountEvent) -> list[RawEvent]:
    return [RawEvent(0, number, 0, event) for number, event in enumerate(events, 1)]


def total(asset_id: int, available: int, fees: int) -> Total:
    return Total(1, asset_id, available, 0, fees, 0, -available - fees)


USD, BTC = BTC_USD.quote_asset_id, BTC_USD.base_asset_id
LOT, COST = BTC_USD.lot, 20_000 * 5 * BTC_USD.notional_unit
FUNDED = (
    total(USD, 0, 0),
    total(BTC, 0, 0),
    Accepted(1, "t1", 0, 0, repeated=False),
    Balance(1, USD, 1_000_000, 0),
)


def bought(fee: int) -> Filled:
    return Filled(1, 7, BTC_USD.instrument_id, Side.BUY, 1, 20_000, 5, fee, Liquidity.TAKER)


def audited(*events: AccountEvent) -> Audit:
    audit = Audit(BY_ID)
    audit.expect(1, "t1", USD, 1_000_000)
    audit.take(stream(*FUNDED, *events))
    audit.close()
    return audit


def test_the_audit_agrees_with_a_fill_that_adds_up() -> None:
    """Balances and sums after a purchase with a fee."""
    audit = audited(
        bought(10),
        Balance(1, BTC, 5 * LOT, 0),
        Balance(1, USD, 1_000_000 - COST - 10, 0),
        total(BTC, 5 * LOT, 0),
        total(USD, 1_000_000 - COST - 10, 10),
    )
    assert (0, 3, 2) == (audit.difference_count, audit.balances_compared, audit.totals_compared)


@pytest.mark.parametrize(
    ("base", "quote", "money", "fees"),
    [
        (5 * LOT + 1, -COST - 10, -COST - 10, 10),  # base is made in the sum, not in the balance
        (5 * LOT, -COST - 9, -COST - 10, 10),  # a balance is one unit too large
        (5 * LOT, -COST - 10, -COST - 9, 10),  # the sum of the accounts is
        (5 * LOT, -COST - 10, -COST - 10, 11),  # the fees are
    ],
)
def test_the_audit_finds_one_unit_too_many(base: int, quote: int, money: int, fees: int) -> None:
    """Wherever it was made."""
    audit = audited(
        bought(10),
        Balance(1, BTC, 5 * LOT, 0),
        Balance(1, USD, 1_000_000 + quote, 0),
        total(BTC, base, 0),
        total(USD, 1_000_000 + money, fees),
    )
    assert audit.difference_count == 1


def test_the_audit_finds_a_fill_that_was_never_settled_and_events_that_never_came() -> None:
    """Money owed and not seen, for each asset; a hole in the numbers."""
    assert audited(bought(0)).difference_count == 2
    audit = Audit(BY_ID)
    first, second, third = stream(*FUNDED[:3])
    audit.take([first, third])
    audit.take([second._replace(number=4)])
    assert audit.difference_count == 1


def test_the_audit_cannot_tell_when_others_transfer_and_says_so() -> None:
    """No false alarm: their amounts do not stand on the stream."""
    audit = audited(
        Accepted(1, "theirs", 0, 0, repeated=False),
        Balance(1, USD, 3_000_000, 0),
        total(USD, 3_000_000, 0),
    )
    assert (0, 1) == (audit.difference_count, audit.foreign_transfers)


# On a running exchange.


@pytest.mark.kafka
def test_the_command_replays_a_tape_twice_and_reports(exchange: Exchange, tmp_path: Path) -> None:
    """Orders, rejections by reason, trades, volume, latency, conservation; a second run is new."""
    tape = write(
        tmp_path / "tape.csv",
        "place,s,910001,LTC-USD,sell,limit,GTC,90,2,,,,,",
        "place,b,910002,LTC-USD,buy,limit,GTC,90,0.5,,,,,",
        "amend,s,910001,LTC-USD,,,,90,1,,,,,",
        "place,p,910002,LTC-USD,buy,limit,GTC,90,1,,true,,,",
        "place,x,910002,LTC-USD,buy,limit,GTC,90.0000001,1,,,,,",
        "place,y,910002,NO-SUCH,buy,limit,GTC,90,1,,,,,",
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
    """Half a second on the tape is a quarter at twice the speed; a tape without times is refused."""
    lines = [f"place,o{n},910003,LTC-USD,buy,limit,IOC,1,1,,,,,{1_000 + 100 * n}" for n in range(6)]
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

    def begin(self, what: str, total: int | None) -> None:
        self._replaying = what == "replay"

    def at(self, done: int) -> None:
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
