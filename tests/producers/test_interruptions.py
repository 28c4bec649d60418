"""A client while the ledger is away, the clock is wrong, and commands must be sent again."""

import asyncio
import logging
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from partita.deploy.instruments import DEFAULT_FILE, read_instruments
from partita.deploy.kafka.embedded import EmbeddedKafka
from partita.deploy.listing import list_instruments
from partita.deploy.workers import SupervisedWorker, worker_command
from partita.log.kafka.admin import Admin
from partita.producers import Client, ClientLimits
from partita.producers import session as session_module
from partita.schemas.errors import NoAnswer, OutcomeUnknown, Overloaded, TopicMissing

pytestmark = pytest.mark.kafka

HASTY = ClientLimits(answer_timeout_ms=600, retries=2, oldest_ms=200)


class Venue:
    """An exchange whose ledger this test stops and starts."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap = bootstrap
        options = ("--session-timeout-ms", "2000")
        self._ledger = SupervisedWorker(
            "ledger", worker_command("ledger", bootstrap, *options), folder
        )
        self._matcher = SupervisedWorker(
            "matchers", worker_command("matchers", bootstrap, *options), folder
        )

    def open(self) -> None:
        """Start both workers; return when the ledger answers."""
        self._matcher.start()
        self.start_ledger()
        asyncio.run(self._ready())

    async def _ready(self) -> None:
        async with Client.connecting(self.bootstrap, timeout_s=30) as client:
            while len(await client.totals()) < len(client.instruments):  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.1)

    def start_ledger(self) -> None:
        """Start it; it replays its partitions from the start."""
        self._ledger.start()

    def stop_ledger(self) -> None:
        """Stop it."""
        self._ledger.stop()

    def close(self) -> None:
        """Stop both workers."""
        self._ledger.stop()
        self._matcher.stop()


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker of this module's own."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="module")
def venue(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    """An exchange of 2 shards and 2 partitions on it."""
    Admin(kafka.bootstrap).create_topics(2, 2, 1)
    list_instruments(kafka.bootstrap, read_instruments(DEFAULT_FILE, 2, {}))
    running = Venue(kafka.bootstrap, tmp_path_factory.mktemp("workers"))
    try:
        running.open()
        yield running
    finally:
        running.close()


async def test_a_cluster_without_an_exchange_is_told(kafka: EmbeddedKafka) -> None:
    """With what creates it; must be the first test of this module."""
    with pytest.raises(TopicMissing, match="partita up"):
        await Client.connect(kafka.bootstrap)


async def test_a_time_out_is_unknown_and_is_found_out_by_asking(venue: Venue) -> None:
    """The ledger is away while an order is placed; when it is back, it took it once."""
    async with Client.connecting(venue.bootstrap, limits=HASTY) as client:
        await client.transfer(7, "USD", 1_000)
        await asyncio.to_thread(venue.stop_ledger)
        try:
            with pytest.raises(OutcomeUnknown) as unknown:
                await client.place(
                    7, "BTC-USD", "buy", price="10", size="1", client_order_id="lost"
                )
            assert "client_order_id='lost'" in str(unknown.value)
            with pytest.raises(NoAnswer):
                await client.balances(7)
        finally:
            venue.start_ledger()
    async with Client.connecting(venue.bootstrap, timeout_s=30) as client:
        found = await client.order(7, client_order_id="lost")
        assert [found.order_id] == [view.order_id for view in await client.open_orders(7)]
        await client.cancel(7, order_id=found.order_id)


async def test_a_command_sent_again_takes_effect_once(venue: Venue) -> None:
    """Three copies of each wait for the ledger; each is answered, and counted, once."""
    limits = ClientLimits(answer_timeout_ms=9_000, retries=17)
    async with Client.connecting(venue.bootstrap, limits=limits) as client:
        await asyncio.to_thread(venue.stop_ledger)
        try:
            futures = [client.submit_transfer(8, "USD", 10) for _ in range(5)]
            await asyncio.sleep(1.5)
        finally:
            venue.start_ledger()
        await asyncio.gather(*futures)
        assert Decimal(50) == (await client.balances(8))["USD"].available
        assert client.gaps == 0


async def test_a_failed_sender_is_replaced_and_all_is_sent_again(venue: Venue) -> None:
    """Before, during and after the failure: each command takes effect once."""
    async with Client.connecting(venue.bootstrap) as client:
        sender = client._session._sender  # noqa: SLF001 - only a minute without broker would make it fail by itself
        before = client.submit_transfer(12, "USD", 1)
        await asyncio.sleep(0)
        sender._failed = "as when a broker was away for too long"  # noqa: SLF001 - as above
        during = client.submit_transfer(12, "USD", 10)
        await asyncio.sleep(0)
        after = client.submit_transfer(12, "USD", 100)
        await asyncio.gather(before, during, after)
        assert Decimal(111) == (await client.balances(12))["USD"].available
        assert client._session._sender is not sender  # noqa: SLF001 - as above


async def test_an_unanswered_command_that_grows_old_refuses_others(venue: Venue) -> None:
    """Beyond 200 ms here: Overloaded, and nothing is sent."""
    async with Client.connecting(venue.bootstrap, limits=HASTY) as client:
        await asyncio.to_thread(venue.stop_ledger)
        try:
            first = client.submit_transfer(9, "USD", 10)
            await asyncio.sleep(0.3)
            with pytest.raises(Overloaded):
                client.submit_transfer(9, "USD", 20)
            with pytest.raises(OutcomeUnknown):
                await first
        finally:
            venue.start_ledger()
    async with Client.connecting(venue.bootstrap, timeout_s=30) as client:
        assert Decimal(10) == (await client.balances(9))["USD"].available


async def test_a_ledger_that_replays_its_history_harms_no_client(venue: Venue) -> None:
    """All events come again; listeners hear each number once, and commands go on."""
    heard: list[int] = []
    async with Client.connecting(venue.bootstrap) as client:
        client.listen(lambda events: heard.extend(e.number for e in events if e.shard == 0))
        await client.transfer(10, "USD", 1)
        await asyncio.to_thread(venue.stop_ledger)
        await asyncio.to_thread(venue.start_ledger)
        await client.transfer(10, "USD", 1)
        assert Decimal(2) == (await client.balances(10))["USD"].available
        await asyncio.sleep(0.05)
        assert client.gaps == 0
    assert list(range(heard[0], heard[0] + len(heard))) == heard


@pytest.mark.parametrize("off_ms", [-3_600_000, 3_600_000])
async def test_a_wrong_clock_is_told_and_goes_by_the_exchange(
    venue: Venue, off_ms: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An hour behind or ahead: a warning with both times, and commands are taken."""
    right = session_module._clock_ms  # noqa: SLF001 - the one place where a client reads the time
    monkeypatch.setattr(session_module, "_clock_ms", lambda: right() + off_ms)
    with caplog.at_level(logging.WARNING, "partita.producers"):
        async with Client.connecting(venue.bootstrap) as client:
            await client.transfer(11, "USD", 1)
    assert "this computer's clock says" in caplog.text


async def test_without_a_ledger_connecting_says_what_to_start(venue: Venue) -> None:
    """Within the time-out."""
    await asyncio.to_thread(venue.stop_ledger)
    try:
        started_s = time.monotonic()
        with pytest.raises(NoAnswer, match="is `partita ledger` running"):
            await Client.connect(venue.bootstrap, timeout_s=1.0)
        assert time.monotonic() - started_s < 10
    finally:
        venue.start_ledger()
