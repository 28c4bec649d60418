"""A book as everyone sees it: built from the public feed alone, order by order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from sortedcontainers import SortedDict

from partita.schemas import feed
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import LevelChange, RestingOrder


class Level(NamedTuple):
    """One price of one side."""

    price: int  # ticks
    size: int  # lots, the sum of its orders
    orders: int  # how many


class LastTrade(NamedTuple):
    """The last trade of a book."""

    trade_id: int
    price: int  # ticks
    size: int  # lots
    taker_side: Side | None  # None: it was before the snapshot that this book was made from


@dataclass(slots=True)
class _Level:
    size: int  # lots
    orders: dict[int, RestingOrder]  # by order_id, in order of arrival


class BookReplica:
    """The resting orders of one symbol, by side, price and arrival.

    Events must be those of one book, each once and in order, from the first on or from behind the
    snapshot that `orders` and `last_trade` are from (see book_feed); an event that does not fit
    what came before is a broken feed, and an AssertionError.
    """

    def __init__(
        self,
        instrument: Instrument,
        orders: Iterable[RestingOrder] = (),
        last_trade: LastTrade | None = None,
    ) -> None:
        self.instrument = instrument  # the rules in force
        self.last_trade = last_trade
        # False between the last trade of a filled order and its Done: no place for a snapshot.
        self.settled = True
        self._by_id: dict[int, RestingOrder] = {}
        # By a key that is smaller for a better price: the price of an ask, minus that of a bid.
        self._sides: dict[Side, dict[int, _Level]] = {side: SortedDict() for side in Side}
        for order in orders:
            assert order.order_id not in self._by_id, f"{order} twice"
            self._add(order, 0)

    def apply(self, event: feed.FeedEvent, number: int = 0) -> tuple[LevelChange, ...]:
        """Apply the next event; return what stands at the prices it changed: 0, 1 or 2 levels.

        Of an order that goes to another price, first where it was. The changes bear the event's
        number.
        """
        match event:
            case feed.Opened():
                assert event.order_id not in self._by_id, f"{event} opens an order again"
                return (self._add(RestingOrder(*event), number),)
            case feed.Traded():
                maker = self._by_id[event.maker_order_id]
                assert maker.price == event.price, f"{event} is not at the price of {maker}"
                self.last_trade = LastTrade(
                    event.trade_id, event.price, event.size, event.taker_side
                )
                self.settled = maker.size > event.size
                return (self._resize(maker, maker.size - event.size, number),)
            case feed.Changed():
                return self._change(event, number)
            case feed.Done():
                order = self._by_id.pop(event.order_id)
                self.settled = True
                # One without a size has left with its last trade.
                return (self._leave(order, number),) if order.size else ()
            case Instrument():
                assert event.instrument_id == self.instrument.instrument_id, "of another book"
                self.instrument = event
                return ()

    @property
    def best_bid(self) -> Level | None:
        """The best level to sell to."""
        return next(self.levels(Side.BUY), None)

    @property
    def best_ask(self) -> Level | None:
        """The best level to buy from."""
        return next(self.levels(Side.SELL), None)

    def depth(self, side: Side, count: int) -> list[Level]:
        """Return at most count levels of a side, best first."""
        return list(islice(self.levels(side), count))

    def orders(self, side: Side) -> list[RestingOrder]:
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

    def levels(self, side: Side) -> Iterator[Level]:
        """Yield the levels of a side, best first."""
        sign = -1 if side is Side.BUY else 1
        for key, level in self._sides[side].items():
            yield Level(sign * key, level.size, len(level.orders))

    def _change(self, event: feed.Changed, number: int) -> tuple[LevelChange, ...]:
        order = self._by_id[event.order_id]
        if event.price == order.price and event.size < order.size:
            return (self._resize(order, event.size, number),)
        left = self._leave(order, number)
        there = self._add(order._replace(price=event.price, size=event.size), number)
        return (there,) if event.price == order.price else (left, there)

    def _add(self, order: RestingOrder, number: int) -> LevelChange:
        order_id, side, price, size = order
        assert size > 0, f"{order} rests without a size"
        levels, key = self._sides[side], -price if side is Side.BUY else price
        level = levels.get(key)
        if level is None:
            level = levels[key] = _Level(0, {})
        level.orders[order_id] = order
        level.size += size
        self._by_id[order_id] = order
        return LevelChange(number, side, price, level.size, len(level.orders))

    def _resize(self, order: RestingOrder, size: int, number: int) -> LevelChange:
        """Give an order another size at its place; without any it leaves its level.

        It is known until its Done: a filled order's comes right behind its last trade.
        """
        assert 0 <= size <= order.size, f"{order} cannot be left with {size}"
        left = RestingOrder(order.order_id, order.side, order.price, size)
        self._by_id[order.order_id] = left
        if size == 0:
            return self._leave(order, number)
        level = self._sides[order.side][_key(order)]
        level.orders[order.order_id] = left
        level.size += size - order.size
        return LevelChange(number, order.side, order.price, level.size, len(level.orders))

    def _leave(self, order: RestingOrder, number: int) -> LevelChange:
        levels, key = self._sides[order.side], _key(order)
        level = levels[key]
        del level.orders[order.order_id]
        level.size -= order.size
        if not level.orders:
            del levels[key]
        return LevelChange(number, order.side, order.price, level.size, len(level.orders))


def _key(order: RestingOrder) -> int:
    return -order.price if order.side is Side.BUY else order.price
