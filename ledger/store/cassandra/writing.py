"""From rows to statements: which tables a row goes into, stamped and grouped by partition."""

import json
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from partita.ledger.store.cassandra.session import Session, Statement, one_partition
from partita.ledger.store.cassandra.tables import (
    BALANCES,
    BY_CLIENT_ID,
    CANDLES,
    ENTRIES,
    FILLS,
    FILLS_BY_ORDER,
    OPEN,
    ORDERS,
    TRADES,
    Buckets,
    Place,
    ProgressTable,
    Table,
    binder,
    bucket_of,
)
from partita.ledger.store.port import Retention
from partita.ledger.store.rows import CandleRow, OrderRow, Progress, Rows, TradeRow
from partita.schemas.enums import OrderState

# Rows of one partition that go as one mutation; at 200 bytes each far from any limit.
ROWS_TOGETHER = 32
# Index rows and buckets that were written by this object are not written again.
_REMEMBERED = 200_000
# Cassandra's own limit, 20 years.
_TTL_MAX_S = 630_720_000
# A bucket is announced anew this often, and lives that much longer than its rows: so it is there
# for as long as they are.
_BUCKET_ANEW_S = 43_200
_BUCKET_LONGER_S = 2 * _BUCKET_ANEW_S
_FOR_EVER_STAMP = 1 << 62

BucketKey = tuple[str, int, int, int]  # table, owner, part, bucket


class Remembered:
    """A set that forgets the oldest."""

    def __init__(self) -> None:
        self._keys: OrderedDict[Any, float] = OrderedDict()

    def has(self, key: Any, not_before: float = 0.0) -> bool:
        """Say whether it was added, and at `not_before` or later."""
        return self._keys.get(key, -1.0) >= not_before

    def add(self, keys: Iterable[Any], at: float = 0.0) -> None:
        """Remember keys."""
        for key in keys:
            self._keys[key] = at
            self._keys.move_to_end(key)
        while len(self._keys) > _REMEMBERED:
            self._keys.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        self._keys.clear()


class Writing:
    """Writes rows into the tables of one generation."""

    def __init__(self, session: Session, place: Place, retention: Retention) -> None:
        self._session = session
        self._place = place
        self._retention = retention
        self._binders = {
            table.name: binder(table.row)
            for table in (BALANCES, ORDERS, FILLS, ENTRIES, TRADES, CANDLES, FILLS_BY_ORDER)
        }
        self._indexed = Remembered()
        self._buckets = Remembered()
        delete = f"DELETE FROM {place.of(OPEN.name)} USING TIMESTAMP ? WHERE account = ?"  # noqa: S608 - our own words
        self._delete_open = f"{delete} AND order_id = ?"

    def write(self, rows: Rows) -> None:
        """Write rows, what cannot be told again before orders and balances, progress last."""
        now_ms = time.time_ns() // 1_000_000
        trades = [row for row in rows.trades if self._trade_ttl_s(row, now_ms) is not None]
        candles = [row for row in rows.candles if self._candle_ttl_s(row, now_ms) is not None]
        buckets = self._new_buckets(rows, trades, candles)
        new = [row for row in rows.orders if not self._indexed.has((row.account, row.order_id))]
        self._session.run_all(
            [
                *self._bucket_statements(buckets, now_ms),
                *self._index_statements(new),
                *self._statements(FILLS, rows.fills),
                *self._statements(FILLS_BY_ORDER, rows.fills),
                *self._statements(ENTRIES, rows.entries),
                *self._statements(TRADES, trades, lambda row: self._trade_ttl_s(row, now_ms)),
                *self._statements(CANDLES, candles, lambda row: self._candle_ttl_s(row, now_ms)),
            ]
        )
        self._buckets.add(buckets, now_ms / 1_000)
        self._indexed.add((row.account, row.order_id) for row in new)
        self._session.run_all(
            [*self._statements(ORDERS, rows.orders), *self._statements(BALANCES, rows.balances)]
        )
        # Only behind the order itself: else it is in neither.
        done = [row for row in rows.orders if row.state is OrderState.DONE]
        self._session.run_all(self._ended_statements(done))
        self._session.run_all(self._progress_statements(rows.progress))

    def _statements(
        self,
        table: Table,
        rows: Iterable[Any],
        ttl_s: Callable[[Any], int | None] = lambda _: 0,
    ) -> Iterator[Statement]:
        """Yield the statements for rows, those of one partition together."""
        rows = list(rows)
        if not rows:
            return
        prepared = self._session.prepare(table.insert(self._place))
        bind, fields = self._binders[table.name], table.row._fields
        owner = [fields.index(name) for name in table.owner]
        stamp = fields.index("last_trade_id" if table is CANDLES else "number")
        bucketed = "bucket" in table.partition
        bound = []
        for row in rows:
            bucket = [bucket_of(table, row)] if bucketed else []
            values = [*bucket, *bind(row), row[stamp], ttl_s(row)]
            partition = (*(row[at] for at in owner), *bucket)
            bound.append((partition, prepared.bind(values)))
        yield from _together(bound)

    def _index_statements(self, orders: list[OrderRow]) -> Iterator[Statement]:
        """Yield the index rows of orders; which are open, the orders themselves say."""
        by_client_id = self._session.prepare(BY_CLIENT_ID.insert(self._place))
        is_open = self._session.prepare(OPEN.insert(self._place))
        for row in orders:
            key = (row.account, row.client_order_id, row.order_id)
            yield by_client_id, (*key, row.number, 0)
        yield from _together(
            (row.account, is_open.bind((row.account, row.order_id, row.number, 0)))
            for row in orders
            if row.state is not OrderState.DONE
        )

    def _ended_statements(self, done: list[OrderRow]) -> Iterator[Statement]:
        if done:
            delete = self._session.prepare(self._delete_open)
            yield from _together(
                (row.account, delete.bind((row.number, row.account, row.order_id))) for row in done
            )

    def _progress_statements(self, progress: Iterable[Progress]) -> Iterator[Statement]:
        query = ProgressTable.insert.format(self._place.of(ProgressTable.name))
        for at in progress:
            values = (*at.source, at.offset, at.number, at.chain, json.dumps(at.cause), at.number)
            yield self._session.prepare(query), values

    # Buckets.

    def _new_buckets(
        self, rows: Rows, trades: list[TradeRow], candles: list[CandleRow]
    ) -> set[BucketKey]:
        found: set[BucketKey] = set()
        for table, mine in ((ORDERS, rows.orders), (FILLS, rows.fills), (ENTRIES, rows.entries)):
            found.update((table.name, row.account, 0, bucket_of(table, row)) for row in mine)
        found.update((TRADES.name, r.instrument_id, 0, bucket_of(TRADES, r)) for r in trades)
        found.update(
            (CANDLES.name, r.instrument_id, r.interval_s, bucket_of(CANDLES, r)) for r in candles
        )
        not_before = time.time() - _BUCKET_ANEW_S
        return {
            key
            for key in found
            if not self._buckets.has(key, not_before if self._keeps_ms(key[0]) else 0.0)
        }

    def _keeps_ms(self, table: str) -> int | None:
        if table == TRADES.name:
            return self._retention.trades_ms
        return self._retention.candles_ms if table == CANDLES.name else None

    def _bucket_statements(self, buckets: set[BucketKey], now_ms: int) -> Iterator[Statement]:
        prepared = self._session.prepare(Buckets.insert.format(self._place.of(Buckets.name)))
        for key in buckets:
            keeps_ms = self._keeps_ms(key[0])
            if keeps_ms is None:
                yield prepared, (*key, _FOR_EVER_STAMP, 0)
                continue
            # A bar lives from its end on, which is a day at most behind its start.
            lives_s = keeps_ms // 1_000 + key[2] + _BUCKET_LONGER_S
            yield prepared, (*key, now_ms // 1_000 + lives_s, min(lives_s, _TTL_MAX_S))

    # Retention.

    def _trade_ttl_s(self, row: TradeRow, now_ms: int) -> int | None:
        """Return how long it has to live, 0: for ever; None: no more."""
        return _ttl_s(row.time_ms, self._retention.trades_ms, now_ms)

    def _candle_ttl_s(self, row: CandleRow, now_ms: int) -> int | None:
        end_ms = row.start_ms + row.interval_s * 1_000
        return _ttl_s(end_ms, self._retention.candles_ms, now_ms)


def _together(bound: Iterable[tuple[Any, Any]]) -> Iterator[Statement]:
    """Yield statements, each given with its partition: those of one partition as one mutation."""
    groups: defaultdict[Any, list[Any]] = defaultdict(list)
    for partition, statement in bound:
        groups[partition].append(statement)
    for statements in groups.values():
        for at in range(0, len(statements), ROWS_TOGETHER):
            yield one_partition(statements[at : at + ROWS_TOGETHER]), None


def _ttl_s(time_ms: int, keeps_ms: int | None, now_ms: int) -> int | None:
    if keeps_ms is None:
        return 0
    left_s = (time_ms + keeps_ms - now_ms) // 1_000
    return min(left_s, _TTL_MAX_S) if left_s > 0 else None
