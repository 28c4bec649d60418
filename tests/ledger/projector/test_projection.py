"""From a private stream to rows: whatever happens on the way, the same rows."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores.contract import FOREVER, everything
from stores.streams import SHARDS, SOURCES, Day, day, on_log

from partita.deploy.audit.stores import StoreAudit
from partita.ledger.projector.projection import Projection
from partita.ledger.store.errors import StoreDamaged, StoreForeign, StoreUnavailable
from partita.ledger.store.port import Store
from partita.ledger.store.rows import EntryKind, EntryRow, FillRow, OrderRow, Rows
from partita.ledger.store.sqlite import SqliteStore
from partita.log.port import Record
from partita.schemas.accounts import Filled
from partita.schemas.enums import OrderState
from partita.schemas.errors import UnknownFingerprint

STEPS = 400


def opened(path: Path) -> SqliteStore:
    """Open the store at a place."""
    return SqliteStore.open(path, FOREVER)


def projected(store: Store, logs: dict[int, list[Record]]) -> Projection:
    """Project whole logs in one go."""
    projection = Projection(store, SOURCES)
    for records in logs.values():
        for record in records:
            projection.take("account-events", record)
    projection.flush()
    return projection


def undisturbed(path: Path, told: Day) -> dict[str, Any]:
    """Return what a store holds after a run in which nothing happens."""
    store = opened(path)
    records = told.records(random.Random(0))
    projected(store, {shard: on_log(shard, values) for shard, values in records.items()})
    found = everything(store)
    store.close()
    return found


def rows_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return what must be equal: rows, and numbers with their chains; offsets are the log's."""
    progress = {at.source: (at.number, at.chain) for at in found["progress"].values()}
    return found | {"progress": progress}


def differences(store: Store, told: Day) -> list[str]:
    """Return what the second way of folding finds."""
    found: list[str] = []
    audit = StoreAudit(store, SHARDS, found.append)
    for shard, said in enumerate(told.said):
        for number, (time_ms, event) in enumerate(said, 1):
            audit.take(shard, number, time_ms, event)
    audit.finish()
    return found


@pytest.fixture(scope="module")
def told() -> Day:
    """Return a day with everything in it."""
    return day(seed=11, steps=3_000)


def test_rows_are_what_the_shards_know(tmp_path: Path, told: Day) -> None:
    """Balances to the unit, orders that are open, and every fill."""
    found = undisturbed(tmp_path / "store.sqlite", told)

    states = [shard.snapshot() for shard in told.flow.exchange.shards]
    balances = {
        (row.account, row.asset_id): (row.available, row.held)
        for state in states
        for row in state.accounts
    }
    assert balances == {
        (row.account, row.asset_id): (row.available, row.held) for row in found["BalanceRow"]
    }
    orders = {row.order_id: row for row in found["OrderRow"]}
    for order in (order for state in states for order in state.orders):
        row = orders[order.order_id]
        same = set(order._fields) & set(row._fields)
        assert {n: getattr(order, n) for n in same} == {n: getattr(row, n) for n in same}
        assert len(same) > 10
    fills = [event for said in told.said for _, event in said if isinstance(event, Filled)]
    assert len(fills) == len(found["FillRow"]) > 200


def test_every_kind_of_entry_is_told_of(tmp_path: Path, told: Day) -> None:
    """Entries of an account's asset follow from each other, and each names its cause."""
    found = undisturbed(tmp_path / "store.sqlite", told)

    assert set(EntryKind) == {row.kind for row in found["EntryRow"]}
    had: dict[tuple[int, int], tuple[int, int]] = {}
    for row in sorted(found["EntryRow"], key=lambda row: row.number):
        available, held = had.get((row.account, row.asset_id), (0, 0))
        assert (row.available, row.held) == (
            available + row.available_change,
            held + row.held_change,
        )
        had[row.account, row.asset_id] = row.available, row.held
        if row.kind is EntryKind.TRANSFER:
            assert row.command_id
        elif row.kind is not EntryKind.AMEND:
            assert row.order_id


def test_the_second_way_of_folding_agrees(tmp_path: Path, told: Day) -> None:
    """The audit of stores, which shares no code with the fold, finds nothing."""
    undisturbed(tmp_path / "store.sqlite", told)

    assert [] == differences(opened(tmp_path / "store.sqlite"), told)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("orders", "filled = filled + 1"),
        ("balances", "available = available + 1"),
        ("fills", "fee = fee + 1"),
        ("entries", "kind = 'amend'"),
        ("orders", "number = number - 1"),
        ("orders", "state = 'received'"),
    ],
)
def test_the_audit_finds_what_is_wrong(tmp_path: Path, told: Day, table: str, change: str) -> None:
    """One field of one row is enough; so is a row that is gone."""
    path = tmp_path / "store.sqlite"
    undisturbed(path, told)
    store = opened(path)
    key = {"orders": "order_id", "balances": "asset_id"}.get(table, "number")
    one = f"SELECT account, {key} FROM {table} WHERE account = 3 LIMIT 1 OFFSET 1"
    pick = f"(account, {key}) = ({one})"
    store._connection.execute(f"UPDATE {table} SET {change} WHERE {pick}")  # noqa: SLF001 - a lie, told on purpose

    assert differences(store, told)

    store._connection.execute(f"DELETE FROM {table} WHERE {pick}")  # noqa: SLF001 - as above
    assert differences(store, told)


class Flaky:
    """A store that fails before or after what it does, when it is told to."""

    def __init__(self, store: Store, draw: random.Random) -> None:
        self._store = store
        self._draw = draw

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name not in ("write", "load_orders", "load_balances"):
            return found

        def call(*given: Any) -> Any:
            fate = self._draw.randrange(6)
            if fate == 0:
                raise StoreUnavailable("before")
            answer = found(*given)
            if fate == 1:
                raise StoreUnavailable("after")
            return answer

        return call


class Torn(Flaky):
    """A store without transactions: of a write only some of what is allowed to be alone arrives."""

    def __getattr__(self, name: str) -> Any:
        if name != "write":
            return super().__getattr__(name)

        def write(rows: Rows) -> None:
            # What cannot be told again first, then states, then progress; see the port.
            steps = (
                rows._replace(orders=(), balances=(), progress=()),
                Rows(orders=rows.orders, balances=rows.balances),
                Rows(progress=rows.progress),
            )
            upto = self._draw.randrange(6)  # at which step it breaks off, if it does
            for at, step in enumerate(steps):
                for kept in step._fields:
                    found = getattr(step, kept)
                    for row in self._draw.sample(found, len(found)):
                        self._store.write(Rows(**{kept: (row,)}))
                        if upto == at and self._draw.random() < 0.3:
                            raise StoreUnavailable("in the middle")

        return write


class Run:
    """Two projectors on one store and one log, both of which misbehave."""

    def __init__(self, path: Path, told: Day, draw: random.Random, kind: type[Flaky]) -> None:
        self._told, self._draw, self._kind = told, draw, kind
        self._logs = {
            shard: on_log(shard, self._mixed(shard, values))
            for shard, values in told.records(draw).items()
        }
        self.stores = [opened(path), opened(path)]
        self._projections = [self._begun(at) for at in range(2)]

    def _begun(self, at: int) -> Projection:
        """Return a projector as a process that was just started."""
        flaky: Any = self._kind(self.stores[at], self._draw)
        while True:
            try:
                return Projection(flaky, SOURCES)
            except StoreUnavailable:
                continue

    def _mixed(self, shard: int, values: list[bytes]) -> list[bytes]:
        """Return a log on which things are said again, and perhaps a hole that heals."""
        draw, whole = self._draw, len(self._told.said[shard])
        mixed: list[bytes] = []
        for value in values:
            mixed.append(value)
            if draw.random() < 0.1:  # a restarted shard, or the other line
                mixed += self._told.repeated(shard, draw.randint(1, whole), draw)
        if draw.random() < 0.5:
            del mixed[draw.randrange(len(mixed))]
            mixed += values
        return mixed

    def go(self) -> None:
        """Run until both have read everything."""
        while any(
            projection.offsets("account-events")[shard] < len(records)
            for projection in self._projections
            for shard, records in self._logs.items()
        ):
            at = self._draw.randrange(2)
            if self._draw.random() < 0.1:  # killed
                self._projections[at] = self._begun(at)
            projection = self._projections[at]
            for shard, offset in projection.offsets("account-events").items():
                for record in self._logs[shard][offset : offset + self._draw.randrange(6)]:
                    projection.take("account-events", record)
            if not self._flushed(projection):  # killed while the store was down, perhaps both
                for killed in {at, self._draw.randrange(2)}:
                    self._projections[killed] = self._begun(killed)

    def _flushed(self, projection: Projection) -> bool:
        while True:
            try:
                projection.flush()
            except StoreUnavailable:
                if self._draw.random() < 0.4:
                    return False
            else:
                return True


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from([Flaky, Torn]))
def test_whatever_happens_on_the_way_the_rows_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, kind: type[Flaky]
) -> None:
    """Other batches, repeats, holes that heal, kills, two projectors, writes of unknown outcome."""
    draw = random.Random(seed)
    told = day(seed=draw.randrange(5), steps=STEPS)
    folder = tmp_path_factory.mktemp("projection")
    expected = rows_of(undisturbed(folder / "undisturbed.sqlite", told))
    run = Run(folder / "store.sqlite", told, draw, kind)

    run.go()

    assert expected == rows_of(everything(run.stores[0]))
    assert [] == differences(run.stores[1], told)
    for store in run.stores:
        store.close()


def test_a_hole_waits_and_heals(tmp_path: Path, told: Day) -> None:
    """Nothing behind it is taken until it is filled; what is before it can be asked for."""
    store = opened(tmp_path / "store.sqlite")
    values = told.records(random.Random(3))[0]
    lost = len(values) // 2
    logs = {0: on_log(0, values[:lost] + values[lost + 1 :] + values[lost:])}
    projection = Projection(store, SOURCES)
    for record in logs[0][: len(values) - 1]:
        projection.take("account-events", record)
    projection.flush()
    waiting = store.progress()[SOURCES[0]].number

    for record in logs[0][len(values) - 1 :]:
        projection.take("account-events", record)
    projection.flush()

    assert waiting < len(told.said[0]) == store.progress()[SOURCES[0]].number


def test_dead_bytes_are_passed_over_with_a_word(
    tmp_path: Path, told: Day, caplog: pytest.LogCaptureFixture
) -> None:
    """What no schema could give is no event; where it stands is told."""
    store = opened(tmp_path / "store.sqlite")
    values = told.records(random.Random(3))[0]
    dead = [b"", b"rubbish", values[0][:-1]]

    projected(store, {0: on_log(0, [*dead, *values])})

    assert len(told.said[0]) == store.progress()[SOURCES[0]].number
    assert 3 == sum("passed over" in record.message for record in caplog.records)
    assert "account-events/0@1" in caplog.text


def test_records_of_a_newer_build_stop_it(tmp_path: Path, told: Day) -> None:
    """They may be events; going past them would lose them for good."""
    store = opened(tmp_path / "store.sqlite")
    values = told.records(random.Random(3))[0]
    newer = values[0][:2] + bytes(8) + values[0][10:]

    with pytest.raises(UnknownFingerprint):
        projected(store, {0: on_log(0, [newer])})


def test_a_store_of_another_log_is_refused(tmp_path: Path, told: Day) -> None:
    """The topic has another id: what is there was made from something else."""
    store = opened(tmp_path / "store.sqlite")
    projected(store, {0: on_log(0, told.records(random.Random(3))[0])})

    with pytest.raises(StoreForeign, match="partita store rebuild"):
        Projection(store, [source._replace(topic_id="another") for source in SOURCES])


def test_an_order_that_is_missing_is_damage(tmp_path: Path, told: Day) -> None:
    """Its events go on, and a row cannot be made of half of them."""
    path = tmp_path / "store.sqlite"
    values = told.records(random.Random(3))[0]
    store = opened(path)
    projected(store, {0: on_log(0, values[: len(values) // 2])})
    assert any(row.state is not OrderState.DONE for row in store.scan(OrderRow))
    store._connection.execute("DELETE FROM orders")  # noqa: SLF001 - somebody's hand
    projection = Projection(store, SOURCES)

    for record in on_log(0, values):
        projection.take("account-events", record)
    with pytest.raises(StoreDamaged, match="partita store rebuild"):
        projection.flush()


def test_what_is_kept_at_hand_may_be_forgotten(
    tmp_path: Path, told: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are loaded again when they are needed."""
    expected = rows_of(undisturbed(tmp_path / "undisturbed.sqlite", told))
    monkeypatch.setattr("partita.ledger.projector.fold.KEPT_MAX", 3)
    store = opened(tmp_path / "store.sqlite")
    projection = Projection(store, SOURCES)

    for shard, values in told.records(random.Random(5)).items():
        for n, record in enumerate(on_log(shard, values)):
            projection.take("account-events", record)
            if n % 7 == 0:
                projection.flush()
    projection.flush()

    assert expected == rows_of(everything(store))
    assert any(store.scan(FillRow))
    assert any(store.scan(EntryRow))
