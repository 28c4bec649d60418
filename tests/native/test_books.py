"""Both books, step by step: equal events, equal values, equal hashes."""

import pytest
from books.checked import typed
from books.flow import Step, flow, flows
from books.make import HALTED, INSTRUMENT, limit, market
from hypothesis import given, settings
from hypothesis import strategies as st

from partita.log import native
from partita.matchers.abc import Book
from partita.matchers.engines import ENGINES
from partita.schemas.enums import InstrumentStatus, Side
from partita.schemas.limits import AMOUNT_MAX
from partita.schemas.orders import AmendOrder, CancelOrder, OrderEvent

pytestmark = pytest.mark.skipif(not native.INSTALLED, reason="no native engine is installed")


def both() -> tuple[Book, Book]:
    """Return an empty book of each engine."""
    return ENGINES["reference"].book(INSTRUMENT), ENGINES["native"].book(INSTRUMENT)


def assert_equal(one: Book, two: Book) -> None:
    """Assert that all that can be asked of two books is equal."""
    assert one.state_hash() == two.state_hash()
    assert one.snapshot() == two.snapshot()
    assert one.instrument == two.instrument
    assert (one.time_ms, one.next_expiry_ms) == (two.time_ms, two.next_expiry_ms)
    assert one.last_trade == two.last_trade
    for side in Side:
        assert one.depth(side, 1_000) == two.depth(side, 1_000)
        assert one.best(side) == two.best(side)


def test_the_largest_legal_price_is_one_like_any_other() -> None:
    """Levels at and near it, met again, emptied, filled anew, swept.

    The native book looks up some of them in a table of those it has just seen.
    """
    rules = INSTRUMENT._replace(tick=1, notional_unit=1, max_price=AMOUNT_MAX)
    one, two = ENGINES["reference"].book(rules), ENGINES["native"].book(rules)
    sell, buy = Side.SELL, Side.BUY
    steps: tuple[OrderEvent, ...] = (
        *(limit(1, sell, 1, AMOUNT_MAX), limit(2, sell, 1, AMOUNT_MAX)),
        *(limit(3, sell, 1, AMOUNT_MAX - 1), limit(4, sell, 1, AMOUNT_MAX - 64)),
        *(limit(5, buy, 1, 1), limit(6, buy, 1, AMOUNT_MAX - 65)),
        *(CancelOrder(1, 101, 1), CancelOrder(2, 102, 2)),
        *(limit(7, sell, 1, AMOUNT_MAX), limit(8, sell, 1, AMOUNT_MAX)),
        AmendOrder(6, 106, AMOUNT_MAX - 1, 3, 0, 3),  # takes 4 and 3, and rests
        *(limit(9, buy, 1, AMOUNT_MAX - 1), market(10, sell, 2)),
        *(market(11, buy, 1, funds=AMOUNT_MAX), limit(12, buy, 2, AMOUNT_MAX)),
        *(limit(13, buy, 1, AMOUNT_MAX), limit(14, sell, 3, 1)),
    )
    for event in steps:
        assert typed(one.apply(event, 1)) == typed(two.apply(event, 1))
        assert_equal(one, two)
        one.check()
        two.check()
    assert one.last_trade[0] > 5


@given(steps=flows, halts=st.sets(st.integers(0, 40)), backs=st.sets(st.integers(0, 40)))
@settings(max_examples=100, deadline=None)
def test_they_are_equal_after_each_step(
    steps: list[Step], halts: set[int], backs: set[int]
) -> None:
    """Every kind of event, clocks that go back, halts and rules that come and go."""
    one, two = both()
    for at, (event, time_ms) in enumerate(steps):
        now_ms = time_ms - 7 if at in backs else time_ms
        if at in halts:
            halted = one.instrument.status is InstrumentStatus.HALTED
            rules = (INSTRUMENT if halted else HALTED)._replace(version=at + 1, max_price=at + 50)
            assert one.change_rules(rules) == two.change_rules(rules)
            assert typed(one.advance(now_ms + 3)) == typed(two.advance(now_ms + 3))
        assert typed(one.apply(event, now_ms)) == typed(two.apply(event, now_ms))
        assert_equal(one, two)
    one.check()
    two.check()


@pytest.mark.parametrize("seed", range(3))
def test_long_flows_agree_and_each_goes_on_from_the_others_state(seed: int) -> None:
    """Deep books, and engines that change in the middle."""
    one, two = both()
    for at, (event, time_ms) in enumerate(flow(seed, 3_000)):
        assert typed(one.apply(event, time_ms)) == typed(two.apply(event, time_ms))
        if at % 500 == 0:
            assert_equal(one, two)
            two.check()
            three, four = both()
            three.restore(two.snapshot())
            four.restore(one.snapshot())
            one, two = three, four
    assert_equal(one, two)
