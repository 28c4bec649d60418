"""What the logs of the workers of an exchange tell after a run."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# No worker says these, whatever is done to it.
_NEVER = ("Traceback", "PARKED", "diverged", "AssertionError")
_TIMES = re.compile(r"^(\S+ \S+) \w+ \S+ owns partition (\d+)( no more|, from offset)")


class _Owned(NamedTuple):
    at: str  # the time as it is written
    partition: int
    lost: bool


def complaints(folder: Path) -> list[str]:
    """Return the lines that no worker should ever say."""
    return [
        f"{log.name}: {line}"
        for log in sorted(folder.glob("*.log"))
        for line in log.read_text(errors="replace").splitlines()
        if any(word in line for word in _NEVER)
    ]


def kind(name: str) -> str:
    """Return what workers that share partitions have in common of their names."""
    return name.rstrip("0123456789")


def owned(log: Path) -> dict[int, str]:
    """Return the partitions that a worker owns as far as it knows, and since when."""
    found: dict[int, str] = {}
    for at, partition, lost in _ownerships(log):
        if lost:
            found.pop(partition, None)
        else:
            found[partition] = at
    return found


def two_owners(folder: Path) -> int:
    """Return how often a worker went on with a partition that another one of its line had taken."""
    logs = {log.stem: list(_ownerships(log)) for log in sorted(folder.glob("*.log"))}
    count = 0
    for name, mine in logs.items():
        others = [
            one
            for other, theirs in logs.items()
            if other != name and kind(other) == kind(name)
            for one in theirs
            if not one.lost
        ]
        since: dict[int, str] = {}
        for at, partition, lost in mine:
            if not lost:
                since[partition] = at
                continue
            begun = since.pop(partition, at)
            count += any(o.partition == partition and begun < o.at < at for o in others)
    return count


def _ownerships(log: Path) -> Iterator[_Owned]:
    for line in log.read_text(errors="replace").splitlines():
        if (found := _TIMES.match(line)) is not None:
            yield _Owned(found[1], int(found[2]), lost=found[3] == " no more")
