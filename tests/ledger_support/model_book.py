"""A small model of a book, by lists: it makes legal reports for the ledger's tests."""

from collections.abc import Iterator
from dataclasses import dataclass

from partita.schemas.arithmetic import affordable, fee, need
from partita.schemas.enums import (
    InstrumentStatus,
    Liquidity,
    OrderType,
    Outcome,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.instrument import Instrument
from partita.schemas.orders import AmendOrder, CancelOrder, CancelOrders, NewOrder, OrderEvent
from partita.schemas.reasons import Reason
from partita.schemas.reports import (
    Changed,
    Done,
    Filled,
    Opened,
    OrdersCancelled,
    Refused,
    Report,
)

Told = Iterator[tuple[int, Report]]  # account, report


@dataclass
class ModelOrder:
    """An order of the model."""

    new: NewOrder
    price: int
    remaining: int
    funds: int
    filled: int = 0

    @property
    def rate_ppm(self) -> int:
        """The rate that a buy reserves by."""
        return max(self.new.maker_fee_ppm, self.new.taker_fee_ppm)

    def done(self, outcome: Outcome, reason: Reason, request: int = 0) -> tuple[int, Report]:
        """Return the order's end."""
        return self.new.account, Done(self.new.order_id, outcome, reason, self.remaining, request)


class ModelBook:
    """Orders by price and arrival."""

    def __init__(self, rules: Instrument) -> None:
        """Make an empty book."""
        self.rules = rules
        self.resting: dict[int, ModelOrder] = {}
        self.trade_id = 0

    def apply(self, event: OrderEvent) -> list[tuple[int, Report]]:
        """Apply one event; return the reports to each account."""
        if isinstance(event, NewOrder):
            return list(self._new(event))
        if isinstance(event, CancelOrder):
            return list(self._cancel(event))
        if isinstance(event, AmendOrder):
            return list(self._amend(event))
        return list(self._cancel_all(event))

    def _makers(self, order: ModelOrder) -> list[ModelOrder]:
        """Return the orders it meets, best first."""
        sign = 1 if order.new.side is Side.BUY else -1
        market = order.new.type is OrderType.MARKET
        met = [
            maker
            for maker in self.resting.values()
            if maker.new.side is not order.new.side
            and (market or sign * maker.price <= sign * order.price)
        ]
        return sorted(met, key=lambda maker: sign * maker.price)

    def _new(self, new: NewOrder) -> Told:
        order = ModelOrder(new, new.price, new.size, new.funds)
        makers = self._makers(order)
        others = sum(maker.remaining for maker in makers if maker.new.account != new.account)
        if self.rules.status is InstrumentStatus.HALTED:
            yield order.done(Outcome.REJECTED, Reason.NOT_TRADING)
        elif new.post_only and makers:
            yield order.done(Outcome.REJECTED, Reason.POST_ONLY_WOULD_TAKE)
        elif new.time_in_force is TimeInForce.FOK and others < new.size:
            yield order.done(Outcome.CANCELLED, Reason.FILL_OR_KILL_UNFILLABLE)
        else:
            yield from self._take(order)

    def _take(self, order: ModelOrder, *, was_open: bool = False) -> Told:
        for maker in self._makers(order):
            size = self._wanted(order, maker)
            if size == 0:
                break
            if maker.new.account == order.new.account:
                if order.new.self_trade is SelfTrade.CN:
                    yield order.done(Outcome.CANCELLED, Reason.SELF_TRADE)
                    return
                if order.new.self_trade is SelfTrade.DC and size < maker.remaining:
                    maker.remaining -= size
                    yield (
                        maker.new.account,
                        Changed(maker.new.order_id, maker.price, maker.remaining, 0, 0),
                    )
                    yield order.done(Outcome.CANCELLED, Reason.SELF_TRADE)
                    return
                del self.resting[maker.new.order_id]
                yield maker.done(Outcome.CANCELLED, Reason.SELF_TRADE)
                continue
            yield from self._trade(order, maker, size)
            if order.remaining == 0 and order.new.size:
                yield order.done(Outcome.FILLED, Reason.NONE)
                return
        lasting = order.new.time_in_force in (TimeInForce.GTC, TimeInForce.GTT)
        if lasting:
            self.resting[order.new.order_id] = order
            if not was_open:
                yield order.new.account, Opened(order.new.order_id, order.remaining)
        else:
            yield order.done(Outcome.CANCELLED, Reason.IMMEDIATE_REMAINDER)

    def _wanted(self, order: ModelOrder, maker: ModelOrder) -> int:
        size = min(order.remaining, maker.remaining) if order.new.size else maker.remaining
        if not order.new.funds:
            return size
        unit, rate_ppm = self.rules.notional_unit, order.new.taker_fee_ppm
        return min(size, affordable(order.funds, maker.price, unit, rate_ppm))

    def _trade(self, taker: ModelOrder, maker: ModelOrder, size: int) -> Told:
        self.trade_id += 1
        cost = maker.price * size * self.rules.notional_unit
        maker_fee = fee(cost, maker.new.maker_fee_ppm)
        taker_fee = fee(cost, taker.new.taker_fee_ppm)
        trade = (self.trade_id, maker.price, size)
        yield maker.new.account, Filled(maker.new.order_id, *trade, maker_fee, Liquidity.MAKER)
        yield taker.new.account, Filled(taker.new.order_id, *trade, taker_fee, Liquidity.TAKER)
        taker.funds -= cost + taker_fee
        for order in (taker, maker):
            order.filled += size
            if order.new.size:
                order.remaining -= size
        if maker.remaining == 0:
            del self.resting[maker.new.order_id]
            yield maker.done(Outcome.FILLED, Reason.NONE)

    def _cancel(self, event: CancelOrder) -> Told:
        order = self.resting.pop(event.order_id, None)
        if order is None:
            yield event.account, Refused(event.order_id, Reason.UNKNOWN_ORDER, 0, event.request)
        else:
            yield order.done(Outcome.CANCELLED, Reason.REQUESTED, event.request)

    def _cancel_all(self, event: CancelOrders) -> Told:
        mine = [order for order in self.resting.values() if order.new.account == event.account]
        for order in mine:
            del self.resting[order.new.order_id]
            yield order.done(Outcome.CANCELLED, Reason.REQUESTED, event.request)
        yield event.account, OrdersCancelled(event.account, len(mine), event.request)

    def _amend(self, event: AmendOrder) -> Told:
        order = self.resting.get(event.order_id)
        reason = self._amend_reason(order, event)
        if order is None or reason is not Reason.NONE:
            yield event.account, Refused(event.order_id, reason, event.top_up, event.request)
            return
        order.price, order.remaining = event.price, event.size - order.filled
        yield (
            event.account,
            Changed(event.order_id, event.price, order.remaining, event.top_up, event.request),
        )
        del self.resting[event.order_id]
        yield from self._take(order, was_open=True)

    def _amend_reason(self, order: ModelOrder | None, event: AmendOrder) -> Reason:
        if order is None:
            return Reason.UNKNOWN_ORDER
        if self.rules.status is InstrumentStatus.HALTED:
            return Reason.NOT_TRADING
        remaining = event.size - order.filled
        if remaining <= 0:
            return Reason.SIZE_ALREADY_FILLED
        lacks = self.hold(order, event.price, remaining) - self.hold(
            order, order.price, order.remaining
        )
        return Reason.TOP_UP_TOO_SMALL if lacks > event.top_up else Reason.NONE

    def hold(self, order: ModelOrder, price: int, remaining: int) -> int:
        """Return what a limit order needs; quote units (buy) or lots (sell)."""
        if order.new.side is Side.SELL:
            return remaining
        return need(price, remaining, self.rules.notional_unit, order.rate_ppm)
