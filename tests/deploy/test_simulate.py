"""`partita simulate` on a running exchange."""

import pytest
from terminals.terminal import Terminal

from partita.deploy.simulate.crowd import FIRST_ACCOUNT, accounts
from partita.producers import BlockingClient

pytestmark = pytest.mark.kafka


def test_a_market_trades_and_takes_its_quotes_back(terminal: Terminal) -> None:
    """Orders, trades, and afterwards nothing that rests."""
    tally = terminal.json("simulate --seconds 3 --rate 200 --symbols 3 --seed 5")

    assert tally["placed"] > 300
    assert {} == tally["rejected"]
    assert 0 == tally["unknown"] == tally["overloaded"]
    with BlockingClient(terminal.bootstrap) as client:
        assert [] == [order for account in accounts() for order in client.open_orders(account)]
        ticker = client.ticker("BTC-USD")
        assert ticker is not None
        assert ticker.last_price is not None
        assert 32_000 < ticker.last_price < 128_000


def test_what_a_killed_run_left_is_taken_back(terminal: Terminal) -> None:
    """The next run begins with an empty book of its own."""
    terminal.json("simulate --seconds 1 --rate 5 --symbols 1")
    with BlockingClient(terminal.bootstrap) as client:
        client.place(FIRST_ACCOUNT, "ETH-USD", "buy", price="1", size="1")

        tally = terminal.json("simulate --seconds 1 --rate 5 --symbols 1")

        assert tally["cancelled"] >= 1
        assert [] == client.open_orders(FIRST_ACCOUNT)
