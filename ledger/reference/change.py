"""Cancelling and amending: check, top up, and ask the book, which has the last word."""

from partita.ledger.abc import ShardOutput
from partita.ledger.reference import validate
from partita.ledger.reference.ledger import Ledger, refused
from partita.ledger.reference.orders import Order
from partita.schemas.accounts import AccountEvent
from partita.schemas.arithmetic import need
from partita.schemas.commands import Amend, Cancel, CancelAll
from partita.schemas.enums import OrderState, OrderType, Side
from partita.schemas.limits import NOTIONAL_MAX
from partita.schemas.orders import AmendOrder, CancelOrder, CancelOrders
from partita.schemas.reasons import Reason


def cancel(ledger: Ledger, command: Cancel) -> ShardOutput:
    """Ask the book to cancel one order."""
    reason, order = _named(ledger, command)
    if order is None:
        return refused(ledger.reject(command, reason))
    if order.state is OrderState.DONE:
        return _done(ledger, command, order)
    request = ledger.ask(command, order.instrument_id, order, 0)
    event = CancelOrder(order.order_id, command.account, request)
    return ShardOutput(((order.instrument_id, event),), ())


def cancel_all(ledger: Ledger, command: CancelAll) -> ShardOutput:
    """Ask the book to cancel all orders of the account."""
    if command.instrument_id not in ledger.instruments:
        return refused(ledger.reject(command, Reason.UNKNOWN_INSTRUMENT))
    if not ledger.journal.has_account(command.account):
        return refused(ledger.reject(command, Reason.UNKNOWN_ACCOUNT))
    request = ledger.ask(command, command.instrument_id, None, 0)
    event = CancelOrders(command.account, request)
    return ShardOutput(((command.instrument_id, event),), ())


def amend(ledger: Ledger, command: Amend) -> ShardOutput:
    """Set aside what the amended order would need on top, and ask the book to amend it."""
    if command.price < 1:
        return refused(ledger.reject(command, Reason.INVALID_PRICE))
    if command.size < 1:
        return refused(ledger.reject(command, Reason.INVALID_SIZE))
    reason, order = _named(ledger, command)
    if order is None:
        return refused(ledger.reject(command, reason))
    if order.type is OrderType.MARKET:
        return refused(ledger.reject(command, Reason.INVALID_COMBINATION, order.order_id))
    if order.state is OrderState.DONE:
        return _done(ledger, command, order)
    top_up = _top_up(ledger, command, order)
    reason = _amend_reason(ledger, command, order, top_up)
    if reason is not Reason.NONE:
        return refused(ledger.reject(command, reason, order.order_id))
    request = ledger.ask(command, order.instrument_id, order, top_up)
    event = AmendOrder(
        order.order_id, command.account, command.price, command.size, top_up, request
    )
    events = (ledger.move_hold(order, top_up),) if top_up else ()
    return ShardOutput(((order.instrument_id, event),), events)


def _named(ledger: Ledger, command: Cancel | Amend) -> tuple[Reason, Order | None]:
    """Return the order, or why there is none."""
    if not validate.names_one_order(command):
        return Reason.INVALID_COMBINATION, None
    if not ledger.journal.has_account(command.account):
        return Reason.UNKNOWN_ACCOUNT, None
    return Reason.UNKNOWN_ORDER, ledger.named_order(command)


def _done(ledger: Ledger, command: Cancel | Amend, order: Order) -> ShardOutput:
    rejected = ledger.reject(command, Reason.ORDER_DONE, order.order_id)
    events: tuple[AccountEvent, ...] = (order.status(), rejected)
    return ShardOutput((), events)


def _top_up(ledger: Ledger, command: Amend, order: Order) -> int:
    """Return what the hold lacks by the shard's own view, in the units of the hold.

    The view may be behind the book's by some fills, and ahead of it by none. What other pending
    amends brought does not count: they may be refused yet.
    """
    remaining = command.size - order.filled
    if order.side is Side.SELL:
        return max(0, remaining - order.hold)
    unit = ledger.instruments[order.instrument_id].notional_unit
    return max(0, need(command.price, remaining, unit, order.fee_ppm) - order.hold)


def _amend_reason(ledger: Ledger, command: Amend, order: Order, top_up: int) -> Reason:
    instrument = ledger.instruments[order.instrument_id]
    reason = validate.limits(instrument, order.side, command.price, command.size, order.fee_ppm)
    if reason is not Reason.NONE:
        return reason
    # All that pending amends brought counts: together it has to be told in 64 bits.
    if order.hold + order.top_up + top_up > NOTIONAL_MAX:
        return Reason.NOTIONAL_TOO_LARGE
    sell = order.side is Side.SELL
    asset_id = instrument.base_asset_id if sell else instrument.quote_asset_id
    available = ledger.journal.funds(order.account, asset_id).available
    if (top_up * instrument.lot if sell else top_up) > available:
        return Reason.INSUFFICIENT_FUNDS
    return Reason.SIZE_ALREADY_FILLED if command.size <= order.filled else Reason.NONE
