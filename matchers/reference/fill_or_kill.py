"""Whether the book can fill an order whole: asked before a fill-or-kill order touches anything."""

from partita.matchers.reference.order import Order
from partita.matchers.reference.resting import RestingOrders
from partita.schemas.arithmetic import affordable, need
from partita.schemas.enums import SelfTrade


def can_fill(resting: RestingOrders, order: Order, notional_unit: int) -> bool:
    """Whether the order would be filled whole: all its size, or all that its funds buy.

    Own orders never count. Under `co` they would be cancelled on the way and what is behind them
    counts; under the other flags the order would be ended or decreased there, and is not filled.
    """
    opposite = resting.opposite(order.side)
    wanted, funds, rate = order.remaining, order.funds, order.taker_fee_ppm
    for maker in opposite.within(opposite.reach(order)):
        both = size = min(wanted, maker.remaining)
        if order.budgeted:
            size = min(both, affordable(funds, maker.price, notional_unit, rate))
        if size == 0:
            return not order.sized and wanted < order.remaining
        if maker.account == order.account:
            if order.self_trade is SelfTrade.CO:
                continue
            return False
        wanted -= size
        if wanted == 0:
            return True
        if order.budgeted:
            funds -= need(maker.price, size, notional_unit, rate)
            if size < both or funds == 0:
                return not order.sized
    return False
