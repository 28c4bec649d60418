"""The candle worker as real processes on a real Kafka: killed, frozen, doubled, restarted."""

import csv
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bars.market import PATIENCE_S, Market, eventually, records, said

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.kafka import EmbeddedKafka
from partita.deploy.workers import worker_command
from partita.log.kafka.admin import Admin
from partita.log.service import WorkerExit
from partita.schemas.decimals import Increments
from partita.schemas.instrument import Instrument
from partita.schemas.topics import CANDLES

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

GROUP = "partita-bars"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """The topics and instruments of an exchange, and no workers."""
    plan = Plan(tmp_path_factory.mktemp("bars"), DEFAULT_FILE, ledgers=0, matchers=0)
    with Exchange(plan) as exchange:
        exchange.start(lambda _: None)
        yield exchange


class Processes:
    """Candle workers of one test."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._command = worker_command("marketdata.bars", bootstrap, "--session-timeout-ms", "2000")
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        """Start one more."""
        with self.log(len(self._started)).open("wb") as log:
            process = subprocess.Popen(self._command, stderr=log)
        self._started.append(process)
        return process

    def log(self, number: int) -> Path:
        """Return the log of the process that was started as this number, from 0."""
        return self._folder / f"{number}.log"

    def end(self) -> None:
        """Kill all that still run."""
        for process in self._started:
            process.kill()
            process.wait()


@pytest.fixture
def processes(quiet: Exchange, tmp_path: Path) -> Iterator[Processes]:
    """No process yet; those that a test starts end with it."""
    found = Processes(quiet.bootstrap, tmp_path)
    yield found
    found.end()


def instruments(exchange: Exchange, first: int) -> list[Instrument]:
    """Return four instruments on both partitions, others for each test."""
    return exchange.instruments[first : first + 4]


def test_kills_under_load_leave_the_candles_of_an_undisturbed_run(
    quiet: Exchange, processes: Processes
) -> None:
    """Killed at any instant, and started again: each bar and each day is as it must be."""
    market, rng = Market(quiet.bootstrap, instruments(quiet, 0), seed=1), random.Random(1)
    for _ in range(3):
        process = processes.start()
        # The group waits for the one before it first; killed at any instant of work then.
        until_s = time.monotonic() + rng.uniform(2.4, 3.6)
        while time.monotonic() < until_s:
            market.write(1)
            time.sleep(0.02)
        process.kill()
        process.wait()
        market.write(3)
    processes.start()

    market.settles()


def test_processes_that_come_go_and_freeze_leave_the_same_candles(
    quiet: Exchange, processes: Processes
) -> None:
    """Partitions move; one that was frozen finds its old words behind those of the other."""
    admin = Admin(quiet.bootstrap)
    market = Market(quiet.bootstrap, instruments(quiet, 4), seed=2)

    def spread() -> list[int]:
        return sorted(len(partitions) for partitions in admin.members(GROUP).values())

    first = processes.start()
    eventually(lambda: "bars up to offset" in said(processes.log(0)))
    market.write()
    second = processes.start()
    eventually(lambda: spread() == [1, 1])
    market.write()
    first.send_signal(signal.SIGSTOP)
    market.write()
    market.settles()
    first.send_signal(signal.SIGCONT)
    market.write()
    market.settles()
    second.terminate()
    asked_s = time.monotonic()
    assert WorkerExit.STOPPED == second.wait(10)
    assert time.monotonic() - asked_s < 2
    market.write()
    market.settles()


def test_a_restart_after_a_pause_says_nothing_twice(quiet: Exchange, processes: Processes) -> None:
    """What stands is read and found right, and the day goes on."""
    market = Market(quiet.bootstrap, instruments(quiet, 8), seed=3)
    process = processes.start()
    market.write()
    market.settles()
    process.terminate()
    assert WorkerExit.STOPPED == process.wait(10)
    count = sum(len(records(quiet.bootstrap, CANDLES, p)) for p in (0, 1))
    again = processes.start()
    eventually(lambda: said(processes.log(1)).count("bars up to offset") == 2)
    again.terminate()
    assert WorkerExit.STOPPED == again.wait(10)

    assert count == sum(len(records(quiet.bootstrap, CANDLES, p)) for p in (0, 1))
    assert "is read from its start" not in said(processes.log(1))


def test_commands_show_and_export_what_stands(
    quiet: Exchange, processes: Processes, tmp_path: Path
) -> None:
    """In decimals, the newest at the end; a file is whole."""
    (instrument,) = instruments(quiet, 16)[:1]
    market, symbol = Market(quiet.bootstrap, [instrument], seed=5), instrument.symbol
    processes.start()
    market.write()
    market.settles()
    known = market.trades[symbol]
    increments = Increments.of(instrument)

    told = [json.loads(line) for line in partita(quiet, "trades", symbol, "--json", "--last", "7")]
    assert [trade_id for trade_id, _ in known[-7:]] == [one["trade_id"] for one in told]
    assert [str(increments.price(t.price)) for _, t in known[-7:]] == [o["price"] for o in told]
    (bars,) = partita(quiet, "candles", symbol, "--interval", "1d", "--last", "1", "--json")
    (day,) = json.loads(bars)["bars"]
    assert known[-1][0] == day["last_trade_id"]
    assert str(increments.price(known[-1][1].price)) == day["close"]
    for what, count in (("trades", len(known)), ("candles", len(minutes(market, symbol)))):
        file = tmp_path / f"{what}.csv"
        partita(quiet, "export", what, symbol, "--to", str(file))
        with file.open() as rows:
            assert count == len(list(csv.DictReader(rows)))


def minutes(market: Market, symbol: str) -> list[bytes]:
    """Return the keys of a symbol's bars of a minute."""
    return [key for key in market.expected() if key.startswith(f"{symbol}/60/".encode())]


def partita(exchange: Exchange, *arguments: str) -> list[str]:
    """Return the lines that a command prints."""
    command = [sys.executable, "-m", "partita.deploy", *arguments]
    done = subprocess.run(
        [*command, "--bootstrap", exchange.bootstrap], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_a_gap_waits_for_the_missing_trades(quiet: Exchange, processes: Processes) -> None:
    """It is told of; other symbols go on, and all is right once the trades have come."""
    late, other = instruments(quiet, 12)[:2]
    market = Market(quiet.bootstrap, [late, other], seed=4)
    market.write(5)
    missing = len(market.trades[late.symbol])
    processes.start()
    market.settles()
    # Trades that are known and not written: the next batch is behind a gap.
    _, template = market.trades[late.symbol][-1]
    known = market.trades[late.symbol]
    known += [(n, template._replace(number=3 * n)) for n in range(missing + 1, missing + 21)]
    market.send(late, missing + 10, missing + 20)
    market.write(0)
    eventually(lambda: f"trade {missing + 1} is missing" in said(processes.log(0)))
    market.send(late, missing, missing + 10)
    market.write(0)

    market.settles()


def test_where_it_cannot_run_it_says_so_in_a_line(tmp_path: Path) -> None:
    """No broker, or a broker without an exchange; the code is that of every worker."""
    with subprocess.Popen(
        worker_command("marketdata.bars", "127.0.0.1:1"), stderr=subprocess.PIPE, text=True
    ) as nobody:
        with EmbeddedKafka(tmp_path) as kafka:
            empty = subprocess.run(
                worker_command("marketdata.bars", kafka.bootstrap),
                capture_output=True,
                text=True,
                check=False,
            )
        _, said_of_nobody = nobody.communicate(timeout=PATIENCE_S)
    assert WorkerExit.LOG_UNFIT == nobody.returncode
    assert "no Kafka broker answers at 127.0.0.1:1" in said_of_nobody
    assert WorkerExit.LOG_UNFIT == empty.returncode
    assert "no exchange at" in empty.stderr
    assert [1, 1] == [len(text.splitlines()) for text in (said_of_nobody, empty.stderr)]
