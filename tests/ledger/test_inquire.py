"""Inquiring: the state in its turn on the log."""

import pytest
from ledger_support.world import BTC, ETH, INQUIRE, NOW, PLACE, SELL, USD, Desk, typed

from partita.schemas.accounts import Answered, Balance, OrderStatus, Rejected, Total
from partita.schemas.enums import OrderState, OrderType, Outcome, Question, Side, TimeInForce
from partita.schemas.reasons import Reason

pytestmark = pytest.mark.usefixtures("shard_engine")

_ORDERS = INQUIRE._replace(question=Question.OPEN_ORDERS)
_BALANCES = INQUIRE._replace(question=Question.BALANCES)
_TOTALS = INQUIRE._replace(question=Question.TOTALS)
_POSITION = INQUIRE._replace(question=Question.POSITION)


def _desk() -> Desk:
    desk = Desk()
    desk.fund()
    desk.fund(asset_id=BTC, amount=1_000)
    return desk


def test_an_order_is_told_as_it_is() -> None:
    """By order id and by client order id."""
    desk = _desk()
    order_id = desk.opened(PLACE)
    desk.fill(order_id, price=1_000, size=4, fee=12)
    status = OrderStatus(
        account=2,
        order_id=2,
        client_order_id="p1",
        instrument_id=1,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=1_000,
        size=10,
        filled=4,
        remaining=6,
        hold=18_036,
        state=OrderState.OPEN,
        outcome=Outcome.FILLED,
        reason=Reason.NONE,
    )
    expected = (status, Answered(2, "i1", 1))
    assert typed(expected) == typed(desk.events(INQUIRE._replace(order_id=order_id)))
    assert typed(expected) == typed(desk.events(INQUIRE._replace(client_order_id="p1")))


def test_open_orders_are_told_by_id() -> None:
    """Received ones too; done ones and other accounts' not."""
    desk = _desk()
    desk.fund(account=4)
    first = desk.opened(PLACE)
    done = desk.opened(PLACE._replace(command_id="p2"))
    desk.placed(PLACE._replace(account=4))
    received = desk.placed(SELL._replace(command_id="p3"))
    desk.cancelled(done, 10)
    *statuses, answered = desk.events(_ORDERS)
    expected = [(first, OrderState.OPEN, 30_060), (received, OrderState.RECEIVED, 10)]
    assert expected == [
        (status.order_id, status.state, status.hold)
        for status in statuses
        if isinstance(status, OrderStatus)
    ]
    assert Answered(2, "i1", 2) == answered


def test_balances_are_told_by_asset() -> None:
    """All assets that the account ever had."""
    desk = _desk()
    desk.opened(SELL)
    expected = (Balance(2, BTC, 900, 100), Balance(2, USD, 1_000_000, 0), Answered(2, "i1", 2))
    assert typed(expected) == typed(desk.events(_BALANCES))


def test_totals_of_the_shard_sum_to_zero() -> None:
    """For any account number of the shard; it need not be open."""
    desk = _desk()
    desk.fill(desk.opened(PLACE), price=900, size=4, fee=10)
    events = desk.events(_TOTALS._replace(account=6))
    expected = (
        Total(6, BTC, available=1_040, held=0, fees=0, clearing=-40, external=-1_000),
        Total(6, USD, 971_154, 18_036, fees=10, clearing=10_800, external=-1_000_000),
        Total(6, ETH, 0, 0, 0, 0, 0),
        Answered(6, "i1", 3),
    )
    assert typed(expected) == typed(events)
    assert all(sum(total[2:]) == 0 for total in events if isinstance(total, Total))


def test_a_position_is_an_answer_and_nothing_else() -> None:
    """For any account number of the shard; its number tells where the shard stands."""
    assert typed((Answered(6, "i1", 0),)) == typed(Desk().events(_POSITION._replace(account=6)))


def test_an_inquiry_about_nothing_is_answered() -> None:
    """No orders, no events before the end."""
    assert (Answered(2, "i1", 0),) == _desk().events(_ORDERS)


def test_an_account_never_opened_is_unknown() -> None:
    """For all but the totals and the position."""
    rejected = Rejected(2, "i1", Reason.UNKNOWN_ACCOUNT, 0, repeated=False)
    for inquiry in (_ORDERS, _BALANCES, INQUIRE._replace(order_id=2)):
        assert (rejected,) == Desk().events(inquiry)


def test_other_accounts_orders_are_unknown() -> None:
    """As if they were not there."""
    desk = _desk()
    desk.fund(account=4)
    order_id = desk.placed(PLACE)
    rejected = Rejected(4, "i1", Reason.UNKNOWN_ORDER, 0, repeated=False)
    for inquiry in (INQUIRE._replace(order_id=order_id), INQUIRE._replace(client_order_id="p1")):
        assert (rejected,) == desk.events(inquiry._replace(account=4))


def test_a_repeat_is_answered_from_the_state_again() -> None:
    """An inquiry is not remembered: it changes nothing but the time."""
    desk = _desk()
    before = desk.shard.state_hash()
    assert Balance(2, USD, 1_000_000, 0) in desk.events(_BALANCES)
    assert before == desk.shard.state_hash()
    desk.time_ms = NOW + 1
    desk.fund(amount=5)
    assert Balance(2, USD, 1_000_005, 0) in desk.events(_BALANCES)
