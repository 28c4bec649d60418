"""The market-data worker and its clients on a real Kafka: killed, doubled, joined at any moment."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from views.derived import Derived, derived
from views.feeds import Matcher, run

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.workers import worker_command
from partita.log.kafka.past import PastReader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing, Record
from partita.marketdata.book_replica import BookReplica
from partita.marketdata.client import (
    Channel,
    MarketDataClient,
    Message,
    Notice,
    Subscription,
    Trades,
)
from partita.marketdata.client.faces import LiveLadder
from partita.marketdata.feed import snapshot
from partita.marketdata.level_replica import LevelReplica
from partita.marketdata.snapshot_records import find, latest_values
from partita.marketdata.worker_core import BookPartition
from partita.producers import Client
from partita.schemas.codec import encode
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import DepthBatch, LevelChange
from partita.schemas.topics import BOOK, BOOK_SNAPSHOTS, DEPTH, TRADES

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

PATIENCE_S = 30.0
STEPS = 4_000
Levels = dict[Side, list[tuple[int, int, int]]]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A log with its topics and instruments, without workers: the tests start their own."""
    data = tmp_path_factory.mktemp("log")
    with Exchange(Plan(data, DEFAULT_FILE, ledgers=0, matchers=0)) as running:
        running.start(lambda _: None)
        yield running


def symbols(log: Exchange, partition: int, first: int = 0) -> list[Instrument]:
    """Return two instruments of a partition."""
    return [one for one in log.instruments if one.partition == partition][first : first + 2]


class Market:
    """A matcher's feed on the log: all of it known before, written little by little."""

    def __init__(self, log: Exchange, partition: int, seed: int, first: int = 0) -> None:
        self.bootstrap = log.bootstrap
        self.partition = partition
        self.rules = symbols(log, partition, first)
        self.matcher: Matcher = run(seed, STEPS, Random(seed), self.rules)
        self._sender = Sender(log.bootstrap)
        self._at = 0

    @property
    def left(self) -> int:
        """How many records are not written yet."""
        return len(self.matcher.records) - self._at

    def write(self, count: int) -> None:
        """Write the next records."""
        for record in self.matcher.records[self._at : self._at + count]:
            self._sender.send(Outgoing(BOOK, self.partition, None, record.value))
        self._at = min(self._at + count, len(self.matcher.records))
        self._sender.flush(PATIENCE_S)

    def states(self) -> tuple[dict[tuple[int, int], Levels], dict[tuple[int, int], Levels]]:
        """Return the levels of each book after each record: by feed number, by level changes."""
        by_number: dict[tuple[int, int], Levels] = {}
        by_changes: dict[tuple[int, int], Levels] = {}
        partition = BookPartition()
        for record in self.matcher.records:
            partition.apply([record])
            for at, book in partition.books.items():
                levels = levels_of(book.replica)
                by_number[at, book.number] = by_changes[at, book.changes] = levels
        return by_number, by_changes


def levels_of(book: BookReplica | LevelReplica) -> Levels:
    """Return all levels of a replica."""
    return {side: [(at.price, at.size, at.orders) for at in book.levels(side)] for side in Side}


def worker(log: Exchange, folder: Path, *options: str) -> "subprocess.Popen[bytes]":
    """Start a market-data worker that writes snapshots often."""
    every = ("--session-timeout-ms", "2000", "--snapshot-every-ms", "200")
    command = worker_command(
        "marketdata", log.bootstrap, "--allow-unsafe-replication", *every, *options
    )
    with (folder / "marketdata.log").open("ab") as out:
        return subprocess.Popen(command, stdout=out, stderr=out)


@contextmanager
def working(log: Exchange, folder: Path) -> Iterator[None]:
    """Have a worker for a while."""
    running = worker(log, folder)
    try:
        yield
    finally:
        running.terminate()
        assert running.wait(PATIENCE_S) == 0


def kept(bootstrap: str, topic: str, partition: int) -> list[Record]:
    """Return all records of a partition as of now."""
    with closing(PastReader(bootstrap, topic)) as reader:
        return list(reader.records(partition))


def on_log(bootstrap: str, partition: int) -> Derived:
    """Return what stands on the derived topics."""
    records = [r for topic in (TRADES, DEPTH) for r in kept(bootstrap, topic, partition)]
    return derived(record.value for record in records)


def undisturbed(bootstrap: str, partition: int) -> Derived:
    """Return what must stand there."""
    return derived(BookPartition().apply(kept(bootstrap, BOOK, partition)))


def until_derived(market: Market) -> None:
    """Wait until all is derived."""
    expected, deadline_s = undisturbed(market.bootstrap, market.partition), time.monotonic() + 30
    while expected != on_log(market.bootstrap, market.partition):
        assert time.monotonic() < deadline_s, "it was never derived"
        time.sleep(0.2)


def test_killed_at_random_under_load_it_leaves_what_an_undisturbed_run_leaves(
    log: Exchange, tmp_path: Path
) -> None:
    """Kill -9 again and again, two workers at times; topics and snapshots are whole and right."""
    market, random = Market(log, 0, 1), Random(7)
    running = [worker(log, tmp_path)]
    kills = 0
    try:
        while market.left:
            market.write(random.randint(20, 120))
            time.sleep(0.1)
            if random.randrange(8) == 0:
                victim = running.pop(0)
                os.kill(victim.pid, signal.SIGKILL)
                victim.wait()
                kills += 1
                running.append(worker(log, tmp_path))
                if random.randrange(3) == 0 and len(running) < 2:
                    running.append(worker(log, tmp_path))
        until_derived(market)
        until_written(market)
    finally:
        for one in running:
            one.terminate()
        assert [0] * len(running) == [one.wait(PATIENCE_S) for one in running]
    assert kills > 2
    for rules in market.rules:
        replica = snapshot(log.bootstrap, rules)
        assert market.matcher.levels(rules.instrument_id) == levels_of(replica)


def until_written(market: Market) -> None:
    """Wait until the snapshot of each book is that of its end."""
    deadline_s = time.monotonic() + PATIENCE_S
    wanted = {one.symbol: market.matcher.queue(one.instrument_id) for one in market.rules}
    while True:
        latest = latest_values(kept(market.bootstrap, BOOK_SNAPSHOTS, market.partition))
        newest = {symbol: find(latest, symbol).newest for symbol in wanted}
        found = {symbol: list(one.orders) for symbol, one in newest.items() if one is not None}
        if wanted == found:
            return
        assert time.monotonic() < deadline_s, "they were never written"
        time.sleep(0.2)


async def test_clients_that_join_at_any_moment_have_the_matchers_books(
    log: Exchange, tmp_path: Path
) -> None:
    """At every number a client shows, its levels are the matcher's; L2 and L3, joined under load.

    The worker is killed meanwhile: L2 waits, and goes on.
    """
    market, random = Market(log, 1, 2), Random(8)
    by_number, by_changes = market.states()
    checks = 0
    running = worker(log, tmp_path)
    try:
        async with MarketDataClient.connecting(log.bootstrap) as client:
            subscriptions: list[tuple[Instrument, Subscription]] = []
            while market.left:
                await asyncio.to_thread(market.write, random.randint(5, 30))
                await asyncio.sleep(0.02)
                if len(subscriptions) < 4 and random.randrange(10) == 0:
                    rules = [random.choice(market.rules)]
                    subscriptions.append(
                        (rules[0], await client.subscribe([rules[0].symbol], ["book", "depth"]))
                    )
                if random.randrange(60) == 0:
                    os.kill(running.pid, signal.SIGKILL)
                    running.wait()
                    running = worker(log, tmp_path)
                for its, one in subscriptions:
                    at = its.instrument_id
                    book, depth = one.book(its.symbol), one.depth(its.symbol)
                    assert by_number[at, book.number] == levels_of(book.raw)
                    assert by_changes[at, depth.raw.changes] == levels_of(depth.raw)
                    assert depth.number <= market.matcher.number(at)
                    checks += 2
            assert len(subscriptions) == 4
            for its, one in subscriptions:
                await in_step(one, its, market)
    finally:
        running.terminate()
        running.wait(PATIENCE_S)
    assert checks > 100


async def in_step(subscription: Subscription, rules: Instrument, market: Market) -> None:
    """Wait until a client has the end of a book, and compare all of it."""
    at, symbol = rules.instrument_id, rules.symbol
    levels = market.matcher.levels(at)
    while (
        subscription.book(symbol).number < market.matcher.number(at)
        or levels_of(subscription.depth(symbol).raw) != levels
    ):
        await asyncio.wait_for(anext(subscription), PATIENCE_S)
    replica = subscription.book(symbol).raw
    queue = [tuple(order) for side in Side for order in replica.orders(side)]
    assert market.matcher.queue(at) == queue


async def test_a_gap_is_told_and_mended_from_the_log(log: Exchange, tmp_path: Path) -> None:
    """A number that leaps lets the levels be read anew; they go on as if nothing had been."""
    market = Market(log, 1, 3, first=2)
    rules = market.rules[0]
    at, symbol = rules.instrument_id, rules.symbol
    market.write(300)
    with working(log, tmp_path):
        async with MarketDataClient.connecting(log.bootstrap) as client:
            one = await client.subscribe([symbol], [Channel.DEPTH, Channel.BOOK])
            change = LevelChange(1 << 40, Side.BUY, 1, 1, 1)
            leap = DepthBatch(b"", at, 1 << 40, 1, (change,))
            with_leap = Sender(log.bootstrap)
            with_leap.send(Outgoing(DEPTH, 1, symbol.encode(), encode(leap)))
            with_leap.flush(PATIENCE_S)
            notices: list[str] = []
            while len(notices) < 2:
                message = await asyncio.wait_for(anext(one), PATIENCE_S)
                if isinstance(message, Notice):
                    notices.append(message.text)
            assert "is missing" in notices[0]
            assert notices[1] == "in step again"
            await asyncio.to_thread(market.write, market.left)
            await in_step(one, rules, market)


async def test_all_channels_of_a_running_exchange(exchange: Exchange, tmp_path: Path) -> None:
    """Orders through the SDK are seen as levels, orders, a trade and a ticker, in decimals."""
    symbol, seen = "GNO-USD", list[Message]()
    with working(exchange, tmp_path):
        async with (
            Client.connecting(exchange.bootstrap, timeout_s=PATIENCE_S) as trader,
            MarketDataClient.connecting(exchange.bootstrap) as client,
        ):
            await trader.transfer(55, "USD", "1000")
            await trader.transfer(56, "GNO", "10")
            market = await client.subscribe([symbol], list(Channel))
            await client.subscribe([symbol], [Channel.TRADES], seen.append)
            await trader.place(55, symbol, "buy", price="70", size="2")
            await trader.place(56, symbol, "sell", price="70", size="0.5")
            trades = await asyncio.wait_for(_first(market, Trades), PATIENCE_S)
            (trade,) = trades.trades
            assert (Decimal(70), Decimal("0.5"), "sell") == (
                trade.price,
                trade.size,
                trade.taker_side,
            )
            deadline_s = time.monotonic() + PATIENCE_S
            left = (Decimal(70), Decimal("1.5"), 1)
            while not (seen and left == _best(market.depth(symbol)) == _best(market.book(symbol))):
                assert time.monotonic() < deadline_s, "it was never seen"
                await asyncio.sleep(0.05)
            assert market.book(symbol).best_ask is None


def _best(ladder: LiveLadder[BookReplica] | LiveLadder[LevelReplica]) -> object:
    bid = ladder.best_bid
    return bid and bid[1:]


async def _first(messages: Subscription, kind: type[Trades]) -> Trades:
    async for message in messages:
        if isinstance(message, kind):
            return message
    raise AssertionError("it ended")
