"""The trader's commands as a user types them, on a running exchange."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from terminals.terminal import MAKER, NOBODY, TAKER, Terminal, balance, trimmed

from partita.deploy.exchange import Exchange

pytestmark = pytest.mark.kafka


def test_money_goes_in_and_out(terminal: Terminal) -> None:
    """Funding adds, a negative amount takes out, with or without the two dashes."""
    account = 7_010
    assert trimmed(terminal.json(f"fund {account} USD 100.5")["available"]) == "100.5"
    assert trimmed(terminal.json(f"fund {account} USD -20.25")["available"]) == "80.25"
    assert trimmed(terminal.json(f"fund {account} USD -- -0.25")["available"]) == "80"
    assert balance(terminal, account, "USD") == ("80", "0")
    shown = terminal.type(f"fund {account} USD 1000")
    assert shown.out == f"account {account}: 1,080.00 USD available, 0.00 held\n"


def test_transfer_with_an_id_moves_money_once(terminal: Terminal) -> None:
    """However often it is typed again."""
    account = 7_012
    for _ in range(3):
        terminal.json(f"fund {account} USD 5 --id once-{account}")
    assert balance(terminal, account, "USD") == ("5", "0")
    other = terminal.type(f"fund {account} USD 6 --id once-{account}")
    assert other.code == 3
    assert "duplicate_id" in other.err
    assert balance(terminal, account, "USD") == ("5", "0")


def test_order_that_rests_is_told_shown_amended_and_cancelled(
    terminal: Terminal, market: str
) -> None:
    """The life of a limit order that meets nobody, each step as the commands show it."""
    placed = terminal.json(f"place {MAKER} sell {market} 2 --price 60.5 --id life-1")
    assert (placed["state"], placed["fills"], placed["average_price"]) == ("open", [], None)
    order_id = placed["order_id"]
    assert [row["order_id"] for row in terminal.json(f"orders {MAKER}")] == [order_id]
    assert terminal.json(f"order {MAKER} --id life-1")["order_id"] == order_id
    amended = terminal.json(f"amend {MAKER} {order_id} --size 1.5")
    assert (amended["price"], trimmed(amended["size"])) == ("60.50", "1.5")
    amended = terminal.json(f"amend {MAKER} --id life-1 --price 61 --size 1")
    assert (amended["price"], trimmed(amended["size"])) == ("61.00", "1")
    cancelled = terminal.json(f"cancel {MAKER} {order_id}")
    assert cancelled == {"order_id": order_id, "cancelled": 1}
    done = terminal.json(f"order {MAKER} {order_id}")
    assert (done["state"], done["outcome"], done["reason"]) == ("done", "cancelled", "requested")
    again = terminal.type(f"cancel {MAKER} {order_id}")
    assert again.code == 3
    assert "order_done" in again.err


def test_taker_is_told_its_fills_average_and_fees(terminal: Terminal, market: str) -> None:
    """An order that sweeps two levels shows each fill, the average price and the fees."""
    terminal.json(f"place {MAKER} sell {market} 1 --price 60")
    terminal.json(f"place {MAKER} sell {market} 3 --price 62")
    taken = terminal.json(f"place {TAKER} buy {market} 2 --price 62")
    fills = [(fill["price"], trimmed(fill["size"]), fill["liquidity"]) for fill in taken["fills"]]
    assert fills == [("60.00", "1", "taker"), ("62.00", "1", "taker")]
    assert (taken["outcome"], taken["average_price"]) == ("filled", "61.0000")
    assert trimmed(taken["fees"]) == "0.244"  # 0.2 % of 122
    shown = terminal.type(f"place {TAKER} buy {market} 3 --price 62")
    assert "filled 2.000000 at 62.0000 on average, fees 0.248 USD" in shown.out
    assert "open: 1.000000 rests in the book" in shown.out


def test_market_buy_spends_its_funds_fees_included(terminal: Terminal, market: str) -> None:
    """A market order by funds costs at most that."""
    terminal.json(f"place {MAKER} sell {market} 10 --price 50")
    had = balance(terminal, TAKER, "USD")[0]
    taken = terminal.json(f"place {TAKER} buy {market} --funds 100.2")
    assert (taken["type"], taken["outcome"], trimmed(taken["filled"])) == ("market", "filled", "2")
    spent = terminal.json(f"fund {TAKER} USD 100.2")
    assert trimmed(spent["available"]) == had


@pytest.mark.parametrize(
    ("order", "reason", "code"),
    [
        ("sell {} 1 --price 40 --post-only", "post_only_would_take", 3),
        ("sell {} 9 --price 40 --tif fok", "fill_or_kill_unfillable", 0),
        ("sell {} 9 --price 40 --tif IOC", "immediate_remainder", 0),
        ("sell {} 9000 --price 40", "insufficient_funds", 3),
    ],
)
def test_order_that_is_not_wanted_whole_says_why(
    terminal: Terminal, market: str, order: str, reason: str, code: int
) -> None:
    """A refusal by ledger or book is exit code 3; what was cancelled by its own terms is not."""
    terminal.json(f"place {TAKER} buy {market} 2 --price 41")
    ended = terminal.type(f"place {MAKER} {order.format(market)}")
    assert ended.code == code
    assert reason in ended.err + ended.out


def test_order_of_a_limited_life_expires(terminal: Terminal, market: str) -> None:
    """--expire-in makes a GTT order, which is gone when its time has come."""
    placed = terminal.json(f"place {MAKER} sell {market} 1 --price 99 --expire-in 1")
    assert placed["time_in_force"] == "GTT"
    deadline_s = time.monotonic() + 20
    while terminal.json(f"orders {MAKER}"):
        assert time.monotonic() < deadline_s, "it did not expire"
        time.sleep(0.2)
    done = terminal.json(f"order {MAKER} {placed['order_id']}")
    assert (done["outcome"], done["reason"]) == ("expired", "time_reached")


def test_all_orders_of_a_symbol_are_cancelled(terminal: Terminal, market: str) -> None:
    """Cancel --all says how many there were, and releases what they held."""
    for price in (70, 71):
        terminal.json(f"place {MAKER} sell {market} 1 --price {price}")
    shown = terminal.type(f"cancel {MAKER} --all {market}")
    assert shown.out == f"cancelled 2 orders on {market}\n"
    assert terminal.json(f"cancel {MAKER} --all {market}") == {"symbol": market, "cancelled": 0}
    assert terminal.type(f"orders {MAKER}").out == "no open orders\n"
    assert balance(terminal, MAKER, "ZEC")[1] == "0"


def test_place_with_an_id_that_is_known_with_equal_content_is_answered_as_before(
    terminal: Terminal, market: str
) -> None:
    """Typed again, it is the same order, and nothing happens anew."""
    first = terminal.json(f"place {MAKER} sell {market} 1 --price 70 --id again-1")
    again = terminal.json(f"place {MAKER} sell {market} 1 --price 70 --id again-1")
    assert again["order_id"] == first["order_id"]
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert len(terminal.json(f"orders {MAKER}")) == 1


def test_book_is_shown_as_a_ladder(terminal: Terminal, market: str) -> None:
    """Asks above bids, best in the middle, sizes summed outwards, for people and for programs."""
    for price, size in ((60, 1), (61, 2)):
        terminal.json(f"place {MAKER} sell {market} {size} --price {price}")
    terminal.json(f"place {TAKER} buy {market} 4 --price 59")
    book = terminal.json(f"book {market} --depth 1")
    assert [(level["price"], trimmed(level["size"])) for level in book["asks"]] == [("60.00", "1")]
    assert [(level["price"], level["orders"]) for level in book["bids"]] == [("59.00", 1)]
    shown = terminal.type(f"book {market}").out
    rows = [line.split()[:3] for line in shown.splitlines() if re.match(r"\s*\d+\.\d\d ", line)]
    assert rows == [
        ["61.00", "2.000000", "3.000000"],
        ["60.00", "1.000000", "1.000000"],
        ["59.00", "4.000000", "4.000000"],
    ]
    assert "spread 1.00 (1.681 %)" in shown


def test_instruments_are_listed_with_their_rules(terminal: Terminal) -> None:
    """All of them, or one."""
    assert len(terminal.json("instruments")) == 100
    (found,) = terminal.json("instruments BTC-USD")
    assert (found["tick"], found["lot"], found["base"]) == ("0.01", "0.00000001", "BTC")
    assert terminal.type("instruments BTC-USD").out.splitlines()[1].startswith("BTC-USD")


@pytest.mark.parametrize(
    "name", ["fund", "place", "cancel", "amend", "orders", "order", "balances"]
)
def test_help_shows_examples(terminal: Terminal, name: str) -> None:
    """Every command explains itself by example."""
    shown = terminal.type(f"{name} --help")
    assert shown.code == 0
    assert re.search(rf"Examples?:\n +partita {name} ", shown.out)


def typed(exchange: Exchange, *arguments: str) -> "subprocess.Popen[str]":
    """Start the command as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "partita.deploy", *arguments],
        env=os.environ | {"PARTITA_BOOTSTRAP": exchange.bootstrap},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_watch_prints_trades_as_they_come_and_ends_by_itself(
    exchange: Exchange, terminal: Terminal, market: str
) -> None:
    """A process that watches with --json prints the BBO, then each trade with its BBO."""
    terminal.json(f"place {MAKER} sell {market} 1 --price 60")
    watching = typed(exchange, "watch", market, "--json", "--trades", "1")
    assert watching.stdout is not None
    with watching, watching.stdout:
        first = json.loads(watching.stdout.readline())
        terminal.json(f"place {TAKER} buy {market} 0.25 --price 60")
        rest = [json.loads(line) for line in watching.stdout]
    assert watching.returncode == 0
    assert (first["event"], first["ask"], trimmed(first["ask_size"])) == ("bbo", "60.00", "1")
    assert [line["event"] for line in rest] == ["trade", "bbo"]
    assert (rest[0]["taker_side"], trimmed(rest[0]["size"])) == ("buy", "0.25")
    assert trimmed(rest[1]["ask_size"]) == "0.75"


def test_watch_ends_cleanly_at_an_interrupt(
    exchange: Exchange, terminal: Terminal, market: str
) -> None:
    """Ctrl-C is the usual way to end it: exit code 0, nothing on standard error."""
    terminal.json(f"place {MAKER} sell {market} 1 --price 60")
    watching = typed(exchange, "watch", market)
    assert watching.stdout is not None
    with watching:
        assert watching.stdout.readline() == "bid -  ask 60.00 x 1.000000\n"
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 0
        assert watching.stderr is not None
        assert watching.stderr.read() == ""


def test_watch_ends_after_its_time(terminal: Terminal, market: str) -> None:
    """--for ends it though nothing happens."""
    ended = terminal.type(f"watch {market} --for 1")
    assert (ended.code, ended.out) == (0, "bid -  ask -\n")


def test_command_is_a_program(exchange: Exchange) -> None:
    """As a process it finds the exchange by the environment, and ends with its code."""
    asking = typed(exchange, "balances", str(NOBODY))
    _, err = asking.communicate(timeout=60)
    assert (asking.returncode, "unknown_account" in err) == (3, True)
