"""What of an engine is timed: a book's calls, or a worker core with records made beforehand."""

from decimal import Decimal
from pathlib import Path

import pytest

from partita.deploy.match.core_rate import ORDERS_MAX, CoreRate, rate_of
from partita.deploy.match.rate import BookRate
from partita.deploy.match.run import MatchResult, run_tape
from partita.deploy.match.scale import Scale
from partita.deploy.tape.reader import read_tape
from partita.log import native
from partita.matchers.engines import ENGINES
from partita.matchers.reference import ReferenceBook
from partita.schemas.enums import Line

SCALE = Scale(Decimal(1), Decimal(1))
# Two symbols, of which the second comes late and with an earlier time; an order that expires; an
# amend; equal times, and times that go back.
ROWS = """\
op,id,symbol,side,tif,price,size,expire_ms,time_ms
place,a,A-USD,buy,GTT,10,5,30,10
place,b,A-USD,sell,,12,5,,10
place,c,B-USD,buy,,7,1,,5
place,d,A-USD,sell,,10,2,,20
amend,b,,,,11,3,,20
cancel,a,,,,,,,29
place,e,A-USD,buy,GTT,9,1,40,29
place,f,A-USD,sell,,9,1,,50
cancel,c,,,,,,,40
cancel,none,A-USD,,,,,,50
"""


def run(tmp_path: Path, text: str, name: str) -> MatchResult:
    """Run a tape on reference books, timed by the worker core of an engine."""
    path = tmp_path / "tape.csv"
    path.write_text(text)
    rate = CoreRate(ENGINES[name].core(1, Line.A), ENGINES[name].book)
    return run_tape(read_tape(path), ReferenceBook, SCALE, rate=rate)


@pytest.mark.parametrize("name", ENGINES)
def test_a_core_comes_to_the_same_books(tmp_path: Path, name: str) -> None:
    """The run itself compares the states; what was timed is every input."""
    result = run(tmp_path, ROWS, name)

    assert (10, 10, 1) == (result.messages, result.inputs, result.trades)
    assert ["A-USD", "B-USD"] == list(result.state_hashes)
    assert result.engine_s > 0


@pytest.mark.parametrize("name", ENGINES)
def test_inputs_of_one_time_share_a_record(tmp_path: Path, name: str) -> None:
    """Up to a bound; with a time each, every order comes alone."""
    count = 2 * ORDERS_MAX + 400
    places = [f"{number},buy,{1 + number % 50},1" for number in range(count)]

    together = run(tmp_path, "\n".join(["id,side,price,size", *places]), name)
    timed = [f"{place},{number}" for number, place in enumerate(places)]
    alone = run(tmp_path, "\n".join(["id,side,price,size,time_ms", *timed]), name)

    assert "records of 800 orders" in together.timed
    assert "records of 1 orders" in alone.timed
    assert count == together.inputs == alone.inputs


def test_the_native_engine_is_timed_by_its_core() -> None:
    """And the reference by its book."""
    assert isinstance(rate_of("reference", SCALE), BookRate)
    if native.INSTALLED:
        assert isinstance(rate_of(native.NAME, SCALE), CoreRate)


@pytest.mark.parametrize("name", ENGINES)
def test_increments_that_no_exchange_lists_are_for_a_book_alone(name: str) -> None:
    """A worker core refuses such rules, and a tape may have them."""
    fine = Scale(Decimal("0.000001"), Decimal("0.00000000001"))

    assert isinstance(rate_of(name, fine), BookRate)
