"""The orders that rest, and every way to find them: price, id, account, expiry."""

from sortedcontainers import SortedDict

from partita.matchers.reference.order import Order
from partita.matchers.reference.side import BookSide
from partita.schemas.enums import Side

_BUY = Side.BUY


class RestingOrders:
    """All resting orders; an order is in each of the indexes or in none."""

    __slots__ = ("arrivals", "asks", "bids", "by_account", "by_expiry", "by_id")

    def __init__(self) -> None:
        self.bids = BookSide(Side.BUY)
        self.asks = BookSide(Side.SELL)
        self.by_id: dict[int, Order] = {}
        self.by_account: dict[int, dict[int, Order]] = {}
        # Only orders that expire, by (expire_ms, arrival): the order in which they do.
        self.by_expiry: dict[tuple[int, int], Order] = SortedDict()
        self.arrivals = 0  # the last rank given

    def side(self, side: Side) -> BookSide:
        """Return the bids for buy, the asks for sell."""
        return self.bids if side is _BUY else self.asks

    def opposite(self, side: Side) -> BookSide:
        """Return the side that an order of this side takes from."""
        return self.asks if side is _BUY else self.bids

    def would_take(self, side: Side, price: int) -> bool:
        """Whether a limit order would meet a resting one, of whichever account."""
        opposite = self.opposite(side)
        return opposite.best_key <= opposite.sign * price

    def open(self, order: Order) -> None:
        """Let an order rest, behind all others of its price."""
        self.arrivals += 1
        order.arrival = self.arrivals
        self.insert(order)

    def insert(self, order: Order) -> None:
        """Put an order with its rank in all indexes; it must be the latest of its price."""
        order_id = order.order_id
        (self.bids if order.side is _BUY else self.asks).add(order)
        self.by_id[order_id] = order
        owned = self.by_account.get(order.account)
        if owned is None:
            self.by_account[order.account] = {order_id: order}
        else:
            owned[order_id] = order
        if order.expire_ms:
            self.by_expiry[order.expire_ms, order.arrival] = order

    def close(self, order: Order) -> None:
        """Take an order out of all indexes."""
        order_id = order.order_id
        (self.bids if order.side is _BUY else self.asks).remove(order)
        del self.by_id[order_id]
        owned = self.by_account[order.account]
        if len(owned) == 1:
            del self.by_account[order.account]
        else:
            del owned[order_id]
        if order.expire_ms:
            del self.by_expiry[order.expire_ms, order.arrival]

    def next_expiry_ms(self) -> int | None:
        """Return the earliest expiry; None when nothing expires."""
        return next(iter(self.by_expiry))[0] if self.by_expiry else None

    def of_account(self, account: int) -> list[Order]:
        """Return the orders of an account, oldest first."""
        return sorted(self.by_account.get(account, {}).values(), key=lambda order: order.arrival)

    def by_arrival(self) -> list[Order]:
        """Return all orders, oldest first."""
        return sorted(self.by_id.values(), key=lambda order: order.arrival)
