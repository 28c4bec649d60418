"""The auditor and the checker accept what a right exchange does, whatever that is."""

import random
from typing import get_args

import pytest
from histories.check import check_history
from histories.entries import Entry, Heard
from histories.flows import Flow
from histories.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from partita.schemas.accounts import AccountEvent, Done, Rejected
from partita.schemas.reasons import Reason

ENDS = {
    Reason.NONE,
    Reason.NOT_TRADING,
    Reason.POST_ONLY_WOULD_TAKE,
    Reason.FILL_OR_KILL_UNFILLABLE,
    Reason.SELF_TRADE,
    Reason.IMMEDIATE_REMAINDER,
    Reason.NO_LIQUIDITY,
    Reason.REQUESTED,
    Reason.TIME_REACHED,
}
# The limits of these instruments are reached before them.
HUGE = {Reason.NOTIONAL_TOO_LARGE, Reason.TOO_MANY_OPEN_ORDERS, Reason.SIZE_TOO_SMALL}


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 30), st.booleans())
def test_whatever_clients_do_a_right_history_is_accepted(
    rng: random.Random, steps: int, known: bool
) -> None:
    """Every kind of order, amends, halts, repeats, lost and late commands, in any order."""
    flow = Flow(Table(known=known), rng)
    flow.run(steps)

    assert check_history(flow.table.history.entries()).operations > 0


@pytest.fixture(scope="module")
def long_histories() -> list[list[Entry]]:
    """A few thousand commands each, so that ids and orders are forgotten, and money is used up."""
    found = []
    for seed in range(5):
        flow = Flow(Table(known=seed % 2 == 0), random.Random(seed))
        flow.run(steps=400)
        found.append(list(flow.table.history.entries()))
    return found


def test_the_flows_have_everything(long_histories: list[list[Entry]]) -> None:
    """Every event, every end of an order, and every reason but those of huge amounts."""
    heard = [e.event for entries in long_histories for e in entries if isinstance(e, Heard)]
    ends = {event.reason for event in heard if isinstance(event, Done)}
    reasons = {event.reason for event in heard if isinstance(event, Rejected)}

    assert set(get_args(AccountEvent)) == {type(event) for event in heard}
    assert set() == ENDS - ends
    assert set() == {*Reason} - ENDS - HUGE - reasons


def test_a_long_history_is_accepted(long_histories: list[list[Entry]]) -> None:
    """Each with its trades."""
    for entries in long_histories:
        assert check_history(entries).trades > 100
