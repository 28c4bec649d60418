"""From the private stream of one shard to rows: orders, balances, fills, entries.

A pure fold. Given the same events by the same numbers it makes the same rows, however they are cut
into batches and wherever it was begun: it is given the rows that stand in the store, and skips for
each what that row has in it already.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from partita.ledger.store.port import BalanceKey, OrderKey
from partita.ledger.store.rows import (
    BalanceRow,
    Cause,
    EntryKind,
    EntryRow,
    FillRow,
    OrderRow,
    Rows,
)
from partita.schemas import accounts
from partita.schemas.accounts import AccountEvent
from partita.schemas.enums import OrderState, OrderType, Outcome, SelfTrade, Side, TimeInForce
from partita.schemas.reasons import Reason

# Rows kept at hand so that they need not be loaded again; about 100 MB at most.
KEPT_MAX = 100_000

# Bound once: an attribute of an Enum class is a slow look-up on Python 3.11.
_RECEIVED, _OPEN, _DONE = OrderState.RECEIVED, OrderState.OPEN, OrderState.DONE
_LIMIT, _FILLED, _NONE = OrderType.LIMIT, Outcome.FILLED, Reason.NONE
_TRANSFER, _RESERVE, _FILL = EntryKind.TRANSFER, EntryKind.RESERVE, EntryKind.FILL
_RELEASE, _AMEND = EntryKind.RELEASE, EntryKind.AMEND
_NO_CAUSE = Cause()


class Told(NamedTuple):
    """Consecutive events of a shard at one of its times."""

    first: int  # number of the first
    time_ms: int
    events: Sequence[AccountEvent]


@dataclass(slots=True)
class _Order:
    """The fields of an OrderRow, in its order, changeable."""

    account: int
    order_id: int
    client_order_id: str
    instrument_id: int
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    funds: int
    post_only: bool
    self_trade: SelfTrade
    expire_ms: int
    placed_ms: int
    number: int
    time_ms: int
    price: int
    size: int
    filled: int
    remaining: int
    notional: int
    fees: int
    state: OrderState
    outcome: Outcome
    reason: Reason


_FIELDS = attrgetter(*OrderRow._fields)


class UnknownOrder(LookupError):
    """Events go on about an order that was neither received nor loaded."""

    def __init__(self, account: int, order_id: int) -> None:
        super().__init__(f"order {order_id} of account {account} is not there")


class Fold:
    """Folds one shard's events. `wanted`, `give`, `take` and `drain` are called in this order."""

    def __init__(self, cause: Cause = _NO_CAUSE) -> None:
        self.cause = cause
        self._orders: dict[OrderKey, _Order] = {}
        self._balances: dict[BalanceKey, BalanceRow] = {}
        self._fills: list[FillRow] = []
        self._entries: list[EntryRow] = []
        # What has changed since the last drain; dicts for their order.
        self._changed_orders: dict[OrderKey, _Order] = {}
        self._changed_balances: dict[BalanceKey, None] = {}
        self._makers: dict[type, Callable[[int, int, Any], Cause]] = {
            accounts.Received: self._received,
            accounts.Accepted: self._accepted,
            accounts.Opened: self._opened,
            accounts.Filled: self._filled,
            accounts.Changed: self._changed,
            accounts.Done: self._done,
            accounts.Balance: self._balance,
        }

    def wanted(self, told: Iterable[Told]) -> tuple[list[OrderKey], list[BalanceKey]]:
        """Return the orders and balances that must be looked up before these events are taken."""
        orders, balances = dict[OrderKey, None](), dict[BalanceKey, None]()
        received = set[OrderKey]()
        for _, _, events in told:
            for event in events:
                match event:
                    case accounts.Balance():
                        balance = event.account, event.asset_id
                        if balance not in self._balances:
                            balances[balance] = None
                    case accounts.Received() if not event.repeated:
                        received.add((event.account, event.order_id))
                    case (
                        accounts.Filled() | accounts.Done() | accounts.Opened() | accounts.Changed()
                    ):
                        order = event.account, event.order_id
                        if order not in self._orders and order not in received:
                            orders[order] = None
                    case _:
                        pass
        return list(orders), list(balances)

    def give(
        self, orders: Mapping[OrderKey, OrderRow], balances: Mapping[BalanceKey, BalanceRow]
    ) -> None:
        """Take the rows that were found."""
        self._orders.update({key: _Order(*row) for key, row in orders.items()})
        self._balances.update(balances)

    def take(self, told: Told) -> None:
        """Fold events.

        Raises:
            UnknownOrder: one of them is about an order that is not there.
        """
        makers, time_ms = self._makers, told.time_ms
        for number, event in enumerate(told.events, told.first):
            maker = makers.get(type(event))
            self.cause = _NO_CAUSE if maker is None else maker(number, time_ms, event)

    def drain(self) -> Rows:
        """Return the rows that were made since the last time, each key once."""
        orders, balances = self._changed_orders, self._changed_balances
        rows = Rows(
            fills=tuple(self._fills),
            entries=tuple(self._entries),
            orders=tuple(OrderRow._make(_FIELDS(order)) for order in orders.values()),
            balances=tuple(self._balances[key] for key in balances),
        )
        for key, order in orders.items():
            if order.state is _DONE:
                self._orders.pop(key, None)
        for name in ("_changed_orders", "_changed_balances"):
            setattr(self, name, {})
        self._fills, self._entries = [], []
        for kept in (self._orders, self._balances):
            if len(kept) > KEPT_MAX:
                kept.clear()
        return rows

    # One event each: number, the shard's time, the event. Returns what it may be the cause of.

    def _received(self, number: int, time_ms: int, event: accounts.Received) -> Cause:
        if event.repeated:
            return _NO_CAUSE
        key = event.account, event.order_id
        if key not in self._orders:  # else it was loaded, and is further
            self._orders[key] = self._changed_orders[key] = _Order(
                *key,
                event.command_id,
                event.instrument_id,
                event.side,
                event.type,
                event.time_in_force,
                event.funds,
                event.post_only,
                event.self_trade,
                event.expire_ms,
                placed_ms=time_ms,
                number=number,
                time_ms=time_ms,
                price=event.price,
                size=event.size,
                filled=0,
                remaining=event.size,
                notional=0,
                fees=0,
                state=_RECEIVED,
                outcome=_FILLED,
                reason=_NONE,
            )
        return Cause(
            *key[:1], _RESERVE, event.order_id, event.command_id, event.instrument_id, 0, 1
        )

    def _accepted(self, _number: int, _time_ms: int, event: accounts.Accepted) -> Cause:
        if event.order_id or event.count or event.repeated:
            return _NO_CAUSE
        # A transfer, or a cancel-all that found nothing, which no balance follows.
        return Cause(event.account, _TRANSFER, 0, event.command_id, 0, 0, 1)

    def _order(self, number: int, time_ms: int, account: int, order_id: int) -> tuple[_Order, bool]:
        """Return the order that an event is about, and whether the event is new to it."""
        key = account, order_id
        order = self._orders.get(key)
        if order is None:
            raise UnknownOrder(*key)
        if order.number >= number:
            return order, False
        order.number, order.time_ms = number, time_ms
        self._changed_orders[key] = order
        return order, True

    def _opened(self, number: int, time_ms: int, event: accounts.Opened) -> Cause:
        order, new = self._order(number, time_ms, event.account, event.order_id)
        if new:
            order.state, order.remaining = _OPEN, event.remaining
        return _NO_CAUSE

    def _filled(self, number: int, time_ms: int, event: accounts.Filled) -> Cause:
        account, order_id, instrument_id, side, trade_id, price, size, fee, liquidity = event
        order, new = self._order(number, time_ms, account, order_id)
        if new:
            order.filled += size
            order.notional += price * size
            order.fees += fee
            if order.size:
                order.remaining -= size
        self._fills.append(
            FillRow(
                account,
                number,
                time_ms,
                order_id,
                instrument_id,
                side,
                trade_id,
                price,
                size,
                fee,
                liquidity,
            )
        )
        return Cause(account, _FILL, order_id, "", instrument_id, trade_id, 2)

    def _changed(self, number: int, time_ms: int, event: accounts.Changed) -> Cause:
        order, new = self._order(number, time_ms, event.account, event.order_id)
        if new:
            order.price, order.remaining = event.price, event.remaining
            order.size = order.filled + event.remaining
        return Cause(event.account, _RELEASE, event.order_id, "", order.instrument_id, 0, 1)

    def _done(self, number: int, time_ms: int, event: accounts.Done) -> Cause:
        order, new = self._order(number, time_ms, event.account, event.order_id)
        if new:
            order.state, order.outcome, order.reason = _DONE, event.outcome, event.reason
            order.remaining = event.remaining
            if order.size:
                order.size = order.filled + event.remaining
        if order.type is _LIMIT and event.outcome is _FILLED:
            return _NO_CAUSE  # its hold was just what it needed: no balance follows
        return Cause(event.account, _RELEASE, event.order_id, "", order.instrument_id, 0, 1)

    def _balance(self, number: int, time_ms: int, event: accounts.Balance) -> Cause:
        account, asset_id, available, held = event
        key = account, asset_id
        cause = self.cause
        if cause.account != account or not cause.balances:
            cause = _NO_CAUSE
        before = self._balances.get(key)
        was_available, was_held = (0, 0) if before is None else before[4:]
        if before is None or before.number < number:
            change, held_change = available - was_available, held - was_held
            if change or held_change:  # else it only answers an inquiry
                self._balances[key] = BalanceRow(*key, number, time_ms, available, held)
                self._changed_balances[key] = None
                because = cause if _fits(cause, change, held_change) else _NO_CAUSE
                self._entries.append(
                    EntryRow(
                        account,
                        number,
                        time_ms,
                        asset_id,
                        # What no cause explains is a top-up, or one that is given back.
                        EntryKind(because.kind) if because.kind else _AMEND,
                        change,
                        held_change,
                        available,
                        held,
                        because.order_id,
                        because.command_id,
                        because.instrument_id,
                        because.trade_id,
                    )
                )
        return cause._replace(balances=cause.balances - 1) if cause.balances > 1 else _NO_CAUSE


def _fits(cause: Cause, available: int, held: int) -> bool:
    """Return whether a cause can have changed a balance so."""
    if cause.kind in (_TRANSFER, _FILL):
        return available + held != 0  # the account has more or less of it in all
    if cause.kind == _RELEASE:
        return available > 0 and available + held == 0
    return True
