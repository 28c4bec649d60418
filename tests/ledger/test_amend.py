"""Amending: the new total size, the top-up, and the races with fills."""

import pytest
from ledger_support.world import (
    AMEND,
    BTC,
    CANCEL,
    INQUIRE,
    MARKET_BUY,
    PLACE,
    SELL,
    USD,
    Desk,
    typed,
)

from partita.schemas.accounts import Accepted, Balance, Changed, OrderStatus, Rejected
from partita.schemas.enums import OrderState, Outcome
from partita.schemas.limits import AMOUNT_MAX
from partita.schemas.orders import AmendOrder
from partita.schemas.reasons import Reason
from partita.schemas.reports import Changed as ReportChanged
from partita.schemas.reports import Done as ReportDone
from partita.schemas.reports import Refused

pytestmark = pytest.mark.usefixtures("shard_engine")

_ACCEPTED = Accepted(2, "a1", 2, 1, repeated=False)


def _desk() -> Desk:
    """Order 2 buys 10 lots at 1,000 and holds 30,060."""
    desk = Desk()
    desk.fund(amount=100_000)
    desk.fund(asset_id=BTC, amount=1_000)
    assert desk.opened(PLACE) == 2
    return desk


def _selling() -> Desk:
    """Order 2 sells 10 lots at 1,000."""
    desk = Desk()
    desk.fund(amount=100_000)
    desk.fund(asset_id=BTC, amount=1_000)
    desk.opened(SELL)
    return desk


def test_buy_of_more_is_topped_up_at_once() -> None:
    """The top-up is held and sent along; the answer comes from the book."""
    desk = _desk()
    output = desk.run(AMEND._replace(order_id=2, size=15))
    assert ((1, AmendOrder(2, 2, 1_000, 15, top_up=15_030, request=1)),) == output.orders
    assert (Balance(2, USD, 100_000 - 45_090, 45_090),) == output.events
    events = desk.report(ReportChanged(2, 1_000, 15, top_up=15_030, request=1))
    assert typed((Changed(2, 2, 1_000, 15), _ACCEPTED)) == typed(events)


def test_sale_of_more_is_topped_up_in_lots() -> None:
    """5 lots more are 50 base units more."""
    desk = _selling()
    output = desk.run(AMEND._replace(client_order_id="p1", size=15))
    assert ((1, AmendOrder(2, 2, 1_000, 15, top_up=5, request=1)),) == output.orders
    assert (Balance(2, BTC, 850, 150),) == output.events
    events = desk.report(ReportChanged(2, 1_000, 15, top_up=5, request=1))
    assert typed((Changed(2, 2, 1_000, 15), _ACCEPTED)) == typed(events)


def test_less_is_released_when_the_book_has_changed_it() -> None:
    """Not before: the amend may be refused."""
    desk = _desk()
    output = desk.run(AMEND._replace(order_id=2, size=6, price=900))
    assert ((1, AmendOrder(2, 2, 900, 6, top_up=0, request=1)),) == output.orders
    assert output.events == ()
    events = desk.report(ReportChanged(2, 900, 6, top_up=0, request=1))
    need = 16_200 + 32
    expected = (Changed(2, 2, 900, 6), Balance(2, USD, 100_000 - need, need), _ACCEPTED)
    assert typed(expected) == typed(events)


def test_sale_of_less_is_released_too() -> None:
    """The mirror of the buy."""
    desk = _selling()
    desk.asks(AMEND._replace(order_id=2, size=6, price=1_100))
    events = desk.report(ReportChanged(2, 1_100, 6, top_up=0, request=1))
    assert (Changed(2, 2, 1_100, 6), Balance(2, BTC, 940, 60), _ACCEPTED) == events


def test_fill_that_crosses_an_amend_is_covered() -> None:
    """4 lots are filled before the amend to 15 arrives: 11 remain, the hold is their need."""
    desk = _desk()
    desk.asks(AMEND._replace(order_id=2, size=15))
    desk.fill(2, price=1_000, size=4, fee=12)
    desk.report(ReportChanged(2, 1_000, 11, top_up=15_030, request=1))
    assert desk.balance(2, USD) == (100_000 - 12_012 - 33_066, 33_066)
    order = desk.shard.snapshot().orders[0]
    assert (order.size, order.filled, order.remaining) == (15, 4, 11)


def test_refused_amend_gives_its_top_up_back() -> None:
    """The order is as it was."""
    desk = _desk()
    desk.asks(AMEND._replace(order_id=2, size=15))
    events = desk.report(Refused(2, Reason.TOP_UP_TOO_SMALL, top_up=15_030, request=1))
    expected = (
        Balance(2, USD, 100_000 - 30_060, 30_060),
        Rejected(2, "a1", Reason.TOP_UP_TOO_SMALL, 2, repeated=False),
    )
    assert typed(expected) == typed(events)


def test_end_of_the_order_leaves_the_top_up_to_the_refusal() -> None:
    """Done releases the order's own hold, the refusal behind it what the amend brought."""
    desk = _desk()
    desk.asks(AMEND._replace(order_id=2, size=15))
    done = desk.cancelled(2, 10)
    assert Balance(2, USD, 100_000 - 15_030, 15_030) == done[1]
    balance, status, rejected = desk.report(
        Refused(2, Reason.UNKNOWN_ORDER, top_up=15_030, request=1)
    )
    assert Balance(2, USD, 100_000, 0) == balance
    assert isinstance(status, OrderStatus)
    assert (status.state, status.outcome, status.hold) == (OrderState.DONE, Outcome.CANCELLED, 0)
    assert Rejected(2, "a1", Reason.ORDER_DONE, 2, repeated=False) == rejected


def test_two_amends_on_their_way_are_each_settled_once() -> None:
    """Both top-ups are by the shard's view; what the first leaves over the second releases."""
    desk = _desk()
    desk.asks(AMEND._replace(order_id=2, size=15))
    second = desk.asks(AMEND._replace(order_id=2, size=12, command_id="a2"))
    assert AmendOrder(2, 2, 1_000, 12, top_up=6_012, request=2) == second
    held = 30_060 + 15_030 + 6_012
    assert (100_000 - held, held) == desk.balance(2, USD)
    desk.report(ReportChanged(2, 1_000, 15, top_up=15_030, request=1))
    events = desk.report(ReportChanged(2, 1_000, 12, top_up=6_012, request=2))
    expected = (
        Changed(2, 2, 1_000, 12),
        Balance(2, USD, 100_000 - 36_072, 36_072),
        _ACCEPTED._replace(command_id="a2"),
    )
    assert typed(expected) == typed(events)


def test_second_of_two_amends_may_be_refused() -> None:
    """Its top-up comes back, the first one's stays with the order."""
    desk = _selling()
    desk.asks(AMEND._replace(order_id=2, size=15))
    desk.asks(AMEND._replace(order_id=2, size=20, command_id="a2"))
    assert desk.balance(2, BTC) == (750, 250)
    desk.report(ReportChanged(2, 1_000, 15, top_up=5, request=1))
    desk.report(Refused(2, Reason.NOT_TRADING, top_up=10, request=2))
    assert desk.balance(2, BTC) == (850, 150)


def test_status_counts_what_pending_amends_hold() -> None:
    """So that the holds of all orders add up to held."""
    desk = _desk()
    desk.asks(AMEND._replace(order_id=2, size=15))
    desk.asks(CANCEL._replace(order_id=2))
    desk.cancelled(2, 10, request=2)
    status, _ = desk.events(CANCEL._replace(order_id=2, command_id="c2"))
    assert isinstance(status, OrderStatus)
    assert 15_030 == status.hold


def test_an_amended_order_is_filled_by_its_new_terms() -> None:
    """Price 1,200 for 5 lots in all: the hold follows them."""
    desk = _desk()
    desk.asks(AMEND._replace(order_id=2, price=1_200, size=5))
    desk.report(ReportChanged(2, 1_200, 5, top_up=0, request=1))
    assert desk.balance(2, USD) == (100_000 - 18_036, 18_036)
    desk.fill(2, price=1_150, size=5, fee=17)
    desk.report(ReportDone(2, Outcome.FILLED, Reason.NONE, 0, 0))
    assert desk.balance(2, USD) == (100_000 - 17_267, 0)
    assert desk.balance(2, BTC) == (1_050, 0)


def test_top_up_must_be_available_to_the_unit() -> None:
    """As a place's hold."""
    desk = _desk()
    desk.placed(PLACE._replace(command_id="p2", price=1_000, size=18))
    available, _ = desk.balance(2, USD)
    enough = AMEND._replace(order_id=2, size=15)
    assert available == 100_000 - 30_060 - 54_108
    assert (Balance(2, USD, available - 15_030, 84_168 + 15_030),) == desk.run(enough).events
    rejected = Rejected(2, "a2", Reason.INSUFFICIENT_FUNDS, 2, repeated=False)
    assert (rejected,) == desk.events(enough._replace(command_id="a2"))


def test_as_much_as_the_new_total_is_filled_already() -> None:
    """By the shard's own view; the book need not be asked."""
    desk = _desk()
    desk.fill(2, price=1_000, size=4, fee=12)
    rejected = Rejected(2, "a1", Reason.SIZE_ALREADY_FILLED, 2, repeated=False)
    assert (rejected,) == desk.events(AMEND._replace(order_id=2, size=4))
    event = desk.asks(AMEND._replace(order_id=2, size=5, command_id="a2"))
    assert AmendOrder(2, 2, 1_000, 5, top_up=0, request=1) == event


def test_market_orders_are_not_amended() -> None:
    """They have no price and never rest."""
    desk = _desk()
    order_id = desk.placed(MARKET_BUY._replace(command_id="p2"))
    rejected = Rejected(2, "a1", Reason.INVALID_COMBINATION, order_id, repeated=False)
    assert (rejected,) == desk.events(AMEND._replace(order_id=order_id))


def test_amends_that_together_would_hold_more_than_can_be_told_are_refused() -> None:
    """However many are pending, what an order holds stays within 64 bits."""
    desk = Desk()
    for _ in range(4):
        desk.fund(amount=AMOUNT_MAX)
        desk.time_ms += 1
    assert desk.opened(PLACE) == 2
    answers = []
    for number in range(4):
        amend = AMEND._replace(order_id=2, command_id=f"a{number}", price=1 << 20, size=1 << 39)
        output = desk.run(amend)
        answers.append(bool(output.orders))
    (status, _) = desk.events(INQUIRE._replace(order_id=2))
    assert isinstance(status, OrderStatus)
    assert status.hold < 1 << 63
    assert not all(answers)
