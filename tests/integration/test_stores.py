"""Stores on a running exchange: projectors killed and doubled, a store down, lost, made anew."""

import asyncio
import json
import os
import random
import resource
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from clusters.programs import PARTITA, PATIENCE_S, ended, running
from stores.running import SYMBOLS, settled, trade

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.workers import worker_command
from partita.ledger.projector.exits import ProjectorExit
from partita.ledger.queries import Queries
from partita.ledger.store.choice import open_reader
from partita.ledger.store.errors import StoreBehind
from partita.ledger.store.rows import FillRow
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.producers import Client, Placed
from partita.schemas.enums import OrderState
from partita.schemas.topics import ACCOUNT_EVENTS

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

SHARDS = 2


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Run an exchange with two projectors on one store."""
    folder = tmp_path_factory.mktemp("stored")
    plan = Plan(folder, DEFAULT_FILE, projectors=2, market_data=1, candles=1)
    with Exchange(plan) as exchange:
        exchange.start(lambda _: None)
        path, deadline_s = store_file(exchange), time.monotonic() + PATIENCE_S
        while not path.exists():
            assert time.monotonic() < deadline_s, "no projector has made the store"
            time.sleep(0.05)
        yield exchange


def store_file(exchange: Exchange) -> Path:
    """Return the file of an exchange's store."""
    return Path(exchange.store.address.removeprefix("sqlite:"))


def kill_a_projector(exchange: Exchange, draw: random.Random) -> None:
    """Kill one of the projectors that this test's exchange has started."""
    alive = [
        state.pid
        for state in exchange.companion_states()
        if state.pid is not None and state.name.startswith("projector")
    ]
    if alive:
        os.kill(draw.choice(alive), signal.SIGKILL)


def asked(exchange: Exchange, *words: str) -> Any:
    """Return what a command of history says, as JSON."""
    where = ("--bootstrap", exchange.bootstrap, "--store", exchange.store.address)
    found = ended([*PARTITA, *words, *where, "--json"])
    assert 0 == found.code, found.said
    return json.loads(found.said)


def test_killed_and_doubled_projectors_leave_what_the_log_makes(stored: Exchange) -> None:
    """Two at once on one store, killed at random under load: every row is as if none had been."""
    draw = random.Random(3)

    def on_the_way(n: int) -> None:
        if n % 100 == 0:
            kill_a_projector(stored, draw)
        stored.look_after(lambda _: None)

    placed = asyncio.run(trade(stored.bootstrap, 1_000, on_the_way))
    found = settled(stored.bootstrap, stored.store.address, stored)

    assert found.covered == found.events
    assert () == found.differences
    assert found.rows > 4 * len(placed)
    assert sum(state.restarts for state in stored.companion_states()) > 3


def test_the_market_s_history_is_kept_too(stored: Exchange) -> None:
    """Trades and bars, as the market-data workers derive them; they add up with the fills."""
    instruments = {i.symbol: i.instrument_id for i in stored.instruments}
    deadline_s = time.monotonic() + PATIENCE_S
    with closing(open_reader(stored.store.address)) as reader:
        fills = list(reader.scan(FillRow))
        for instrument_id in (instruments[symbol] for symbol in SYMBOLS):
            sold = {f.trade_id: f.size for f in fills if f.instrument_id == instrument_id}
            while True:
                trades = reader.trades(instrument_id, None, 1_000)
                bars = reader.candles(instrument_id, 86_400, None, 10)
                volume = sum(bar.volume for bar in bars)
                if (len(trades), volume) == (len(sold), sum(sold.values())):
                    break
                assert time.monotonic() < deadline_s, (len(trades), volume, len(sold))
                stored.look_after(lambda _: None)
                time.sleep(0.1)
            assert 100 < len(sold) < 1_000
            assert sold == {trade.trade_id: trade.size for trade in trades}


def test_an_acknowledgement_says_what_view_has_it(stored: Exchange) -> None:
    """Whoever asks for a view at least as new as its position sees what the command did."""
    account = 101

    async def act() -> None:
        with Queries(stored.store.address, SHARDS) as queries:
            async with Client.connecting(stored.bootstrap) as client:
                for n in range(1, 11):
                    paid = await client.transfer(account, "USD", 100)
                    view = await asyncio.to_thread(
                        queries.balances, account, at_least=paid.position
                    )
                    assert [n * 100 * 10**10] == [row.available + row.held for row in view.found]
                    assert view.position >= paid.position
                    placed = await client.place(account, "BTC-USD", "buy", price=1, size=1)
                    orders = queries.open_orders(account, at_least=placed.position).found
                    assert [placed.order_id] == [row.order_id for row in orders]
                    held = queries.balances(account, at_least=placed.position).found[0].held
                    assert held > 0
                    cancelled = await client.cancel(account, order_id=placed.order_id)
                    row = queries.order(
                        account, order_id=placed.order_id, at_least=cancelled.position
                    ).found
                    assert row is not None
                    assert OrderState.DONE == row.state
                    assert 0 == queries.balances(account).found[0].held

    asyncio.run(act())


def test_a_position_that_does_not_come_is_told_of_in_time(stored: Exchange) -> None:
    """The wait is bounded, and the answer says what to look at."""
    with (
        Queries(stored.store.address, SHARDS, timeout_s=0.3) as queries,
        pytest.raises(StoreBehind, match="partita store status"),
    ):
        queries.balances(2, at_least=(0, 1 << 40))


def test_history_is_shown_by_commands(stored: Exchange) -> None:
    """Orders that are done, fills, entries, by pages, each as new as the exchange is."""
    account = 102

    async def act() -> list[Placed]:
        async with Client.connecting(stored.bootstrap) as client:
            await client.transfer(account, "USD", 1_000, transfer_id="salary")
            await client.transfer(account, "BTC", 10)
            resting = await client.place(account, "BTC-USD", "sell", price="250", size=1)
            other = await client.place(
                account, "BTC-USD", "buy", price="250", size=1, self_trade="co"
            )
            await client.cancel(account, order_id=other.order_id)
            return [resting, other]

    resting, other = asyncio.run(act())
    done = asked(stored, "orders", str(account), "--done")
    assert [other.order_id, resting.order_id] == [order["order_id"] for order in done]
    older = ("--limit", "1", "--before", str(other.order_id))
    page = asked(stored, "orders", str(account), "--all", *older)
    assert [resting.order_id] == [order["order_id"] for order in page]
    entries = asked(stored, "entries", str(account))
    assert ["transfer", "transfer", "reserve", "reserve"] == [e["kind"] for e in entries[::-1]][:4]
    assert "salary" == entries[-1]["command_id"]
    assert ("USD", Decimal(1_000)) == (
        entries[-1]["asset"],
        Decimal(entries[-1]["available_change"]),
    )
    assert [] == asked(stored, "fills", str(account))
    fills = asked(stored, "fills", "1", "--limit", "5")
    assert 5 == len(fills)
    assert {fill["order_id"] for fill in fills[:1]} == {
        fill["order_id"]
        for fill in asked(stored, "fills", "1", "--order", str(fills[0]["order_id"]))
    }
    assert 0 == sum(at["behind"] for at in asked(stored, "store", "status"))


def test_a_lost_store_is_made_anew_by_one_command(stored: Exchange, tmp_path: Path) -> None:
    """Nothing of it is left, and all of it is back; also beside projectors that run."""
    path = store_file(stored)
    assert asyncio.run(trade(stored.bootstrap, 50, lambda _: None))
    settled(stored.bootstrap, stored.store.address, stored)
    with closing(open_reader(stored.store.address)) as reader:
        known = reader.orders(1, None, 1_000)
    assert known
    lost = tmp_path / "lost.sqlite"
    lost.write_bytes(b"this is no store at all" * 1_000)

    for address in (f"sqlite:{lost}", f"sqlite:{path}"):
        where = ("--bootstrap", stored.bootstrap, "--store", address)
        rebuilt = ended([*PARTITA, "store", "rebuild", *where])
        assert 0 == rebuilt.code, rebuilt.said
        assert "rebuilt" in rebuilt.said
        found = settled(stored.bootstrap, address, stored)
        assert () == found.differences
        assert found.covered == found.events
        with closing(open_reader(address)) as reader:
            assert known == reader.orders(1, None, 1_000)
        assert 0 == ended([*PARTITA, "store", "verify", *where]).code


def test_two_halves_make_a_whole(stored: Exchange, tmp_path: Path) -> None:
    """Projectors that share the partitions leave what one would."""
    address = f"sqlite:{tmp_path / 'halves.sqlite'}"
    command = worker_command("ledger.projector", stored.bootstrap, "--store", address)
    with running([*command, "--part", "0/2"]), running([*command, "--part", "1/2"]):
        found = settled(stored.bootstrap, address)

    assert () == found.differences
    assert found.covered == found.events


def test_a_full_disk_stops_the_store_and_not_the_trading(stored: Exchange, tmp_path: Path) -> None:
    """It says so, tries again, and catches up when there is room; nothing is doubled."""
    address = f"sqlite:{tmp_path / 'small.sqlite'}"
    command = worker_command("ledger.projector", stored.bootstrap, "--store", address)
    limited = ["bash", "-c", 'ulimit -S -f 128; exec "$@"', "_", *command]
    with running(limited) as projector:
        assert projector.stdout is not None
        said = list[str]()
        for line in projector.stdout:
            said.append(line)
            if "trying again" in line:
                break
        assert any("trading goes on" in line for line in said), said
        placed = asyncio.run(trade(stored.bootstrap, 50, lambda _: None))
        assert 50 == len(placed)
        _, hard = resource.prlimit(projector.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(projector.pid, resource.RLIMIT_FSIZE, (hard, hard))
        found = settled(stored.bootstrap, address)

    assert () == found.differences
    assert found.covered == found.events


def test_an_audit_compares_the_store_too(stored: Exchange, tmp_path: Path) -> None:
    """Nothing differs; one field of one row that was changed by hand is found."""
    assert asyncio.run(trade(stored.bootstrap, 50, lambda _: None))
    address = f"sqlite:{tmp_path / 'copy.sqlite'}"
    where = ("--bootstrap", stored.bootstrap, "--store", address)
    assert 0 == ended([*PARTITA, "store", "rebuild", *where]).code

    clean = ended([*PARTITA, "audit", *where])
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as connection, connection:
        connection.execute(
            "UPDATE fills SET fee = fee + 1 WHERE (account, number) ="
            " (SELECT account, number FROM fills LIMIT 1)"
        )
    falsified = ended([*PARTITA, "audit", *where])

    assert 0 == clean.code, clean.said
    assert "rows compared" in clean.said
    assert 3 == falsified.code, falsified.said
    assert "store: fill FillRow" in falsified.said


def test_records_of_a_newer_build_end_a_projector_with_its_code(
    stored: Exchange, tmp_path: Path
) -> None:
    """What is no record at all is passed over; what may be events is not."""
    sender = Sender(stored.bootstrap)
    for value in (b"rubbish", b"\xc3\x01" + b"newerone" + b"body"):
        sender.send(Outgoing(ACCOUNT_EVENTS, 1, None, value))
    sender.flush(10.0)
    address = f"sqlite:{tmp_path / 'other.sqlite'}"

    found = ended(worker_command("ledger.projector", stored.bootstrap, "--store", address))

    assert ProjectorExit.NEWER_DATA == found.code, found.said
    assert "passed over" in found.said
    assert "upgrade" in found.said
