"""The auditor and the checker accept what a right exchange does, whatever that is."""

import random

import pytest
from histories.check import check_history
from histories.flows import Flow
from histories.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 30), st.booleans())
def test_whatever_clients_do_a_right_history_is_accepted(
    rng: random.Random, steps: int, known: bool
) -> None:
    """Every kind of order, amends, halts, repeats, lost and late commands, in any order."""
    flow = Flow(Table(known=known), rng)
    flow.run(steps)

    assert check_history(flow.table.history.entries()).operations > 0


@pytest.mark.parametrize("seed", range(5))
def test_a_long_history_is_accepted(seed: int) -> None:
    """A few thousand commands, so that ids and orders are forgotten, and used up."""
    flow = Flow(Table(), random.Random(seed))
    flow.run(steps=400)

    assert check_history(flow.table.history.entries()).trades > 100
