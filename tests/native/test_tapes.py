"""Both books on every shared tape: equal events, equal depth, equal states."""

import io
from pathlib import Path

import pytest

from partita.deploy.match.files import EventsFile, write_book
from partita.deploy.match.run import run_tape
from partita.deploy.match.scale import Scale, increment
from partita.deploy.tape.reader import read_tape, survey
from partita.log import native
from partita.matchers.engines import ENGINES

pytestmark = pytest.mark.skipif(not native.INSTALLED, reason="no native engine is installed")

TAPES = Path(__file__).resolve().parents[3] / "shared" / "tapes"


def _played(tape: Path, engine: str) -> tuple[str, str, dict[str, bytes]]:
    """Return the events file of a tape, the depth that is left, and the states."""
    seen = survey(tape)
    scale = Scale(increment(seen.price_decimals), increment(seen.size_decimals))
    events, depth = io.StringIO(), io.StringIO()
    books = run_tape(
        read_tape(tape), ENGINES[engine].book, scale, EventsFile(events, scale).add
    ).books
    write_book(depth, books, scale)
    return events.getvalue(), depth.getvalue(), {at: one.state_hash() for at, one in books.items()}


@pytest.mark.parametrize(
    "name", ["bitstamp-btcusd-2015-05-01", "flash1-normal-200k", "flash1-static-200k"]
)
def test_both_books_say_the_same_of_a_tape(name: str) -> None:
    """Hundreds of thousands of commands of a real day and of two made ones."""
    tape = TAPES / f"{name}.csv.gz"
    if not tape.exists():
        pytest.skip(f"the shared tapes are not at {TAPES}")
    reference, native_ = _played(tape, "reference"), _played(tape, "native")
    assert reference[0] == native_[0], "events"  # compared first, and alone: they are long
    assert reference[1:] == native_[1:]
