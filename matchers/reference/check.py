"""Every invariant that a book can see (reliability.md): asserted after every step in tests."""

from itertools import pairwise

from partita.matchers.reference.matching import Matching
from partita.matchers.reference.order import Order
from partita.matchers.reference.resting import RestingOrders
from partita.matchers.reference.side import NO_KEY, BookSide
from partita.schemas.enums import Side


def check(resting: RestingOrders, matching: Matching, time_ms: int) -> None:
    """Assert every invariant of a book between two commands."""
    on_levels = [
        *_check_side(resting.bids, Side.BUY),
        *_check_side(resting.asks, Side.SELL),
    ]
    if resting.bids.levels and resting.asks.levels:
        assert -resting.bids.best_key < resting.asks.best_key, "neither crossed nor locked"
    assert sorted(resting.by_id) == sorted(order.order_id for order in on_levels), (
        "an order is on its level and known by its id, or neither"
    )
    for order in on_levels:
        _check_order(order, time_ms)
        assert resting.by_id[order.order_id] is order, "one object an order"
    _check_indexes(resting)
    traded = matching.trade_id > 0
    assert traded == (matching.last_price > 0) == (matching.last_size > 0), "the last trade"


def _check_side(side: BookSide, of: Side) -> list[Order]:
    orders: list[Order] = []
    assert list(side.keys) == sorted(side.levels), "best first"
    assert side.best_key == min(side.levels, default=NO_KEY), "the best is known"
    for key, level in side.levels.items():
        assert level.orders, "no empty level"
        assert key == level.key == side.sign * level.price, "a level is under its key"
        queue = list(level.orders.values())
        assert list(level.orders) == [order.order_id for order in queue], "queued by id"
        assert level.size == sum(order.remaining for order in queue), "size of a level"
        assert all(a.arrival < b.arrival for a, b in pairwise(queue)), "first come, first served"
        for order in queue:
            assert order.level is level, "an order knows its level"
            assert order.price == level.price, "an order is on the level of its price"
            assert order.side is of, "and on its side"
        orders += queue
    return orders


def _check_order(order: Order, time_ms: int) -> None:
    assert order.may_rest, "no market, IOC or FOK order rests"
    assert order.price > 0, "a price in ticks"
    assert 0 < order.remaining <= order.size, "filled + remaining = size, and some remains"
    assert order.expire_ms == 0 or order.expire_ms > time_ms, "what is due has expired"


def _check_indexes(resting: RestingOrders) -> None:
    orders = resting.by_arrival()
    ranks = [order.arrival for order in orders]
    assert all(a < b for a, b in pairwise([0, *ranks, resting.arrivals + 1])), "ranks"
    owned = [(account, key) for account, own in resting.by_account.items() for key in own]
    assert sorted(owned) == sorted((order.account, order.order_id) for order in orders), "owners"
    assert all(resting.by_account.values()), "no account without orders"
    expiring = sorted((order.expire_ms, order.arrival) for order in orders if order.expire_ms)
    assert list(resting.by_expiry) == expiring, "expiries"
    assert all((o.expire_ms, o.arrival) == key for key, o in resting.by_expiry.items()), "expiries"
