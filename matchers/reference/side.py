"""One side of the book: price levels, best first, and in each the orders by arrival."""

from collections.abc import Iterator
from itertools import islice

from sortedcontainers import SortedList

from partita.matchers.abc import Level
from partita.matchers.reference.order import Order, PriceLevel
from partita.schemas.enums import Side

# A key that is behind every price (as the best of an empty side: nothing reaches it), and the key
# that a market order takes up to.
NO_KEY = 1 << 63
ANY_KEY = NO_KEY - 1


class BookSide:
    """The bids or the asks.

    Both sides are the same code by one idea: levels are kept by a key that is smaller for a better
    price, the price of an ask and minus the price of a bid. So the best level is the first one, and
    an incoming order takes up to the key of its own price on the *opposite* side.
    """

    __slots__ = ("best_key", "keys", "levels", "sign")

    def __init__(self, side: Side) -> None:
        self.sign = -1 if side is Side.BUY else 1
        # A dict and a SortedList: what a SortedDict is inside, without its extra calls, which cost
        # 7 % of all here, where most orders make and end a level of their own.
        self.levels: dict[int, PriceLevel] = {}
        self.keys = SortedList()
        self.best_key = NO_KEY

    def add(self, order: Order) -> None:
        """Put an order behind all others of its price."""
        key = self.sign * order.price
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = PriceLevel(key, order.price)
            self.keys.add(key)
            if key < self.best_key:  # noqa: PLR1730 - min() is a call, on the hottest path
                self.best_key = key
        order.level = level
        level.orders[order.order_id] = order
        level.size += order.remaining

    def remove(self, order: Order) -> None:
        """Take an order out, and its level when it was the last one there."""
        level = order.level
        orders = level.orders
        del orders[order.order_id]
        level.size -= order.remaining
        if not orders:
            key = level.key
            del self.levels[key]
            self.keys.remove(key)
            if key == self.best_key:
                self.best_key = self.keys[0] if self.keys else NO_KEY

    def reduce(self, order: Order, lots: int) -> None:
        """Take lots off the level of an order; the order keeps its place."""
        order.level.size -= lots

    def first(self) -> Order:
        """Return the order with the highest priority; the side must not be empty."""
        return next(iter(self.levels[self.best_key].orders.values()))

    def reach(self, taker: Order) -> int:
        """Return the key up to which an incoming order of the other side takes here."""
        return ANY_KEY if taker.is_market else self.sign * taker.price

    def best_first(self) -> Iterator[PriceLevel]:
        """Yield the levels, best first; the side must not change meanwhile."""
        return map(self.levels.__getitem__, self.keys)

    def within(self, reach: int) -> Iterator[Order]:
        """Yield the orders up to a key by priority; the side must not change meanwhile."""
        for level in self.best_first():
            if level.key > reach:
                return
            yield from level.orders.values()

    def depth(self, count: int) -> list[Level]:
        """Return at most count levels, best first."""
        return [
            Level(level.price, level.size, len(level.orders))
            for level in islice(self.best_first(), count)
        ]
