"""The port of a store: the contract that SQLite and Cassandra are both held to.

The log is the truth and a store is a projection of it: it can be thrown away and made anew. Any
number of projectors may write at the same time, be killed anywhere, and not know whether what they
wrote last has arrived. What keeps the tables right:

1. **A row never goes backwards.** Rows are whole and stamped (partita.ledger.store.rows). Of two
   rows of one key the one with the greater stamp stands; of two with equal stamps it does not
   matter, for they are equal. So writing is idempotent, in any order.
2. **What cannot be told again comes first.** `write` has the rows of fills, entries, trades and
   candles durable before any of orders and balances, and all of these before progress. Whoever
   loads an order or a balance at a number and skips what is older relies on it: what the older
   events made is there. (In one transaction there is no order to keep.)
3. **Progress says no more than is there**, and only grows.
4. **Emptying begins a new generation.** After `clear`, by whichever process, nothing that a store
   opened before it still writes can be seen: its `write` and its loads raise StoreReplaced. What it
   is asked otherwise is answered from the new generation, or raises StoreReplaced too.

One object is used by one thread at a time. Calls block. Every method may raise StoreUnavailable
(try again: a write may or may not have happened, in part or whole), StoreReplaced (open it again)
and StoreDamaged. What a store opens like, and raises then, is said at `partita.ledger.store.open`.

Pages: at most `limit` rows, which is at most PAGE_MAX. `before` is the key of the last row of the
page before, newest first, so a page that is shorter than its limit is the last one; None begins at
the newest. Rows that come meanwhile do not move a page.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple, Protocol, TypeVar

from partita.ledger.store.rows import (
    BalanceRow,
    CandleRow,
    EntryRow,
    FillRow,
    OrderRow,
    Progress,
    Rows,
    Source,
    TradeRow,
)

# Of the tables and what they mean; another one is refused. Each store has its own tables, but what
# the rows are made like is common.
SCHEMA_VERSION = 1

PAGE_MAX = 1_000

_DAY_MS = 86_400_000

AnyRow = TypeVar("AnyRow", BalanceRow, OrderRow, FillRow, EntryRow, TradeRow, CandleRow)

BalanceKey = tuple[int, int]  # account, asset_id
OrderKey = tuple[int, int]  # account, order_id


class Retention(NamedTuple):
    """How long market history is kept, milliseconds by its own time; None: for ever.

    Of accounts everything is kept: it is theirs.
    """

    trades_ms: int | None = 30 * _DAY_MS
    candles_ms: int | None = None


class Reader(Protocol):
    """What is asked of a store."""

    def progress(self) -> dict[Source, Progress]:
        """Return how far each source is folded; none that has not begun."""

    def balances(self, account: int) -> list[BalanceRow]:
        """Return an account's balances, by asset_id."""

    def order(self, account: int, order_id: int) -> OrderRow | None:
        """Return an order of the account."""

    def order_by_client_id(self, account: int, client_order_id: str) -> OrderRow | None:
        """Return the account's order of that name, the newest where there were several."""

    def open_orders(self, account: int, after: int, limit: int) -> list[OrderRow]:
        """Return the account's orders that are not done, oldest first, behind an order_id."""

    def orders(self, account: int, before: int | None, limit: int) -> list[OrderRow]:
        """Return the account's orders, open or done, newest first, before an order_id."""

    def done_orders(self, account: int, before: int | None, limit: int) -> list[OrderRow]:
        """Return the account's orders that are done, newest first, before an order_id."""

    def fills(self, account: int, before: int | None, limit: int) -> list[FillRow]:
        """Return the account's fills, newest first, before a number."""

    def order_fills(
        self, account: int, order_id: int, before: int | None, limit: int
    ) -> list[FillRow]:
        """Return the fills of one of the account's orders, newest first, before a number."""

    def entries(self, account: int, before: int | None, limit: int) -> list[EntryRow]:
        """Return the changes of the account's balances, newest first, before a number."""

    def trades(self, instrument_id: int, before: int | None, limit: int) -> list[TradeRow]:
        """Return an instrument's trades, newest first, before a trade_id."""

    def candles(
        self, instrument_id: int, interval_s: int, before: int | None, limit: int
    ) -> list[CandleRow]:
        """Return an instrument's bars of one interval, newest first, before a start_ms."""

    def scan(self, kind: type[AnyRow]) -> Iterator[AnyRow]:
        """Yield all rows of a kind, each key once, in any order: for audits.

        What is written meanwhile may or may not be among them.
        """

    def close(self) -> None:
        """Let go of it; more than once does no harm."""


class Store(Reader, Protocol):
    """What a projector needs beside."""

    @property
    def place(self) -> str:
        """What and where it is, for people: `SQLite store data/store.sqlite`."""

    def load_orders(self, keys: Collection[OrderKey]) -> dict[OrderKey, OrderRow]:
        """Return those of these orders that are there, as every earlier write left them.

        At least as new as anything written and acknowledged before the call, by any projector.
        """

    def load_balances(self, keys: Collection[BalanceKey]) -> dict[BalanceKey, BalanceRow]:
        """Return those of these balances that are there; as load_orders."""

    def write(self, rows: Rows) -> None:
        """Write rows, and then progress; return when all is durable.

        Any number of rows; each key at most once. Trades and candles older than the retention may
        be left out. Raised StoreUnavailable: the caller gives the same rows again.
        """

    def expire(self, now_ms: int) -> int:
        """Remove market history that is older than the retention; return how many rows.

        Some of it may be left for the next call. 0 where the store does it by itself.
        """

    def clear(self) -> None:
        """Remove all that it holds and begin a new generation, which this object then has."""
