"""A book as everyone sees it: built from the public feed alone, order by order."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from sortedcontainers import SortedDict

from partita.schemas import feed
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument


class Level(NamedTuple):
    """One price of one side."""

    price: int  # ticks
    size: int  # lots, the sum of its orders
    orders: int  # how many


class ReplicaOrder(NamedTuple):
    """An order that rests."""

    order_id: int
    side: Side
    price: int  # ticks
    size: int  # lots that are left


@dataclass(slots=True)
class _Level:
    size: int  # lots
    orders: dict[int, ReplicaOrder]  # by order_id, in order of arrival


class BookReplica:
    """The resting orders of one symbol, by side, price and arrival.

    Events must be those of one book from the first on, each once and in order (see book_feed); an
    event that does not fit what came before is a broken feed, and an AssertionError.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument  # the rules in force
        self.last_trade: feed.Traded | None = None
        self._by_id: dict[int, ReplicaOrder] = {}
        # By a key that is smaller for a better price: the price of an ask, minus that of a bid.
        self._sides: dict[Side, dict[int, _Level]] = {side: SortedDict() for side in Side}

    def apply(self, event: feed.FeedEvent) -> None:
        """Apply the next event."""
        match event:
            case feed.Opened():
                assert event.order_id not in self._by_id, f"{event} opens an order again"
                self._add(ReplicaOrder(*event))
            case feed.Traded():
                maker = self._by_id[event.maker_order_id]
                assert maker.price == event.price, f"{event} is not at the price of {maker}"
                self._resize(maker, maker.size - event.size)
                self.last_trade = event
            case feed.Changed():
                self._change(event)
            case feed.Done():
                order = self._by_id.pop(event.order_id)
                self._leave(order)
            case Instrument():
                assert event.instrument_id == self.instrument.instrument_id, "of another book"
                self.instrument = event

    @property
    def best_bid(self) -> Level | None:
        """The best level to sell to."""
        return next(self._levels(Side.BUY), None)

    @property
    def best_ask(self) -> Level | None:
        """The best level to buy from."""
        return next(self._levels(Side.SELL), None)

    def depth(self, side: Side, count: int) -> list[Level]:
        """Return at most count levels of a side, best first."""
        return list(islice(self._levels(side), count))

    def orders(self, side: Side) -> list[ReplicaOrder]:
        """Return the orders of a side by priority: best price first, then by arrival."""
        return [order for level in self._sides[side].values() for order in level.orders.values()]

    def check(self) -> None:
        """Assert that the book is neither crossed nor locked, and that every level adds up.

        True after each input of the book, not after each event: what a sweep has taken is told one
        trade at a time.
        """
        bid, ask = self.best_bid, self.best_ask
        assert bid is None or ask is None or bid.price < ask.price, f"crossed: {bid} {ask}"
        for side, levels in self._sides.items():
            for key, level in levels.items():
                orders = level.orders.values()
                assert orders, f"{side} {key}: a level without orders"
                assert level.size == sum(order.size for order in orders), f"{side} {key}: sum"
                for order in orders:
                    assert order.size > 0, f"{order} has no size"
                    assert order.side is side, f"{order} is on the other side"
                    assert _key(order) == key, f"{order} is at another price"
                    assert self._by_id[order.order_id] is order, f"{order} is not the one by id"
        resting = sum(len(level.orders) for side in Side for level in self._sides[side].values())
        assert resting == len(self._by_id), "an order is at no price"

    def _levels(self, side: Side) -> Iterator[Level]:
        sign = -1 if side is Side.BUY else 1
        for key, level in self._sides[side].items():
            yield Level(sign * key, level.size, len(level.orders))

    def _change(self, event: feed.Changed) -> None:
        order = self._by_id[event.order_id]
        if event.price == order.price and event.size < order.size:
            self._resize(order, event.size)
        else:
            self._leave(order)
            self._add(order._replace(price=event.price, size=event.size))

    def _add(self, order: ReplicaOrder) -> None:
        assert order.size > 0, f"{order} rests without a size"
        level = self._sides[order.side].setdefault(_key(order), _Level(0, {}))
        level.orders[order.order_id] = order
        level.size += order.size
        self._by_id[order.order_id] = order

    def _resize(self, order: ReplicaOrder, size: int) -> None:
        """Give an order another size at its place; without any it leaves its level.

        It is known until its Done: a filled order's comes right behind its last trade.
        """
        assert 0 <= size <= order.size, f"{order} cannot be left with {size}"
        left = order._replace(size=size)
        self._by_id[order.order_id] = left
        if size == 0:
            self._leave(order)
            return
        level = self._sides[order.side][_key(order)]
        level.orders[order.order_id] = left
        level.size += size - order.size

    def _leave(self, order: ReplicaOrder) -> None:
        if order.size == 0:
            return  # it left with its last trade
        levels, key = self._sides[order.side], _key(order)
        level = levels[key]
        del level.orders[order.order_id]
        level.size -= order.size
        if not level.orders:
            del levels[key]


def _key(order: ReplicaOrder) -> int:
    return -order.price if order.side is Side.BUY else order.price
