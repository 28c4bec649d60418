"""The log of measurements: RESULTS.md for people, results.jsonl for the charts.

A row tells all that is needed to do it again: when, which commit, which machine, which command.
Timing never decides a test. RESULTS.md has the newest first, in words; results.jsonl the newest
last, a line a workload, in numbers: what `benchmarks.charts` draws from.
"""

import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
NUMBERS = ROOT / "benchmarks" / "results.jsonl"
CHARTS = ROOT / "benchmarks" / "CHARTS.md"

Parameter = str | int | float
Number = int | float
Figure = Number | Sequence[Number] | Mapping[str, Number]
Parameters = dict[str, Parameter]
Figures = dict[str, Figure]  # by name, the unit at its end: "cpu us", "p99 ms"

_HEAD = """# Results

Newest first. The machine is shared and noisy: compare runs of one day, and medians.

| date | commit | workload | result | machine | command |
|---|---|---|---|---|---|
"""


class Measured(NamedTuple):
    """What a workload gave, in numbers.

    A newer one replaces an older one of the same workload and parameters in the charts.
    """

    workload: str
    parameters: Parameters
    figures: Figures


def record(
    module: str,
    results: Mapping[str, str],
    measured: Iterable[Measured] = (),
    path: Path = RESULTS,
    numbers: Path = NUMBERS,
) -> None:
    """Add a row for each workload to the log, and a line for each of those measured.

    module is the benchmark as `python -m` takes it; results are texts by the workload's name.
    """
    origin = {
        "date": f"{datetime.now(UTC).date()}",
        "commit": _commit(),
        "machine": _machine(),
        "command": shlex.join(["python", "-m", module, *sys.argv[1:]]),
    }
    lines = [
        # A figure that is no number (a rate of nothing) is refused before anything is written.
        json.dumps(origin | one._asdict(), allow_nan=False) + "\n"
        for one in measured
    ]
    _add_rows(results, origin, path)
    with numbers.open("a", encoding="utf-8") as file:
        file.writelines(lines)


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Return figures with two decimals: more of them say nothing.

    >>> rounded({"p50": 1.23456})
    {'p50': 1.23}
    """
    return {name: round(value, 2) for name, value in values.items()}


def _add_rows(results: Mapping[str, str], origin: Mapping[str, str], path: Path) -> None:
    log = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    head, rows = log[: len(_HEAD)], log[len(_HEAD) :]
    if head != _HEAD:
        raise SystemExit(f"{path} does not begin as this log does; nothing was written to it")
    date, commit, machine, command = origin.values()
    new = "".join(
        f"| {date} | {commit} | {workload} | {result} | {machine} | `{command}` |\n"
        for workload, result in results.items()
    )
    path.write_text(head + new + rows, encoding="utf-8")


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *arguments],  # noqa: S607 - git of the developer's own PATH
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def _commit() -> str:
    commit = _git("rev-parse", "--short", "HEAD")
    if not commit:
        return "none"
    # What is written down here changes nothing that is measured.
    others = [f":!{path.relative_to(ROOT)}" for path in (RESULTS, NUMBERS, CHARTS)]
    changes = _git("status", "--porcelain", "--", ".", *others)
    return f"{commit}+" if changes else commit  # +: with changes


def _machine() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
