"""The processes of a relay."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from benchmarks.relay.shape import Shape
from benchmarks.results import ROOT

_STOP_S = 60.0


class HopProcess:
    """A ledger or a matcher."""

    def __init__(self, name: str, bootstrap: str, prefix: str, shape: Shape) -> None:
        where = [bootstrap, prefix, str(shape.shards), str(shape.partitions)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.relay.hop", name, *where],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Wait until it reads."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the hop has ended"

    def stop(self) -> Mapping[str, Mapping[str, int]]:
        """Let it end; return what it has sent."""
        out, _ = self._process.communicate(timeout=_STOP_S)
        assert self._process.returncode == 0, "the hop has failed"
        told: Mapping[str, Mapping[str, int]] = json.loads(out)
        return told

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.communicate()


class Hops:
    """All the hops of a relay."""

    def __init__(self, processes: Mapping[str, HopProcess]) -> None:
        self._processes = processes
        self.records: Counter[str] = Counter()
        self.value_bytes: Counter[str] = Counter()

    @property
    def pids(self) -> dict[str, int]:
        """The processes by name: each hop, and this one, the client."""
        return {"client": os.getpid()} | {n: p.pid for n, p in self._processes.items()}

    def stop(self) -> None:
        """Let all end, and count what they have sent."""
        for process in self._processes.values():
            told = process.stop()
            self.records.update(told["records"])
            self.value_bytes.update(told["value_bytes"])


@contextmanager
def hops(bootstrap: str, prefix: str, shape: Shape) -> Iterator[Hops]:
    """Start a ledger and a matcher for each line; end them whatever happens."""
    processes = {}
    try:
        for line in "AB"[: shape.lines]:
            for name in ("ledger", "matcher"):
                processes[f"{name} {line}"] = HopProcess(name, bootstrap, prefix, shape)
        for process in processes.values():
            process.wait_ready()
        yield Hops(processes)
    finally:
        for process in processes.values():
            process.kill()
