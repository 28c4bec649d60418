"""`partita match` as it is typed."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from partita.deploy.match.command import match
from partita.log.engines import ENGINE_VARIABLE
from partita.matchers.engines import ENGINES, engine
from partita.matchers.reference import ReferenceBook
from partita.schemas.errors import InvalidValue

DEFAULT, NAMES = next(iter(ENGINES)), ", ".join(ENGINES)
TAPE = "id,side,price,size\na,sell,10.50,2\nb,buy,10.5,0.5\nb,buy,1,1\n"


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """Return a tape of three rows: one rests, one takes, one is a duplicate."""
    path = tmp_path / "tape.csv"
    path.write_text(TAPE)
    return path


def typed(*arguments: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(match, [str(argument) for argument in arguments])


def test_it_prints_what_was_used_and_what_came_of_it(tape: Path) -> None:
    """Engine, increments, messages, trades, rejections by reason, and the rate."""
    result = typed(tape)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines()]
    for line in (
        ["engine", DEFAULT],
        ["tick", "0.1"],
        ["lot", "0.1"],
        ["messages", "3"],
        ["trades", "1"],
        ["rejections", "1"],
        ["duplicate_id", "1"],
    ):
        assert line in lines
    assert lines[-1][:3] == ["messages", "per", "second"]


def test_json_is_for_programs(tape: Path) -> None:
    """One object with the same figures and the state's hash per symbol."""
    figures = json.loads(typed(tape, "--json").output)
    expected = {
        "tape": str(tape),
        "engine": DEFAULT,
        "tick": "0.1",
        "lot": "0.1",
        "messages": 3,
        "trades": 1,
        "rejections": 1,
        "rejections_by_reason": {"duplicate_id": 1},
    }
    assert expected == {key: figures[key] for key in expected}
    assert list(figures["state_hash"]) == ["BTC-USD"]
    assert figures["messages_per_s"] > 0


def test_tick_and_lot_can_be_given(tape: Path) -> None:
    """A coarser tick than the tape's makes its prices invalid."""
    figures = json.loads(typed(tape, "--tick", "0.01", "--lot", "0.25", "--json").output)
    assert (figures["tick"], figures["lot"], figures["trades"]) == ("0.01", "0.25", 1)
    coarse = json.loads(typed(tape, "--tick", "1", "--json").output)
    assert coarse["rejections_by_reason"] == {"invalid_price": 2}


def test_events_and_book_are_written_by_extension(tape: Path, tmp_path: Path) -> None:
    """Compressed when the name says so."""
    events, book = tmp_path / "events.csv.gz", tmp_path / "book.csv"
    assert typed(tape, "--events", events, "--book", book).exit_code == 0
    lines = gzip.decompress(events.read_bytes()).decode().splitlines()
    assert "1,trade,buy,,10.5,0.5,a,b," in lines
    # The duplicate never reached the book.
    assert book.read_text() == "side,price,size,orders\nsell,10.5,1.5,1\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--engine", "abacus"), f"must be one of {NAMES}"),
        (("--tick", "0"), "must be above zero"),
        (("--lot", "1e-3"), "must be a plain decimal"),
        (("--events", "/nowhere/events.csv"), "No such file or directory"),
    ],
)
def test_a_bad_option_is_told_without_a_traceback(
    tape: Path, arguments: tuple[str, ...], told: str
) -> None:
    """Exit code 1 and one line that names the value and the rule."""
    result = typed(tape, *arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert told in result.output


def test_a_bad_tape_is_told_without_a_traceback(tmp_path: Path) -> None:
    """The line, the column and the rule."""
    path = tmp_path / "tape.csv"
    path.write_text("side,price,size\nbuy,NaN,1\n")
    result = typed(path)
    assert result.exit_code == 1
    assert "line 2: price 'NaN': must be a plain decimal" in result.output


def test_the_environment_names_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """PARTITA_ENGINE counts when no name is given, and a wrong one is told as such."""
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    assert engine() is ENGINES[DEFAULT].book
    monkeypatch.setenv(ENGINE_VARIABLE, "abacus")
    with pytest.raises(InvalidValue, match=f"{ENGINE_VARIABLE} 'abacus': must be one of {NAMES}"):
        engine()
    assert engine("reference") is ReferenceBook
