"""The two ends of an edge."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.log.edges import EdgeState, InEdge, OutEdge, Verdict
from partita.schemas.chain import ORDERS, Chain
from partita.schemas.orders import CancelOrder

EVENTS = [CancelOrder(n, 10 * n, 100 * n) for n in range(1, 9)]


def group(
    first: int, last: int, events: Sequence[CancelOrder] = EVENTS
) -> tuple[Chain, int, int, Sequence[CancelOrder]]:
    """Return the arguments of `take` for the events numbered first to last of a sender."""
    chain = ORDERS.roll(0, events[: first - 1])
    return ORDERS, first, chain, events[first - 1 : last]


def test_the_sender_numbers_from_one_without_gaps() -> None:
    """The state before each event is its predecessor's number and chain."""
    edge = OutEdge()

    befores = [edge.put(ORDERS, event) for event in EVENTS[:3]]

    assert befores == [EdgeState(n, ORDERS.roll(0, EVENTS[:n])) for n in range(3)]
    assert EdgeState(3, ORDERS.roll(0, EVENTS[:3])) == edge.state()


def test_the_next_events_are_taken() -> None:
    """In order, from the first."""
    edge = InEdge()

    assert (Verdict.TAKEN, EVENTS[:2]) == edge.take(*group(1, 2))
    assert (Verdict.TAKEN, EVENTS[2:5]) == edge.take(*group(3, 5))
    assert EdgeState(5, ORDERS.roll(0, EVENTS[:5])) == edge.state()


@pytest.mark.parametrize(("first", "last"), [(1, 4), (2, 3), (4, 4), (1, 1)])
def test_known_events_are_dropped(first: int, last: int) -> None:
    """A repeat changes nothing at all."""
    edge = InEdge(EdgeState(4, ORDERS.roll(0, EVENTS[:4])))
    before = edge.state()

    assert edge.take(*group(first, last)) == (Verdict.DUPLICATE, ())
    assert before == edge.state()


def test_of_a_group_cut_otherwise_only_the_new_part_is_taken() -> None:
    """A replay may cut its batches differently."""
    edge = InEdge(EdgeState(4, ORDERS.roll(0, EVENTS[:4])))

    assert (Verdict.TAKEN, EVENTS[4:6]) == edge.take(*group(2, 6))


def test_a_gap_waits() -> None:
    """An event above the next number is not taken, and is welcome once the gap is filled."""
    edge = InEdge()

    assert edge.take(*group(2, 3)) == (Verdict.GAP, ())
    assert EdgeState(0, 0) == edge.state()
    assert (Verdict.TAKEN, EVENTS[:1]) == edge.take(*group(1, 1))
    assert (Verdict.TAKEN, EVENTS[1:3]) == edge.take(*group(2, 3))


@pytest.mark.parametrize(("first", "last"), [(4, 6), (5, 6), (3, 4), (4, 4)])
def test_a_line_with_another_past_is_refused(first: int, last: int) -> None:
    """Other content under a known number is never taken, nor is what follows it."""
    diverged = [*EVENTS[:3], CancelOrder(0, 0, 0), *EVENTS[4:]]
    edge = InEdge(EdgeState(4, ORDERS.roll(0, EVENTS[:4])))

    assert edge.take(*group(first, last, diverged)) == (Verdict.REFUSED, ())
    assert (Verdict.TAKEN, EVENTS[4:]) == edge.take(*group(5, 8))


def test_a_group_without_events_is_a_duplicate() -> None:
    """Nothing is new in it."""
    assert InEdge().take(ORDERS, 1, 0, ()) == (Verdict.DUPLICATE, ())


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8)), max_size=40))
def test_whatever_arrives_each_event_is_taken_once_in_order(cuts: list[tuple[int, int]]) -> None:
    """Any groups of one sender, in any order, however often."""
    edge, taken = InEdge(), list[CancelOrder]()
    for first, size in cuts:
        taken += edge.take(*group(first, first + size - 1))[1]

    assert EVENTS[: len(taken)] == taken
    assert EdgeState(len(taken), ORDERS.roll(0, taken)) == edge.state()
