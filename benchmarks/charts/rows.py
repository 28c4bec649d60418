"""The lines of results.jsonl, and the newest of each kind."""

import json
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.results import NUMBERS, Figures, Number, Parameter, Parameters


class Row(NamedTuple):
    """What one run of a benchmark gave for a workload."""

    date: str
    commit: str
    machine: str
    command: str
    workload: str
    parameters: Parameters
    figures: Figures
    note: str = ""  # what else was going on, for rows that were taken over from RESULTS.md

    def table(self, name: str) -> Mapping[str, Number]:
        """Return a figure that is several, by their names."""
        found = self.figures[name]
        assert isinstance(found, Mapping), f"{self.workload}: {name} has names"
        return found

    def list(self, name: str) -> Sequence[Number]:
        """Return a figure that is several."""
        found = self.figures[name]
        assert isinstance(found, Sequence), f"{self.workload}: {name} is a list"
        return found

    def number(self, name: str) -> Number:
        """Return a figure that is one."""
        found = self.figures[name]
        assert isinstance(found, int | float), f"{self.workload}: {name} is a number"
        return found


def read_rows(path: Path = NUMBERS) -> list[Row]:
    """Return all rows, the newest last. Raises ValueError for one that is not as it should be."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [_row(number, json.loads(line)) for number, line in enumerate(lines, 1)]
    return sorted(rows, key=lambda row: row.date)  # those of one day as they were written


def _row(line: int, values: dict[str, Any]) -> Row:
    row = Row(**values)
    for name, figure in row.figures.items():
        several = figure.values() if isinstance(figure, Mapping) else figure
        for value in several if isinstance(several, Iterable) else [several]:
            if type(value) not in {int, float} or not isfinite(value):
                raise ValueError(f"line {line}: {name} of {row.workload} is {value!r}, no number")
    return row


def newest(rows: Iterable[Row], workload: str, *names: str) -> dict[tuple[Parameter, ...], Row]:
    """Return the newest row of a workload for each value that these parameters have.

    In the order of these values: numbers by size.
    """
    found = {
        tuple(row.parameters[name] for name in names): row
        for row in rows
        if row.workload == workload
    }
    return dict(sorted(found.items()))
