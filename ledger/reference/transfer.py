"""Transferring: an account against the external one."""

from partita.ledger.abc import ShardOutput
from partita.ledger.reference.journal import Line
from partita.ledger.reference.ledger import Ledger, refused
from partita.schemas.accounts import Accepted
from partita.schemas.commands import Transfer
from partita.schemas.limits import AMOUNT_MAX, BALANCE_MAX
from partita.schemas.reasons import Reason


def transfer(ledger: Ledger, command: Transfer) -> ShardOutput:
    """Move money in or out; the first one in opens the account."""
    reason = _first_reason(ledger, command)
    if reason is not Reason.NONE:
        return refused(ledger.reject(command, reason))
    account, asset_id, amount = command.account, command.asset_id, command.amount
    ledger.journal.open_account(account)
    ledger.journal.post(account, 0, Line(asset_id, available=amount, external=-amount))
    accepted = Accepted(account, command.command_id, order_id=0, count=0, repeated=False)
    ledger.remember(command, accepted, pinned=True)
    return ShardOutput((), (accepted, ledger.balance(account, asset_id)))


def _first_reason(ledger: Ledger, command: Transfer) -> Reason:
    if not ledger.journal.has_asset(command.asset_id):
        return Reason.UNKNOWN_ASSET
    if command.amount == 0 or abs(command.amount) > AMOUNT_MAX:
        return Reason.INVALID_AMOUNT
    if not ledger.journal.has_account(command.account):
        return Reason.NONE if command.amount > 0 else Reason.UNKNOWN_ACCOUNT
    funds = ledger.journal.funds(command.account, command.asset_id)
    if funds.available + funds.held + command.amount > BALANCE_MAX:
        return Reason.INVALID_AMOUNT
    if funds.available + command.amount < 0:
        return Reason.INSUFFICIENT_FUNDS
    return Reason.NONE
