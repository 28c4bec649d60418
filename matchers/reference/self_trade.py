"""Self-trade prevention: what happens when an order meets one of its own account.

The incoming order's flag rules. `dc` decreases both by what they would have traded (as Coinbase
does): the smaller is cancelled, the larger goes on with the rest; equal ones are both cancelled.
"""

from partita.matchers.events import BookEvent, Changed
from partita.matchers.reference.order import Order
from partita.matchers.reference.resting import RestingOrders
from partita.schemas.enums import Outcome, SelfTrade
from partita.schemas.reasons import Reason


def prevent(
    resting: RestingOrders,
    taker: Order,
    maker: Order,
    size: int,
    cost: int,
    events: list[BookEvent],
) -> bool:
    """Apply the taker's flag; return whether it ends the taker, which is left as it was then.

    size (lots) is what the two would have traded, and cost (quote units, fee included) what a taker
    bounded by funds would have paid for it.
    """
    match taker.self_trade:
        case SelfTrade.CO:
            _cancel(resting, maker, events)
            return False
        case SelfTrade.CN:
            return True
        case SelfTrade.CB:
            _cancel(resting, maker, events)
            return True
        case SelfTrade.DC:
            return _decrease(resting, taker, maker, size, cost, events)


def _cancel(resting: RestingOrders, maker: Order, events: list[BookEvent]) -> None:
    resting.close(maker)
    events.append(maker.done(Outcome.CANCELLED, Reason.SELF_TRADE, True))


def _decrease(
    resting: RestingOrders,
    taker: Order,
    maker: Order,
    size: int,
    cost: int,
    events: list[BookEvent],
) -> bool:
    if size < maker.remaining:
        # size is all that the taker can want, by its size or by its funds.
        resting.side(maker.side).reduce(maker, size)
        maker.decrease(size)
        events.append(_changed(maker, kept_place=True))
        return True
    _cancel(resting, maker, events)
    if size == taker.remaining:
        return True
    taker.decrease(size)
    if taker.budgeted:
        taker.funds -= cost
    if taker.sized:
        events.append(_changed(taker, kept_place=False))
    return False


def _changed(order: Order, *, kept_place: bool) -> Changed:
    return Changed(
        order.order_id,
        order.account,
        order.side,
        order.price,
        order.remaining,
        top_up=0,
        request=0,
        kept_place=kept_place,
    )
