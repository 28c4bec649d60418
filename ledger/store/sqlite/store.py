"""The store on one SQLite file: see partita.ledger.store.port for what is promised.

In WAL mode, so that readers and the writer do not wait for each other. A write is one transaction:
a kill leaves all of it or nothing. After a power cut the newest ones may be gone as a whole, their
progress with them, and are made again.
"""

import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from partita.ledger.store.errors import (
    StoreDamaged,
    StoreMissing,
    StoreReplaced,
    StoreUnavailable,
    StoreVersion,
)
from partita.ledger.store.port import (
    PAGE_MAX,
    SCHEMA_VERSION,
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
from partita.ledger.store.sqlite import tables
from partita.ledger.store.sqlite.tables import Table

# How long one process waits for another one's transaction.
_LOCK_S = 5.0
# Of the log beside the file; what it may keep when it is idle.
_WAL_BYTES_MAX = 64 << 20
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})


class SqliteStore:
    """A `Store`; one connection, for one thread at a time."""

    def __init__(self, path: Path, retention: Retention, *, mode: str) -> None:
        """Connect; programs call `open` or `open_existing`."""
        self._path = path
        self._retention = retention
        self._binders = {table.name: table.binder() for table in tables.TABLES}
        self._makers = {table.name: table.maker() for table in tables.TABLES}
        self._generation = ""
        with self._told():
            address = f"{path.absolute().as_uri()}?mode={mode}"
            self._connection = sqlite3.connect(
                address, _LOCK_S, isolation_level=None, check_same_thread=False, uri=True
            )
        try:
            with self._told():
                self._connection.execute("PRAGMA journal_mode = WAL")
                # A commit waits for no disk: what a power cut takes is made again from the log.
                self._connection.execute("PRAGMA synchronous = NORMAL")
                self._connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_MAX}")
            self._inode = path.stat().st_ino
        except BaseException:
            self._connection.close()
            raise

    @classmethod
    def open(cls, path: Path, retention: Retention, *, anew: bool = False) -> Self:
        """Open for writing; make it where there is none; see open_store."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"SQLite store {path}: {error}") from error
        if anew:
            _remove_damaged(path)
        store = cls(path, retention, mode="rwc")
        try:
            store._begin(anew=anew)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def open_existing(cls, path: Path) -> Self:
        """Open for reading; see open_reader."""
        if not path.is_file():
            raise StoreMissing(f"there is no store at {path}: a projector makes it (`partita up`)")
        store = cls(path, Retention(), mode="rw")
        try:
            store._take_generation()
        except BaseException:
            store.close()
            raise
        return store

    # Its life.

    @property
    def place(self) -> str:
        """What and where it is, for people."""
        return f"SQLite store {self._path}"

    def _begin(self, *, anew: bool) -> None:
        with self._transaction(check=False):
            found = {name for (name,) in self._rows("SELECT name FROM sqlite_master")}
            if anew or not found:
                self._make()
        self._take_generation()

    def _make(self) -> None:
        """Make all tables, in a transaction, in the place of whatever there is."""
        there = self._rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        for (name,) in there:
            self._connection.execute(f'DROP TABLE "{name}"')
        for statement in tables.CREATE:
            self._connection.execute(statement)
        meta = (("version", str(SCHEMA_VERSION)), ("generation", uuid4().hex))
        self._connection.executemany("INSERT INTO meta VALUES (?, ?)", meta)

    def _meta(self) -> dict[str, str]:
        return dict(self._rows("SELECT key, value FROM meta"))

    def _take_generation(self) -> None:
        found = {name for (name,) in self._rows("SELECT name FROM sqlite_master")}
        if not found:  # somebody is about to make it
            raise StoreMissing(f"there is no store at {self._path} yet")
        meta = self._meta() if "meta" in found else {}
        version = meta.get("version", "none")
        if version != str(SCHEMA_VERSION):
            raise StoreVersion(self.place, version, SCHEMA_VERSION)
        self._generation = meta["generation"]

    def _check_generation(self) -> None:
        """Raise StoreReplaced where it was emptied, or its file is not there any more."""
        try:
            inode = self._path.stat().st_ino
        except OSError:
            inode = None
        if inode != self._inode:
            raise StoreReplaced(f"{self.place}: the file was removed or replaced")
        if self._meta().get("generation") != self._generation:
            raise StoreReplaced(f"{self.place} was begun anew")

    def clear(self) -> None:
        """Remove all; see Store."""
        with self._transaction(check=False):
            self._make()
        self._take_generation()

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what SQLite says in the words of the port."""
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # ours: a closed connection, a wrong statement
        except sqlite3.DatabaseError as error:
            # The low byte is the kind, the rest tells it apart.
            if (error.sqlite_errorcode & 0xFF) in _DAMAGED:
                raise StoreDamaged(self.place, str(error)) from error
            raise StoreUnavailable(f"{self.place}: {error}") from error

    @contextmanager
    def _transaction(self, *, check: bool = True) -> Iterator[None]:
        with self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                if check:
                    self._check_generation()
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite may have rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        with self._told():
            return self._connection.execute(statement, values).fetchall()

    # What a projector needs.

    def load_orders(self, keys: Collection[OrderKey]) -> dict[OrderKey, OrderRow]:
        """Return those of these orders that are there; see Store."""
        found = self._load(tables.ORDERS, keys)
        self._check_generation()  # behind it: none comes again, so this was the one that was asked
        return {(row.account, row.order_id): row for row in found}

    def load_balances(self, keys: Collection[BalanceKey]) -> dict[BalanceKey, BalanceRow]:
        """Return those of these balances that are there; see Store."""
        found = self._load(tables.BALANCES, keys)
        self._check_generation()  # as above
        return {(row.account, row.asset_id): row for row in found}

    def _load(self, table: Table, keys: Collection[tuple[int, int]]) -> list[Any]:
        statement = table.select(" AND ".join(f"{name} = ?" for name in table.key))
        make = self._makers[table.name]
        with self._told():
            cursor = self._connection.cursor()
            return [make(row) for key in keys for row in cursor.execute(statement, key)]

    def write(self, rows: Rows) -> None:
        """Write rows and progress, or nothing; see Store."""
        with self._transaction():
            for table, mine in (
                (tables.FILLS, rows.fills),
                (tables.ENTRIES, rows.entries),
                (tables.TRADES, rows.trades),
                (tables.CANDLES, rows.candles),
                (tables.ORDERS, rows.orders),
                (tables.BALANCES, rows.balances),
            ):
                self._upsert(table, mine)
            progress = [
                (*at.source, at.offset, at.number, at.chain, json.dumps(at.cause))
                for at in rows.progress
            ]
            self._connection.executemany(tables.SET_PROGRESS, progress)

    def _upsert(self, table: Table, rows: Sequence[Any]) -> None:
        if rows:
            self._connection.executemany(table.upsert(), map(self._binders[table.name], rows))

    def expire(self, now_ms: int) -> int:
        """Remove old market history, some thousands of rows at a time; see Store."""
        trades_ms, candles_ms = self._retention
        removed = 0
        if trades_ms is not None:
            ids = self._rows("SELECT DISTINCT instrument_id FROM trades")
            for (instrument,) in ids:
                removed += self._delete(tables.EXPIRE_TRADES, instrument, now_ms - trades_ms)
        if candles_ms is not None:
            series = self._rows("SELECT DISTINCT instrument_id, interval_s FROM candles")
            for instrument, interval_s in series:
                ended_ms = now_ms - candles_ms - interval_s * 1_000
                removed += self._delete(tables.EXPIRE_CANDLES, instrument, interval_s, ended_ms)
        return removed

    def _delete(self, statement: str, *values: int) -> int:
        with self._transaction():
            return self._connection.execute(statement, values).rowcount

    # What is asked.

    def progress(self) -> dict[Source, Progress]:
        """Return how far each source is folded."""
        found = self._rows(
            "SELECT topic, topic_id, partition, offset, number, chain, cause FROM progress"
        )
        made = (
            Progress(Source(*row[:3]), row[3], row[4], row[5], Cause(*json.loads(row[6])))
            for row in found
        )
        return {progress.source: progress for progress in made}

    def _page(
        self,
        table: Table,
        where: str,
        values: tuple[Any, ...],
        before: int | None,
        limit: int,
    ) -> list[Any]:
        """Return a page, newest first, by the last column of the key."""
        assert 0 < limit <= PAGE_MAX, f"a page has 1 to {PAGE_MAX} rows"
        if before is not None:
            where, values = f"{where} AND {table.key[-1]} < ?", (*values, before)
        found = self._rows(f"{table.select(where)} LIMIT {limit}", *values)
        return [self._makers[table.name](row) for row in found]

    def balances(self, account: int) -> list[BalanceRow]:
        """Return an account's balances, by asset_id."""
        statement = tables.BALANCES.select("account = ?", newest_first=False)
        return [self._makers["balances"](row) for row in self._rows(statement, account)]

    def order(self, account: int, order_id: int) -> OrderRow | None:
        """Return an order of the account."""
        found = self._load(tables.ORDERS, [(account, order_id)])
        return found[0] if found else None

    def order_by_client_id(self, account: int, client_order_id: str) -> OrderRow | None:
        """Return the account's newest order of that name."""
        where = "account = ? AND client_order_id = ?"
        found = self._page(tables.ORDERS, where, (account, client_order_id), None, 1)
        return found[0] if found else None

    def open_orders(self, account: int, after: int, limit: int) -> list[OrderRow]:
        """Return the account's orders that are not done, oldest first."""
        assert 0 < limit <= PAGE_MAX, f"a page has 1 to {PAGE_MAX} rows"
        where = "account = ? AND order_id > ? AND state <> 'done'"
        statement = f"{tables.ORDERS.select(where, newest_first=False)} LIMIT {limit}"
        return [self._makers["orders"](row) for row in self._rows(statement, account, after)]

    def orders(self, account: int, before: int | None, limit: int) -> list[OrderRow]:
        """Return the account's orders, newest first."""
        return self._page(tables.ORDERS, "account = ?", (account,), before, limit)

    def done_orders(self, account: int, before: int | None, limit: int) -> list[OrderRow]:
        """Return the account's orders that are done, newest first."""
        where = "account = ? AND state = 'done'"
        return self._page(tables.ORDERS, where, (account,), before, limit)

    def fills(self, account: int, before: int | None, limit: int) -> list[FillRow]:
        """Return the account's fills, newest first."""
        return self._page(tables.FILLS, "account = ?", (account,), before, limit)

    def order_fills(
        self, account: int, order_id: int, before: int | None, limit: int
    ) -> list[FillRow]:
        """Return the fills of one of the account's orders, newest first."""
        where = "account = ? AND order_id = ?"
        return self._page(tables.FILLS, where, (account, order_id), before, limit)

    def entries(self, account: int, before: int | None, limit: int) -> list[EntryRow]:
        """Return the changes of the account's balances, newest first."""
        return self._page(tables.ENTRIES, "account = ?", (account,), before, limit)

    def trades(self, instrument_id: int, before: int | None, limit: int) -> list[TradeRow]:
        """Return an instrument's trades, newest first."""
        return self._page(tables.TRADES, "instrument_id = ?", (instrument_id,), before, limit)

    def candles(
        self, instrument_id: int, interval_s: int, before: int | None, limit: int
    ) -> list[CandleRow]:
        """Return an instrument's bars of one interval, newest first."""
        where = "instrument_id = ? AND interval_s = ?"
        return self._page(tables.CANDLES, where, (instrument_id, interval_s), before, limit)

    def scan(self, kind: type[AnyRow]) -> Iterator[AnyRow]:
        """Yield all rows of a kind, in the order of their keys."""
        (table,) = (table for table in tables.TABLES if table.row is kind)
        make = self._makers[table.name]
        with self._told():
            yield from map(make, self._connection.execute(table.scan()))


def _remove_damaged(path: Path) -> None:
    """Remove a file that SQLite cannot read; one that it can is emptied in place.

    (A file that others have open must not be taken from under them: their log beside it would mix
    with the new one's.)
    """
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, _LOCK_S)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(f"SQLite store {path}: {error}") from error
    except sqlite3.DatabaseError:
        found = "not a database"
    if found != "ok":
        for beside in ("", "-wal", "-shm"):
            Path(f"{os.fspath(path)}{beside}").unlink(missing_ok=True)
