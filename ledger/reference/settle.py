"""What books report of orders: opened, filled, changed, done. Settling cannot fail."""

from partita.ledger.reference.journal import Line
from partita.ledger.reference.ledger import Ledger
from partita.ledger.reference.orders import Order
from partita.schemas import accounts, reports
from partita.schemas.accounts import Accepted, AccountEvent
from partita.schemas.arithmetic import fee, need
from partita.schemas.enums import OrderState, OrderType, Side
from partita.schemas.instrument import Instrument

# Bound once: an attribute of an Enum class is a slow look-up on Python 3.11.
_SELL = Side.SELL
_LIMIT, _MARKET = OrderType.LIMIT, OrderType.MARKET
_OPEN, _DONE = OrderState.OPEN, OrderState.DONE


def opened(ledger: Ledger, instrument_id: int, report: reports.Opened) -> list[AccountEvent]:
    """Note that an order rests."""
    order = ledger.undone(report.order_id, instrument_id)
    assert report.remaining == order.remaining, "book and ledger agree on what rests"
    order.state = _OPEN
    return [accounts.Opened(order.account, order.order_id, report.remaining)]


def filled(ledger: Ledger, instrument_id: int, report: reports.Filled) -> list[AccountEvent]:
    """Settle one party's side of a trade."""
    order = ledger.undone(report.order_id, instrument_id)
    instrument = ledger.instruments[instrument_id]
    cost = report.price * report.size * instrument.notional_unit
    assert report.size >= 1, "a fill has a size"
    assert order.size == 0 or report.size <= order.remaining, "no more is filled than remains"
    assert 0 <= report.fee <= fee(cost, order.fee_ppm), "the fee is within what was agreed"
    if order.side is _SELL:
        lines = _sold(order, instrument, report, cost)
    else:
        lines = _bought(order, instrument, report, cost)
    ledger.journal.post(order.account, instrument_id, *lines)
    order.filled += report.size
    if order.size:
        order.remaining -= report.size
    event = accounts.Filled(
        order.account,
        order.order_id,
        instrument_id,
        order.side,
        report.trade_id,
        report.price,
        report.size,
        report.fee,
        report.liquidity,
    )
    changed = (line for line in lines if line.available or line.held)
    return [event, *(ledger.balance(order.account, line.asset_id) for line in changed)]


def _sold(
    order: Order, instrument: Instrument, report: reports.Filled, cost: int
) -> tuple[Line, Line]:
    assert report.price >= order.price, "a sale is not below its limit"
    order.hold -= report.size
    base = report.size * instrument.lot
    return (
        Line(instrument.base_asset_id, held=-base, clearing=base),
        Line(
            instrument.quote_asset_id, available=cost - report.fee, fees=report.fee, clearing=-cost
        ),
    )


def _bought(
    order: Order, instrument: Instrument, report: reports.Filled, cost: int
) -> tuple[Line, Line]:
    paid = cost + report.fee
    if order.type is _MARKET:
        freed = paid
    else:
        assert report.price <= order.price, "a purchase is not above its limit"
        remaining = order.remaining - report.size
        unit = instrument.notional_unit
        freed = order.hold - need(order.price, remaining, unit, order.fee_ppm)
    order.hold -= freed
    improvement = freed - paid
    assert improvement >= 0, "what was reserved covers what is paid"
    assert order.hold >= 0, "no more is paid than was reserved"
    base = report.size * instrument.lot
    return (
        Line(instrument.base_asset_id, available=base, clearing=-base),
        Line(
            instrument.quote_asset_id,
            available=improvement,
            held=-freed,
            fees=report.fee,
            clearing=cost,
        ),
    )


def changed(ledger: Ledger, instrument_id: int, report: reports.Changed) -> list[AccountEvent]:
    """Take an order's new price and remaining size, and release what it needs no more."""
    order = ledger.undone(report.order_id, instrument_id)
    assert report.remaining >= 1, "an order without remainder is done, not changed"
    assert order.type is _LIMIT or not report.request, "a market order is never amended"
    freed = _change(ledger, order, report)
    events: list[AccountEvent] = [
        accounts.Changed(order.account, order.order_id, report.price, report.remaining)
    ]
    if report.request:
        asked = ledger.take_request(report.request, instrument_id, order.order_id)
        assert asked.top_up == report.top_up, "an amend brought what the ledger sent with it"
    if freed:
        events.append(ledger.move_hold(order, -freed))
    if report.request:
        accepted = Accepted(
            asked.account, asked.command_id, order.order_id, count=1, repeated=False
        )
        events.append(ledger.answer(asked, accepted))
    return events


def _change(ledger: Ledger, order: Order, report: reports.Changed) -> int:
    """Change the order; return what its hold, with the top-up, has too much."""
    hold = order.hold + report.top_up
    if order.side is _SELL:
        order.hold = report.remaining
    elif order.type is _LIMIT:
        unit = ledger.instruments[order.instrument_id].notional_unit
        order.hold = need(report.price, report.remaining, unit, order.fee_ppm)
    assert order.hold <= hold, "hold and top-up cover what the book has changed"
    order.price = report.price
    order.size = order.filled + report.remaining
    order.remaining = report.remaining
    return hold - order.hold


def done(ledger: Ledger, instrument_id: int, report: reports.Done) -> list[AccountEvent]:
    """End an order and release the rest of its hold; what pending amends brought stays held."""
    order = ledger.undone(report.order_id, instrument_id)
    assert 0 <= report.remaining <= order.remaining, "no more remains than the ledger knows of"
    if order.size:
        order.size = order.filled + report.remaining
    order.remaining = report.remaining
    order.state, order.outcome, order.reason = _DONE, report.outcome, report.reason
    ledger.orders.close(order)
    events: list[AccountEvent] = [
        accounts.Done(
            order.account,
            order.order_id,
            report.outcome,
            report.reason,
            order.filled,
            report.remaining,
        )
    ]
    freed, order.hold = order.hold, 0
    if freed:
        events.append(ledger.move_hold(order, -freed))
    # A cancel-all is answered when all its orders are done, also by a book that names it here.
    if report.request and ledger.requests[report.request].order_id:
        asked = ledger.take_request(report.request, instrument_id, order.order_id)
        accepted = Accepted(
            asked.account, asked.command_id, order.order_id, count=1, repeated=False
        )
        events.append(ledger.answer(asked, accepted))
    else:
        ledger.retire(order)
    return events
