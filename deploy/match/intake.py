"""Rows of a tape to what a book is told, or a refusal.

There is no ledger here. What it would check without looking at balances is checked, in the order of
partita.schemas.reasons, because a book takes only sound orders; funds and holds are not: an amend
brings all that it could need, and a market buy without funds may spend whatever it costs. All else,
an unknown order among it, is the book's to judge.
"""

from partita.deploy.match.orders import LiveOrder, TapeOrders
from partita.deploy.match.scale import Scale
from partita.deploy.tape.row import Op, TapeRow
from partita.schemas.arithmetic import need
from partita.schemas.enums import OrderType, Side, TimeInForce
from partita.schemas.identifiers import is_identifier
from partita.schemas.limits import ACCOUNT_MAX, AMOUNT_MAX, NOTIONAL_MAX
from partita.schemas.orders import AmendOrder, CancelOrder, NewOrder, OrderEvent
from partita.schemas.reasons import Reason

_IMMEDIATE = (TimeInForce.IOC, TimeInForce.FOK)


class Intake:
    """Turns rows into order events; refuses what no ledger would forward."""

    def __init__(self, scale: Scale, orders: TapeOrders) -> None:
        self._scale = scale
        self._orders = orders
        self._unit = scale.instrument("").notional_unit

    def take(self, row: TapeRow, time_ms: int) -> OrderEvent | Reason:
        """Return what the book is told at time_ms, or why it is told nothing."""
        if not is_identifier(row.id):
            return Reason.INVALID_ID
        if not 1 <= row.account <= ACCOUNT_MAX:
            return Reason.INVALID_ACCOUNT
        if row.op is Op.PLACE:
            return self._place(row, time_ms)
        number = self._orders.number(row.account, row.id)
        if row.op is Op.CANCEL:
            return CancelOrder(number, row.account, row.seq + 1)
        return self._amend(row, number)

    def _place(self, row: TapeRow, time_ms: int) -> NewOrder | Reason:
        if self._orders.number(row.account, row.id):
            return Reason.DUPLICATE_ID
        assert row.side is not None, "a place has a side"
        scale = self._scale
        price, size = scale.ticks(row.price), scale.lots(row.size)
        funds = scale.quote_units(row.funds)
        reason = _refusal(row, price, size, funds, time_ms)
        if reason is not Reason.NONE:
            return reason
        if need(price, size, self._unit, 0) > NOTIONAL_MAX:
            return Reason.NOTIONAL_TOO_LARGE
        if row.type is OrderType.MARKET and row.side is Side.BUY and not funds:
            funds = AMOUNT_MAX
        return NewOrder(
            order_id=self._orders.add(
                row.account, row.id, LiveOrder(row.symbol, row.side, price, size)
            ),
            account=row.account,
            side=row.side,
            type=row.type,
            time_in_force=row.time_in_force,
            price=price,
            size=size,
            funds=funds,
            post_only=row.post_only,
            self_trade=row.self_trade,
            expire_ms=row.expire_ms,
            maker_fee_ppm=0,
            taker_fee_ppm=0,
        )

    def _amend(self, row: TapeRow, number: int) -> AmendOrder | Reason:
        price, remaining = self._scale.ticks(row.price), self._scale.lots(row.size)
        if row.price is not None and price < 1:
            return Reason.INVALID_PRICE
        if row.size is not None and remaining < 1:
            return Reason.INVALID_SIZE
        order = self._orders.live(row.account, row.id)
        if order is None:  # the book will say so
            return AmendOrder(number, row.account, price, remaining, 0, row.seq + 1)
        price = price or order.price
        size = order.filled + remaining if remaining else order.size
        needed = need(price, size, self._unit, 0)
        if needed > NOTIONAL_MAX:
            return Reason.NOTIONAL_TOO_LARGE
        top_up = needed if order.side is Side.BUY else size
        return AmendOrder(number, row.account, price, size, top_up, row.seq + 1)


def _refusal(row: TapeRow, price: int, size: int, funds: int, time_ms: int) -> Reason:
    """Judge a place by itself; price in ticks, size in lots, funds in quote units, 0: not given."""
    market = row.type is OrderType.MARKET
    market_buy = market and row.side is Side.BUY
    if row.price is not None if market else price < 1:
        return Reason.INVALID_PRICE
    if size < 1 and not (market_buy and row.size is None and row.funds is not None):
        return Reason.INVALID_SIZE
    if row.funds is not None and (funds < 1 or not market_buy):
        return Reason.INVALID_FUNDS
    immediate = row.time_in_force in _IMMEDIATE
    if (market and not immediate) or (row.post_only and immediate):
        return Reason.INVALID_COMBINATION
    good_till_time = row.time_in_force is TimeInForce.GTT
    if row.expire_ms <= time_ms if good_till_time else row.expire_ms != 0:
        return Reason.INVALID_EXPIRY
    return Reason.NONE
