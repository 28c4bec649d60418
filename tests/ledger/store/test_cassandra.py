"""The contract of a store on a real Cassandra, and what is its own."""

from collections.abc import Iterator
from functools import partial
from itertools import count

import pytest
from stores import make
from stores.contract import FOREVER, Opener, StoreContract, pages

from partita.deploy.cassandra import EmbeddedCassandra
from partita.deploy.servers import ports
from partita.ledger.store.cassandra import tables
from partita.ledger.store.cassandra.address import parse
from partita.ledger.store.cassandra.session import Session
from partita.ledger.store.choice import open_reader, open_store
from partita.ledger.store.errors import (
    StoreDamaged,
    StoreMissing,
    StoreUnavailable,
    StoreVersion,
)
from partita.ledger.store.port import Retention, Store
from partita.ledger.store.rows import OrderRow, Rows

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


# Its own words.


def test_a_reader_makes_no_store(server: EmbeddedCassandra) -> None:
    """Where there is none it says so, and who makes it."""
    with pytest.raises(StoreMissing, match="a projector makes it"):
        open_reader(f"cassandra:{server.address}/nothing")


def test_nobody_at_the_address_is_unavailability() -> None:
    """It may come up: try again."""
    with pytest.raises(StoreUnavailable, match="no node answers; start Cassandra"):
        open_store(f"cassandra:127.0.0.1:{ports.choose(None)}", FOREVER)


def test_too_few_replicas_are_unavailability(server: EmbeddedCassandra) -> None:
    """A keyspace for three nodes on one: it says what to do."""
    at = f"cassandra:{server.address}/three?replication=3"
    with pytest.raises(StoreUnavailable, match="2 replicas must be up and 1 are"):
        open_store(at, FOREVER)


def test_another_version_is_refused_and_begun_anew_by_word_only(
    server: EmbeddedCassandra, opener: Opener, address: str
) -> None:
    """It says what to do; nothing in it is changed until it is done."""
    opener(retention=FOREVER).write(Rows(orders=(make.order(),)))
    place = parse(address.partition(":")[2])
    session = Session(place)
    session.run(f"UPDATE {place.keyspace}.store USING TIMESTAMP 1 SET version = 99 WHERE one = 1")
    session.close()
    assert server.alive()

    with pytest.raises(StoreVersion, match=r"version 99.*partita store rebuild"):
        opener(retention=FOREVER)
    with pytest.raises(StoreVersion):
        open_reader(address)

    assert opener(retention=FOREVER, anew=True).order(1, 1) is None


def test_a_missing_table_is_damage(opener: Opener, address: str) -> None:
    """What it holds is of no use, and it can be made again."""
    place = parse(address.partition(":")[2])
    store = opener(retention=FOREVER)
    session = Session(place)
    (fills,) = (
        row.table_name
        for row in session.run(
            f"SELECT table_name FROM system_schema.tables WHERE keyspace_name='{place.keyspace}'"
        )
        if row.table_name.startswith("fills_0")
    )
    session.define([f"DROP TABLE {place.keyspace}.{fills}"])
    session.close()

    with pytest.raises(StoreDamaged, match="partita store rebuild"):
        store.write(Rows(fills=(make.fill(),)))
    with pytest.raises(StoreDamaged, match=f"table {fills} is missing"):
        opener(retention=FOREVER)


def test_buckets_are_walked_from_the_newest(opener: Opener) -> None:
    """A page runs over partitions, empty stretches between them, and ends where rows end."""
    ids = [n * tables.BUCKET_IDS * 3 + n % 2 for n in range(40)]
    store = opener(retention=FOREVER)
    store.write(Rows(orders=tuple(make.done(order_id=n) for n in ids)))

    for limit in (3, 7, 100):
        found = pages(partial(_orders_page, store, limit), "order_id", limit)
        assert ids[::-1] == found


def _orders_page(store: Store, limit: int, before: int | None) -> list[OrderRow]:
    return store.orders(1, before, limit)
