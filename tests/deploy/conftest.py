"""Fixtures for commands as a user types them."""

from collections.abc import Iterator

import pytest
from terminals.operated import BASES, instruments_file
from terminals.terminal import MAKER, TAKER, Terminal

from partita.deploy.exchange import Exchange, Plan


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


@pytest.fixture(scope="package")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A running exchange of the operator's tests: what is halted here halts nobody else's."""
    data = tmp_path_factory.mktemp("venue")
    plan = Plan(data, instruments_file(data, *BASES), snapshot_every_ms=1_000)
    with Exchange(plan) as running:
        running.start(lambda _: None)
        yield running


@pytest.fixture
def operator(venue: Exchange, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal at the operator's exchange."""
    return Terminal(venue.bootstrap, capsys)
