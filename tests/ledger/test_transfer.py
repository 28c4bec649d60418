"""Transfers: the only way in and out."""

import pytest
from engines.under_test import new_shard
from ledger_support.world import BTC, BTC_USD, NOW, TRANSFER, USD, Desk, typed

from partita.schemas.accounts import Accepted, Balance, Rejected
from partita.schemas.limits import AMOUNT_MAX, BALANCE_MAX
from partita.schemas.reasons import Reason

pytestmark = pytest.mark.usefixtures("shard_engine")


def test_first_deposit_opens_the_account() -> None:
    """A transfer in is accepted, and the balance follows."""
    expected = (Accepted(2, "t1", 0, 0, repeated=False), Balance(2, USD, 1_000_000, 0))
    assert typed(expected) == typed(Desk().events(TRANSFER))


def test_withdrawal_takes_from_available() -> None:
    """A transfer out lowers the balance, down to zero."""
    desk = Desk()
    desk.fund(amount=500)
    out = TRANSFER._replace(amount=-500)
    assert (Accepted(2, "t1", 0, 0, repeated=False), Balance(2, USD, 0, 0)) == desk.events(out)


def test_what_is_held_cannot_be_withdrawn() -> None:
    """One unit more than available is refused, and nothing changes."""
    desk = Desk()
    desk.fund(amount=500)
    before = desk.shard.snapshot().accounts
    rejected = Rejected(2, "t1", Reason.INSUFFICIENT_FUNDS, 0, repeated=False)
    assert (rejected,) == desk.events(TRANSFER._replace(amount=-501))
    assert before == desk.shard.snapshot().accounts


def test_an_account_is_not_opened_by_a_withdrawal() -> None:
    """The first transfer must be one in."""
    desk = Desk()
    rejected = Rejected(2, "t1", Reason.UNKNOWN_ACCOUNT, 0, repeated=False)
    assert (rejected,) == desk.events(TRANSFER._replace(amount=-1))
    assert desk.shard.snapshot().accounts == ()


def test_asset_is_unknown_until_an_instrument_has_it() -> None:
    """Assets come with the rules of symbols."""
    shard = new_shard(0, 2)
    rejected = Rejected(2, "t1", Reason.UNKNOWN_ASSET, 0, repeated=False)
    assert (rejected,) == shard.command(TRANSFER, NOW).events
    shard.report(1, BTC_USD, NOW)
    output = shard.command(TRANSFER._replace(command_id="t2"), NOW)
    assert Accepted(2, "t2", 0, 0, repeated=False) == output.events[0]


@pytest.mark.parametrize("amount", [0, AMOUNT_MAX + 1, -AMOUNT_MAX - 1])
def test_amount_is_bounded(amount: int) -> None:
    """Zero, and what does not fit, is no amount."""
    rejected = Rejected(2, "t1", Reason.INVALID_AMOUNT, 0, repeated=False)
    assert (rejected,) == Desk().events(TRANSFER._replace(amount=amount))


def test_balance_stays_within_128_bits() -> None:
    """A deposit that would leave the bounds of a balance is refused."""
    desk = Desk()
    desk.fund(amount=AMOUNT_MAX)
    state = desk.shard.snapshot()
    rich = state._replace(
        accounts=(state.accounts[0]._replace(available=BALANCE_MAX),),
        assets=tuple(
            row._replace(external=-BALANCE_MAX) if row.asset_id == USD else row
            for row in state.assets
        ),
    )
    desk.shard.restore(rich)
    rejected = Rejected(2, "t1", Reason.INVALID_AMOUNT, 0, repeated=False)
    assert (rejected,) == desk.events(TRANSFER._replace(amount=1))
    accepted = desk.events(TRANSFER._replace(command_id="t2", asset_id=BTC, amount=1))
    assert Balance(2, BTC, 1, 0) == accepted[-1]
