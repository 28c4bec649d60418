"""Amend and cancel: refusals with their top-ups and requests, and what they leave."""

import pytest
from books.checked import typed
from books.make import HALTED, INSTRUMENT, NOTIONAL_UNIT, behind, limit, other
from engines.under_test import new_book

from partita.matchers.events import Changed, Done, Opened, OrdersCancelled, Refused, Traded
from partita.schemas.arithmetic import need
from partita.schemas.enums import Outcome, Side
from partita.schemas.orders import AmendOrder, CancelOrder, CancelOrders
from partita.schemas.reasons import Reason

pytestmark = pytest.mark.usefixtures("book_engine")

BOTH = pytest.mark.parametrize("side", list(Side))
NOW = 1_000
AMPLE = 10**9


@BOTH
def test_a_smaller_amend_keeps_its_place_and_gives_no_second_opening(side: Side) -> None:
    """One Changed, kept_place, with the new remaining size and the top-up that now belongs."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, side, 10, 100), NOW)
    book.apply(limit(2, other(side), 3, 100), NOW)
    expected = [Changed(1, 101, side, 100, 5, 4, 77, kept_place=True)]
    assert typed(expected) == typed(book.apply(AmendOrder(1, 101, 100, 8, 4, 77), NOW))


@BOTH
def test_an_amend_that_crosses_is_filled_as_an_incoming_order(side: Side) -> None:
    """Changed without its place, its trades, then its end, told as one that had been open."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, side, 4, 100), NOW)
    book.apply(limit(2, other(side), 9, behind(side, -2)), NOW)
    events = book.apply(AmendOrder(1, 101, behind(side, -3), 4, AMPLE, 77), NOW)
    price = behind(side, -3)
    expected = [
        Changed(1, 101, side, price, 4, AMPLE, 77, kept_place=False),
        Traded(1, 2, 102, 1, 101, side, behind(side, -2), 4, 0, 0),
        Done(1, 101, side, price, 0, Outcome.FILLED, Reason.NONE, 0, True),
    ]
    assert typed(expected) == typed(events)


@BOTH
def test_an_amend_that_moves_opens_again_behind_the_others(side: Side) -> None:
    """Changed without its place, then Opened with all that rests."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, side, 4, 100), NOW)
    price = behind(side, 5)
    expected = [
        Changed(1, 101, side, price, 6, AMPLE, 77, kept_place=False),
        Opened(1, 101, side, price, 6),
    ]
    assert typed(expected) == typed(book.apply(AmendOrder(1, 101, price, 6, AMPLE, 77), NOW))


@BOTH
@pytest.mark.parametrize(
    ("order_id", "account", "size", "reason"),
    [
        (9, 101, 5, Reason.UNKNOWN_ORDER),
        (1, 999, 5, Reason.UNKNOWN_ORDER),
        (1, 101, 3, Reason.SIZE_ALREADY_FILLED),
        (1, 101, 2, Reason.SIZE_ALREADY_FILLED),
    ],
)
def test_a_refused_amend_gives_its_top_up_back_and_changes_nothing(
    side: Side, order_id: int, account: int, size: int, reason: Reason
) -> None:
    """Unknown, somebody else's, or already filled as far: the order is as it was."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, side, 10, 100), NOW)
    book.apply(limit(2, other(side), 3, 100), NOW)
    before = book.snapshot()
    events = book.apply(AmendOrder(order_id, account, 100, size, 55, 77), NOW)
    assert typed([Refused(order_id, account, reason, 55, 77)]) == typed(events)
    assert before == book.snapshot()


@BOTH
def test_hold_and_top_up_must_cover_what_an_amend_needs(side: Side) -> None:
    """To the unit: one less is refused; fills that raced the amend have shrunk the hold."""
    rates = {"maker_fee_ppm": 1_000, "taker_fee_ppm": 2_500}
    if side is Side.BUY:
        short = need(101, 12, NOTIONAL_UNIT, 2_500) - need(100, 7, NOTIONAL_UNIT, 2_500)
    else:
        short = 12 - 7
    for top_up, answer in ((short - 1, Refused), (short, Changed)):
        book = new_book(INSTRUMENT)
        book.apply(limit(1, side, 10, 100, **rates), NOW)
        book.apply(limit(2, other(side), 3, 100), NOW)
        event = book.apply(AmendOrder(1, 101, 101, 15, top_up, 77), NOW)[0]
        assert answer is type(event)
    refused = Refused(1, 101, Reason.TOP_UP_TOO_SMALL, short - 1, 77)
    book = new_book(INSTRUMENT)
    book.apply(limit(1, side, 10, 100, **rates), NOW)
    book.apply(limit(2, other(side), 3, 100), NOW)
    events = book.apply(AmendOrder(1, 101, 101, 15, short - 1, 77), NOW)
    assert typed([refused]) == typed(events)


@BOTH
def test_a_post_only_order_is_not_amended_into_its_own_account_either(side: Side) -> None:
    """It would take, whoever is there; the order stays where it was."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, side, 4, 100, post_only=True), NOW)
    book.apply(limit(2, other(side), 4, behind(side, -2), account=101), NOW)
    before = book.snapshot()
    events = book.apply(AmendOrder(1, 101, behind(side, -2), 4, AMPLE, 77), NOW)
    assert typed([Refused(1, 101, Reason.POST_ONLY_WOULD_TAKE, AMPLE, 77)]) == typed(events)
    assert before == book.snapshot()


@BOTH
def test_a_halted_book_refuses_amends_and_takes_cancels(side: Side) -> None:
    """An unknown order is unknown first; the reasons keep their order."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, side, 4, 100), NOW)
    book.change_rules(HALTED)
    known = book.apply(AmendOrder(1, 101, 100, 1, 5, 77), NOW)
    unknown = book.apply(AmendOrder(2, 101, 100, 1, 5, 78), NOW)
    assert typed([Refused(1, 101, Reason.NOT_TRADING, 5, 77)]) == typed(known)
    assert typed([Refused(2, 101, Reason.UNKNOWN_ORDER, 5, 78)]) == typed(unknown)
    expected = [Done(1, 101, side, 100, 4, Outcome.CANCELLED, Reason.REQUESTED, 79, True)]
    assert typed(expected) == typed(book.apply(CancelOrder(1, 101, 79), NOW))


@BOTH
def test_a_cancel_ends_what_is_left_and_only_once(side: Side) -> None:
    """The second cancel, and somebody else's, finds no such order."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, side, 4, 100), NOW)
    refused = [Refused(1, 999, Reason.UNKNOWN_ORDER, 0, 5)]
    assert typed(refused) == typed(book.apply(CancelOrder(1, 999, 5), NOW))
    done = [Done(1, 101, side, 100, 4, Outcome.CANCELLED, Reason.REQUESTED, 6, True)]
    assert typed(done) == typed(book.apply(CancelOrder(1, 101, 6), NOW))
    again = [Refused(1, 101, Reason.UNKNOWN_ORDER, 0, 7)]
    assert typed(again) == typed(book.apply(CancelOrder(1, 101, 7), NOW))


@BOTH
def test_cancel_all_ends_one_accounts_orders_oldest_first_then_answers(side: Side) -> None:
    """Only the last event carries the request; an account without orders has 0 cancelled."""
    book = new_book(INSTRUMENT)
    for order_id, account in ((1, 5), (2, 6), (3, 5)):
        book.apply(limit(order_id, side, 4, behind(side, order_id), account=account), NOW)
    price = behind(side, 1)
    book.apply(AmendOrder(1, 5, price, 4, 0, 8), NOW)  # now the younger of the two
    expected = [
        Done(3, 5, side, behind(side, 3), 4, Outcome.CANCELLED, Reason.REQUESTED, 0, True),
        Done(1, 5, side, price, 4, Outcome.CANCELLED, Reason.REQUESTED, 0, True),
        OrdersCancelled(5, 2, 9),
    ]
    assert typed(expected) == typed(book.apply(CancelOrders(5, 9), NOW))
    assert typed([OrdersCancelled(5, 0, 10)]) == typed(book.apply(CancelOrders(5, 10), NOW))
    assert [level.price for level in book.depth(side, 9)] == [behind(side, 2)]
