"""What a worker must not start from: snapshots and a log that do not belong together, for real."""

import asyncio
from pathlib import Path

import pytest
from clusters.operator import Operator, eventually
from clusters.programs import Ended, ended, up_command

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.kafka import EmbeddedKafka
from partita.deploy.workers import worker_command
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.log.service import WorkerExit
from partita.producers import Client
from partita.schemas.topics import ACCOUNT_COMMANDS, BOOK, BOOKS_CHANGELOG, LEDGER_CHANGELOG

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


async def fund(bootstrap: str) -> None:
    """Let time pass on the log, so that snapshots are due."""
    async with Client.connecting(bootstrap) as client:
        for dollars in range(1, 4):
            await client.transfer(7, "USD", dollars)
            placed = await client.place(7, "BTC-USD", "buy", price="1", size="0.1")
            await client.outcome(7, placed)
            await client.cancel(7, order_id=placed.order_id)


def with_snapshots(bootstrap: str, data: Path) -> None:
    """Run an exchange of 1 shard and 1 partition until both machines have snapshots."""
    plan = Plan(data, DEFAULT_FILE, bootstrap=bootstrap, shards=1, partitions=1)
    operator = Operator(bootstrap)

    def there() -> bool:
        asyncio.run(fund(bootstrap))
        ends = operator.look().ranges
        return min(ends[name][0][1] for name in (BOOKS_CHANGELOG, LEDGER_CHANGELOG)) > 0

    with Exchange(plan._replace(snapshot_every_ms=100)) as exchange:
        exchange.start(lambda _: None)
        eventually(there)


def test_lost_state_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """Truncated, without snapshots, made again: each has its own end, for a worker and for `up`."""
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        bootstrap, operator = kafka.bootstrap, Operator(kafka.bootstrap)
        with_snapshots(bootstrap, tmp_path / "data")

        def refused(worker: str, code: WorkerExit, say: str) -> None:
            before = operator.look()
            found = ended(worker_command(worker, bootstrap))
            assert_refused(found, code, say)
            after = operator.look()
            assert before.topics == after.topics
            assert before.ranges == after.ranges

        # A record that no snapshot can stand behind, and then neither it nor what was before it.
        sender = Sender(bootstrap)
        sender.send(Outgoing(ACCOUNT_COMMANDS, 0, None, b"rubbish"))
        sender.flush(10.0)
        operator.truncate(ACCOUNT_COMMANDS)
        refused("ledger", WorkerExit.LOG_TRUNCATED, "records that it needs are gone")
        up = ended(up_command(bootstrap, tmp_path / "up"))
        assert_refused(up, WorkerExit.LOG_TRUNCATED, "records that it needs are gone")

        operator.make_again(LEDGER_CHANGELOG, 1)
        refused("ledger", WorkerExit.SNAPSHOT_MISSING, "Bring back the changelog")
        up = ended(up_command(bootstrap, tmp_path / "up"))
        assert_refused(up, WorkerExit.SNAPSHOT_MISSING, "Bring back the changelog")

        operator.make_again(BOOK, 1)
        refused("matchers", WorkerExit.TOPIC_RECREATED, "topic book was created again")


def assert_refused(found: Ended, code: WorkerExit, say: str) -> None:
    """It ended with this code and says this, in one line."""
    assert code == found.code, found.said
    assert say in found.said
    assert "Nothing was changed" in found.said
    assert "Traceback" not in found.said
