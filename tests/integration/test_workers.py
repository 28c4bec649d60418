"""Workers on a real Kafka: bad records, and partitions that move between workers."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.kafka import EmbeddedKafka
from partita.deploy.workers import worker_command
from partita.log.kafka.admin import Admin
from partita.log.kafka.reader import Reader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.log.service import WorkerExit
from partita.producers import Client
from partita.schemas.codec import decode, encode
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.errors import WrongPartitions
from partita.schemas.orders import Tick
from partita.schemas.topics import ACCOUNT_COMMANDS, DEAD_LETTERS, ORDERS

PATIENCE_S = 30.0

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s, "it never came to hold"
        time.sleep(0.05)


def dead_letters(bootstrap: str) -> list[DeadLetter]:
    """Return all dead letters."""
    reader = Reader(bootstrap, DEAD_LETTERS)
    end, found = reader.ends([0])[0], list[DeadLetter]()
    reader.start({0: 0})
    while len(found) < end:
        found += [decode(record.value) for record in reader.read(1.0)]
    reader.close()
    return found


async def trade(bootstrap: str, account: int) -> None:
    """Fund an account, and see an order rest and go."""
    async with Client.connecting(bootstrap, timeout_s=PATIENCE_S) as client:
        await client.transfer(account, "USD", "100")
        for symbol in ("XRP-USD", "AVAX-USD"):  # one on each partition
            placed = await client.place(account, symbol, "buy", price="0.01", size="1")
            view = await client.outcome(account, placed)
            assert view.state == "open"
            cancelled = await client.cancel(account, order_id=placed.order_id)
            assert placed.order_id == cancelled.order_id


async def test_bad_records_are_dead_letters_while_trading_goes_on(exchange: Exchange) -> None:
    """Rubbish on an input is kept for a person, and its partition goes on."""
    sender = Sender(exchange.bootstrap)
    for topic, value in (
        (ACCOUNT_COMMANDS, b"rubbish"),
        (ACCOUNT_COMMANDS, encode(Tick(b""))),
        (ORDERS, b"\xc3\x01"),
    ):
        sender.send(Outgoing(topic, 0, None, value))
    sender.flush(PATIENCE_S)

    await trade(exchange.bootstrap, 1_000_000)
    await trade(exchange.bootstrap, 1_000_001)

    def seen() -> bool:
        found = {(letter.topic, letter.value) for letter in dead_letters(exchange.bootstrap)}
        return {
            (ACCOUNT_COMMANDS, b"rubbish"),
            (ACCOUNT_COMMANDS, encode(Tick(b""))),
            (ORDERS, b"\xc3\x01"),
        } <= found

    await asyncio.to_thread(eventually, seen)


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker of this test's own."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("module", ["ledger", "matchers"])
async def test_one_more_worker_takes_over_some_partitions_and_gives_them_back(
    exchange: Exchange, module: str
) -> None:
    """Adding a worker spreads the partitions; stopping it brings them home; trading goes on."""
    admin, group = Admin(exchange.bootstrap), f"partita-{module}"

    def spread(*counts: int) -> Callable[[], bool]:
        return lambda: sorted(counts) == sorted(len(p) for p in admin.members(group).values())

    await asyncio.to_thread(eventually, spread(2))
    with running(worker_command(module, exchange.bootstrap)) as second:
        await asyncio.to_thread(eventually, spread(1, 1))
        await trade(exchange.bootstrap, 1_000_002)
        await trade(exchange.bootstrap, 1_000_003)
        second.send_signal(signal.SIGTERM)
        assert WorkerExit.STOPPED == second.wait(PATIENCE_S)
    await asyncio.to_thread(eventually, spread(2))
    await trade(exchange.bootstrap, 1_000_004)
    await trade(exchange.bootstrap, 1_000_005)


def test_everything_is_found_again_after_a_restart(tmp_path: Path) -> None:
    """The same folder, another run: balances, orders and instruments are there."""

    async def first(bootstrap: str) -> int:
        async with Client.connecting(bootstrap) as client:
            await client.transfer(7, "USD", "100")
            placed = await client.place(7, "BTC-USD", "buy", price="10", size="1")
            return (await client.outcome(7, placed)).order_id

    async def second(bootstrap: str, order_id: int) -> None:
        async with Client.connecting(bootstrap) as client:
            assert [order_id] == [order.order_id for order in await client.open_orders(7)]
            balance = (await client.balances(7))["USD"]
            assert ("89.98", "10.02") == (
                f"{balance.available:.2f}",
                f"{balance.held:.2f}",
            )
            cancelled = await client.cancel(7, order_id=order_id)
            assert order_id == cancelled.order_id

    order_id = 0
    for run in (1, 2):
        with Exchange(Plan(tmp_path, DEFAULT_FILE)) as exchange:
            exchange.start(lambda _: None)
            if run == 1:
                order_id = asyncio.run(first(exchange.bootstrap))
            else:
                asyncio.run(second(exchange.bootstrap, order_id))


def test_a_cluster_that_is_there_is_used_and_left_as_it_is(tmp_path: Path) -> None:
    """With an address nothing of Kafka is started or stopped; another shape is refused."""
    with EmbeddedKafka(tmp_path / "cluster") as cluster:
        plan = Plan(tmp_path / "data", DEFAULT_FILE, bootstrap=cluster.bootstrap, shards=1)
        with Exchange(plan) as exchange:
            exchange.start(lambda _: None)
            assert exchange.kafka is None
            asyncio.run(trade(exchange.bootstrap, 7))
            with (
                Exchange(plan._replace(shards=3)) as other,
                pytest.raises(WrongPartitions, match="not 3"),
            ):
                other.start(lambda _: None)
        assert cluster.alive()
        assert Admin(cluster.bootstrap).shape() == (1, 2)


def test_a_worker_that_cannot_start_says_why(exchange: Exchange) -> None:
    """A code of its own, a line that says what to do, and no traceback."""
    nobody = worker_command("ledger", "127.0.0.1:1")
    done = subprocess.run(nobody, capture_output=True, text=True, timeout=60, check=False)

    assert WorkerExit.LOG_UNFIT == done.returncode
    assert "no Kafka broker answers at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr

    unknown = worker_command("matchers", exchange.bootstrap, "--engine", "warp")
    done = subprocess.run(unknown, capture_output=True, text=True, timeout=60, check=False)
    assert "must be one of" in done.stderr
    assert "Traceback" not in done.stderr
