"""A real exchange of two lines as its operator sees it: lines, parked partitions, metrics."""

import io
import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from clusters.programs import PARTITA
from operators.metrics import value
from operators.small import (
    PATIENCE_S,
    UNKNOWN,
    UNKNOWN_SHA256,
    eventually,
    pid_of,
    small_exchange,
    write,
)
from terminals.terminal import MAKER, TAKER, Terminal, balance

from partita.deploy.exchange import Exchange
from partita.deploy.kafka import EmbeddedKafka
from partita.producers import BlockingClient, Placed
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS

BTC, ETH = "BTC-USD", "ETH-USD"  # on partitions 0 and 1
PLACES = ((ACCOUNT_COMMANDS, 0), (ORDERS, 0), (ORDERS, 1))
RUNNING = {(topic, p, line, "running") for topic, p in PLACES for line in "AB"}

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def two_lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """An exchange of one shard, two partitions and two lines; the accounts have funds."""
    with small_exchange(tmp_path_factory.mktemp("lines"), BTC, ETH, lines=2) as exchange:
        with BlockingClient(exchange.bootstrap) as client:
            for account, asset in ((MAKER, "BTC"), (MAKER, "ETH"), (TAKER, "USD")):
                client.transfer(account, asset, "10000")
        yield exchange


@pytest.fixture
def operator(two_lines: Exchange, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal at it, when all is well."""
    terminal = Terminal(two_lines.bootstrap, capsys)
    eventually(lambda: all_is_well(two_lines, terminal))
    return terminal


def all_is_well(exchange: Exchange, operator: Terminal) -> bool:
    """Return whether every partition of each line runs, at a process that is there now.

    Its group holds a killed worker to be the owner for a while yet.
    """
    rows = operator.type("status --json").json["partitions"]
    pids = {f"pid {state.pid}" for state in exchange.states()}
    owners = {str(row["owner"])[str(row["owner"]).find("pid") :] for row in rows}
    states = {(row["topic"], row["partition"], row["line"], row["state"]) for row in rows}
    return states == RUNNING and owners == pids


def trade(operator: Terminal, symbol: str, size: str = "1") -> None:
    """Sell and buy some of a symbol at 100."""
    operator.json(f"place {MAKER} sell {symbol} {size} --price 100")
    assert "filled" == operator.json(f"place {TAKER} buy {symbol} {size} --price 100")["outcome"]


def place_and_leave(exchange: Exchange, symbol: str) -> Placed:
    """Place a buy order of 1 at 100 without waiting for the book."""
    with BlockingClient(exchange.bootstrap) as client:
        return client.place(TAKER, symbol, "buy", price="100", size="1")


def dollars(operator: Terminal) -> tuple[Decimal, Decimal]:
    """Return what the buyer has and what is set aside."""
    available, held = balance(operator, TAKER, "USD")
    return Decimal(available), Decimal(held)


def given_up(exchange: Exchange) -> set[str]:
    """Return the workers that are not started again."""
    return {state.name for state in exchange.states() if state.given_up}


def labels(line: str, partition: int) -> dict[str, str]:
    """Return the labels of a matcher's metrics."""
    return {"service": "matchers", "line": line, "partition": str(partition)}


def test_trading_goes_on_when_a_line_is_killed(two_lines: Exchange, operator: Terminal) -> None:
    """The status shows both lines; the other one speaks for both until it is back."""
    rows = operator.json("status")["partitions"]
    assert 4 == len({row["owner"] for row in rows})
    assert 1 == len({row["status"]["build"] for row in rows})

    for name in ("matchers-1", "ledger-B1"):
        os.kill(pid_of(two_lines, name), signal.SIGKILL)
        trade(operator, BTC)

    eventually(lambda: all_is_well(two_lines, operator))
    assert {"ledger-1": 0, "matchers-1": 1, "ledger-B1": 1, "matchers-B1": 0} == {
        state.name: state.restarts for state in two_lines.states()
    }
    assert {0} == {row["status"]["lines_refused"] for row in operator.json("status")["partitions"]}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("orders/1/0 --yes", 3, "no line is parked at orders/1/0 (line A is running, at"),
        ("orders/1/0 --line B --yes", 3, "line B is not parked at orders/1/0 (line B is running"),
        ("orders/1/999999 --yes", 2, "orders/1 ends at offset"),
        ("orders/2/0 --yes", 2, "orders has 2 partitions"),
        ("book/0/0 --yes", 2, "must be one of account-commands, orders"),
        ("orders", 2, "must be TOPIC/PARTITION/OFFSET"),
    ],
)
def test_a_record_that_must_not_be_passed_is_refused(
    operator: Terminal, arguments: str, code: int, says: str
) -> None:
    """With what is so instead; nothing is written."""
    before = operator.json("status")["records"]

    ended = operator.type(f"pass {arguments}")

    assert code == ended.code
    assert says in ended.err
    assert before == operator.json("status")["records"]


def test_metrics_are_served_as_they_are_at_each_scrape(
    two_lines: Exchange, operator: Terminal
) -> None:
    """A dead letter is counted on its partition, by each line."""
    command = [*PARTITA, "metrics", "--serve", "0", "--bootstrap", two_lines.bootstrap]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None, "it was asked for"
        try:
            (address,) = re.findall(r"http://127.0.0.1:\d+/metrics", served.stdout.readline())

            def scrape() -> str:
                with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own server
                    assert "text/plain" in answer.headers["Content-Type"]
                    return str(answer.read().decode())

            def dead() -> list[float | None]:
                text, name = scrape(), "partita_dead_letters_total"
                return [value(text, name, **labels(line, p)) for p in (0, 1) for line in "AB"]

            assert [0, 0, 0, 0] == dead()
            write(two_lines.bootstrap, ORDERS, 1, b"rubbish")
            eventually(lambda: dead() == [0, 0, 1, 1])
            text = scrape()
            served.send_signal(signal.SIGINT)
            assert 0 == served.wait(PATIENCE_S)
        finally:
            served.kill()

    name = "partita_worker_state"
    assert [1, 1] == [value(text, name, **labels(line, 1), state="running") for line in "AB"]
    printed = operator.type("metrics").out
    assert 1 == value(printed, "partita_dead_letters_total", **labels("A", 1))
    assert 0 == value(printed, "partita_lag_records", **labels("A", 1))


def test_a_parked_partition_is_listed_passed_and_stays_passed(
    two_lines: Exchange, operator: Terminal
) -> None:
    """The other one trades meanwhile; what waited is done; a restart comes to the same."""
    assert (0, "nothing is parked\n") == operator.type("parked")[:2]
    operator.json(f"place {MAKER} sell {BTC} 2 --price 100")
    before, _ = dollars(operator)

    offset = write(two_lines.bootstrap, ORDERS, 0, UNKNOWN)
    place = f"orders/0/{offset}"
    eventually(lambda: len(operator.type("parked --json").json) == 2)

    listed = operator.type("parked --json")
    assert 3 == listed.code
    assert ["A", "B"] == [row["line"] for row in listed.json]
    for row in listed.json:
        at = row["service"], row["topic"], row["partition"], row["position"], row["place"]
        assert ("matchers", ORDERS, 0, offset, place) == at
        assert UNKNOWN_SHA256 == row["sha256"]
        assert "0123456789abcdef is not one of this build's" in row["reason"]
        assert (row["said_by"], None) == (row["worker"], row["line_past"])
    assert place in operator.type("parked").out
    scraped = operator.type("metrics").out
    assert [1, 1, 0, 0] == [
        value(scraped, "partita_parked", **labels(line, p)) for p in (0, 1) for line in "AB"
    ]
    trade(operator, ETH)
    waiting = place_and_leave(two_lines, BTC)

    passed = operator.type(f"pass {place} --yes --reason trial")
    assert 0 == passed.code, passed.err
    assert UNKNOWN_SHA256 in passed.out
    assert [True, True] == [f"line {line} is past it, and running" in passed.out for line in "AB"]
    assert 0 == operator.type("parked").code
    with BlockingClient(two_lines.bootstrap) as client:
        assert 1 == client.outcome(TAKER, waiting).filled
    again = operator.type(f"pass {place} --yes")
    assert (0, True) == (again.code, f"{place} is passed already: trial" in again.out)

    for name in ("matchers-1", "matchers-B1"):
        os.kill(pid_of(two_lines, name), signal.SIGKILL)
    bought = operator.json(f"place {TAKER} buy {BTC} 0.5 --price 100")
    assert "filled" == bought["outcome"]
    assert ["0.5000"] == [level["size"] for level in operator.json(f"book {BTC}")["asks"]]
    spent = 2 * Decimal("100.2") + Decimal("50.1")  # of ETH, of what had waited, and the last one
    assert (before - spent, Decimal(0)) == dollars(operator)
    eventually(lambda: all_is_well(two_lines, operator))
    assert 0 == operator.type("parked").code
    operator.json(f"cancel {MAKER} --all {BTC}")


def test_workers_that_were_given_up_start_again_after_a_pass(
    two_lines: Exchange, operator: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All their partitions were parked, twice: they are gone, and are listed all the same."""
    before = dollars(operator)
    places = [f"orders/{p}/{write(two_lines.bootstrap, ORDERS, p, UNKNOWN)}" for p in (0, 1)]
    eventually(lambda: given_up(two_lines) == {"matchers-1", "matchers-B1"})

    parked = operator.type("parked --json")
    assert {(line, place, None) for line in "AB" for place in places} == {
        (row["line"], row["place"], row["worker"]) for row in parked.json
    }
    assert "no worker" in operator.type("parked").out
    assert [3, 3] == [parked.code, operator.type("status").code]
    waiting = [place_and_leave(two_lines, symbol) for symbol in (BTC, ETH)]

    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    assert 1 == operator.type(f"pass {places[0]}").code
    assert 4 == len(operator.type("parked --json").json)
    for place in places:
        passed = operator.type(f"pass {place} --yes --wait {PATIENCE_S:.0f}")
        assert 0 == passed.code, passed.err
        assert [True, True] == [f"line {line} is past it" in passed.out for line in "AB"]

    eventually(lambda: all_is_well(two_lines, operator))
    assert set() == given_up(two_lines)
    with BlockingClient(two_lines.bootstrap) as client:
        for placed in waiting:
            assert "open" == client.outcome(TAKER, placed).state
            cancelled = client.cancel(TAKER, order_id=placed.order_id)
            assert placed.order_id == cancelled.order_id
    assert before == dollars(operator)


def test_an_exchange_whose_ledger_is_parked_comes_up_to_be_operated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pass needs a broker: `up` says what is parked, and goes on; after it the ledger answers."""
    said: list[str] = []
    with EmbeddedKafka(tmp_path / "kafka") as kafka:
        terminal = Terminal(kafka.bootstrap, capsys)
        with small_exchange(tmp_path, BTC, bootstrap=kafka.bootstrap) as exchange:
            terminal.json(f"fund {TAKER} USD 100")
            offset = write(kafka.bootstrap, ACCOUNT_COMMANDS, 0, UNKNOWN)
            eventually(lambda: given_up(exchange) == {"ledger-1"})

        with small_exchange(tmp_path, BTC, bootstrap=kafka.bootstrap, said=said):
            assert "not all of it trades: account-commands/0 parked; see `partita parked`" in said
            assert 0 == terminal.type(f"pass account-commands/0/{offset} --yes").code
            assert ("100", "0") == balance(terminal, TAKER, "USD")
