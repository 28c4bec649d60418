"""Self-trade prevention in full: the taker's flag rules, both sides mirrored."""

import pytest
from books.checked import typed
from books.make import INSTRUMENT, limit, other
from engines.under_test import new_book

from partita.matchers.events import BookEvent, Changed, Done, Opened, Traded
from partita.schemas.enums import Outcome, SelfTrade, Side, TimeInForce
from partita.schemas.reasons import Reason

pytestmark = pytest.mark.usefixtures("book_engine")

BOTH = pytest.mark.parametrize("side", list(Side))
NOW = 1_000
ME, YOU = 5, 6


def _prevented(order_id: int, side: Side, left: int, *, was_open: bool) -> Done:
    return Done(order_id, ME, side, 100, left, Outcome.CANCELLED, Reason.SELF_TRADE, 0, was_open)


def _meet(side: Side, mine: int, size: int, flag: SelfTrade) -> list[BookEvent]:
    """Let order 3 of ME take at 100, where 1 of ME rests before 2 of YOU (3 lots)."""
    book = new_book(INSTRUMENT)
    # The resting order's own flag is another one, and does not matter.
    idle = SelfTrade.CN if flag is not SelfTrade.CN else SelfTrade.CO
    book.apply(limit(1, other(side), mine, 100, account=ME, self_trade=idle), NOW)
    book.apply(limit(2, other(side), 3, 100, account=YOU), NOW)
    events = book.apply(limit(3, side, size, 100, account=ME, self_trade=flag), NOW)
    book.check()
    return list(events)


def _with_you(side: Side, size: int) -> Traded:
    return Traded(1, 2, YOU, 3, ME, side, 100, size, 0, 0)


def _filled(order_id: int, account: int, side: Side, *, was_open: bool) -> Done:
    return Done(order_id, account, side, 100, 0, Outcome.FILLED, Reason.NONE, 0, was_open)


@BOTH
def test_dc_with_the_incoming_order_larger(side: Side) -> None:
    """The resting one is cancelled, the incoming one goes on with the difference."""
    expected = [
        _prevented(1, other(side), 4, was_open=True),
        Changed(3, ME, side, 100, 6, 0, 0, kept_place=False),
        _with_you(side, 3),
        _filled(2, YOU, other(side), was_open=True),
        Opened(3, ME, side, 100, 3),
    ]
    assert typed(expected) == typed(_meet(side, 4, 10, SelfTrade.DC))


@BOTH
def test_dc_with_the_resting_order_larger(side: Side) -> None:
    """The incoming one is cancelled, the resting one keeps its place with the difference."""
    expected = [
        Changed(1, ME, other(side), 100, 6, 0, 0, kept_place=True),
        _prevented(3, side, 4, was_open=False),
    ]
    assert typed(expected) == typed(_meet(side, 10, 4, SelfTrade.DC))


@BOTH
def test_dc_with_both_equal(side: Side) -> None:
    """Both are cancelled."""
    expected = [
        _prevented(1, other(side), 4, was_open=True),
        _prevented(3, side, 4, was_open=False),
    ]
    assert typed(expected) == typed(_meet(side, 4, 4, SelfTrade.DC))


@BOTH
def test_co_cancels_the_oldest(side: Side) -> None:
    """The resting one goes, the incoming one goes on with all its size."""
    expected = [
        _prevented(1, other(side), 4, was_open=True),
        _with_you(side, 2),
        _filled(3, ME, side, was_open=False),
    ]
    assert typed(expected) == typed(_meet(side, 4, 2, SelfTrade.CO))


@BOTH
def test_cn_cancels_the_newest(side: Side) -> None:
    """The incoming one goes, nothing else changes."""
    expected = [_prevented(3, side, 2, was_open=False)]
    assert typed(expected) == typed(_meet(side, 4, 2, SelfTrade.CN))


@BOTH
def test_cb_cancels_both(side: Side) -> None:
    """Both go, whatever their sizes."""
    expected = [
        _prevented(1, other(side), 4, was_open=True),
        _prevented(3, side, 2, was_open=False),
    ]
    assert typed(expected) == typed(_meet(side, 4, 2, SelfTrade.CB))


@BOTH
@pytest.mark.parametrize("flag", list(SelfTrade))
@pytest.mark.parametrize(("size", "killed"), [(3, False), (4, True)])
def test_fill_or_kill_counts_what_prevention_would_remove(
    side: Side, flag: SelfTrade, size: int, killed: bool
) -> None:
    """Own orders never fill it: under co they would go, under the others it would end there."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, other(side), 3, 100, account=ME), NOW)
    book.apply(limit(2, other(side), 3, 100, account=YOU), NOW)
    order = limit(3, side, size, 100, account=ME, self_trade=flag, time_in_force=TimeInForce.FOK)
    before = book.snapshot()
    events = book.apply(order, NOW)
    if killed or flag is not SelfTrade.CO:
        reason = Reason.FILL_OR_KILL_UNFILLABLE
        expected = [Done(3, ME, side, 100, size, Outcome.CANCELLED, reason, 0, False)]
        assert typed(expected) == typed(events)
        assert before == book.snapshot()
    else:
        assert typed([_filled(3, ME, side, was_open=False)]) == typed(events[-1:])


@BOTH
@pytest.mark.parametrize("flag", list(SelfTrade))
def test_post_only_is_rejected_by_its_own_account_too(side: Side, flag: SelfTrade) -> None:
    """It would take, so it does not come to self-trade prevention."""
    book = new_book(INSTRUMENT)
    book.apply(limit(1, other(side), 3, 100, account=ME), NOW)
    order = limit(2, side, 3, 100, account=ME, self_trade=flag, post_only=True)
    reason = Reason.POST_ONLY_WOULD_TAKE
    expected = [Done(2, ME, side, 100, 3, Outcome.REJECTED, reason, 0, False)]
    assert typed(expected) == typed(book.apply(order, NOW))
