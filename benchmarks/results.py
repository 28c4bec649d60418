"""The log of measurements: RESULTS.md, newest first, one row a workload.

A row tells all that is needed to do it again: when, which commit, which machine, which command.
Timing never decides a test; these rows are for people.
"""

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "RESULTS.md"

_HEAD = """# Results

Newest first. The machine is shared and noisy: compare runs of one day, and medians.

| date | commit | workload | result | machine | command |
|---|---|---|---|---|---|
"""


def record(module: str, results: Mapping[str, str], path: Path = RESULTS) -> None:
    """Add a row for each workload to the log.

    module is the benchmark as `python -m` takes it; results are texts by the workload's name.
    """
    log = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    head, rows = log[: len(_HEAD)], log[len(_HEAD) :]
    if head != _HEAD:
        raise SystemExit(f"{path} does not begin as this log does; nothing was written to it")
    command = shlex.join(["python", "-m", module, *sys.argv[1:]])
    date = datetime.now(UTC).date()
    new = "".join(
        f"| {date} | {_commit()} | {workload} | {result} | {_machine()} | `{command}` |\n"
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
    return f"{commit}+" if _git("status", "--porcelain") else commit  # +: with changes


def _machine() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
