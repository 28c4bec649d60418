"""Cancelling: the book has the last word, and answers by the request's number."""

import pytest
from ledger_support.world import CANCEL, CANCEL_ALL, MARKET_BUY, PLACE, USD, Desk, typed

from partita.schemas.accounts import Accepted, Balance, Done, OrderStatus, Rejected
from partita.schemas.enums import OrderState, OrderType, Outcome, Side, TimeInForce
from partita.schemas.orders import CancelOrder, CancelOrders
from partita.schemas.reasons import Reason
from partita.schemas.reports import Done as ReportDone
from partita.schemas.reports import OrdersCancelled, Refused

pytestmark = pytest.mark.usefixtures("shard_engine")

_DONE = OrderStatus(
    account=2,
    order_id=2,
    client_order_id="p1",
    instrument_id=1,
    side=Side.BUY,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.GTC,
    price=1_000,
    size=10,
    filled=10,
    remaining=0,
    hold=0,
    state=OrderState.DONE,
    outcome=Outcome.FILLED,
    reason=Reason.NONE,
)


def _desk() -> tuple[Desk, int]:
    desk = Desk()
    desk.fund()
    return desk, desk.opened(PLACE)


def _fill_whole(desk: Desk, order_id: int) -> None:
    desk.fill(order_id, price=1_000, size=10, fee=30)
    desk.report(ReportDone(order_id, Outcome.FILLED, Reason.NONE, 0, 0))


def test_cancel_by_order_id_is_answered_by_the_book() -> None:
    """First nothing; then done, the money, and the answer to the command."""
    desk, order_id = _desk()
    assert CancelOrder(order_id, 2, request=1) == desk.asks(CANCEL._replace(order_id=order_id))
    expected = (
        Done(2, order_id, Outcome.CANCELLED, Reason.REQUESTED, 0, 10),
        Balance(2, USD, 1_000_000, 0),
        Accepted(2, "c1", order_id, 1, repeated=False),
    )
    assert typed(expected) == typed(desk.cancelled(order_id, 10, request=1))


def test_cancel_by_client_order_id() -> None:
    """The id of the place names the order."""
    desk, order_id = _desk()
    event = desk.asks(CANCEL._replace(client_order_id="p1"))
    assert CancelOrder(order_id, 2, request=1) == event


def test_cancel_of_a_done_order_is_rejected_with_its_final_state() -> None:
    """While it is remembered."""
    desk, order_id = _desk()
    _fill_whole(desk, order_id)
    events = desk.events(CANCEL._replace(order_id=order_id))
    rejected = Rejected(2, "c1", Reason.ORDER_DONE, order_id, repeated=False)
    assert typed((_DONE, rejected)) == typed(events)


def test_cancel_that_meets_a_fill_on_its_way_is_rejected_with_the_final_state() -> None:
    """The book does not know the order any more; the account hears why."""
    desk, order_id = _desk()
    desk.asks(CANCEL._replace(order_id=order_id))
    _fill_whole(desk, order_id)
    events = desk.report(Refused(order_id, Reason.UNKNOWN_ORDER, top_up=0, request=1))
    rejected = Rejected(2, "c1", Reason.ORDER_DONE, order_id, repeated=False)
    assert typed((_DONE, rejected)) == typed(events)


def test_a_market_order_can_be_asked_to_cancel() -> None:
    """It is done by then, whatever became of it."""
    desk, _ = _desk()
    order_id = desk.placed(MARKET_BUY._replace(command_id="p2"))
    desk.asks(CANCEL._replace(order_id=order_id))
    desk.report(ReportDone(order_id, Outcome.CANCELLED, Reason.NO_LIQUIDITY, 0, 0))
    status, rejected = desk.report(Refused(order_id, Reason.UNKNOWN_ORDER, 0, 1))
    assert isinstance(status, OrderStatus)
    assert (status.outcome, status.reason) == (Outcome.CANCELLED, Reason.NO_LIQUIDITY)
    assert Rejected(2, "c1", Reason.ORDER_DONE, order_id, repeated=False) == rejected


def test_somebody_elses_order_is_unknown() -> None:
    """By order id and by client order id; the order stays."""
    desk, order_id = _desk()
    desk.fund(account=4)
    rejected = Rejected(4, "c1", Reason.UNKNOWN_ORDER, 0, repeated=False)
    mine = CANCEL._replace(account=4)
    assert (rejected,) == desk.events(mine._replace(order_id=order_id))
    again = rejected._replace(command_id="c2")
    assert (again,) == desk.events(mine._replace(command_id="c2", client_order_id="p1"))


def test_an_id_that_placed_nothing_names_no_order() -> None:
    """A transfer's, or that of a place that was rejected."""
    desk, _ = _desk()
    desk.events(PLACE._replace(command_id="p2", price=1 << 30))
    for number, name in enumerate((f"fund-2-{USD}-{desk.time_ms}", "p2")):
        command_id = f"c{number}"
        rejected = Rejected(2, command_id, Reason.UNKNOWN_ORDER, 0, repeated=False)
        assert (rejected,) == desk.events(
            CANCEL._replace(command_id=command_id, client_order_id=name)
        )


def test_cancel_all_is_answered_with_its_count() -> None:
    """Each order is done first; its own end answers nothing."""
    desk, first = _desk()
    second = desk.opened(PLACE._replace(command_id="p2"))
    assert CancelOrders(2, request=1) == desk.asks(CANCEL_ALL)
    for order_id in (first, second):
        events = desk.cancelled(order_id, 10)
        assert [Done, Balance] == [type(event) for event in events]
    accepted = Accepted(2, "ca1", 0, 2, repeated=False)
    assert typed((accepted,)) == typed(desk.report(OrdersCancelled(2, 2, request=1)))


def test_ends_that_name_the_cancel_all_do_not_answer_it() -> None:
    """A book may put the request of a cancel-all on each order's end."""
    desk, order_id = _desk()
    desk.asks(CANCEL_ALL)
    assert [Done, Balance] == [type(event) for event in desk.cancelled(order_id, 10, request=1)]
    accepted = Accepted(2, "ca1", 0, 1, repeated=False)
    assert (accepted,) == desk.report(OrdersCancelled(2, 1, request=1))


def test_cancel_all_of_nothing_is_accepted() -> None:
    """The count is zero."""
    desk = Desk()
    desk.fund()
    desk.asks(CANCEL_ALL)
    accepted = Accepted(2, "ca1", 0, 0, repeated=False)
    assert (accepted,) == desk.report(OrdersCancelled(2, 0, request=1))


def test_cancels_are_passed_on_while_the_instrument_is_halted() -> None:
    """Halted means cancels only."""
    desk = Desk()
    desk.fund()
    event = desk.asks(CANCEL_ALL._replace(instrument_id=3))
    assert CancelOrders(2, request=1) == event
