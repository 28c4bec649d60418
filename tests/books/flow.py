"""Random order flow: every kind of order, few prices and accounts, so that they meet often."""

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

from books.make import behind
from hypothesis import strategies as st

from partita.schemas.enums import OrderType, SelfTrade, Side, TimeInForce
from partita.schemas.orders import AmendOrder, CancelOrder, CancelOrders, NewOrder, OrderEvent

ACCOUNTS = 3
RATES_PPM = (0, 1_500, 40_000)


class Step(NamedTuple):
    """One event and the log time at which the book takes it."""

    event: OrderEvent
    time_ms: int


def flow(seed: int, steps: int) -> list[Step]:
    """Return the flow of a seed."""
    return list(islice(_steps(Random(seed)), steps))


# Hypothesis draws the choices of the Random, so that a failing flow shrinks.
flows = st.builds(
    lambda random, steps: list(islice(_steps(random), steps)),
    st.randoms(use_true_random=False),
    st.integers(1, 40),
)


def _steps(random: Random) -> Iterator[Step]:
    time_ms, order_id, request = 1_000, 0, 0
    placed: dict[int, NewOrder] = {}
    while True:
        time_ms += random.choice((0, 0, 1, 5))
        kind = random.randrange(20)
        if kind < 13 or order_id == 0:
            order_id += 1
            placed[order_id] = _place(random, order_id, time_ms)
            yield Step(placed[order_id], time_ms)
            continue
        request += 1
        target = random.randint(max(1, order_id - 12), order_id)
        account = _owner(target) if random.randrange(8) else random.randint(1, ACCOUNTS)
        event: OrderEvent
        if kind < 15:
            event = CancelOrder(target, account, request)
        elif kind < 19:
            event = _amend(random, placed[target], account, request)
        else:
            event = CancelOrders(account, request)
        yield Step(event, time_ms)


def _amend(random: Random, placed: NewOrder, account: int, request: int) -> AmendOrder:
    # Half keep the price, a third keep the size, so that every kind of amend is met.
    price = random.choice((placed.price, behind(Side.BUY, random.randint(-4, 4))))
    size = random.choice((placed.size, random.randint(1, 12), random.randint(1, 12)))
    top_up = random.choice((0, 5, 10**6))
    return AmendOrder(placed.order_id, account, max(1, price), max(1, size), top_up, request)


def _owner(order_id: int) -> int:
    return order_id * 7 % 5 % ACCOUNTS + 1


def _place(random: Random, order_id: int, time_ms: int) -> NewOrder:
    side = random.choice((Side.BUY, Side.SELL))
    order = NewOrder(
        order_id=order_id,
        account=_owner(order_id),
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=behind(side, random.randint(-3, 4)),
        size=random.randint(1, 10),
        funds=0,
        post_only=False,
        self_trade=random.choice(tuple(SelfTrade)),
        expire_ms=0,
        maker_fee_ppm=random.choice(RATES_PPM),
        taker_fee_ppm=random.choice(RATES_PPM),
    )
    kind = random.randrange(10)
    if kind < 4:
        return order
    if kind == 4:
        return order._replace(post_only=True)
    if kind == 5:
        return order._replace(
            time_in_force=TimeInForce.GTT, expire_ms=time_ms + random.randint(0, 30)
        )
    if kind < 8:
        return order._replace(time_in_force=(TimeInForce.IOC, TimeInForce.FOK)[kind - 6])
    tif = random.choice((TimeInForce.IOC, TimeInForce.FOK))
    order = order._replace(type=OrderType.MARKET, time_in_force=tif, price=0)
    if side is Side.SELL:
        return order
    funds = random.choice((10**6, random.randint(1, 5_000)))
    return order._replace(funds=funds, size=order.size if random.randrange(2) else 0)
