"""A running exchange whose store is a real Cassandra, started beside Kafka or in a container."""

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest
from clusters.programs import PARTITA, ended
from stores.cassandra import contained
from stores.running import ACCOUNTS, settled, trade

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE

pytestmark = [pytest.mark.cassandra, pytest.mark.timeout(240)]


def test_trading_goes_on_without_the_store_which_catches_up(tmp_path: Path) -> None:
    """Cassandra and its projector are killed on the way: at the end it has what the log makes."""
    draw = random.Random(4)
    said: list[str] = []

    def on_the_way(n: int) -> None:
        if n == 100:
            assert exchange.store.cassandra is not None
            assert exchange.store.cassandra.pid is not None
            os.kill(exchange.store.cassandra.pid, signal.SIGKILL)
        if n in {60, 200}:
            (projector,) = (s.pid for s in exchange.companion_states() if s.pid is not None)
            os.kill(projector, signal.SIGKILL)
        exchange.look_after(said.append)

    plan = Plan(tmp_path, DEFAULT_FILE, projectors=1, store="cassandra")
    with Exchange(plan) as exchange:
        exchange.start(said.append)
        asyncio.run(trade(exchange.bootstrap, 300, on_the_way))
        found = settled(exchange.bootstrap, exchange.store.address, exchange)

        assert found.covered == found.events
        assert () == found.differences
        account = draw.choice(ACCOUNTS)
        where = ("--bootstrap", exchange.bootstrap, "--store", exchange.store.address)
        listed = ended([*PARTITA, "orders", str(account), *where, "--json"])
        assert 0 == listed.code, listed.said
    assert any("Cassandra was ended by signal 9" in line for line in said)


@pytest.mark.container
def test_an_exchange_uses_the_nodes_it_is_given(tmp_path: Path) -> None:
    """With contact points none is started here."""
    with contained() as nodes:
        plan = Plan(
            tmp_path,
            DEFAULT_FILE,
            projectors=1,
            store="cassandra",
            contact_points=nodes,
            store_replication="1",
        )
        with Exchange(plan) as exchange:
            exchange.start(lambda _: None)
            assert exchange.store.cassandra is None
            asyncio.run(trade(exchange.bootstrap, 100, lambda _: None))
            found = settled(exchange.bootstrap, exchange.store.address, exchange)

    assert found.covered == found.events
    assert () == found.differences
