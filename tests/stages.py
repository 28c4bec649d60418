"""Run every stage of `make test` and print how many minutes each took."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest", "-q"]
STAGES: tuple[tuple[str, list[str]], ...] = (
    ("engines", ["partita", "--version"]),
    ("lint", ["ruff", "check", "."]),
    ("format", ["ruff", "format", "--check", "."]),
    ("contracts", ["lint-imports"]),
    ("types", ["mypy"]),
    ("types of tests", ["mypy", "tests", "benchmarks"]),
    ("doctests", [*PYTEST, "--doctest-modules", "schemas/chain.py"]),
    ("native", [sys.executable, "tests/native/rust.py"]),
    (
        "unit",
        [
            *(*PYTEST, "-m", "not kafka and not cassandra"),
            *("--ignore=tests/simulation", "--ignore=tests/conformance"),
        ],
    ),
    ("simulation", [*PYTEST, "tests/simulation"]),
    ("conformance", [*PYTEST, "tests/conformance"]),
    ("kafka", [*PYTEST, "-m", "kafka and not cassandra"]),
    ("cassandra", [*PYTEST, "-m", "cassandra"]),
)


def main() -> int:
    """Run the stages in order; stop at the first that fails; return its exit code."""
    minutes: list[tuple[str, float]] = []
    code = 0
    for name, command in STAGES:
        print(f"== {name}", flush=True)
        started = time.monotonic()
        program = Path(sys.executable).parent / command[0]
        whole = [str(program), *command[1:]] if program.exists() else command
        code = subprocess.run(whole, cwd=ROOT, check=False).returncode
        minutes.append((name, (time.monotonic() - started) / 60))
        if code:
            break
    print("\nstage             minutes")
    for name, took in minutes:
        print(f"{name:16} {took:8.2f}")
    print(f"{'all':16} {sum(took for _, took in minutes):8.2f}")
    if code:
        print(f"{minutes[-1][0]} failed with exit code {code}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
