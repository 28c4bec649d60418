"""Market orders, and what funds buy."""

import pytest
from books.checked import typed
from books.make import INSTRUMENT, NOTIONAL_UNIT, limit, market
from engines.under_test import new_book

from partita.matchers.abc import Book
from partita.matchers.events import BookEvent, Done, Traded
from partita.schemas.enums import Outcome, SelfTrade, Side, TimeInForce
from partita.schemas.orders import NewOrder
from partita.schemas.reasons import Reason

pytestmark = pytest.mark.usefixtures("book_engine")

BOTH = pytest.mark.parametrize("side", list(Side))
NOW = 1_000
LOT = 100 * NOTIONAL_UNIT  # what a lot costs at 100


def _asks(*sizes: int) -> Book:
    """Return a book with asks of the sizes at 100, 101, ..."""
    book = new_book(INSTRUMENT)
    for order_id, size in enumerate(sizes, 1):
        book.apply(limit(order_id, Side.SELL, size, 99 + order_id), NOW)
    return book


def _bought(events: list[BookEvent]) -> list[tuple[int, int]]:
    return [(event.price, event.size) for event in events if isinstance(event, Traded)]


def _end(order: NewOrder, outcome: Outcome, reason: Reason, left: int) -> Done:
    return Done(order.order_id, order.account, order.side, 0, left, outcome, reason, 0, False)


@BOTH
def test_a_market_order_that_finds_nothing_is_cancelled(side: Side) -> None:
    """Not filled, and not rested."""
    order = market(1, side, 5)
    expected = [_end(order, Outcome.CANCELLED, Reason.NO_LIQUIDITY, 5)]
    assert typed(expected) == typed(new_book(INSTRUMENT).apply(order, NOW))


@pytest.mark.parametrize(
    ("funds", "bought", "outcome", "reason"),
    [
        (LOT - 1, [], Outcome.CANCELLED, Reason.IMMEDIATE_REMAINDER),
        (LOT, [(100, 1)], Outcome.FILLED, Reason.NONE),
        (2 * LOT - 1, [(100, 1)], Outcome.FILLED, Reason.NONE),
        (2 * LOT + 303, [(100, 2), (101, 1)], Outcome.FILLED, Reason.NONE),
        (2 * LOT + 302, [(100, 2)], Outcome.FILLED, Reason.NONE),
        (2 * LOT + 2 * 303, [(100, 2), (101, 2)], Outcome.FILLED, Reason.NONE),
        (9 * LOT, [(100, 2), (101, 2)], Outcome.CANCELLED, Reason.IMMEDIATE_REMAINDER),
    ],
)
def test_funds_alone_buy_all_they_can(
    funds: int, bought: list[tuple[int, int]], outcome: Outcome, reason: Reason
) -> None:
    """Filled when they buy no more; cancelled when the book ends first, or they buy nothing."""
    order = market(9, Side.BUY, 0, funds=funds)
    events = list(_asks(2, 2).apply(order, NOW))
    assert bought == _bought(events)
    assert typed([_end(order, outcome, reason, 0)]) == typed(events[-1:])


@pytest.mark.parametrize(
    ("size", "funds", "bought", "outcome", "left"),
    [
        (1, 9 * LOT, [(100, 1)], Outcome.FILLED, 0),
        (3, LOT, [(100, 1)], Outcome.CANCELLED, 2),
        (3, 9 * LOT, [(100, 2), (101, 1)], Outcome.FILLED, 0),
        (9, 9 * LOT, [(100, 2), (101, 2)], Outcome.CANCELLED, 5),
    ],
)
def test_by_size_and_funds_the_nearer_limit_ends_it(
    size: int, funds: int, bought: list[tuple[int, int]], outcome: Outcome, left: int
) -> None:
    """What the funds do not cover, or the book does not hold, is cancelled."""
    order = market(9, Side.BUY, size, funds=funds)
    events = list(_asks(2, 2).apply(order, NOW))
    reason = Reason.NONE if outcome is Outcome.FILLED else Reason.IMMEDIATE_REMAINDER
    assert bought == _bought(events)
    assert typed([_end(order, outcome, reason, left)]) == typed(events[-1:])


def test_funds_cover_the_fee() -> None:
    """Cost and fee together stay within the funds, to the unit."""
    fee_of_lot = LOT // 100
    for funds, lots in ((2 * (LOT + fee_of_lot), 2), (2 * (LOT + fee_of_lot) - 1, 1)):
        order = market(9, Side.BUY, 0, funds=funds, taker_fee_ppm=10_000)
        assert _bought(list(_asks(5).apply(order, NOW))) == [(100, lots)]


def test_a_taker_meets_each_maker_once() -> None:
    """Fees are rounded down per fill, so a second bite would now and then buy a lot more."""
    # Three lots cost 900 and a fee of 899, together 1799; 600 + 599 and then 300 + 299 would be
    # 1798: after a first fill of two lots, 599 would be left, just enough for another.
    rate = 999_999
    order = market(9, Side.BUY, 0, funds=3 * LOT + 3 * LOT * rate // 1_000_000 - 1)
    events = list(_asks(5).apply(order._replace(taker_fee_ppm=rate), NOW))
    assert _bought(events) == [(100, 2)]


@pytest.mark.parametrize(
    ("size", "funds", "fills"),
    [(4, 9 * LOT, True), (5, 9 * LOT, False), (3, LOT, False), (0, LOT, True), (0, 9 * LOT, False)],
)
def test_fill_or_kill_is_all_or_nothing_for_funds_too(size: int, funds: int, fills: bool) -> None:
    """All the size, or all that the funds buy; otherwise the book is not touched."""
    book = _asks(2, 2)
    before = book.snapshot()
    order = market(9, Side.BUY, size, funds=funds, time_in_force=TimeInForce.FOK)
    events = list(book.apply(order, NOW))
    if fills:
        assert typed([_end(order, Outcome.FILLED, Reason.NONE, 0)]) == typed(events[-1:])
    else:
        killed = _end(order, Outcome.CANCELLED, Reason.FILL_OR_KILL_UNFILLABLE, size)
        assert typed([killed]) == typed(events)
        assert before == book.snapshot()


def test_dc_takes_what_the_trade_would_have_cost_off_the_funds() -> None:
    """Two own lots at 100 use up what they would have cost, fee included."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, Side.SELL, 2, 100, account=5), NOW)
    book.apply(limit(2, Side.SELL, 9, 100, account=6), NOW)
    funds = 3 * (LOT + LOT // 100)
    order = market(
        3, Side.BUY, 0, funds=funds, account=5, taker_fee_ppm=10_000, self_trade=SelfTrade.DC
    )
    events = list(book.apply(order, NOW))
    assert _bought(events) == [(100, 1)]
    own = Done(1, 5, Side.SELL, 100, 2, Outcome.CANCELLED, Reason.SELF_TRADE, 0, True)
    assert typed([own]) == typed(events[:1])
    assert typed([_end(order, Outcome.FILLED, Reason.NONE, 0)]) == typed(events[-1:])
