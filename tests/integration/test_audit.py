"""`partita audit` on a real exchange: running, stopped, trimmed, killed, and tampered with."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from partita.deploy.audit.findings import Findings
from partita.deploy.audit.kafka import audit
from partita.deploy.audit.show import verdict
from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import COLUMNS
from partita.deploy.kafka import EmbeddedKafka
from partita.log.changelog import Changelog
from partita.log.kafka.admin import Admin
from partita.log.kafka.around import Around
from partita.log.kafka.reader import Reader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.producers import Client
from partita.schemas import chain, feed
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Line, Side
from partita.schemas.topics import (
    ACCOUNT_COMMANDS,
    BOOK,
    BOOKS_CHANGELOG,
    LEDGER_CHANGELOG,
    ORDERS,
)

PARTITA = str(Path(sys.executable).with_name("partita"))
PATIENCE_S = 60.0
SYMBOLS = ("BTC-USD", "ETH-USD", "SOL-USD")
ACCOUNTS = range(1, 7)
SNAPSHOT_EVERY_MS = 1_000

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


class Quiet:
    """A progress that no one looks at."""

    def begin(self, what: str, total: int | None) -> None:
        """Look away."""

    def at(self, done: int) -> None:
        """Look away."""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A small exchange with a snapshot a second."""
    rows = [f"{symbol},0.01,0.0001,0.0001,1000,1000000,0.001,0.002,8,8" for symbol in SYMBOLS]
    instruments = tmp_path / "instruments.csv"
    instruments.write_text("\n".join((",".join(COLUMNS), *rows)) + "\n")
    data = tmp_path / "data"
    return Plan(data, instruments, snapshot_every_ms=SNAPSHOT_EVERY_MS, trim=False)


def partita(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    return subprocess.run(
        [PARTITA, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


async def trade(client: Client, seed: int, orders: int, pause_s: float = 0.002) -> None:
    """Place at random around one price, and wait for the ledger's answers."""
    rng = random.Random(seed)
    waiting = []
    for _ in range(orders):
        waiting.append(
            client.submit_place(
                rng.choice(ACCOUNTS),
                rng.choice(SYMBOLS),
                rng.choice(("buy", "sell")),
                price=Decimal(rng.randrange(9_950, 10_050)) / 100,
                size=Decimal(rng.randrange(1, 500)) / 1_000,
            )
        )
        await asyncio.sleep(pause_s)
    await asyncio.gather(*waiting)


async def fund(client: Client) -> None:
    """Give everybody plenty."""
    assets = {"USD", *(symbol.partition("-")[0] for symbol in SYMBOLS)}
    await asyncio.gather(
        *(client.submit_transfer(a, asset, "1000000") for a in ACCOUNTS for asset in sorted(assets))
    )


async def audited_while_trading(bootstrap: str, seed: int) -> Findings:
    """Audit an exchange on which orders keep coming; until the last answer is there."""
    async with Client.connecting(bootstrap) as client:
        await fund(client)
        await trade(client, seed, orders=300)
        trading = asyncio.create_task(trade(client, seed + 1, orders=600))
        findings = await asyncio.to_thread(audit, bootstrap, Quiet())
        await trading
    return findings


def clean(findings: Findings) -> bool:
    """Return whether nothing differs; say what does if not."""
    assert ((), 0) == (findings.differences, findings.unsent)
    return verdict(findings) == "clean"


def forge_trade(kafka: EmbeddedKafka) -> int:
    """Publish a trade that never was, with the number and chain it must have; return its number."""
    reader, sender = Reader(kafka.bootstrap, BOOK), Sender(kafka.bootstrap)
    end, position, last = reader.ends([0])[0], 0, None
    reader.start({0: 0})
    while position < end:
        for record in reader.read(PATIENCE_S):
            position = record.offset + 1
            last = decode(record.value).groups[-1]
    reader.close()
    assert isinstance(last, feed.FeedGroup)
    before = chain.FEED.roll(last.chain, last.events, last.time_ms)
    number = last.first + len(last.events)
    trade = feed.Traded(1_000_000, 1, 2, Side.BUY, 1, 1)
    group = feed.FeedGroup(last.instrument_id, number, before, last.time_ms, (trade,))
    sender.send(Outgoing(BOOK, 0, None, encode(feed.FeedBatch(b"", Line.A, (group,)))))
    sender.flush(PATIENCE_S)
    return number


def test_a_running_exchange_a_stopped_one_and_one_that_was_tampered_with(plan: Plan) -> None:
    """Clean while orders come in, clean when it has stopped, and exit 3 for one forged trade."""
    with Exchange(plan) as exchange:
        exchange.start(lambda _: None)
        findings = asyncio.run(audited_while_trading(exchange.bootstrap, seed=1))
        assert clean(findings)
        assert {0} == {row.start for row in findings.partitions}
        assert all(row.hashes for row in findings.partitions)
        running = partita("audit", "--bootstrap", exchange.bootstrap, "--json")
        in_use = partita("audit", "--data", str(plan.data))
    assert 0 == running.returncode, running.stderr
    assert "clean" == json.loads(running.stdout)["verdict"]
    assert 74 == in_use.returncode
    assert "audit it by --bootstrap" in in_use.stderr

    stopped = partita("audit", "--data", str(plan.data), "--account", "1", "--json")
    assert 0 == stopped.returncode, stopped.stderr
    found = json.loads(stopped.stdout)
    assert ("clean", 0) == (found["verdict"], found["unsent"])
    assert ["BTC", "ETH", "SOL", "USD"] == [row["asset"] for row in found["balances"]]

    with EmbeddedKafka(plan.data / "kafka") as kafka:
        number = forge_trade(kafka)
    tampered = partita("audit", "--data", str(plan.data))
    assert 3 == tampered.returncode, tampered.stdout
    assert f"number {number} stands there" in " ".join(tampered.stdout.split())
    assert "was never said: Traded(trade_id=1000000" in " ".join(tampered.stdout.split())


def trim(bootstrap: str) -> None:
    """Let go of the inputs below the oldest kept snapshots, as workers do a minute later."""
    around = Around(bootstrap)
    for topic, changelog in ((ACCOUNT_COMMANDS, LEDGER_CHANGELOG), (ORDERS, BOOKS_CHANGELOG)):
        for partition in range(2):
            manifests = Changelog(around.read(changelog, partition)).manifests.values()
            oldest = {
                machine: min(m.position for m in manifests if m.machine == machine)
                for machine in {m.machine for m in manifests}
            }
            around.trim(topic, partition, min(oldest.values()))
            deadline_s = time.monotonic() + PATIENCE_S
            while not around.bounds(topic, partition)[0]:
                assert time.monotonic() < deadline_s, "it was never trimmed"
                time.sleep(0.05)
    around.close()


async def _trade_for_snapshots(bootstrap: str) -> None:
    """Trade until every machine has its two snapshots."""
    async with Client.connecting(bootstrap) as client:
        await fund(client)
        for seed in range(6):  # log time passes: a snapshot of each machine a second
            await trade(client, seed, orders=100, pause_s=0.005)


def test_a_trimmed_exchange_from_its_snapshots_and_after_a_kill(plan: Plan) -> None:
    """From the oldest snapshots kept; what killed workers have yet to say is no difference."""
    with Exchange(plan) as exchange:
        exchange.start(lambda _: None)
        asyncio.run(_trade_for_snapshots(exchange.bootstrap))
        trim(exchange.bootstrap)
        findings = asyncio.run(audited_while_trading(exchange.bootstrap, seed=7))
        assert clean(findings)
        assert all(row.from_snapshots and row.start for row in findings.partitions)
        before = Admin(exchange.bootstrap).sizes(BOOK, 2)
        assert clean(audit(exchange.bootstrap, Quiet()))
        assert before == Admin(exchange.bootstrap).sizes(BOOK, 2)  # it writes nothing

        async def order_and_kill() -> None:
            async with Client.connecting(exchange.bootstrap) as client:
                matcher = next(s for s in exchange.states() if s.name.startswith("matchers"))
                assert matcher.pid is not None
                os.kill(matcher.pid, signal.SIGKILL)
                await trade(client, seed=9, orders=20)

        asyncio.run(order_and_kill())
    with EmbeddedKafka(plan.data / "kafka") as kafka:
        after = audit(kafka.bootstrap, Quiet(), patience_s=0)
    assert ((), "clean") == (after.differences, verdict(after))
    assert after.unsent > 0
    assert any("are not on the log yet" in note for note in after.notes)
