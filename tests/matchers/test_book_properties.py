"""What holds for every order flow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from books.checked import run_audited, run_checked, typed
from books.flow import Step, flow, flows
from books.make import HALTED, INSTRUMENT
from engines.under_test import new_book
from hypothesis import given, settings
from hypothesis import strategies as st

from partita.log.edges import EdgeState
from partita.matchers.abc import Book
from partita.matchers.snapshot import BookEdges, from_snapshot, to_snapshot
from partita.schemas.codec import decode, encode

pytestmark = pytest.mark.usefixtures("book_engine")

_END = EdgeState(1 << 40, 0xFFFFFFFF)
TESTS = Path(__file__).parents[1]
SHOW_HASH = """
from books.flow import flow
from books.make import INSTRUMENT
from partita.matchers.reference import ReferenceBook
book = ReferenceBook(INSTRUMENT)
for step in flow(5, 500):
    book.apply(step.event, step.time_ms)
print(book.state_hash().hex())
"""


def _book() -> Book:
    """Return the book under test, which must satisfy the contract's types."""
    return new_book(INSTRUMENT)


@settings(max_examples=150, deadline=None)
@given(steps=flows)
def test_it_answers_as_the_naive_book_does(steps: list[Step]) -> None:
    """Two books with nothing in common but the design give the same events and the same depth."""
    run_checked(_book(), steps)


@settings(max_examples=150, deadline=None)
@given(steps=flows)
def test_its_events_keep_every_invariant(steps: list[Step]) -> None:
    """Nothing trades through, sizes are conserved, each order ends once, check() holds."""
    run_audited(_book(), steps)


def test_it_answers_as_the_naive_book_does_on_long_flows() -> None:
    """Deep books and long histories agree too."""
    for seed in range(1_000, 1_005):
        run_checked(_book(), flow(seed, 1_000))


@settings(max_examples=100, deadline=None)
@given(steps=flows, at=st.integers(0, 40))
def test_a_restored_book_has_the_same_future(steps: list[Step], at: int) -> None:
    """snapshot(n) + replay(n..m) = replay(0..m), in events, in state and in hash."""
    original, restored = _book(), _book()
    restored.apply(*flow(1, 1)[0])  # what it held before is forgotten
    for step in steps[:at]:
        original.apply(step.event, step.time_ms)
    state, edges = original.snapshot(), BookEdges((EdgeState(3, 7),), (EdgeState(0, 0),), _END)
    record = decode(encode(to_snapshot(state, edges, 5)))  # by way of its bytes
    assert (state, edges) == from_snapshot(record)
    restored.restore(from_snapshot(record)[0])
    restored.check()
    assert original.snapshot() == restored.snapshot()
    assert original.next_expiry_ms == restored.next_expiry_ms
    for step in steps[at:]:
        expected = original.apply(step.event, step.time_ms)
        assert typed(expected) == typed(restored.apply(step.event, step.time_ms))
    assert original.snapshot() == restored.snapshot()
    assert original.state_hash() == restored.state_hash()


def test_a_snapshot_does_not_follow_the_book() -> None:
    """A snapshot is a value: what happens later does not change it."""
    steps = flow(3, 200)
    book = _book()
    for step in steps[:100]:
        book.apply(step.event, step.time_ms)
    before = book.snapshot()
    same = book.snapshot()
    for step in steps[100:]:
        book.apply(step.event, step.time_ms)
    assert same == before
    assert before != book.snapshot()


def test_the_rules_are_part_of_the_state() -> None:
    """A halted book is another state, and stays halted when restored."""
    book, restored = _book(), _book()
    open_hash = book.state_hash()
    assert book.change_rules(HALTED)
    assert open_hash != book.state_hash()
    restored.restore(book.snapshot())
    assert restored.instrument == HALTED
    assert book.state_hash() == restored.state_hash()


def test_the_state_hash_does_not_depend_on_the_hash_seed() -> None:
    """Two processes with different PYTHONHASHSEED come to the same digest."""
    hashes = set()
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", SHOW_HASH],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(TESTS)},
            capture_output=True,
            text=True,
            check=True,
        )
        hashes.add(done.stdout.strip())
    book = _book()
    for step in flow(5, 500):
        book.apply(step.event, step.time_ms)
    assert hashes == {book.state_hash().hex()}
