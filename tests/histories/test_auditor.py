"""The auditor and the checker accept what a right exchange does, whatever that is."""

import random
from typing import get_args

import pytest
from histories.check import check_history
from histories.entries import Heard
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


def test_the_flows_have_everything() -> None:
    """Every event, every end of an order, and every reason but those of huge amounts."""
    events: set[type[AccountEvent]] = set()
    ends: set[Reason] = set()
    reasons: set[Reason] = set()
    for seed in range(5):
        flow = Flow(Table(known=False), random.Random(seed))
        flow.run(steps=400)
        for entry in flow.table.history.entries():
            if isinstance(entry, Heard):
                events.add(type(entry.event))
                ends |= {entry.event.reason} if isinstance(entry.event, Done) else set()
                reasons |= {entry.event.reason} if isinstance(entry.event, Rejected) else set()

    assert set(get_args(AccountEvent)) == events
    assert set() == ENDS - ends
    assert set() == {*Reason} - ENDS - HUGE - reasons


@pytest.mark.parametrize("seed", range(5))
def test_a_long_history_is_accepted(seed: int) -> None:
    """A few thousand commands, so that ids and orders are forgotten, and used up."""
    flow = Flow(Table(), random.Random(seed))
    flow.run(steps=400)

    assert check_history(flow.table.history.entries()).trades > 100
