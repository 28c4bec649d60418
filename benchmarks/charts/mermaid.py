"""One chart: a Mermaid block that GitHub draws, its numbers as a table, and where they are from."""

import re
from collections.abc import Mapping, Sequence
from math import ceil, log10
from typing import NamedTuple

from benchmarks.charts.rows import Row
from benchmarks.results import Number

_STEPS = (
    1.25,
    1.5,
    2,
    2.5,
    3,
    4,
    5,
    6,
    8,
    10,
)  # tenths of the next power of ten: where an axis may end
_QUOTES = str.maketrans({'"': "'"})


class Chart(NamedTuple):
    """Bars, and maybe a line: Mermaid has no legend, and draws bars of two kinds over each other.

    The first kind of number is drawn as bars, the second, if there is one, as a line.
    """

    title: str
    unit: str
    labels: Sequence[str]
    numbers: Mapping[str, Sequence[Number]]  # by what they are, one for each label
    rows: Sequence[Row]  # where they are from
    horizontal: bool = False  # for long labels


def plain(value: Number) -> str:
    """Return a number as Mermaid and people read it: all digits that it has, and no exponent.

    >>> plain(2000000), plain(0.25), plain(3.0), plain(1e-7)
    ('2000000', '0.25', '3', '0.0000001')
    """
    if isinstance(value, int):
        return str(value)
    return f"{value:.9f}".rstrip("0").rstrip(".")


def axis_end(most: Number) -> Number:
    """Return where an axis ends that has to show so much.

    >>> axis_end(213039), axis_end(9.57), axis_end(0)
    (250000, 10, 1)
    """
    if most <= 0:
        return 1
    power = 10.0 ** ceil(log10(most))
    end = next(step * power / 10 for step in _STEPS if step * power / 10 >= most)
    return int(end) if end == int(end) else end


def block(chart: Chart) -> list[str]:
    """Return the lines of the Mermaid block."""
    labels, kinds = chart.labels, list(chart.numbers.items())
    assert 1 <= len(kinds) <= 2, "bars, and maybe a line"
    for name, values in kinds:
        assert len(values) == len(labels), f"{chart.title}: a number of {name} for each label"
    if len(labels) == 1 and len(kinds) == 2:
        # A line through one point is not to be seen: two bars.
        labels = [f"{labels[0]}, {name}" for name, _ in kinds]
        kinds = [("", [value for _, values in kinds for value in values])]
    names = [name for name, _ in kinds]
    drawn = f" (bars: {names[0]}; line: {names[1]})" if len(names) == 2 else ""
    axis = ", ".join(f'"{_quoted(label)}"' for label in labels)
    end = axis_end(max(value for _, values in kinds for value in values))
    lines = [
        "```mermaid",
        f"xychart-beta{' horizontal' if chart.horizontal else ''}",
        f'    title "{_quoted(chart.title)}{drawn}"',
        f"    x-axis [{axis}]",
        f'    y-axis "{_quoted(chart.unit)}" 0 --> {plain(end)}',
    ]
    for (_, values), shape in zip(kinds, ("bar", "line"), strict=False):
        lines.append(f"    {shape} [{', '.join(plain(value) for value in values)}]")
    return [*lines, "```"]


def _quoted(text: str) -> str:
    return text.translate(_QUOTES)


def table(chart: Chart) -> list[str]:
    """Return the lines of the table of all its numbers."""
    names = [f"{name}, {chart.unit}" if name != chart.unit else name for name in chart.numbers]
    lines = [f"| | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for at, label in enumerate(chart.labels):
        values = (_grouped(values[at]) for values in chart.numbers.values())
        lines.append(f"| {label} | {' | '.join(values)} |")
    return lines


def _grouped(value: Number) -> str:
    whole, point, rest = plain(value).partition(".")
    return f"{int(whole):,}{point}{rest}"


def sources(chart: Chart) -> list[str]:
    """Return where the numbers are from: each run once."""
    told = []
    for row in chart.rows:
        notes = [row.note] if row.note else []
        notes += [
            f"{name.removesuffix('share').strip()} took {share:.0%} of the machine"
            for name, share in row.figures.items()
            if name.endswith("others share") and isinstance(share, int | float)
        ]
        note = f" ({'; '.join(notes)})" if notes else ""
        told.append(f"{row.date}, {row.commit}, {row.machine}: `{row.command}`{note}")
    return [f"<sub>{text}</sub><br>" for text in dict.fromkeys(told)]


# What a block may look like, line by line: what a test holds CHARTS.md against.
_NUMBER = r"-?\d+(\.\d+)?"
_TEXT = r'"[^"]+"'
WELL_FORMED = re.compile(
    rf"xychart-beta( horizontal)?\n    title {_TEXT}\n    x-axis \[{_TEXT}(, {_TEXT})*\]\n"
    rf"    y-axis {_TEXT} 0 --> {_NUMBER}\n    bar \[{_NUMBER}(, {_NUMBER})*\]\n"
    rf"(    line \[{_NUMBER}(, {_NUMBER})*\]\n)?"
)
