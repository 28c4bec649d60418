"""Fixtures for commands as a user types them."""

from collections.abc import Iterator

import pytest
from terminals.terminal import MAKER, TAKER, Terminal

from partita.deploy.exchange import Exchange


@pytest.fixture
def terminal(exchange: Exchange, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal at a running exchange."""
    return Terminal(exchange.bootstrap, capsys)


@pytest.fixture
def market(terminal: Terminal) -> Iterator[str]:
    """A symbol with an empty book, and two funded accounts."""
    symbol = "ZEC-USD"
    terminal.json(f"fund {MAKER} ZEC 1000")
    terminal.json(f"fund {TAKER} USD 100000")
    yield symbol
    for account in (MAKER, TAKER):
        terminal.json(f"cancel {account} --all {symbol}")
