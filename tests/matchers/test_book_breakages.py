"""The checks bite: each book that is broken on purpose is found by them."""

import pytest
from books.breakages import BREAKAGES, ORACLE_ONLY
from books.checked import run_audited, run_checked
from books.flow import flow
from books.make import INSTRUMENT

from partita.matchers.reference import ReferenceBook

SEEDS, STEPS = range(10), 200


def _run(run: "object", seeds: range = SEEDS) -> None:
    assert callable(run)
    for seed in seeds:
        run(ReferenceBook(INSTRUMENT), flow(seed, STEPS))


def test_the_sound_book_passes_what_the_broken_ones_must_not() -> None:
    """The flows that find the breakages find nothing in the book as it is."""
    _run(run_checked)
    _run(run_audited)


@pytest.mark.parametrize("name", BREAKAGES)
def test_the_oracle_finds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken book answers otherwise than the naive one, or fails its own check."""
    breakage = BREAKAGES[name]
    monkeypatch.setattr(breakage.target, breakage.attribute, breakage.wrong)
    with pytest.raises(AssertionError):
        _run(run_checked)


@pytest.mark.parametrize("name", [name for name in BREAKAGES if name not in ORACLE_ONLY])
def test_the_auditor_finds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken book shows in its events or in its own check, without a second book beside it."""
    breakage = BREAKAGES[name]
    monkeypatch.setattr(breakage.target, breakage.attribute, breakage.wrong)
    with pytest.raises(AssertionError):
        _run(run_audited)
