"""The orders of a shard: those received or open, and those done whose id has not been dropped."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from partita.ledger.state import OrderRecord
from partita.schemas.accounts import OrderStatus
from partita.schemas.enums import OrderState, OrderType, Outcome, Side, TimeInForce
from partita.schemas.reasons import Reason

# Bound once: an attribute of an Enum class is a slow look-up on Python 3.11.
_DONE = OrderState.DONE
_RECORD = attrgetter(*OrderRecord._fields)


@dataclass(slots=True)
class Order:
    """An order as the shard knows it: the fields of OrderRecord, and two sums over requests."""

    order_id: int
    account: int
    client_order_id: str
    instrument_id: int
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: int
    size: int
    filled: int
    remaining: int
    hold: int
    fee_ppm: int
    state: OrderState = OrderState.RECEIVED
    outcome: Outcome = Outcome.FILLED
    reason: Reason = Reason.NONE
    requests: int = 0  # cancels and amends of it that the book has not answered
    top_up: int = 0  # what those amends brought, in the units of the hold

    def record(self) -> OrderRecord:
        """Return what a snapshot holds of it."""
        return OrderRecord._make(_RECORD(self))

    def status(self) -> OrderStatus:
        """Return it as its owner is told."""
        return OrderStatus(
            account=self.account,
            order_id=self.order_id,
            client_order_id=self.client_order_id,
            instrument_id=self.instrument_id,
            side=self.side,
            type=self.type,
            time_in_force=self.time_in_force,
            price=self.price,
            size=self.size,
            filled=self.filled,
            remaining=self.remaining,
            hold=self.hold + self.top_up,
            state=self.state,
            outcome=self.outcome,
            reason=self.reason,
        )


class Orders:
    """Orders by id, and by account those that are not done."""

    __slots__ = ("_by_id", "_open")

    def __init__(self) -> None:
        self._by_id: dict[int, Order] = {}
        # Ids are given in ascending order, so an account's orders stand in order of id.
        self._open: dict[int, dict[int, Order]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, order: Order) -> None:
        """Take in an order, of a larger id than any before it."""
        self._by_id[order.order_id] = order
        if order.state is not _DONE:
            self._open.setdefault(order.account, {})[order.order_id] = order

    def find(self, order_id: int) -> Order | None:
        """Return an order, whether or not its id has ended."""
        return self._by_id.get(order_id)

    def open_of(self, account: int) -> Iterable[Order]:
        """Give the account's orders that are not done, by id."""
        return self._open.get(account, {}).values()

    def open_count(self, account: int) -> int:
        """Return how many orders of the account are not done."""
        return len(self._open.get(account, ()))

    def close(self, order: Order) -> None:
        """Take an order that has just been done from its account's open ones."""
        mine = self._open[order.account]
        del mine[order.order_id]
        if not mine:
            del self._open[order.account]

    def forget(self, order_id: int) -> None:
        """Drop a done order."""
        assert self._by_id.pop(order_id).state is _DONE, "an open order is kept"

    def all(self) -> list[Order]:
        """Return all orders, by id."""
        return [order for _, order in sorted(self._by_id.items())]

    def check(self) -> None:
        """Assert that the accounts' open orders are just those that are not done."""
        undone = [order for order in self.all() if order.state is not _DONE]
        listed = [order for mine in self._open.values() for order in mine.values()]
        assert sorted(listed, key=attrgetter("order_id")) == undone, "every open order is listed"
        for account, mine in self._open.items():
            assert mine, "no account is listed without orders"
            assert list(mine) == sorted(mine), "an account's orders stand in order of id"
            assert all(order.account == account for order in mine.values()), "and are its own"
