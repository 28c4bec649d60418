"""The reference book."""

from collections.abc import Sequence

from partita.matchers.abc import Level
from partita.matchers.events import BookEvent, Changed, Opened, OrdersCancelled, Refused
from partita.matchers.reference.amend import keeps_place, refusal
from partita.matchers.reference.check import check
from partita.matchers.reference.fill_or_kill import can_fill
from partita.matchers.reference.matching import Ending, Matching
from partita.matchers.reference.order import Order
from partita.matchers.reference.resting import RestingOrders
from partita.matchers.state import BookState
from partita.schemas.digest import digest
from partita.schemas.enums import InstrumentStatus, Outcome, Side, TimeInForce
from partita.schemas.instrument import Instrument
from partita.schemas.orders import AmendOrder, CancelOrder, CancelOrders, NewOrder, OrderEvent
from partita.schemas.reasons import Reason

# Bound once: an attribute of an Enum class is a slow look-up on Python 3.11.
_FOK = TimeInForce.FOK
_UNMET = Ending.UNMET
_CANCELLED, _REQUESTED = Outcome.CANCELLED, Reason.REQUESTED
_UNKNOWN_ORDER = Reason.UNKNOWN_ORDER


class ReferenceBook:
    """The orders of one symbol (partita.matchers.abc.Book), written to be read."""

    def __init__(self, instrument: Instrument) -> None:
        self._resting = RestingOrders()
        self._matching = Matching(self._resting, instrument.notional_unit)
        self._time_ms = 0
        self._take_rules(instrument)

    @property
    def instrument(self) -> Instrument:
        """The rules in force."""
        return self._instrument

    @property
    def time_ms(self) -> int:
        """The largest log time of what was applied, milliseconds since 1970."""
        return self._time_ms

    @property
    def next_expiry_ms(self) -> int | None:
        """The earliest expiry of a resting order; None when none expires."""
        return self._resting.next_expiry_ms()

    @property
    def rows(self) -> int:
        """How many rows its state has, about: how long writing it down takes."""
        return len(self._resting.by_id)

    @property
    def last_trade(self) -> tuple[int, int, int]:
        """Trade id, price (ticks) and size (lots) of the last trade; zeros before the first."""
        return self._matching.trade_id, self._matching.last_price, self._matching.last_size

    def apply(self, event: OrderEvent, time_ms: int) -> Sequence[BookEvent]:
        """Expire what is due at time_ms, then apply one event; return what happened, in order."""
        events: list[BookEvent] = []
        if time_ms > self._time_ms:
            self._pass_time(time_ms, events)
        if isinstance(event, NewOrder):
            self._place(Order(event), events)
        elif isinstance(event, CancelOrder):
            self._cancel(event, events)
        elif isinstance(event, AmendOrder):
            self._amend(event, events)
        else:
            self._cancel_all(event, events)
        return events

    def advance(self, time_ms: int) -> Sequence[BookEvent]:
        """Let time pass: expire what is due (expire_ms <= time_ms), earliest and oldest first."""
        events: list[BookEvent] = []
        if time_ms > self._time_ms:
            self._pass_time(time_ms, events)
        return events

    def change_rules(self, instrument: Instrument) -> bool:
        """Take rules of a newer version; return whether they were newer."""
        if instrument.version <= self._instrument.version:
            return False
        assert instrument.instrument_id == self._instrument.instrument_id, "rules of this symbol"
        assert instrument.notional_unit == self._matching.notional_unit, "tick, lot never change"
        self._take_rules(instrument)
        return True

    def best(self, side: Side) -> Level | None:
        """Return the best level of a side."""
        levels = self._resting.side(side).depth(1)
        return levels[0] if levels else None

    def depth(self, side: Side, count: int) -> list[Level]:
        """Return at most count levels of a side, best first."""
        return self._resting.side(side).depth(count)

    def snapshot(self) -> BookState:
        """Return the whole state as a value, canonical: equal states give equal values."""
        return BookState(
            instrument=self._instrument,
            time_ms=self._time_ms,
            trade_id=self._matching.trade_id,
            last_price=self._matching.last_price,
            last_size=self._matching.last_size,
            arrivals=self._resting.arrivals,
            orders=tuple(order.to_resting() for order in self._resting.by_arrival()),
        )

    def restore(self, state: BookState) -> None:
        """Take the state of a snapshot in place of the own one."""
        self._resting = RestingOrders()
        for resting in state.orders:  # in order of arrival, so each is the latest of its price
            self._resting.insert(Order.from_resting(resting))
        self._resting.arrivals = state.arrivals
        self._matching = Matching(self._resting, state.instrument.notional_unit)
        self._matching.trade_id = state.trade_id
        self._matching.last_price = state.last_price
        self._matching.last_size = state.last_size
        self._time_ms = state.time_ms
        self._take_rules(state.instrument)

    def state_hash(self) -> bytes:
        """Return the digest of the snapshot (partita.schemas.digest)."""
        return digest(self.snapshot())

    def check(self) -> None:
        """Assert every invariant of the book."""
        check(self._resting, self._matching, self._time_ms)

    def _take_rules(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._halted = instrument.status is InstrumentStatus.HALTED

    def _pass_time(self, time_ms: int, events: list[BookEvent]) -> None:
        self._time_ms = time_ms
        due = self._resting.by_expiry
        while due and next(iter(due))[0] <= time_ms:
            order = next(iter(due.values()))
            self._resting.close(order)
            events.append(order.done(Outcome.EXPIRED, Reason.TIME_REACHED, True))

    def _place(self, order: Order, events: list[BookEvent]) -> None:
        assert order.order_id not in self._resting.by_id, "an order id is used once"
        if self._halted:
            end = Outcome.REJECTED, Reason.NOT_TRADING
        elif 0 < order.expire_ms <= self._time_ms:
            end = Outcome.EXPIRED, Reason.TIME_REACHED
        elif order.post_only and self._resting.would_take(order.side, order.price):
            end = Outcome.REJECTED, Reason.POST_ONLY_WOULD_TAKE
        elif order.time_in_force is _FOK and not can_fill(
            self._resting, order, self._matching.notional_unit
        ):
            end = Outcome.CANCELLED, Reason.FILL_OR_KILL_UNFILLABLE
        else:
            self._enter(order, events, was_open=False)
            return
        events.append(order.done(*end, False))

    def _enter(self, order: Order, events: list[BookEvent], *, was_open: bool) -> None:
        """Let an incoming order take, then rest with what is left, or end."""
        ending = self._matching.take(order, events)
        if ending is _UNMET and order.may_rest:
            self._resting.open(order)
            events.append(
                Opened(order.order_id, order.account, order.side, order.price, order.remaining)
            )
            return
        if ending is Ending.FILLED:
            end = Outcome.FILLED, Reason.NONE
        elif ending is Ending.PREVENTED:
            end = Outcome.CANCELLED, Reason.SELF_TRADE
        elif ending is _UNMET and order.is_market and order.filled == 0:
            end = Outcome.CANCELLED, Reason.NO_LIQUIDITY
        else:
            end = Outcome.CANCELLED, Reason.IMMEDIATE_REMAINDER
        events.append(order.done(*end, was_open))

    def _cancel(self, cancel: CancelOrder, events: list[BookEvent]) -> None:
        order = self._resting.by_id.get(cancel.order_id)
        if order is None or order.account != cancel.account:
            events.append(
                Refused(cancel.order_id, cancel.account, _UNKNOWN_ORDER, 0, cancel.request)
            )
            return
        self._resting.close(order)
        events.append(order.done(_CANCELLED, _REQUESTED, True, cancel.request))

    def _cancel_all(self, cancel: CancelOrders, events: list[BookEvent]) -> None:
        orders = self._resting.of_account(cancel.account)
        for order in orders:
            self._resting.close(order)
            # request 0: the OrdersCancelled after them answers it, once.
            events.append(order.done(_CANCELLED, _REQUESTED, True))
        events.append(OrdersCancelled(cancel.account, len(orders), cancel.request))

    def _amend(self, amend: AmendOrder, events: list[BookEvent]) -> None:
        order = self._resting.by_id.get(amend.order_id)
        reason = self._amend_refusal(order, amend)
        if order is None or reason is not Reason.NONE:
            events.append(
                Refused(amend.order_id, amend.account, reason, amend.top_up, amend.request)
            )
            return
        resting = self._resting
        remaining = amend.size - order.filled
        kept_place = keeps_place(order, amend)
        if kept_place:
            resting.side(order.side).reduce(order, order.remaining - remaining)
        else:
            resting.close(order)
            order.price = amend.price
        order.size, order.remaining = amend.size, remaining
        events.append(
            Changed(
                order.order_id,
                order.account,
                order.side,
                order.price,
                remaining,
                amend.top_up,
                amend.request,
                kept_place,
            )
        )
        if not kept_place:
            self._enter(order, events, was_open=True)

    def _amend_refusal(self, order: Order | None, amend: AmendOrder) -> Reason:
        if order is None or order.account != amend.account:
            return _UNKNOWN_ORDER
        if self._halted:
            return Reason.NOT_TRADING
        reason = refusal(order, amend, self._matching.notional_unit)
        if reason is not Reason.NONE:
            return reason
        if order.post_only and self._resting.would_take(order.side, amend.price):
            return Reason.POST_ONLY_WOULD_TAKE
        return Reason.NONE
