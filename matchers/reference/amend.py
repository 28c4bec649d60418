"""What an amend asks for: whether it is refused, and whether the order keeps its place."""

from partita.matchers.reference.order import Order
from partita.schemas.arithmetic import need
from partita.schemas.enums import Side
from partita.schemas.orders import AmendOrder
from partita.schemas.reasons import Reason


def refusal(order: Order, amend: AmendOrder, notional_unit: int) -> Reason:
    """Return why the order cannot have the new size and price, else NONE.

    The shard computed the top-up without knowing of fills on their way to it, so hold and top-up
    together may fall short, and then the amend is refused.
    """
    remaining = amend.size - order.filled
    if remaining <= 0:
        return Reason.SIZE_ALREADY_FILLED
    if order.side is Side.BUY:
        rate_ppm = max(order.maker_fee_ppm, order.taker_fee_ppm)
        needed = need(amend.price, remaining, notional_unit, rate_ppm)
        held = need(order.price, order.remaining, notional_unit, rate_ppm)
    else:
        needed, held = remaining, order.remaining
    return Reason.TOP_UP_TOO_SMALL if needed > held + amend.top_up else Reason.NONE


def keeps_place(order: Order, amend: AmendOrder) -> bool:
    """Whether the order keeps its priority: with less left at the same price, and only then."""
    return amend.price == order.price and amend.size < order.size
