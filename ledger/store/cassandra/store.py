"""The store on a Cassandra cluster: see partita.ledger.store.port for what is promised.

A row's stamp is its cells' timestamp, so Cassandra itself keeps the newest of a key, in any order
of arrival and on every replica. All is written and read at QUORUM: what was acknowledged is read.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from partita.ledger.store.cassandra.address import Address
from partita.ledger.store.cassandra.generations import Generations
from partita.ledger.store.cassandra.session import Session, TableGone, Wrap
from partita.ledger.store.cassandra.tables import (
    BALANCES,
    BY_CLIENT_ID,
    CANDLES,
    ENTRIES,
    FILLS,
    FILLS_BY_ORDER,
    OF_KIND,
    OPEN,
    ORDERS,
    TRADES,
    Buckets,
    Place,
    ProgressTable,
    Table,
    bucket_at,
    maker,
)
from partita.ledger.store.cassandra.writing import Writing
from partita.ledger.store.errors import StoreDamaged, StoreMissing, StoreReplaced
from partita.ledger.store.port import (
    PAGE_MAX,
    AnyRow,
    BalanceKey,
    OrderKey,
    Retention,
)
from partita.ledger.store.rows import (
    BalanceRow,
    CandleRow,
    Cause,
    EntryRow,
    FillRow,
    OrderRow,
    Progress,
    Rows,
    Source,
    TradeRow,
)
from partita.schemas.enums import OrderState

_MAX = (1 << 63) - 1
# Keys asked for in one statement of a partition.
_KEYS_TOGETHER = 100
# Buckets that one page reads at once: one at first, more where they are nearly empty.
_BUCKETS_TOGETHER = 16
_BUCKETS_LISTED = 1_000


class CassandraStore:
    """A `Store`; one connection to a cluster, for one thread at a time."""

    def __init__(self, address: Address, retention: Retention, wrap: Wrap | None = None) -> None:
        """Connect; programs call `open` or `open_existing`."""
        self._address = address
        self._retention = retention
        self._session = Session(address) if wrap is None else Session(address, wrap)
        self._generations = Generations(self._session, address)
        self._makers = {table.row: maker(table.row) for table in OF_KIND.values()}
        self._place = Place(address.keyspace, "")
        self._writing: Writing | None = None

    @classmethod
    def open(
        cls,
        address: Address,
        retention: Retention,
        *,
        anew: bool = False,
        wrap: Wrap | None = None,
    ) -> Self:
        """Open for writing; make it where there is none; see open_store."""
        store = cls(address, retention, wrap)
        try:
            store._generations.make_place()
            generation = None if anew else store._generations.take()
            store._use(generation or store._generations.begin())
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def open_existing(cls, address: Address, wrap: Wrap | None = None) -> Self:
        """Open for reading; see open_reader."""
        store = cls(address, Retention(), wrap)
        try:
            store._use(store._there())
        except BaseException:
            store.close()
            raise
        return store

    def _there(self) -> str:
        """Return the generation that counts. Raises StoreMissing."""
        generation = self._generations.take() if self._generations.has_place() else None
        if generation is None:
            where = f"keyspace {self._address.keyspace} at {self._address.hosts}"
            raise StoreMissing(f"there is no store in {where}: a projector makes it")
        return generation

    # Its life.

    @property
    def place(self) -> str:
        """What and where it is, for people."""
        return self._session.place

    def _use(self, generation: str) -> None:
        self._session.forget()
        self._place = Place(self._address.keyspace, generation)
        self._writing = Writing(self._session, self._place, self._retention)

    def _check_generation(self) -> None:
        """Raise StoreReplaced where another generation counts now."""
        try:
            now = self._generations.current()
        except TableGone as error:
            raise StoreReplaced(f"{self.place}: its keyspace was removed") from error
        if now is None or now.generation != self._place.generation:
            raise StoreReplaced(f"{self.place} was begun anew")

    @contextmanager
    def _of_this_generation(self) -> Iterator[None]:
        """Make sure that what was asked or written was so while our generation counted."""
        try:
            yield
        except TableGone as error:
            self._check_generation()
            raise StoreDamaged(self.place, str(error)) from error
        self._check_generation()

    def clear(self) -> None:
        """Remove all; see Store."""
        self._generations.make_place()
        self._use(self._generations.begin())

    def close(self) -> None:
        """Let go of it."""
        self._session.close()

    # What a projector needs.

    def load_orders(self, keys: Collection[OrderKey]) -> dict[OrderKey, OrderRow]:
        """Return those of these orders that are there; see Store."""
        with self._of_this_generation():
            return self._load_orders(keys)

    def _load_orders(self, keys: Collection[OrderKey]) -> dict[OrderKey, OrderRow]:
        groups: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for account, order_id in keys:
            groups[account, bucket_at(ORDERS, order_id)].append(order_id)
        found = self._load(ORDERS, groups)
        return {(row.account, row.order_id): row for row in found}

    def load_balances(self, keys: Collection[BalanceKey]) -> dict[BalanceKey, BalanceRow]:
        """Return those of these balances that are there; see Store."""
        groups: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for account, asset_id in keys:
            groups[account,].append(asset_id)
        with self._of_this_generation():
            found = self._load(BALANCES, groups)
        return {(row.account, row.asset_id): row for row in found}

    def _load(self, table: Table, groups: dict[tuple[int, ...], list[int]]) -> list[Any]:
        """Return rows by their keys, grouped by partition."""
        if not groups:
            return []
        where = " AND ".join(f"{name} = ?" for name in table.partition)
        query = table.select(self._place, f"{where} AND {table.within} IN ?")
        prepared = self._session.prepare(query)
        found = self._session.run_all(
            (prepared, (*partition, keys[at : at + _KEYS_TOGETHER]))
            for partition, keys in groups.items()
            for at in range(0, len(keys), _KEYS_TOGETHER)
        )
        make = self._makers[table.row]
        return [make(values) for rows in found for values in rows]

    def write(self, rows: Rows) -> None:
        """Write rows, and then progress; see Store."""
        assert self._writing is not None, "the store was opened"
        with self._of_this_generation():
            self._writing.write(rows)

    def expire(self, now_ms: int) -> int:
        """Remove nothing: rows of market history were given their time to live when written."""
        del now_ms
        return 0

    # What is asked.

    def progress(self) -> dict[Source, Progress]:
        """Return how far each source is folded."""
        with self._of_this_generation():
            found = self._session.ask(
                ProgressTable.select.format(self._place.of(ProgressTable.name))
            )
        sources = [Source(row.topic, row.topic_id, row.partition) for row in found]
        return {
            source: Progress(
                source, row.offset, row.number, row.chain, Cause(*json.loads(row.cause))
            )
            for source, row in zip(sources, found, strict=True)
        }

    def balances(self, account: int) -> list[BalanceRow]:
        """Return an account's balances, by asset_id."""
        return self._rows(BALANCES, "account = ?", account)

    def order(self, account: int, order_id: int) -> OrderRow | None:
        """Return an order of the account."""
        return self.load_orders([(account, order_id)]).get((account, order_id))

    def order_by_client_id(self, account: int, client_order_id: str) -> OrderRow | None:
        """Return the account's newest order of that name."""
        where = "account = ? AND client_order_id = ? AND order_id < ? LIMIT 1"
        query, at = BY_CLIENT_ID.select(self._place, where), _MAX
        with self._of_this_generation():
            # An index row may be there before its order, for a moment or after a kill.
            while found := self._session.ask(query, account, client_order_id, at):
                at = found[0].order_id
                order = self._load_orders([(account, at)]).get((account, at))
                if order is not None:
                    return order
            return None

    def open_orders(self, account: int, after: int, limit: int) -> list[OrderRow]:
        """Return the account's orders that are not done, oldest first."""
        _check(limit)
        query = OPEN.select(self._place, "account = ? AND order_id > ? LIMIT ?")
        orders: list[OrderRow] = []
        with self._of_this_generation():
            while len(orders) < limit:
                wanted = limit - len(orders)
                ids = [row.order_id for row in self._session.ask(query, account, after, wanted)]
                found = self._load_orders([(account, order_id) for order_id in ids])
                ours = (found[key] for key in sorted(found))
                orders.extend(row for row in ours if row.state is not OrderState.DONE)
                if len(ids) < wanted:
                    break
                after = ids[-1]
        return orders

    def orders(self, account: int, before: int | None, limit: int) -> list[OrderRow]:
        """Return the account's orders, newest first."""
        return self._page(ORDERS, (account,), before, limit)

    def done_orders(self, account: int, before: int | None, limit: int) -> list[OrderRow]:
        """Return the account's orders that are done, newest first.

        Few of an account's orders are open (a shard has a limit), so they are read and left out.
        """
        done: list[OrderRow] = []
        while len(done) < limit:
            # Whole pages: what is left out must not make many small ones.
            found = self._page(ORDERS, (account,), before, limit)
            done.extend(row for row in found if row.state is OrderState.DONE)
            if len(found) < limit:
                break
            before = found[-1].order_id
        return done[:limit]

    def fills(self, account: int, before: int | None, limit: int) -> list[FillRow]:
        """Return the account's fills, newest first."""
        return self._page(FILLS, (account,), before, limit)

    def order_fills(
        self, account: int, order_id: int, before: int | None, limit: int
    ) -> list[FillRow]:
        """Return the fills of one of the account's orders, newest first."""
        _check(limit)
        where = "account = ? AND bucket = ? AND order_id = ? AND number < ? LIMIT ?"
        bucket = bucket_at(FILLS_BY_ORDER, order_id)
        at = _MAX if before is None else before
        return self._rows(FILLS_BY_ORDER, where, account, bucket, order_id, at, limit)

    def entries(self, account: int, before: int | None, limit: int) -> list[EntryRow]:
        """Return the changes of the account's balances, newest first."""
        return self._page(ENTRIES, (account,), before, limit)

    def trades(self, instrument_id: int, before: int | None, limit: int) -> list[TradeRow]:
        """Return an instrument's trades, newest first."""
        return self._page(TRADES, (instrument_id,), before, limit)

    def candles(
        self, instrument_id: int, interval_s: int, before: int | None, limit: int
    ) -> list[CandleRow]:
        """Return an instrument's bars of one interval, newest first."""
        return self._page(CANDLES, (instrument_id, interval_s), before, limit)

    def scan(self, kind: type[AnyRow]) -> Iterator[AnyRow]:
        """Yield all rows of a kind, in no order."""
        make = self._makers[kind]
        with self._of_this_generation():
            for values in self._session.stream(OF_KIND[kind].select(self._place)):
                yield make(values)

    def _rows(self, table: Table, where: str, *values: Any) -> list[Any]:
        with self._of_this_generation():
            found = self._session.ask(table.select(self._place, where), *values)
        return [self._makers[table.row](row) for row in found]

    def _page(
        self, table: Table, owner: tuple[int, ...], before: int | None, limit: int
    ) -> list[Any]:
        """Return a page of a table in buckets, newest first."""
        _check(limit)
        below = _MAX if before is None else before
        where = " AND ".join(f"{name} = ?" for name in table.partition)
        query = table.select(self._place, f"{where} AND {table.within} < ? LIMIT ?")
        rows: list[Any] = []
        with self._of_this_generation():
            prepared = self._session.prepare(query)
            for buckets in self._buckets(table, owner, below):
                found = self._session.run_all(
                    (prepared, (*owner, bucket, below, limit - len(rows))) for bucket in buckets
                )
                rows.extend(row for group in found for row in group)
                if len(rows) >= limit:
                    break
        return [self._makers[table.row](row) for row in rows[:limit]]

    def _buckets(self, table: Table, owner: tuple[int, ...], below: int) -> Iterator[Iterable[int]]:
        """Yield the buckets there are of an owner, newest first, some at once."""
        query = Buckets.select.format(self._place.of(Buckets.name))
        part = owner[1] if len(owner) > 1 else 0
        top, together = bucket_at(table, below, part), 1
        while True:
            listed = self._session.ask(query, table.name, owner[0], part, top, _BUCKETS_LISTED)
            found = [row.bucket for row in listed]
            while found:
                yield found[:together]
                found = found[together:]
                together = min(_BUCKETS_TOGETHER, together * 2)
            if len(listed) < _BUCKETS_LISTED:
                return
            top = listed[-1].bucket - 1


def _check(limit: int) -> None:
    assert 0 < limit <= PAGE_MAX, f"a page has 1 to {PAGE_MAX} rows"
