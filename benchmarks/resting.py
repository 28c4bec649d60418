"""Orders that rest in a large book: what more than one benchmark fills it with."""

from partita.schemas.enums import OrderType, SelfTrade, Side, TimeInForce
from partita.schemas.orders import NewOrder

MIDDLE = 1_000_000  # ticks; what rests stays further away from it than what meets


def limit_order(order_id: int, account: int, side: Side, price: int) -> NewOrder:
    """Return a limit order of one lot; price in ticks."""
    kind = (side, OrderType.LIMIT, TimeInForce.GTC, price, 1, 0)
    return NewOrder(order_id, account, *kind, False, SelfTrade.DC, 0, 0, 0)


def resting_order(order_id: int, n: int) -> NewOrder:
    """Return the n-th of many that never meet, on either side, of 1,000 accounts."""
    side = Side.BUY if n % 2 else Side.SELL
    away = 1_000 + n % 50_000
    price = MIDDLE - away if side is Side.BUY else MIDDLE + away
    return limit_order(order_id, 1 + n % 1_000, side, price)
