"""Which engine and build runs: `partita status`, `partita up`, `partita --version`."""

import io
import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from operators.views import overview, status, view
from rich.console import Console
from rich.table import Table

from partita.deploy.__main__ import partita
from partita.deploy.commands import status as status_command
from partita.deploy.commands.health_tables import counters_table
from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.log import build, native
from partita.log.engines import ENGINE_VARIABLE
from partita.matchers.engines import ENGINES
from partita.schemas.errors import InvalidValue

NATIVE = "0.1.0+3f2a/native-752c8b17f7ee"


def shown(table: Table) -> str:
    """Return a table as a wide terminal shows it."""
    console = Console(file=io.StringIO(), width=250)
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_the_status_shows_each_workers_engine() -> None:
    """A column of its own, and a key of its own for programs."""
    views = [view(status()), view(status(build=NATIVE))]

    _, reference, of_rust = shown(counters_table(views)).splitlines()

    assert ["reference", "0+abc"] == reference.split()[-2:]
    assert ["native", "752c8b17f7ee", "0.1.0+3f2a"] == of_rust.split()[-3:]


def test_the_status_tells_programs_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is null for a worker that has said nothing."""
    seen = overview(view(status(build=NATIVE)), view(None))
    monkeypatch.setattr(status_command, "look", lambda _: seen)

    typed = CliRunner().invoke(partita, ["status", "--bootstrap", "127.0.0.1:1", "--json"])

    rows = json.loads(typed.output)["partitions"]
    assert ["native 752c8b17f7ee", None] == [row["engine"] for row in rows]


def test_the_version_tells_sources_and_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the workers that would be started here."""
    monkeypatch.setenv(ENGINE_VARIABLE, "reference")

    typed = CliRunner().invoke(partita, ["--version"])

    sources, _ = build.parts(build.build("reference"))
    assert f"partita {sources}, engine: {build.engine_told(ENGINES)}\n" == typed.output


@pytest.mark.parametrize(
    ("cargo", "why"), [("/usr/bin/cargo", "run `make native`"), (None, "no cargo")]
)
def test_why_there_is_no_native_engine_is_told(
    monkeypatch: pytest.MonkeyPatch, cargo: str | None, why: str
) -> None:
    """Where cargo is, it is one command away."""
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    monkeypatch.setattr(native, "INSTALLED", False)
    monkeypatch.setattr(native, "shutil", SimpleNamespace(which=lambda _: cargo))

    told = build.engine_told({"reference": None})

    assert f"reference (the native one is not installed: {why})" == told


@pytest.mark.skipif(not native.INSTALLED, reason="no native engine is installed")
def test_the_native_engine_is_told_with_its_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a reference that was asked for needs no reason."""
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)

    assert f"native {native.build()}" == build.engine_told(ENGINES)
    assert "reference" == build.engine_told(ENGINES, "reference")


class _Enough(Exception):
    """Stops a start where the test has seen enough."""


def test_an_exchange_says_its_engine_before_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it stands at the head of what `partita up` prints."""
    monkeypatch.setenv(ENGINE_VARIABLE, "reference")

    def hear(line: str) -> None:
        said.append(line)
        raise _Enough

    said: list[str] = []
    with Exchange(Plan(DEFAULT_FILE.parent, DEFAULT_FILE)) as exchange, pytest.raises(_Enough):
        exchange.start(hear)

    assert [f"engine: {build.engine_told(ENGINES)}"] == said


def test_an_unknown_engine_is_refused_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers would end one after the other otherwise."""
    monkeypatch.setenv(ENGINE_VARIABLE, "abacus")

    with (
        Exchange(Plan(DEFAULT_FILE.parent, DEFAULT_FILE)) as exchange,
        pytest.raises(InvalidValue, match="must be one of"),
    ):
        exchange.start(lambda _: None)
