"""What the trader's commands refuse, and how: an exit code and one line that says why."""

import pytest
from terminals.terminal import MAKER, NOBODY, TAKER, Terminal, balance

from partita.schemas.limits import VALID_UNTIL_AHEAD_MS_MAX

pytestmark = pytest.mark.kafka


def test_more_than_there_is_cannot_be_taken_out(terminal: Terminal) -> None:
    """A transfer that would leave less than nothing is rejected, and changes nothing."""
    account = 7_011
    terminal.json(f"fund {account} USD 5")
    ended = terminal.type(f"fund {account} USD -6")
    assert (ended.code, ended.out) == (3, "")
    assert "insufficient_funds" in ended.err
    assert balance(terminal, account, "USD") == ("5", "0")


def test_place_with_an_id_that_is_known_with_other_content_is_rejected(
    terminal: Terminal, market: str
) -> None:
    """An id names one order."""
    terminal.json(f"place {MAKER} sell {market} 1 --price 70 --id twice-1")
    again = terminal.type(f"place {MAKER} sell {market} 2 --price 70 --id twice-1")
    assert again.code == 3
    assert "duplicate_id" in again.err


@pytest.mark.parametrize("valid_for_ms", [0, VALID_UNTIL_AHEAD_MS_MAX + 1])
def test_how_long_to_try_has_bounds(terminal: Terminal, valid_for_ms: int) -> None:
    """That a command which comes too late is rejected, tests/producers/test_client.py shows."""
    ended = terminal.type(f"fund 7013 USD 1 --valid-for-ms {valid_for_ms}")
    assert (ended.code, ended.out) == (2, "")
    assert "--valid-for-ms" in ended.err


def test_an_order_that_is_done_cannot_be_cancelled_or_amended(
    terminal: Terminal, market: str
) -> None:
    """The rejection tells how it ended."""
    order_id = terminal.json(f"place {MAKER} sell {market} 1 --price 70")["order_id"]
    terminal.json(f"cancel {MAKER} {order_id}")
    for line in (f"cancel {MAKER} {order_id}", f"amend {MAKER} {order_id} --price 71 --size 1"):
        ended = terminal.type(line)
        assert ended.code == 3
        assert "order_done" in ended.err
        assert "cancelled" in ended.err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("fund 1 USD NaN", "amount 'NaN'"),
        ("fund 1 USD 1e400", "amount '1e400'"),
        ("fund 1 USD 0", "amount '0'"),
        ("fund 1 XXX 1", "asset 'XXX'"),
        ("fund 0 USD 1", "account 0"),
        ("fund one USD 1", "'one' is not a valid integer"),
        ("place 1 buy BTC-USD 0.1 --price -5", "price '-5'"),
        ("place 1 buy BTC-USD 0.1 --price 1.001", "price '1.001'"),
        ("place 1 buy BTC-USD 0 --price 1", "size '0'"),
        ("place 1 buy BTC-USD", "size None"),
        ("place 1 buy XXX-USD 1 --price 1", "symbol 'XXX-USD'"),
        ("place 1 hold BTC-USD 1", "'hold' is not one of"),
        ("place 1 buy BTC-USD 1 --price 1 --tif DAY", "'DAY' is not one of"),
        ("place 1 buy BTC-USD 1 --price 1 --tif ioc --post-only", "post_only True"),
        ("cancel 1", "give one of ORDER_ID"),
        ("cancel 1 2 --all BTC-USD", "give one of ORDER_ID"),
        ("amend 1 2", "give --price, --size or both"),
        ("order 1", "order_id None"),
        ("book XXX-USD", "symbol 'XXX-USD'"),
        ("watch XXX-USD", "symbol 'XXX-USD'"),
        ("instruments XXX-USD", "symbol 'XXX-USD'"),
    ],
)
def test_rubbish_is_refused_before_anything_is_sent(
    terminal: Terminal, line: str, says: str
) -> None:
    """Exit code 2, and a line that names what is wrong."""
    ended = terminal.type(line)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"balances {NOBODY}", "unknown_account"),
        (f"orders {NOBODY}", "unknown_account"),
        (f"fund {NOBODY} USD -1", "unknown_account"),
        (f"place {NOBODY} buy BTC-USD 1 --price 1", "unknown_account"),
        (f"cancel {TAKER} 999999", "unknown_order"),
        (f"amend {TAKER} 999999 --size 1", "unknown_order"),
        (f"order {TAKER} --id never-placed", "unknown_order"),
    ],
)
@pytest.mark.usefixtures("market")
def test_what_only_the_exchange_can_know_is_rejected_with_its_reason(
    terminal: Terminal, line: str, reason: str
) -> None:
    """Exit code 3, and the reason."""
    ended = terminal.type(line)
    assert (ended.code, ended.out) == (3, "")
    assert reason in ended.err


def test_order_of_another_account_is_unknown(terminal: Terminal, market: str) -> None:
    """Nobody sees, cancels or amends somebody else's order."""
    order_id = terminal.json(f"place {MAKER} sell {market} 1 --price 70")["order_id"]
    for line in (
        f"order {TAKER} {order_id}",
        f"cancel {TAKER} {order_id}",
        f"amend {TAKER} {order_id} --price 71 --size 1",
    ):
        ended = terminal.type(line)
        assert ended.code == 3
        assert "unknown_order" in ended.err
    assert terminal.json(f"order {MAKER} {order_id}")["state"] == "open"
