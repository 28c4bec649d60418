"""Inquiring: the state in its turn on the log. Nothing changes, and nothing is remembered."""

from itertools import islice

from partita.ledger.abc import ShardOutput
from partita.ledger.reference import validate
from partita.ledger.reference.ledger import Ledger, refused
from partita.schemas.accounts import AccountEvent, Answered, Rejected, Total
from partita.schemas.commands import Inquire
from partita.schemas.enums import Question
from partita.schemas.limits import OPEN_ORDERS_PAGE
from partita.schemas.reasons import Reason


def inquire(ledger: Ledger, command: Inquire) -> ShardOutput:
    """Answer a question from the state as it is."""
    reason = _first_reason(ledger, command)
    if reason is not Reason.NONE:
        answer = Rejected(command.account, command.command_id, reason, order_id=0, repeated=False)
        return refused(answer)
    events = _answer(ledger, command)
    answered = Answered(command.account, command.command_id, count=len(events))
    return ShardOutput((), (*events, answered))


def _first_reason(ledger: Ledger, command: Inquire) -> Reason:
    about_order = command.question is Question.ORDER
    # A page of open orders begins after an order_id.
    paged = command.question is Question.OPEN_ORDERS
    named = (command.order_id != 0 and not paged) or command.client_order_id != ""
    if not (validate.names_one_order(command) if about_order else not named):
        return Reason.INVALID_COMBINATION
    if command.question in (Question.TOTALS, Question.POSITION):
        return Reason.NONE
    if not ledger.journal.has_account(command.account):
        return Reason.UNKNOWN_ACCOUNT
    if about_order and ledger.named_order(command) is None:
        return Reason.UNKNOWN_ORDER
    return Reason.NONE


def _answer(ledger: Ledger, command: Inquire) -> list[AccountEvent]:
    account = command.account
    match command.question:
        case Question.ORDER:
            order = ledger.named_order(command)
            return [] if order is None else [order.status()]
        case Question.OPEN_ORDERS:
            after = (o for o in ledger.orders.open_of(account) if o.order_id > command.order_id)
            return [order.status() for order in islice(after, OPEN_ORDERS_PAGE)]
        case Question.BALANCES:
            assets = ledger.journal.assets_of(account)
            return [ledger.balance(account, asset_id) for asset_id in assets]
        case Question.TOTALS:
            return [
                Total(
                    account,
                    asset_id,
                    available=sums.available,
                    held=sums.held,
                    fees=sums.fees,
                    clearing=sums.clearing,
                    external=sums.external,
                )
                for asset_id, sums in ledger.journal.sums()
            ]
        case Question.POSITION:
            return []
