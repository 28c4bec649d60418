"""A terminal at which commands are typed."""

import json
from typing import Any, NamedTuple

import pytest

from partita.deploy.__main__ import partita
from partita.deploy.commands.exits import run

# Accounts that no other test uses.
MAKER, TAKER = 7_001, 7_002
NOBODY = 7_999  # never funded


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as a program reads it."""
        return json.loads(self.out)


class Terminal:
    """Types commands; in process, through the same entry point as `partita`."""

    def __init__(self, bootstrap: str, capture: pytest.CaptureFixture[str]) -> None:
        self.bootstrap = bootstrap
        self._capture = capture

    def type(self, line: str) -> Ended:
        """Run a command line and return how it ended."""
        self._capture.readouterr()
        arguments = [*line.split(), "--bootstrap", self.bootstrap]
        if "--" in arguments:  # what follows it is no option any more
            arguments = [arguments[0], *arguments[-2:], *arguments[1:-2]]
        with pytest.raises(SystemExit) as ended:
            run(lambda: partita(arguments))
        code = ended.value.code
        assert isinstance(code, int)
        return Ended(code, *self._capture.readouterr())

    def json(self, line: str) -> Any:
        """Run a command that must do, and return what it printed for programs."""
        flagged = line.replace(" -- ", " --json -- ") if " -- " in line else f"{line} --json"
        ended = self.type(flagged)
        assert ended.code == 0, ended.err
        return ended.json


def balance(terminal: Terminal, account: int, asset: str) -> tuple[str, str]:
    """Return available and held, without the zeros at their end."""
    for row in terminal.json(f"balances {account}"):
        if row["asset"] == asset:
            return trimmed(row["available"]), trimmed(row["held"])
    return "0", "0"


def trimmed(text: str) -> str:
    """Return a decimal without the zeros behind its last decimal."""
    return text.rstrip("0").rstrip(".") if "." in text else text
