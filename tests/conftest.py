"""Fixtures shared by all suites."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.under_test import under_test

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.ledger.engines import ENGINES as SHARD_ENGINES
from partita.log.build import engine_told
from partita.matchers.engines import ENGINES as BOOK_ENGINES


def pytest_report_header() -> str:
    """Say which engines run: the native one with its build, or why there is none."""
    book, shard = engine_told(BOOK_ENGINES), engine_told(SHARD_ENGINES)
    return f"partita engines: book {book}, shard {shard}"


# Of a module, so that Hypothesis may run many examples in one.
@pytest.fixture(scope="module", params=sorted(BOOK_ENGINES, reverse=True))
def book_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the tests of a module on the books of each engine: `engines.under_test.new_book`."""
    with under_test("book", request.param):
        yield


@pytest.fixture(scope="module", params=sorted(SHARD_ENGINES, reverse=True))
def shard_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the tests of a module on the shards of each engine: `engines.under_test.new_shard`."""
    with under_test("shard", request.param):
        yield


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """One running exchange for all tests that do not break it: 2 shards, 2 partitions."""
    data: Path = tmp_path_factory.mktemp("exchange")
    running = Exchange(Plan(data, DEFAULT_FILE))
    with running:
        running.start(lambda _: None)
        yield running
