"""The contract of a store on a real Cassandra, and what is its own."""

from collections.abc import Iterator

import pytest
from stores.contract import FOREVER, Opener, StoreContract

from partita.ledger.store.choice import open_store
from partita.ledger.store.port import Retention, Store

pytestmark = [pytest.mark.cassandra, pytest.mark.timeout(120)]


@pytest.fixture
def address(nodes: str) -> str:
    """Return where the store of a test is; what the test before left is removed."""
    at = f"cassandra:{nodes}/contract?replication=1"
    open_store(at, FOREVER, anew=True).close()
    return at


@pytest.fixture
def opener(address: str) -> Iterator[Opener]:
    """Open the store of a test, each time by a connection of its own."""
    opened: list[Store] = []

    def open_it(*, retention: Retention, anew: bool = False) -> Store:
        opened.append(open_store(address, retention, anew=anew))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


class TestCassandra(StoreContract):
    """All of the contract."""
