"""A store against the log: every row of it, folded a second time by code that shares nothing.

The store's rows are read first, and then the log is gone over from its first record. A row that is
stamped with an event must be what the log makes at that event; so it does not matter that a
projector goes on meanwhile. What the store's progress covers must be there; what stands there must
have been made by the log.
"""

from collections.abc import Callable, Iterator
from typing import Any

from partita.ledger.store.port import PAGE_MAX, Reader
from partita.ledger.store.rows import (
    BalanceRow,
    EntryKind,
    EntryRow,
    FillRow,
    OrderRow,
)
from partita.schemas import accounts
from partita.schemas.accounts import AccountEvent
from partita.schemas.enums import OrderState, OrderType, Outcome
from partita.schemas.reasons import Reason
from partita.schemas.topics import ACCOUNT_EVENTS, shard_of

Differ = Callable[[str], None]


class StoreAudit:
    """Takes every event of every shard by number, from the first, and tells what differs."""

    def __init__(self, reader: Reader, shards: int, differ: Differ) -> None:
        """Read all that the store has of accounts."""
        self._differ = differ
        self._shards = shards
        self._upto = {
            at.source.partition: at.number
            for at in reader.progress().values()
            if at.source.topic == ACCOUNT_EVENTS
        }
        self._fills = {(row.account, row.number): row for row in reader.scan(FillRow)}
        self._entries = {(row.account, row.number): row for row in reader.scan(EntryRow)}
        self._orders = {(row.account, row.order_id): row for row in reader.scan(OrderRow)}
        self._balances = {(row.account, row.asset_id): row for row in reader.scan(BalanceRow)}
        self.rows = len(self._fills) + len(self._entries) + len(self._orders) + len(self._balances)
        self._right = set[tuple[str, int, int]]()  # rows that are what the log makes
        self._due = dict[tuple[str, int, int], int]()  # by row: its last number up to the progress
        self._now_orders: dict[tuple[int, int], dict[str, Any]] = {}
        self._now_balances: dict[tuple[int, int], tuple[int, int]] = {}
        # By shard, what was told last before balances, and how many of those came since.
        self._head: dict[int, tuple[AccountEvent | None, int]] = {}
        self._check_lists(reader)

    def covered(self, shard: int) -> int:
        """Return the last number of a shard that the store covers."""
        return self._upto.get(shard, 0)

    def _check_lists(self, reader: Reader) -> None:
        """Compare the lists of open orders, and their names, with the orders' own rows."""
        open_ids: dict[int, list[int]] = {}
        for row in self._orders.values():
            if row.state is not OrderState.DONE:
                open_ids.setdefault(row.account, []).append(row.order_id)
        texts = []
        for account in {key[0] for key in self._orders}:
            found = [row.order_id for row in _open_orders(reader, account)]
            if found != (mine := sorted(open_ids.get(account, ()))):
                texts.append(f"account {account}: open are {mine}, and listed as open {found}")
            for order_id in mine:
                name = self._orders[account, order_id].client_order_id
                named = reader.order_by_client_id(account, name)
                if named is None or named.order_id < order_id:
                    texts.append(f"order {order_id} of account {account} is not found by {name!r}")
        numbers = {
            at.source.partition: at.number
            for at in reader.progress().values()
            if at.source.topic == ACCOUNT_EVENTS
        }
        if numbers == self._upto:  # else it has moved between the looks
            for text in texts:
                self._differ(text)

    def take(self, shard: int, number: int, time_ms: int, event: AccountEvent) -> None:
        """Take the next event of a shard."""
        head, since = self._head.get(shard, (None, 0))
        if isinstance(event, accounts.Balance):
            self._balance(number, time_ms, event, head if head and not since else None, head, since)
            self._head[shard] = head, since + 1
            return
        self._head[shard] = event, 0
        match event:
            case accounts.Received() if not event.repeated:
                self._now_orders[event.account, event.order_id] = _received(event, time_ms)
                self._order(event.account, event.order_id, number, time_ms, {})
            case accounts.Opened():
                new = {"state": OrderState.OPEN, "remaining": event.remaining}
                self._order(event.account, event.order_id, number, time_ms, new)
            case accounts.Changed():
                new = {"price": event.price, "remaining": event.remaining}
                filled = self._now_orders[event.account, event.order_id]["filled"]
                new["size"] = filled + event.remaining
                self._order(event.account, event.order_id, number, time_ms, new)
            case accounts.Filled():
                self._filled(number, time_ms, event)
            case accounts.Done():
                self._done(number, time_ms, event)
            case _:
                pass

    def _filled(self, number: int, time_ms: int, event: accounts.Filled) -> None:
        now = self._now_orders[event.account, event.order_id]
        new = {
            "filled": now["filled"] + event.size,
            "notional": now["notional"] + event.price * event.size,
            "fees": now["fees"] + event.fee,
            "remaining": now["remaining"] - event.size if now["size"] else now["remaining"],
        }
        self._order(event.account, event.order_id, number, time_ms, new)
        row = FillRow(event.account, number, time_ms, *event[1:])
        self._fixed("fill", self._fills, row)

    def _done(self, number: int, time_ms: int, event: accounts.Done) -> None:
        now = self._now_orders[event.account, event.order_id]
        new = {
            "state": OrderState.DONE,
            "outcome": event.outcome,
            "reason": event.reason,
            "remaining": event.remaining,
            "size": event.filled + event.remaining if now["size"] else 0,
        }
        self._order(event.account, event.order_id, number, time_ms, new)

    def _order(
        self, account: int, order_id: int, number: int, time_ms: int, new: dict[str, Any]
    ) -> None:
        now = self._now_orders[account, order_id]
        now |= new | {"number": number, "time_ms": time_ms}
        there = self._orders.get((account, order_id))
        self._changing("order", account, order_id, number, there, lambda: OrderRow(**now))

    def _balance(
        self,
        number: int,
        time_ms: int,
        event: accounts.Balance,
        first_of: AccountEvent | None,
        head: AccountEvent | None,
        since: int,
    ) -> None:
        account, asset_id, available, held = event
        had = self._now_balances.get((account, asset_id), (0, 0))
        if had == (available, held):
            return
        self._now_balances[account, asset_id] = available, held
        change, held_change = available - had[0], held - had[1]
        mine = first_of if first_of is not None and first_of.account == account else None
        if isinstance(head, accounts.Filled) and head.account == account and since < 2:
            mine = head
        kind, ids = self._cause(mine, change, held_change)
        amounts = (change, held_change, available, held)
        entry = EntryRow(account, number, time_ms, asset_id, kind, *amounts, *ids)
        self._fixed("entry", self._entries, entry)
        there = self._balances.get((account, asset_id))
        row = BalanceRow(account, asset_id, number, time_ms, available, held)
        self._changing("balance", account, asset_id, number, there, lambda: row)

    def _cause(
        self, event: AccountEvent | None, available: int, held: int
    ) -> tuple[EntryKind, tuple[int, str, int, int]]:
        """Return why a balance changed so behind an event: the kind and the ids."""
        if available + held:
            if isinstance(event, accounts.Filled):
                ids = (event.order_id, "", event.instrument_id, event.trade_id)
                return EntryKind.FILL, ids
            if isinstance(event, accounts.Accepted) and not (event.order_id or event.repeated):
                return EntryKind.TRANSFER, (0, event.command_id, 0, 0)
        elif isinstance(event, accounts.Received) and not event.repeated:
            ids = (event.order_id, event.command_id, event.instrument_id, 0)
            return EntryKind.RESERVE, ids
        elif available > 0 and isinstance(event, accounts.Done | accounts.Changed):
            now = self._now_orders[event.account, event.order_id]
            whole = isinstance(event, accounts.Done) and event.outcome is Outcome.FILLED
            if not (whole and now["type"] is OrderType.LIMIT):
                return EntryKind.RELEASE, (event.order_id, "", now["instrument_id"], 0)
        return EntryKind.AMEND, (0, "", 0, 0)

    def _fixed(self, what: str, rows: dict[tuple[int, int], Any], made: Any) -> None:
        """Compare a row that never changes; it is taken out."""
        there = rows.pop((made.account, made.number), None)
        if there is None:
            if made.number <= self.covered(shard_of(made.account, self._shards)):
                self._differ(f"the log makes {made}, which is not there")
        elif there != made:
            self._differ(f"{what} {there} is there, and the log makes {made}")

    def _changing(
        self, what: str, account: int, ident: int, number: int, there: Any, make: Callable[[], Any]
    ) -> None:
        """Note that the log makes a row at a number, and compare if that is the one there is."""
        key = what, account, ident
        if number <= self.covered(shard_of(account, self._shards)):
            self._due[key] = number
        if there is not None and there.number == number:
            self._right.add(key)
            if there != (made := make()):
                self._differ(f"{what} {there} is there, and the log makes {made}")

    def finish(self) -> None:
        """Tell what is left over, and what is behind; all events have been taken."""
        for row in (*self._fills.values(), *self._entries.values()):
            self._differ(f"{row} is there, and the log does not make it")
        tables: tuple[tuple[str, dict[tuple[int, int], Any]], ...] = (
            ("order", self._orders),
            ("balance", self._balances),
        )
        for what, rows in tables:
            for (account, ident), row in rows.items():
                key = what, account, ident
                if key not in self._right:
                    self._differ(f"{what} {row} is there, and the log makes none at that number")
                elif row.number < self._due.get(key, 0):
                    self._differ(
                        f"{what} {row} is behind: the log has event {self._due[key]} of it"
                    )
        there = {("order", *key) for key in self._orders}
        there |= {("balance", *key) for key in self._balances}
        for key in self._due.keys() - there:
            self._differ(f"{key[0]} {key[2]} of account {key[1]} is not there")


def _received(event: accounts.Received, time_ms: int) -> dict[str, Any]:
    same = set(event._fields) & set(OrderRow._fields)
    return {name: getattr(event, name) for name in same} | {
        "client_order_id": event.command_id,
        "placed_ms": time_ms,
        "filled": 0,
        "remaining": event.size,
        "notional": 0,
        "fees": 0,
        "state": OrderState.RECEIVED,
        "outcome": Outcome.FILLED,
        "reason": Reason.NONE,
    }


def _open_orders(reader: Reader, account: int) -> Iterator[OrderRow]:
    after = 0
    while True:
        page = reader.open_orders(account, after, PAGE_MAX)
        yield from page
        if len(page) < PAGE_MAX:
            return
        after = page[-1].order_id
