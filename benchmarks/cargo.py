"""The engine's own benchmarks in Rust, from Python: runs one, and gives its lines as values."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.results import ROOT

CRATE = ROOT / "native"

# As native/benches/book prints it: NAME COUNT messages NS ns each (best run NS) RATE a second
_BOOK = re.compile(
    r"(?P<name>\S+) +(?P<count>\d+) (?P<what>messages|events) +(?P<ns>\d+) ns each"
    r" \(best run (?P<best>\d+)\) +(?P<rate>\d+) a second"
)
# As native/benches/codec prints it: KIND COUNT messages decode PS ps encode PS ps
_CODEC = re.compile(
    r"(?P<kind>\S+) +\d+ messages +decode +(?P<decode>\d+) ps +encode +(?P<encode>\d+) ps"
)


class CodecFigure(NamedTuple):
    """What a message of a kind of record costs."""

    decode_ns: float
    encode_ns: float


class BookFigure(NamedTuple):
    """A workload of a book alone, in Rust."""

    name: str  # of the workload, or of the tape's file
    total: int  # messages or events that it had
    what: str  # which of the two
    ns: int  # each, the median of its runs
    best_ns: int
    rate: int  # a second, by the median


def available() -> bool:
    """Return whether there is a cargo to run them with."""
    return shutil.which("cargo") is not None


def bench(name: str, *arguments: str, settings: Mapping[str, str] | None = None) -> list[str]:
    """Build and run a benchmark of the crate; return its lines.

    settings are added to the environment; what cargo has to say goes to standard error.
    """
    command = ["cargo", "bench", "--quiet", "--bench", name, "--", *arguments]
    done = subprocess.run(
        command,
        check=False,
        cwd=CRATE,
        env={**os.environ, **(settings or {})},
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} in {CRATE} ended with code {done.returncode}")
    return [line for line in done.stdout.splitlines() if line.strip()]


def books(lines: list[str]) -> Iterator[BookFigure]:
    """Yield the workloads among the lines of the benchmark of books."""
    for line in lines:
        if (found := _BOOK.fullmatch(line.strip())) is not None:
            name, count, what, ns, best, rate = found.groups()
            yield BookFigure(name, int(count), what, int(ns), int(best), int(rate))


def codec(files: Mapping[str, Path]) -> dict[str, CodecFigure]:
    """Measure the codec on a record of each kind; return what it costs by kind."""
    lines = bench("codec", *(f"{kind}={path.resolve()}" for kind, path in files.items()))
    found = (_CODEC.fullmatch(line.strip()) for line in lines)
    return {
        one["kind"]: CodecFigure(int(one["decode"]) / 1_000, int(one["encode"]) / 1_000)
        for one in found
        if one is not None
    }
