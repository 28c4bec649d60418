"""The charts of the benchmarks: what the results make, and what Mermaid reads."""

import importlib
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def charts(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmarks are scripts of the project's root, which tests do not have in their path."""
    monkeypatch.syspath_prepend(ROOT)
    for name in ("results", "charts.rows", "charts.mermaid", "charts.page"):
        importlib.import_module(f"benchmarks.{name}")
    return importlib.import_module("benchmarks.charts")


def test_the_page_is_what_the_results_make(charts: Any) -> None:
    """Else: python -m benchmarks.charts."""
    made = charts.page.page(charts.rows.read_rows())

    assert (ROOT / "benchmarks" / "CHARTS.md").read_text() == made


def test_each_block_is_one_that_mermaid_reads(charts: Any) -> None:
    """Numbers only, as many of them as there are labels."""
    blocks = BLOCK.findall((ROOT / "benchmarks" / "CHARTS.md").read_text())

    assert len(blocks) == (ROOT / "benchmarks" / "CHARTS.md").read_text().count("```mermaid")
    for block in blocks:
        assert charts.mermaid.WELL_FORMED.fullmatch(block), block
        labels = re.findall(r'"[^"]+"', next(x for x in block.splitlines() if "x-axis" in x))
        for series in re.findall(r"(?:bar|line) \[(.*)\]", block):
            assert len(series.split(", ")) == len(labels), block


def test_what_is_recorded_is_a_row_and_a_line(charts: Any, tmp_path: Path) -> None:
    """Both with the same origin; the line in numbers."""
    results = importlib.import_module("benchmarks.results")
    measured = results.Measured(
        "sums", {"of": 2}, {"sums/s": 7, "runs": [7, 8], "ms": {"p50": 0.5}}
    )
    words, numbers = tmp_path / "RESULTS.md", tmp_path / "results.jsonl"

    results.record("benchmarks.sums", {"sums of 2": "7 a second"}, [measured], words, numbers)
    results.record("benchmarks.sums", {"sums of 2": "9 a second"}, (), words, numbers)

    (row,) = charts.rows.read_rows(numbers)
    assert (row.workload, row.parameters, row.number("sums/s")) == ("sums", {"of": 2}, 7)
    newest, older = words.read_text().splitlines()[-2:]
    assert "| sums of 2 | 9 a second |" in newest
    assert f"| {row.date} | {row.commit} | sums of 2 | 7 a second | {row.machine} |" in older


@pytest.mark.usefixtures("charts")
@pytest.mark.parametrize("figure", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_recorded(tmp_path: Path, figure: float) -> None:
    """Nothing is written then, in words neither."""
    results = importlib.import_module("benchmarks.results")
    measured = results.Measured("sums", {}, {"sums/s": figure})
    words, numbers = tmp_path / "RESULTS.md", tmp_path / "results.jsonl"

    with pytest.raises(ValueError, match="JSON"):
        results.record("benchmarks.sums", {"sums": "many"}, [measured], words, numbers)

    assert not words.exists()
    assert not numbers.exists()


@pytest.mark.parametrize("figure", [True, "7", None, [1, "2"], {"p50": None}])
def test_a_line_with_something_else_than_numbers_is_refused(
    charts: Any, tmp_path: Path, figure: object
) -> None:
    """Whoever writes it by hand is told."""
    line = dict.fromkeys(("date", "commit", "machine", "command", "workload"), "x")
    numbers = tmp_path / "results.jsonl"
    numbers.write_text(json.dumps(line | {"parameters": {}, "figures": {"sums/s": figure}}) + "\n")

    with pytest.raises(ValueError, match="no number"):
        charts.rows.read_rows(numbers)
