"""Time-outs and restarts of a real Cassandra: nothing is lost, nothing is doubled."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from stores.contract import FOREVER, everything
from stores.flaky import Flaky
from stores.flow import flow, fold
from stores.streams import SHARDS, SOURCES, day, on_log

from partita.deploy.audit.stores import StoreAudit
from partita.deploy.cassandra import EmbeddedCassandra
from partita.ledger.projector.projection import Projection
from partita.ledger.store.cassandra import session as session_module
from partita.ledger.store.cassandra.address import parse
from partita.ledger.store.cassandra.store import CassandraStore
from partita.ledger.store.errors import StoreUnavailable
from partita.ledger.store.rows import Rows
from partita.log.port import Record
from partita.schemas.enums import OrderState
from partita.schemas.topics import ACCOUNT_EVENTS

pytestmark = [pytest.mark.cassandra, pytest.mark.timeout(180)]

WRITES = 80


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store try again only once by itself, so that its caller has to as well."""
    monkeypatch.setattr(session_module, "BACK_OFF_S", (0.0,))


def insisting(call: Callable[[], Any]) -> tuple[Any, int]:
    """Do as a projector does: the same again until it is done; return how often it was not."""
    refused = 0
    while True:
        try:
            return call(), refused
        except StoreUnavailable:
            refused += 1


@pytest.mark.usefixtures("impatient")
def test_time_outs_before_and_after_the_write_change_nothing(server: EmbeddedCassandra) -> None:
    """On a tenth of all calls; at the end the tables are the fold of what was given."""
    address, seed = parse(f"{server.address}/flaky?replication=1"), 1
    CassandraStore.open(address, FOREVER).close()
    sessions: list[Flaky] = []

    def wrap(session: Any) -> Flaky:
        sessions.append(Flaky(session, seed, share=0.1))
        return sessions[-1]

    store, refused = insisting(lambda: CassandraStore.open(address, FOREVER, wrap=wrap))
    given = list(flow(seed, WRITES))
    for rows in given:
        _, times = insisting(partial(store.write, rows))
        refused += times
    store.close()

    reader = CassandraStore.open_existing(address)
    assert fold(given) == everything(reader)
    assert_questions_agree(reader, given)
    reader.close()
    before, after, calls = (
        sum(getattr(session, name) for session in sessions) for name in ("before", "after", "calls")
    )
    assert refused > 0, "the caller had to try again too"
    assert min(before, after) > calls * 0.03, f"{before} before and {after} after, of {calls}"


@pytest.mark.usefixtures("impatient")
def test_a_log_is_folded_through_time_outs(server: EmbeddedCassandra) -> None:
    """What ledger and books have said, projected by processes that give up and start again.

    A tenth of all calls time out, before or after the write; the tables are the fold of the log, by
    code that shares nothing with the projector's.
    """
    address, told = parse(f"{server.address}/folded?replication=1"), day(seed=5, steps=1_500)
    CassandraStore.open(address, FOREVER).close()
    logs = {shard: on_log(shard, v) for shard, v in told.records(random.Random(5)).items()}
    sessions: list[Flaky] = []

    def wrap(session: Any) -> Flaky:
        sessions.append(Flaky(session, len(sessions), share=0.1))
        return sessions[-1]

    starts = 0
    while not _projected(address, wrap, logs):
        starts += 1

    reader = CassandraStore.open_existing(address)
    found: list[str] = []
    audit = StoreAudit(reader, SHARDS, found.append)
    for shard, said in enumerate(told.said):
        for number, (time_ms, event) in enumerate(said, 1):
            audit.take(shard, number, time_ms, event)
        assert len(said) == audit.covered(shard)
    audit.finish()
    reader.close()
    assert [] == found
    assert starts > 0, "a process gave up in the middle"
    assert min(sum(s.before for s in sessions), sum(s.after for s in sessions)) > 0


def _projected(address: Any, wrap: Callable[[Any], Flaky], logs: dict[int, list[Record]]) -> bool:
    """Be a projector's process: go on from where the store is; return whether it got to the end."""
    try:
        store = CassandraStore.open(address, FOREVER, wrap=wrap)
    except StoreUnavailable:
        return False
    try:
        projection = Projection(store, SOURCES)
        behind = projection.offsets(ACCOUNT_EVENTS)
        while any(behind[shard] < len(records) for shard, records in logs.items()):
            for shard, records in logs.items():
                for record in records[behind[shard] : behind[shard] + 5]:
                    projection.take(ACCOUNT_EVENTS, record)
            projection.flush()
            behind = projection.offsets(ACCOUNT_EVENTS)
    except StoreUnavailable:
        return False
    else:
        return True
    finally:
        store.close()


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[EmbeddedCassandra]:
    """A Cassandra of this test's own, to be killed."""
    with EmbeddedCassandra(tmp_path / "data") as running:
        yield running


def test_a_server_that_goes_in_the_middle_loses_nothing(durable: EmbeddedCassandra) -> None:
    """Killed once, stopped once; what was acknowledged is there, and the writer goes on."""
    address = parse(f"{durable.address}/killed?replication=1")
    store = CassandraStore.open(address, FOREVER)
    given = list(flow(3, WRITES))
    for at, rows in enumerate(given):
        if at in {25, 50}:
            if at == 25:
                durable.kill()
            else:
                durable.stop()
            with pytest.raises(StoreUnavailable):
                store.write(rows)
            durable.start()
            found = everything(store_again(address))
            assert fold(given[:at]) == found
        insisting(partial(store.write, rows))

    assert fold(given) == everything(store)
    assert_questions_agree(store, given)
    store.close()


def store_again(address: Any) -> CassandraStore:
    """Open it for reading, as another process would."""
    return CassandraStore.open_existing(address)


def assert_questions_agree(store: CassandraStore, given: list[Rows]) -> None:
    """Each table that answers a question has what the rows say."""
    want = fold(given)
    orders = want["OrderRow"]
    for account in {row.account for row in orders}:
        mine = [row for row in orders if row.account == account]
        assert mine[::-1] == store.orders(account, None, 1_000)
        opens = [row for row in mine if row.state is not OrderState.DONE]
        assert opens == store.open_orders(account, 0, 1_000)
        for row in mine[:5]:
            assert row == store.order_by_client_id(account, row.client_order_id)
        fills = [row for row in want["FillRow"] if row.account == account]
        assert fills[::-1] == store.fills(account, None, 1_000)
        for order in mine[:5]:
            its = [row for row in fills if row.order_id == order.order_id]
            assert its[::-1] == store.order_fills(account, order.order_id, None, 1_000)
        entries = [row for row in want["EntryRow"] if row.account == account]
        assert entries[::-1] == store.entries(account, None, 1_000)
    assert want["TradeRow"][::-1][:1_000] == store.trades(1, None, 1_000)
