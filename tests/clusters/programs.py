"""Programs as a person starts them, and how each ended."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from partita.deploy.workers import worker_command

PATIENCE_S = 60.0
PARTITA = (sys.executable, "-m", "partita.deploy")


class Ended(NamedTuple):
    """How a program ended."""

    code: int
    said: str


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run a program of this test's own, and end it."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def up_command(bootstrap: str, data: Path, *options: str) -> list[str]:
    """Return `partita up` of 1 shard and 1 partition on a cluster that is there."""
    place = ("--bootstrap", bootstrap, "--data", str(data))
    return [*PARTITA, "up", *place, "--shards", "1", "--partitions", "1", *options]


def start_all(bootstrap: str, data: Path) -> dict[str, Ended]:
    """Start a ledger, a matcher and `partita up` where none can run; return how each ended."""
    commands = {
        "ledger": worker_command("ledger", bootstrap),
        "matcher": [*PARTITA, "matcher", "--bootstrap", bootstrap],
        "up": up_command(bootstrap, data),
    }
    return {name: ended(command) for name, command in commands.items()}


def ended(command: list[str]) -> Ended:
    """Return how a program that does not run for long ended."""
    with running(command) as process:
        said, _ = process.communicate(timeout=PATIENCE_S)
        return Ended(process.returncode, said)


def stopped_after(sign: str, command: list[str]) -> Ended:
    """Stop a program in order once it says something, and return how it ended."""
    with running(command) as process:
        assert process.stdout is not None, "it was asked for"
        said = list[str]()
        for line in process.stdout:
            if sign in line and sign not in "".join(said):
                process.send_signal(signal.SIGTERM)
            said.append(line)
        return Ended(process.wait(PATIENCE_S), "".join(said))
