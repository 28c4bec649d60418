"""Run a book through a flow with every check there is: what tests and breakages both use."""

from collections.abc import Iterable, Sequence

from books.auditor import Auditor
from books.flow import Step
from books.make import INSTRUMENT
from books.naive import NaiveBook

from partita.matchers.abc import Book
from partita.schemas.enums import Side


def typed(events: Sequence[tuple[object, ...]]) -> list[tuple[str, tuple[object, ...]]]:
    """Pair events with their types: named tuples of different types compare equal as tuples."""
    return [(type(event).__name__, event) for event in events]


def run_checked(book: Book, steps: Iterable[Step]) -> None:
    """Apply the steps; raise AssertionError unless oracle, auditor and check() agree after each."""
    oracle = NaiveBook(INSTRUMENT)
    for step in steps:
        events = book.apply(step.event, step.time_ms)
        assert typed(oracle.apply(step.event, step.time_ms)) == typed(events), step
        book.check()
        for side in Side:
            assert oracle.levels(side) == book.depth(side, 1_000)


def run_audited(book: Book, steps: Iterable[Step]) -> None:
    """Apply the steps; raise AssertionError unless auditor and check() agree after each."""
    auditor = Auditor(INSTRUMENT.notional_unit)
    for step in steps:
        auditor.observe(step.event, step.time_ms, book.apply(step.event, step.time_ms))
        book.check()
