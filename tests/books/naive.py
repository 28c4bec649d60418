"""A second book, written from design section 6 alone: one list, searched anew at every step.

It shares no idea with the reference book but the contract: no levels, no indexes, no keys; FOK is
an IOC tried out on a copy; what funds buy is found by counting. It is slow, and easy to believe.
"""

from copy import deepcopy
from dataclasses import dataclass

from partita.matchers.events import (
    BookEvent,
    Changed,
    Done,
    Opened,
    OrdersCancelled,
    Refused,
    Traded,
)
from partita.schemas.enums import InstrumentStatus, OrderType, Outcome, SelfTrade, Side, TimeInForce
from partita.schemas.instrument import Instrument
from partita.schemas.orders import AmendOrder, CancelOrder, NewOrder, OrderEvent
from partita.schemas.reasons import Reason


@dataclass
class _Live:
    new: NewOrder
    price: int
    left: int | None  # None: as much as the funds buy
    funds: int
    filled: int = 0
    rank: int = 0

    def done(self, outcome: Outcome, reason: Reason, was_open: bool, request: int = 0) -> Done:
        new = self.new
        left = self.left or 0
        return Done(
            new.order_id,
            new.account,
            new.side,
            self.price,
            left,
            outcome,
            reason,
            request,
            was_open,
        )

    def changed(self, top_up: int, request: int, kept: bool) -> Changed:
        new, left = self.new, self.left or 0
        return Changed(new.order_id, new.account, new.side, self.price, left, top_up, request, kept)


class NaiveBook:
    """The oracle: apply() answers what any Book must answer."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.live: list[_Live] = []
        self.time_ms = self.ranks = self.trades = 0

    def apply(self, event: OrderEvent, time_ms: int) -> list[BookEvent]:
        """Expire what is due, then apply one event."""
        self.time_ms = max(time_ms, self.time_ms)
        due = [o for o in self.live if 0 < o.new.expire_ms <= self.time_ms]
        out: list[BookEvent] = []
        for order in sorted(due, key=lambda o: (o.new.expire_ms, o.rank)):
            self.live.remove(order)
            out.append(order.done(Outcome.EXPIRED, Reason.TIME_REACHED, True))
        if isinstance(event, NewOrder):
            return out + self._new(event)
        if isinstance(event, AmendOrder):
            return out + self._amend(event)
        if isinstance(event, CancelOrder):
            found = self._find(event.order_id, event.account)
            if found is None:
                return [*out, self._refused(event, Reason.UNKNOWN_ORDER, 0)]
            self.live.remove(found)
            return [*out, found.done(Outcome.CANCELLED, Reason.REQUESTED, True, event.request)]
        mine = sorted((o for o in self.live if o.new.account == event.account), key=_rank)
        self.live = [o for o in self.live if o.new.account != event.account]
        out += [o.done(Outcome.CANCELLED, Reason.REQUESTED, True) for o in mine]
        return [*out, OrdersCancelled(event.account, len(mine), event.request)]

    def levels(self, side: Side) -> list[tuple[int, int, int]]:
        """Return (price, size, orders) of a side, best first."""
        prices = {o.price for o in self.live if o.new.side is side}
        rows = []
        for price in sorted(prices, reverse=side is Side.BUY):
            sizes = [o.left or 0 for o in self.live if o.new.side is side and o.price == price]
            rows.append((price, sum(sizes), len(sizes)))
        return rows

    def _find(self, order_id: int, account: int) -> _Live | None:
        for order in self.live:
            if order.new.order_id == order_id and order.new.account == account:
                return order
        return None

    def _refused(self, event: AmendOrder | CancelOrder, reason: Reason, top_up: int) -> Refused:
        return Refused(event.order_id, event.account, reason, top_up, event.request)

    def _met(self, taker: _Live) -> _Live | None:
        """Return the best order that the taker reaches."""
        sign = 1 if taker.new.side is Side.BUY else -1
        others = [o for o in self.live if o.new.side is not taker.new.side]
        if taker.new.type is OrderType.LIMIT:
            others = [o for o in others if sign * o.price <= sign * taker.price]
        return min(others, key=lambda o: (sign * o.price, o.rank), default=None)

    def _new(self, new: NewOrder) -> list[BookEvent]:
        order = _Live(new, new.price, new.size or None, new.funds)
        if self.instrument.status is InstrumentStatus.HALTED:
            return [order.done(Outcome.REJECTED, Reason.NOT_TRADING, False)]
        if 0 < new.expire_ms <= self.time_ms:
            return [order.done(Outcome.EXPIRED, Reason.TIME_REACHED, False)]
        if new.post_only and self._met(order):
            return [order.done(Outcome.REJECTED, Reason.POST_ONLY_WOULD_TAKE, False)]
        if new.time_in_force is TimeInForce.FOK:
            tried = deepcopy(self)._incoming(deepcopy(order), False)  # noqa: SLF001 - a copy of self
            end = tried[-1]
            met_own = any(isinstance(e, Done) and e.reason is Reason.SELF_TRADE for e in tried)
            whole = isinstance(end, Done) and end.outcome is Outcome.FILLED
            if not whole or (met_own and new.self_trade is not SelfTrade.CO):
                return [order.done(Outcome.CANCELLED, Reason.FILL_OR_KILL_UNFILLABLE, False)]
        return self._incoming(order, False)

    def _incoming(self, order: _Live, was_open: bool) -> list[BookEvent]:
        new, out = order.new, []  # type: NewOrder, list[BookEvent]
        prevented = False
        spent = False
        while order.left != 0 and not (prevented or spent):
            maker = self._met(order)
            if maker is None:
                break
            assert maker.left is not None
            want = maker.left if order.left is None else min(order.left, maker.left)
            size = want if not new.funds else self._bought(order, maker.price, want)
            if size == 0:
                spent = True
            elif maker.new.account == new.account:
                prevented = self._prevent(order, maker, size, out)
            else:
                self._trade(order, maker, size, out)
                spent = bool(new.funds) and (size < want or order.funds == 0)
        return out + self._rest_or_end(order, prevented, spent, was_open)

    def _rest_or_end(
        self, order: _Live, prevented: bool, spent: bool, was_open: bool
    ) -> list[BookEvent]:
        new = order.new
        if prevented:
            return [order.done(Outcome.CANCELLED, Reason.SELF_TRADE, was_open)]
        if order.left == 0 or (order.left is None and spent and order.filled):
            return [order.done(Outcome.FILLED, Reason.NONE, was_open)]
        if new.type is OrderType.MARKET and not order.filled and not spent:
            return [order.done(Outcome.CANCELLED, Reason.NO_LIQUIDITY, was_open)]
        if new.type is OrderType.MARKET or new.time_in_force in {TimeInForce.IOC, TimeInForce.FOK}:
            return [order.done(Outcome.CANCELLED, Reason.IMMEDIATE_REMAINDER, was_open)]
        self.ranks += 1
        order.rank = self.ranks
        self.live.append(order)
        assert order.left is not None
        return [Opened(new.order_id, new.account, new.side, order.price, order.left)]

    def _cost(self, order: _Live, price: int, size: int) -> int:
        notional = price * size * self.instrument.notional_unit
        return notional + notional * order.new.taker_fee_ppm // 1_000_000

    def _bought(self, order: _Live, price: int, want: int) -> int:
        return max(n for n in range(want + 1) if self._cost(order, price, n) <= order.funds)

    def _trade(self, taker: _Live, maker: _Live, size: int, out: list[BookEvent]) -> None:
        notional = maker.price * size * self.instrument.notional_unit
        fees = [
            notional * rate // 1_000_000
            for rate in (maker.new.maker_fee_ppm, taker.new.taker_fee_ppm)
        ]
        self.trades += 1
        parties = (maker.new.order_id, maker.new.account, taker.new.order_id, taker.new.account)
        out.append(Traded(self.trades, *parties, taker.new.side, maker.price, size, *fees))
        if taker.new.funds:
            taker.funds -= notional + fees[1]
        for party in (maker, taker):
            party.filled += size
            if party.left is not None:
                party.left -= size
        if maker.left == 0:
            self.live.remove(maker)
            out.append(maker.done(Outcome.FILLED, Reason.NONE, True))

    def _prevent(self, taker: _Live, maker: _Live, size: int, out: list[BookEvent]) -> bool:
        flag = taker.new.self_trade
        assert maker.left is not None
        if flag is SelfTrade.CN:
            return True
        if flag is SelfTrade.DC and size < maker.left:
            maker.left -= size
            out.append(maker.changed(0, 0, True))
            return True
        self.live.remove(maker)
        out.append(maker.done(Outcome.CANCELLED, Reason.SELF_TRADE, True))
        if flag is not SelfTrade.DC:
            return flag is SelfTrade.CB
        taker.funds -= self._cost(taker, maker.price, size) if taker.new.funds else 0
        if taker.left is None:
            return False
        if taker.left == size:
            return True
        taker.left -= size
        out.append(taker.changed(0, 0, False))
        return False

    def _amend(self, amend: AmendOrder) -> list[BookEvent]:
        order = self._find(amend.order_id, amend.account)
        if order is None:
            return [self._refused(amend, Reason.UNKNOWN_ORDER, amend.top_up)]
        assert order.left is not None
        left = amend.size - order.filled
        hold = self._hold(order, order.price, order.left) + amend.top_up
        moved = _Live(order.new, amend.price, left, 0, order.filled)
        reason = None
        if self.instrument.status is InstrumentStatus.HALTED:
            reason = Reason.NOT_TRADING
        elif left <= 0:
            reason = Reason.SIZE_ALREADY_FILLED
        elif self._hold(order, amend.price, left) > hold:
            reason = Reason.TOP_UP_TOO_SMALL
        elif order.new.post_only and self._met(moved):
            reason = Reason.POST_ONLY_WOULD_TAKE
        if reason:
            return [self._refused(amend, reason, amend.top_up)]
        if amend.price == order.price and left < order.left:
            order.left = left
            return [order.changed(amend.top_up, amend.request, True)]
        self.live.remove(order)
        return [moved.changed(amend.top_up, amend.request, False), *self._incoming(moved, True)]

    def _hold(self, order: _Live, price: int, lots: int) -> int:
        if order.new.side is Side.SELL:
            return lots
        notional = price * lots * self.instrument.notional_unit
        rate = max(order.new.maker_fee_ppm, order.new.taker_fee_ppm)
        return notional + notional * rate // 1_000_000


def _rank(order: _Live) -> int:
    return order.rank
