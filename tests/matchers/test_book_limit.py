"""Limit orders: the events in full, both sides mirrored."""

import pytest
from books.checked import typed
from books.make import HALTED, INSTRUMENT, NOTIONAL_UNIT, behind, limit, other
from engines.under_test import new_book

from partita.matchers.abc import Level
from partita.matchers.events import Done, Opened, Traded
from partita.schemas.enums import Outcome, Side, TimeInForce
from partita.schemas.reasons import Reason

pytestmark = pytest.mark.usefixtures("book_engine")

BOTH = pytest.mark.parametrize("side", list(Side))
NOW = 1_000


@BOTH
def test_an_order_that_meets_nobody_rests(side: Side) -> None:
    """It opens with all of its size, and is the best level of its side."""
    book = new_book(INSTRUMENT)
    events = book.apply(limit(1, side, 10, 100), NOW)
    assert typed([Opened(1, 101, side, 100, 10)]) == typed(events)
    assert Level(100, 10, 1) == book.best(side)
    assert book.best(other(side)) is None


@BOTH
def test_a_trade_is_at_the_resting_price_with_the_fees_of_each(side: Side) -> None:
    """The maker pays its maker rate, the taker its taker rate, per fill and rounded down."""
    book = new_book(INSTRUMENT)
    resting = behind(side, 1)
    book.apply(limit(1, side, 10, resting, maker_fee_ppm=1_000, taker_fee_ppm=900_000), NOW)
    taker = limit(2, other(side), 7, behind(side, 3), maker_fee_ppm=900_000, taker_fee_ppm=2_500)
    notional = resting * 7 * NOTIONAL_UNIT
    expected = [
        Traded(
            trade_id=1,
            maker_order_id=1,
            maker_account=101,
            taker_order_id=2,
            taker_account=102,
            taker_side=other(side),
            price=resting,
            size=7,
            maker_fee=notional // 1_000,
            taker_fee=notional * 25 // 10_000,
        ),
        Done(2, 102, other(side), behind(side, 3), 0, Outcome.FILLED, Reason.NONE, 0, False),
    ]
    assert behind(side, 3) != resting
    assert typed(expected) == typed(book.apply(taker, NOW))
    assert (1, resting, 7) == book.last_trade


@BOTH
def test_a_filled_maker_is_done_right_after_its_trade_and_the_taker_last(side: Side) -> None:
    """Each filled order ends once; what the taker leaves over rests."""
    book = new_book(INSTRUMENT)
    for order_id in (1, 2):
        book.apply(limit(order_id, side, 2, 100), NOW)
    events = book.apply(limit(3, other(side), 5, 100), NOW)
    taker_side = other(side)
    expected = [
        Traded(1, 1, 101, 3, 103, taker_side, 100, 2, 0, 0),
        Done(1, 101, side, 100, 0, Outcome.FILLED, Reason.NONE, 0, True),
        Traded(2, 2, 102, 3, 103, taker_side, 100, 2, 0, 0),
        Done(2, 102, side, 100, 0, Outcome.FILLED, Reason.NONE, 0, True),
        Opened(3, 103, taker_side, 100, 1),
    ]
    assert typed(expected) == typed(events)


@BOTH
def test_depth_is_best_first_and_as_long_as_asked(side: Side) -> None:
    """Levels are sums over their orders."""
    book = new_book(INSTRUMENT)
    for order_id, ticks in enumerate((2, 0, 1, 0), 1):
        book.apply(limit(order_id, side, order_id, behind(side, ticks)), NOW)
    levels = [Level(100, 6, 2), Level(behind(side, 1), 3, 1), Level(behind(side, 2), 1, 1)]
    assert levels == book.depth(side, 9)
    assert levels[:2] == book.depth(side, 2)
    assert book.depth(side, 0) == []


@BOTH
def test_an_order_that_has_expired_on_its_way_does_not_enter(side: Side) -> None:
    """GTT whose time has been reached when it arrives ends at once, unopened, without a trade."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, other(side), 5, 100), NOW)
    order = limit(2, side, 5, 100, time_in_force=TimeInForce.GTT, expire_ms=NOW)
    expected = [Done(2, 102, side, 100, 5, Outcome.EXPIRED, Reason.TIME_REACHED, 0, False)]
    assert typed(expected) == typed(book.apply(order, NOW))


@BOTH
def test_orders_expire_earliest_first_then_by_arrival(side: Side) -> None:
    """What is due expires before the event that brings the time, and the next expiry is known."""
    book = new_book(INSTRUMENT)
    for order_id, expire_ms in ((1, NOW + 20), (2, NOW + 10), (3, NOW + 10), (4, NOW + 30)):
        order = limit(order_id, side, 1, 100, time_in_force=TimeInForce.GTT, expire_ms=expire_ms)
        book.apply(order, NOW)
    assert book.next_expiry_ms == NOW + 10
    assert book.advance(NOW + 9) == []
    ended = [
        Done(order_id, 100 + order_id, side, 100, 1, Outcome.EXPIRED, Reason.TIME_REACHED, 0, True)
        for order_id in (2, 3, 1)
    ]
    met = [
        Traded(1, 4, 104, 5, 105, other(side), 100, 1, 0, 0),
        Done(4, 104, side, 100, 0, Outcome.FILLED, Reason.NONE, 0, True),
        Done(5, 105, other(side), 100, 0, Outcome.FILLED, Reason.NONE, 0, False),
    ]
    assert typed([*ended, *met]) == typed(book.apply(limit(5, other(side), 1, 100), NOW + 20))
    assert book.next_expiry_ms is None


def test_time_never_goes_back() -> None:
    """A record with an earlier log time is taken at the book's own time."""
    book = new_book(INSTRUMENT)
    book.advance(NOW)
    order = limit(1, Side.BUY, 1, 100, time_in_force=TimeInForce.GTT, expire_ms=NOW - 1)
    assert isinstance(book.apply(order, NOW - 5)[0], Done)
    assert book.time_ms == NOW


@BOTH
def test_a_halted_book_rejects_what_is_new_and_still_expires(side: Side) -> None:
    """While halted nothing enters; time goes on."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, side, 1, 100, time_in_force=TimeInForce.GTT, expire_ms=NOW + 5), NOW)
    assert book.change_rules(HALTED)
    expected = [
        Done(1, 101, side, 100, 1, Outcome.EXPIRED, Reason.TIME_REACHED, 0, True),
        Done(2, 102, side, 100, 1, Outcome.REJECTED, Reason.NOT_TRADING, 0, False),
    ]
    assert typed(expected) == typed(book.apply(limit(2, side, 1, 100), NOW + 5))


def test_only_newer_rules_are_taken() -> None:
    """A repeat or an older version changes nothing."""
    book = new_book(INSTRUMENT)
    assert not book.change_rules(INSTRUMENT._replace(max_size=1))
    assert book.instrument == INSTRUMENT
    assert book.change_rules(HALTED)
    assert not book.change_rules(INSTRUMENT)
    assert book.instrument == HALTED


def test_an_order_id_that_rests_already_is_a_broken_program() -> None:
    """Ids are the shards' to keep unique; a repeat parks the partition."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, Side.BUY, 1, 100), NOW)
    with pytest.raises(AssertionError, match="used once"):
        book.apply(limit(1, Side.BUY, 1, 100), NOW)
