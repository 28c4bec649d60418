"""What books report of requests and rules: refused, orders cancelled, an instrument."""

from partita.ledger.reference.ledger import Ledger
from partita.schemas.accounts import Accepted, AccountEvent, Rejected
from partita.schemas.enums import OrderState
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason
from partita.schemas.reports import OrdersCancelled, Refused


def refused(ledger: Ledger, instrument_id: int, report: Refused) -> list[AccountEvent]:
    """Give back what an amend brought, and answer the request with the book's reason."""
    order = ledger.find_order(report.order_id)
    assert order is not None, "an order outlives the requests about it"
    asked = ledger.take_request(report.request, instrument_id, order.order_id)
    assert asked.top_up == report.top_up, "the book gives back what the ledger sent"
    events: list[AccountEvent] = []
    if asked.top_up:
        events.append(ledger.move_hold(order, -asked.top_up))
    reason = report.reason
    if reason is Reason.UNKNOWN_ORDER:
        assert order.state is OrderState.DONE, "a book knows its orders"
        events.append(order.status())
        reason = Reason.ORDER_DONE
    rejected = Rejected(asked.account, asked.command_id, reason, order.order_id, repeated=False)
    events.append(ledger.answer(asked, rejected))
    return events


def orders_cancelled(
    ledger: Ledger, instrument_id: int, report: OrdersCancelled
) -> list[AccountEvent]:
    """Answer a cancel-all."""
    asked = ledger.take_request(report.request, instrument_id, 0)
    assert asked.account == report.account, "a request is answered for its account"
    accepted = Accepted(asked.account, asked.command_id, 0, count=report.count, repeated=False)
    return [ledger.answer(asked, accepted)]


def instrument(ledger: Ledger, instrument_id: int, rules: Instrument) -> list[AccountEvent]:
    """Take newer rules of a symbol; its assets become known."""
    assert rules.instrument_id == instrument_id, "a book speaks of its own rules"
    known = ledger.instruments.get(instrument_id)
    if known is not None and rules.version <= known.version:
        return []
    assert known is None or _measures(rules) == _measures(known), "assets and units never change"
    ledger.instruments[instrument_id] = rules
    ledger.journal.open_asset(rules.base_asset_id)
    ledger.journal.open_asset(rules.quote_asset_id)
    return []


def _measures(rules: Instrument) -> tuple[int, ...]:
    """Return what holds are counted in: with other measures they would be other amounts."""
    return (
        rules.base_asset_id,
        rules.base_decimals,
        rules.quote_asset_id,
        rules.quote_decimals,
        rules.tick,
        rules.lot,
        rules.notional_unit,
    )
