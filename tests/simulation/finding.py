"""In which seed each bug put in on purpose is found, and by which checker.

`.venv/bin/python tests/simulation/finding.py` looks for all of them, or for
those that are named, and writes found.md.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

if not __package__:  # run as a file, from a clone
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from simulation.breakages import BREAKAGES, broken
from simulation.machines import REFERENCE
from simulation.scheduler import STEPS
from simulation.seeds import Job, processes, run

FOUND = Path(__file__).with_name("found.md")
SEEDS = 1_000  # within which a bug must be found
_HEAD = """# Bugs put in on purpose, and what found them

Written by `.venv/bin/python tests/simulation/finding.py`; `make test` looks into these seeds first.

| bug | what it does | seed | checker |
|---|---|---|---|
"""
_NAMED = {breakage.__name__: breakage for breakage in BREAKAGES}


class Search(NamedTuple):
    """A bug to look for."""

    name: str
    first: int = 0  # the seed to look into first


class Found(NamedTuple):
    """Where a bug was found."""

    name: str
    seed: int  # -1: nowhere
    checker: str
    text: str


def find(search: Search) -> Found:
    """Return the first seed that finds a bug."""
    for seed in (search.first, *range(SEEDS)):
        with broken(_NAMED[search.name]):
            outcome = run(Job(seed, STEPS, REFERENCE))  # what is broken is the reference
        if outcome.failure:
            return Found(search.name, seed, outcome.checker, outcome.failure)
    return Found(search.name, -1, "", "")


def find_all(searches: Iterable[Search]) -> Iterator[Found]:
    """Look for bugs on all cores, the longest known searches first; yield what was found."""
    known = {name: _seed(row) for name, row in rows().items()}
    # Those of which nothing is known may take longest of all.
    ordered = sorted(searches, key=lambda search: -known.get(search.name, SEEDS))
    with processes() as pool:
        yield from pool.map(find, ordered)


def rows() -> dict[str, str]:
    """Return the rows of the table as it stands, by the names of their bugs."""
    lines = FOUND.read_text().splitlines(keepends=True) if FOUND.exists() else []
    named = {line.split("|")[1].strip(): line for line in lines if line.startswith("|")}
    return {name: line for name, line in named.items() if name in _NAMED}


def _seed(row: str) -> int:
    return int(row.split("|")[3])


def searches() -> list[Search]:
    """Return the bugs of the table, with the seeds in which they were found the last time."""
    return [Search(name, _seed(row)) for name, row in rows().items()]


def main(names: Sequence[str]) -> int:
    """Look for bugs from the first seed on; write the table; return 1 when one is not found."""
    table = rows()
    missed = 0
    for found in find_all([Search(name) for name in names or _NAMED]):
        what = (_NAMED[found.name].__doc__ or "").splitlines()[0]
        table[found.name] = f"| {found.name} | {what} | {found.seed} | {found.checker} |\n"
        if found.seed < 0:
            del table[found.name]
            missed += 1
        print(f"{found.name}: seed {found.seed}, {found.text.splitlines()[:1]}", flush=True)
    FOUND.write_text(_HEAD + "".join(table[name] for name in _NAMED if name in table))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
