"""The tables: a column for each field of a row, and how values go in and come out.

Amounts of up to 127 bits stand in columns without a type: as integers where they fit 64 bits, else
as text. Nothing is ever computed with them in SQL.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from partita.ledger.store.rows import (
    ENUMS,
    WIDE,
    BalanceRow,
    CandleRow,
    EntryRow,
    FillRow,
    OrderRow,
    TradeRow,
)

_INTEGER_MAX = (1 << 63) - 1


class Table(NamedTuple):
    """A table and its row."""

    name: str
    row: type[Any]
    key: tuple[str, ...]
    stamp: str  # the column by which the newer row is known; empty: a row never changes

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns, in the order of the row's fields."""
        return tuple(self.row._fields)

    def create(self) -> str:
        """Return the statement that makes it."""
        wide = WIDE.get(self.row, frozenset())
        kinds = self.row.__annotations__
        columns = ", ".join(
            f"{name} {'' if name in wide else 'INTEGER' if kinds[name] in (int, bool) else 'TEXT'}"
            f" NOT NULL"
            for name in self.columns
        )
        # Kept in the order of the key: a page of an account is a stretch of the file.
        return (
            f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({_list(self.key)})) WITHOUT ROWID"
        )

    def upsert(self) -> str:
        """Return the statement that writes a row unless a newer one is there."""
        places = _list("?" * len(self.columns))
        into = f"INSERT INTO {self.name} ({_list(self.columns)}) VALUES ({places})"  # noqa: S608 - our own words only
        if not self.stamp:
            return f"{into} ON CONFLICT DO NOTHING"
        changes = _list(f"{c} = excluded.{c}" for c in self.columns if c not in self.key)
        newer = f"excluded.{self.stamp} > {self.name}.{self.stamp}"
        return f"{into} ON CONFLICT DO UPDATE SET {changes} WHERE {newer}"

    def select(self, where: str, *, newest_first: bool = True) -> str:
        """Return the statement for rows by a condition, in the order of the key's last column."""
        order = f"{self.key[-1]} {'DESC' if newest_first else 'ASC'}"
        return f"SELECT {_list(self.columns)} FROM {self.name} WHERE {where} ORDER BY {order}"  # noqa: S608 - our own words only

    def scan(self) -> str:
        """Return the statement for all rows."""
        return f"SELECT {_list(self.columns)} FROM {self.name}"  # noqa: S608 - as above

    def binder(self) -> Callable[[Any], tuple[Any, ...]]:
        """Return the function from a row to what SQLite takes."""
        wide = [self.columns.index(name) for name in WIDE.get(self.row, ())]
        enums = [at for at, kind in enumerate(self.row.__annotations__.values()) if kind in ENUMS]

        def bind(row: Any) -> tuple[Any, ...]:
            values: list[Any] = list(row)
            for at in enums:  # a subclass of str takes SQLite's slow way
                values[at] = str.__str__(values[at])
            for at in wide:
                if not -_INTEGER_MAX <= values[at] <= _INTEGER_MAX:
                    values[at] = str(values[at])
            return tuple(values)

        return bind

    def maker(self) -> Callable[[tuple[Any, ...]], Any]:
        """Return the function from what SQLite gives to a row."""
        kinds = tuple(self.row.__annotations__.values())
        enums = [(at, ENUMS[kind]) for at, kind in enumerate(kinds) if kind in ENUMS]
        wide = [self.columns.index(name) for name in WIDE.get(self.row, ())]
        flags = [at for at, kind in enumerate(kinds) if kind is bool]

        def make(values: tuple[Any, ...]) -> Any:
            fields = list(values)
            for at, member in enums:
                fields[at] = member(fields[at])
            for at in wide:
                fields[at] = int(fields[at])
            for at in flags:
                fields[at] = bool(fields[at])
            return self.row(*fields)

        return make


def _list(names: Any) -> str:
    return ", ".join(names)


BALANCES = Table("balances", BalanceRow, ("account", "asset_id"), "number")
ORDERS = Table("orders", OrderRow, ("account", "order_id"), "number")
FILLS = Table("fills", FillRow, ("account", "number"), "")
ENTRIES = Table("entries", EntryRow, ("account", "number"), "")
TRADES = Table("trades", TradeRow, ("instrument_id", "trade_id"), "")
CANDLES = Table("candles", CandleRow, ("instrument_id", "interval_s", "start_ms"), "last_trade_id")

TABLES: tuple[Table, ...] = (FILLS, ENTRIES, TRADES, CANDLES, ORDERS, BALANCES)

CREATE = (
    *(table.create() for table in TABLES),
    # Few of an account's orders are open: they are found without the others.
    "CREATE INDEX orders_open ON orders (account, order_id) WHERE state <> 'done'",
    "CREATE INDEX orders_by_client_id ON orders (account, client_order_id, order_id)",
    "CREATE INDEX fills_by_order ON fills (account, order_id, number)",
    (
        "CREATE TABLE progress (topic TEXT NOT NULL, topic_id TEXT NOT NULL,"
        " partition INTEGER NOT NULL, offset INTEGER NOT NULL, number INTEGER NOT NULL,"
        " chain INTEGER NOT NULL, cause TEXT NOT NULL,"
        " PRIMARY KEY (topic, topic_id, partition)) WITHOUT ROWID"
    ),
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)

SET_PROGRESS = (
    "INSERT INTO progress (topic, topic_id, partition, offset, number, chain, cause)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " offset = excluded.offset, number = excluded.number,"
    " chain = excluded.chain, cause = excluded.cause"
    " WHERE (excluded.number, excluded.offset) > (progress.number, progress.offset)"
)

# Rows of market history removed in one transaction, so that none takes long.
_EXPIRE_ROWS = "5000"
# A book's time never goes back, so the oldest trades have the smallest ids.
EXPIRE_TRADES = (
    "DELETE FROM trades WHERE instrument_id = ?1 AND trade_id IN (SELECT trade_id FROM"  # noqa: S608 - our own words only
    " (SELECT trade_id, time_ms FROM trades WHERE instrument_id = ?1"
    f" ORDER BY trade_id LIMIT {_EXPIRE_ROWS}) WHERE time_ms < ?2)"
)
EXPIRE_CANDLES = (
    "DELETE FROM candles WHERE instrument_id = ?1 AND interval_s = ?2 AND start_ms IN"  # noqa: S608 - as above
    " (SELECT start_ms FROM candles WHERE instrument_id = ?1 AND interval_s = ?2"
    f" AND start_ms <= ?3 ORDER BY start_ms LIMIT {_EXPIRE_ROWS})"
)
