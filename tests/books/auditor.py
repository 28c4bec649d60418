"""What must be true of a book's events, whatever the book: reliability.md, invariants 3 to 7.

The auditor sees the commands and the events, never the book. It keeps its own list of open orders
from the events, and asserts at each event that it may happen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from partita.matchers.events import BookEvent, Changed, Done, Opened, Traded
from partita.schemas.arithmetic import fee
from partita.schemas.enums import OrderType, Outcome, Side, TimeInForce
from partita.schemas.orders import AmendOrder, NewOrder, OrderEvent

_AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)


@dataclass
class _Order:
    new: NewOrder
    price: int
    remaining: int
    size: int  # filled + remaining, as amended or decreased
    filled: int = 0
    place: int = 0  # rank in time while it rests, 0 while it does not
    ended: bool = False


class Auditor:
    """Watches one book."""

    def __init__(self, notional_unit: int) -> None:
        self._unit = notional_unit
        self._orders: dict[int, _Order] = {}
        self._places = 0
        self._trades = 0

    def observe(self, event: OrderEvent, time_ms: int, answers: Sequence[BookEvent]) -> None:
        """Take one command and what the book answered; raise AssertionError at a violation."""
        if isinstance(event, NewOrder):
            self._orders[event.order_id] = _Order(event, event.price, event.size, event.size)
        for answer in answers:
            if isinstance(answer, Opened):
                self._opened(answer)
            elif isinstance(answer, Traded):
                self._traded(answer)
            elif isinstance(answer, Changed):
                self._changed(answer, event)
            elif isinstance(answer, Done):
                self._done(answer)
        if isinstance(event, NewOrder):
            order = self._orders[event.order_id]
            assert order.ended or order.place, "an order rests or has ended"
        self._between_commands(time_ms)

    def _opened(self, answer: Opened) -> None:
        order = self._alive(answer.order_id)
        assert order.new.type is OrderType.LIMIT, "a market order never rests"
        assert order.new.time_in_force not in _AT_ONCE, "IOC and FOK never rest"
        assert order.place == 0, "it did not rest before"
        assert (answer.price, answer.size) == (order.price, order.remaining)
        self._places += 1
        order.place = self._places

    def _traded(self, answer: Traded) -> None:
        maker, taker = self._alive(answer.maker_order_id), self._alive(answer.taker_order_id)
        self._trades += 1
        assert answer.trade_id == self._trades, "trade ids are dense"
        assert maker.new.account != taker.new.account, "nobody trades with himself"
        assert not taker.new.post_only, "post-only never takes"
        assert maker.place, "the maker rests"
        assert answer.price == maker.price, "at the resting order's price"
        assert maker is self._first(maker.new.side), "nothing better or earlier stays open"
        if taker.new.type is OrderType.LIMIT:
            sign = 1 if taker.new.side is Side.BUY else -1
            assert sign * answer.price <= sign * taker.price, "never worse than its limit"
        notional = answer.price * answer.size * self._unit
        assert answer.maker_fee == fee(notional, maker.new.maker_fee_ppm)
        assert answer.taker_fee == fee(notional, taker.new.taker_fee_ppm)
        for order in (maker, taker):
            order.filled += answer.size
            order.remaining -= answer.size
            assert order.remaining >= 0 or not order.size, "no more than its size is filled"

    def _changed(self, answer: Changed, event: OrderEvent) -> None:
        order = self._alive(answer.order_id)
        if answer.request:
            assert isinstance(event, AmendOrder), "only an amend asks"
            assert event.size == order.filled + answer.size, "the new total size counts fills"
            keeps = answer.price == order.price and answer.size < order.remaining
            assert answer.kept_place == keeps, "less at the same price keeps its place, only then"
            if not keeps:
                order.place = 0
        else:
            assert order.new.order_id == answer.order_id, "an own order"
            assert answer.size < order.remaining, "self-trade prevention only decreases"
            assert answer.kept_place == bool(order.place), "a resting order stays where it is"
        order.price, order.remaining = answer.price, answer.size
        order.size = order.filled + answer.size

    def _done(self, answer: Done) -> None:
        order = self._alive(answer.order_id)
        order.ended = True
        order.place = 0
        if order.new.size:
            assert answer.size == order.remaining, "filled + remaining + cancelled = size"
            assert (answer.outcome is Outcome.FILLED) == (order.remaining == 0), "filled is all"
        if order.new.time_in_force is TimeInForce.FOK and order.filled:
            assert answer.outcome is Outcome.FILLED, "FOK is all"
            assert order.filled == order.new.size or not order.new.size, "or nothing"

    def _alive(self, order_id: int) -> _Order:
        order = self._orders[order_id]
        assert not order.ended, "nothing happens to an order after its end"
        return order

    def _resting(self, side: Side) -> list[_Order]:
        return [o for o in self._orders.values() if o.place and o.new.side is side]

    def _first(self, side: Side) -> _Order:
        sign = -1 if side is Side.BUY else 1
        return min(self._resting(side), key=lambda o: (sign * o.price, o.place))

    def _between_commands(self, time_ms: int) -> None:
        bids, asks = self._resting(Side.BUY), self._resting(Side.SELL)
        if bids and asks:
            best = max(o.price for o in bids), min(o.price for o in asks)
            assert best[0] < best[1], "neither crossed nor locked"
        for order in (*bids, *asks):
            assert not 0 < order.new.expire_ms <= time_ms, "what is due has expired"
            assert order.remaining > 0, "what rests has a size"
