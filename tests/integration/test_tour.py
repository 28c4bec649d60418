"""The README's five-minute tour, typed as it stands there."""

import asyncio
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PARTITA = str(Path(sys.executable).with_name("partita"))
UP_TIMEOUT_S = 240.0
COMMAND_TIMEOUT_S = 60.0


class Typed(NamedTuple):
    """A command of the tour, what it prints, and how it ends."""

    command: str
    output: str
    code: int


def tour() -> list[Typed]:
    """Return the commands of the README's tour blocks."""
    found = []
    text = (ROOT / "README.md").read_text()
    block_of = r"<!-- tour(?::(\d+))? -->\n```console\n(.*?)```"
    for code, block in re.findall(block_of, text, re.DOTALL):
        for part in block.split("$ partita ")[1:]:
            command, _, output = part.partition("\n")
            found.append(Typed(command, output, int(code or 0)))
    return found


def matches(expected: str, actual: str) -> bool:
    """Compare with `...` for any text, and without regard to how much white space there is."""
    parts = [re.escape(" ".join(part.split())) for part in expected.split("...")]
    return re.fullmatch(r".*?".join(parts), " ".join(actual.split()), re.DOTALL) is not None


def partita(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, in a folder."""
    return subprocess.run(
        [PARTITA, *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which `partita up` runs; Ctrl-C must end it cleanly."""
    empty = tmp_path_factory.mktemp("tour")
    with (empty / "up.log").open("w") as log:
        up = subprocess.Popen(
            [PARTITA, "up"],
            cwd=empty,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            text=True,
        )
    with up:
        try:
            yield _when_up(up, empty)
            up.send_signal(signal.SIGINT)
            rest, _ = up.communicate(timeout=COMMAND_TIMEOUT_S)
        finally:
            up.kill()  # only if the above has failed
    assert 0 == up.returncode, rest
    assert "stopped" in rest


def _when_up(up: subprocess.Popen[str], folder: Path) -> Path:
    assert up.stdout is not None
    said = ""
    while "Ctrl-C stops all of it." not in said:
        line = up.stdout.readline()
        assert line, said + (folder / "up.log").read_text()
        said += line
    assert "The exchange is up: 100 instruments, 2 shards, 2 partitions" in " ".join(said.split())
    return folder


def test_the_tour_is_as_the_readme_says() -> None:
    """There is a tour to type, and it has a refusal in it."""
    assert len(tour()) >= 10
    assert {0, 3} == {typed.code for typed in tour()}


@pytest.mark.kafka
@pytest.mark.timeout(UP_TIMEOUT_S)
def test_what_the_readme_types_prints_what_it_says(folder: Path) -> None:
    """Each command of the tour, in order, against one exchange."""
    for typed in tour():
        done = partita(*shlex.split(typed.command), folder=folder)

        assert typed.code == done.returncode, f"{typed.command}: {done.stdout}{done.stderr}"
        assert matches(typed.output, done.stdout + done.stderr), f"{typed.command}: {done.stdout}"


@pytest.mark.kafka
@pytest.mark.parametrize(("at", "printed"), [(0, "open 0.1"), (1, "BTC-USD Depth")])
def test_the_readmes_python_runs(
    folder: Path, capsys: pytest.CaptureFixture[str], at: int, printed: str
) -> None:
    """The examples of the two clients, as they stand there."""
    text = (ROOT / "README.md").read_text()
    code = re.findall(r"<!-- tour:python -->\n```python\n(.*?)```", text, re.DOTALL)[at]
    bootstrap = re.findall(r'"bootstrap": "([^"]+)"', (folder / "data/running.json").read_text())[0]
    names: dict[str, object] = {}

    exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - the README's own example
    asyncio.run(names["main"](bootstrap))  # type: ignore[operator] # defined by the example

    assert printed in capsys.readouterr().out


@pytest.mark.kafka
def test_a_second_exchange_in_the_same_folder_is_refused_and_harms_nothing(folder: Path) -> None:
    """The first one goes on, and is still found."""
    second = partita("up", folder=folder)

    assert 74 == second.returncode
    assert "in use by pid" in second.stderr
    assert 0 == partita("status", folder=folder).returncode


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--data", "/dev/null/x"), 70, "cannot be used"),
        (("--data", "free", "--port", "{port}"), 69, "cannot be used"),
        (("--data", "free", "--instruments", "rubbish.csv"), 2, "columns are missing"),
        (("--data", "foreign"), 71, "Nothing was changed"),
        (("--data", "free", "--bootstrap", "127.0.0.1:1"), 6, "no Kafka broker answers"),
        (("--shards", "0"), 2, "--shards"),
    ],
    ids=["unwritable", "port in use", "bad file", "foreign folder", "no broker", "no shards"],
)
def test_up_says_what_is_wrong_and_starts_nothing(
    folder: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """One line, a code of its own, no traceback, and no data folder half made."""
    port = re.findall(r":(\d+)\"", (folder / "data/running.json").read_text())[0]
    (folder / "rubbish.csv").write_text("symbol,tick\n")
    (folder / "foreign/kafka").mkdir(parents=True, exist_ok=True)
    (folder / "foreign/kafka/letters.txt").write_text("dear")

    done = partita("up", *(a.format(port=port) for a in arguments), folder=folder)

    assert code == done.returncode, done.stderr
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (folder / "free").exists()
