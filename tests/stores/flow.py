"""A seeded flow of rows as a projector makes them, and what must stand in the store at its end."""

import random
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from stores import make

from partita.ledger.store.rows import (
    BalanceRow,
    CandleRow,
    EntryRow,
    FillRow,
    OrderRow,
    Rows,
    TradeRow,
)
from partita.schemas.enums import OrderState

ACCOUNTS = 5


class Key(NamedTuple):
    """How a kind of rows is told apart, and which of two counts."""

    columns: tuple[str, ...]
    stamp: str


KEYS: dict[Any, Key] = {
    BalanceRow: Key(("account", "asset_id"), "number"),
    OrderRow: Key(("account", "order_id"), "number"),
    FillRow: Key(("account", "number"), "number"),
    EntryRow: Key(("account", "number"), "number"),
    TradeRow: Key(("instrument_id", "trade_id"), "number"),
    CandleRow: Key(("instrument_id", "interval_s", "start_ms"), "last_trade_id"),
}


def flow(seed: int, writes: int) -> Iterator[Rows]:
    """Yield writes: orders open, are filled, end; numbers grow over all of them."""
    rng = random.Random(seed)
    number, next_order, trade_id = 0, 1, 0
    opens: dict[int, OrderRow] = {}
    for _ in range(writes):
        orders: dict[int, OrderRow] = {}
        fills, entries, trades = [], [], []
        balances: dict[tuple[int, int], BalanceRow] = {}
        candles: dict[int, CandleRow] = {}
        for _ in range(rng.randint(1, 12)):
            number += 1
            if not opens or rng.random() < 0.4:
                # Far apart, so that they are in several buckets.
                order_id, next_order = next_order, next_order + rng.randint(1, 50_000)
                name = f"client-{order_id}"
                row = make.order(
                    account=order_id % ACCOUNTS, order_id=order_id, client_order_id=name,
                    number=number, state=OrderState.OPEN,
                )  # fmt: skip
            else:
                row = rng.choice(list(opens.values()))
                row = row._replace(number=number, filled=row.filled + 1)
                if rng.random() < 0.5:
                    row = row._replace(state=OrderState.DONE)
                trade_id += 1
                fills.append(make.fill(account=row.account, number=number, order_id=row.order_id))
                trades.append(make.trade(trade_id=trade_id, number=number))
                start_ms = trade_id // 20 * 60_000
                candles[start_ms] = make.candle(
                    start_ms=start_ms, last_trade_id=trade_id, close=trade_id
                )
            orders[row.order_id] = opens[row.order_id] = row
            if row.state is OrderState.DONE:
                del opens[row.order_id]
            entries.append(make.entry(account=row.account, number=number, available=number))
            asset_id = rng.randint(1, 3)
            balances[row.account, asset_id] = make.balance(
                account=row.account, asset_id=asset_id, number=number, available=number
            )
        yield Rows(
            tuple(fills), tuple(entries), tuple(trades), tuple(candles.values()),
            tuple(orders.values()), tuple(balances.values()), (make.progress(number),),
        )  # fmt: skip


def fold(writes: list[Rows]) -> dict[str, Any]:
    """Return what stands in a store after these writes, as stores.contract.everything has it."""
    found: dict[str, Any] = {}
    rows_of: dict[Any, list[Any]] = {
        BalanceRow: [row for rows in writes for row in rows.balances],
        OrderRow: [row for rows in writes for row in rows.orders],
        FillRow: [row for rows in writes for row in rows.fills],
        EntryRow: [row for rows in writes for row in rows.entries],
        TradeRow: [row for rows in writes for row in rows.trades],
        CandleRow: [row for rows in writes for row in rows.candles],
    }
    for kind, rows in rows_of.items():
        columns, stamp = KEYS[kind]
        newest: dict[Any, Any] = {}
        for row in sorted(rows, key=attrgetter(stamp)):
            newest[tuple(getattr(row, name) for name in columns)] = row
        found[kind.__name__] = sorted(newest.values())
    last = max((at for rows in writes for at in rows.progress), key=lambda at: at.number)
    return found | {"progress": {last.source: last}}
