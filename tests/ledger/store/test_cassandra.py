"""The contract of a store on a real Cassandra, and what is its own."""

from collections.abc import Iterator
from itertools import count

import pytest
from stores.contract import FOREVER, Opener, StoreContract

from partita.ledger.store.cassandra.address import parse
from partita.ledger.store.cassandra.session import Session
from partita.ledger.store.choice import open_store
from partita.ledger.store.port import Retention, Store

pytestmark = [pytest.mark.cassandra, pytest.mark.timeout(120)]


_KEYSPACES = count(1)


@pytest.fixture
def address(nodes: str) -> Iterator[str]:
    """Return where the store of a test is: in a keyspace of its own."""
    at = f"{nodes}/contract{next(_KEYSPACES)}?replication=1"
    yield f"cassandra:{at}"
    session = Session(parse(at))
    session.define([f"DROP KEYSPACE IF EXISTS {parse(at).keyspace}"])
    session.close()


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
