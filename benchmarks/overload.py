"""Overload: three times what the exchange can carry, for a minute, and what becomes of it.

An embedded exchange of its own. `Bulk.place` at full speed finds the capacity; then rows are
offered open loop (`Bulk.offer`) at three times that, whatever becomes of them: what is refused is
counted, and gone. Afterwards every accepted row must be settled, once; of these, latencies from the
offer by windows of five seconds, the queue (rows unanswered) and the memory of each process; how
long it takes until all is settled, and until a gentle flow has a p99 below 20 ms again.

    python -m benchmarks.overload [--seconds S] [--factor F] [--no-record]
"""

import asyncio
import gc
import os
import time
from array import array
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from benchmarks.pairs.flow import fund, orders
from benchmarks.results import Figures, Measured, Parameters, record, rounded
from benchmarks.venue import exchange
from partita.deploy.exchange import Exchange
from partita.deploy.replay.latency import Percentiles, percentiles
from partita.log.engines import engine_name
from partita.matchers.engines import ENGINES
from partita.producers import Client, ClientLimits
from partita.producers.bulk import Bulk, OrderTable, RowState
from partita.schemas.errors import Overloaded

WINDOW_S = 5.0
_TICK_S = 0.005  # between offers
_GENTLE_PER_S = 1_000
_GENTLE_S = 1.0  # a look at the gentle flow
_GENTLE_P99_MS = 20.0
_GENTLE_LOOKS_MAX = 60
# Ids are remembered for 10 s beyond their life: from the 20th second on memory is to grow by what
# rests for ever only.
_LIMITS = ClientLimits(oldest_ms=5_000, answer_timeout_ms=9_000, valid_for_ms=10_000)
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_FUNDS = "100000000"


@dataclass
class Window:
    """What was seen in a stretch of the overload."""

    accepted: int = 0
    refused: int = 0
    queue_most: int = 0  # rows unanswered
    queue: int = 0  # at its end
    latencies_s: "array[float]" = field(default_factory=lambda: array("d"))
    percentiles: Percentiles | None = None  # when all that was accepted in it is settled
    resident: Mapping[str, int] = field(default_factory=dict)  # bytes at its end, by process


class Found(NamedTuple):
    """What the whole run found."""

    capacity_per_s: float
    windows: list[Window]
    states: Counter[RowState]  # of all that were accepted
    resident_before: Mapping[str, int]
    settled_s: float  # from the last offer until all was settled
    recovered_s: float | None  # and until the gentle flow was fast again
    gentle_p99_ms: float


def resident(running: Exchange) -> dict[str, int]:
    """Return the resident memory of each process of the exchange, and of this one."""
    pids = {state.name: state.pid for state in running.states()}
    if running.kafka is not None:
        pids["broker"] = running.kafka.pid
    pids["client"] = os.getpid()
    found = {}
    for name, pid in pids.items():
        if pid is not None:
            pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
            found[name] = int(pages) * _PAGE_BYTES
    return found


class Offers:
    """Offers rows, and takes in and forgets what became of them."""

    def __init__(self, bulk: Bulk, table: OrderTable) -> None:
        self.states: Counter[RowState] = Counter()
        self.window = Window()
        self._bulk = bulk
        self._table = table
        self._at = 0  # the next row of the table, round and round
        self._under_way: deque[tuple[range, int, Window]] = deque()

    def offer(self, count: int) -> None:
        """Offer the next rows of the table; what is refused is gone."""
        if self._at + count > len(self._table):
            self._at = 0
        part = self._table.part(self._at, self._at + count)
        self._at += len(part)
        at_ns = time.perf_counter_ns()
        try:
            rows = self._bulk.offer(part)
        except Overloaded:
            rows = range(0)
        else:
            self._under_way.append((rows, at_ns, self.window))
        self.window.accepted += len(rows)
        self.window.refused += len(part) - len(rows)
        self.window.queue_most = max(self.window.queue_most, self._bulk.unanswered)

    def look(self) -> bool:
        """Take in the oldest offers that are settled; return whether all are."""
        while self._under_way:
            rows, at_ns, window = self._under_way[0]
            found = self._bulk.outcomes(rows)
            if min(found.states) < RowState.SETTLED:
                return False
            self._under_way.popleft()
            self._bulk.forget(rows)
            self.states.update(found.counts())
            window.latencies_s.extend((heard - at_ns) / 1e9 for heard in found.heard_ns)
            if len(window.latencies_s) == window.accepted and window is not self.window:
                _close(window)
        return True

    async def run(self, per_s: float, seconds: float) -> None:
        """Offer open loop for so long."""
        start_s, offered = time.perf_counter(), 0
        while (now_s := time.perf_counter() - start_s) < seconds:
            if (due := int(now_s * per_s)) > offered:
                self.offer(due - offered)
                offered = due
            self.look()
            await asyncio.sleep(_TICK_S)

    async def settle(self, timeout_s: float = 120.0) -> None:
        """Wait until all is settled."""
        end_s = time.perf_counter() + timeout_s
        while not self.look():
            assert time.perf_counter() < end_s, "every accepted row is settled in time"
            await asyncio.sleep(_TICK_S)


def _close(window: Window) -> None:
    if window.latencies_s:
        window.percentiles = percentiles(window.latencies_s)
    window.latencies_s = array("d")


async def _capacity(bulk: Bulk, table: OrderTable, seconds: float) -> float:
    """Return the rows a second of tables at full speed, after one to warm up."""
    placed, start_s = 0, 0.0
    await bulk.place(table)
    start_s = time.perf_counter()
    while time.perf_counter() - start_s < seconds:
        outcomes = await bulk.place(table)
        assert min(outcomes.states) >= RowState.SETTLED
        placed += len(table)
    return placed / (time.perf_counter() - start_s)


async def measure(running: Exchange, seconds: float, factor: float, find_s: float) -> Found:
    """Find the capacity, overload, stop, and see how it recovers."""
    async with Client.connecting(running.bootstrap, limits=_LIMITS, timeout_s=60.0) as client:
        await fund(client, money=_FUNDS)
        async with client.bulk(60.0) as bulk:
            table = orders(client, 96_000, seed=1)  # six times that the market is back
            gc.collect()
            gc.freeze()  # as the workers do
            capacity = await _capacity(bulk, table, find_s)
            offers, windows, before = Offers(bulk, table), [], resident(running)
            end_s = time.perf_counter() + seconds
            while (left_s := end_s - time.perf_counter()) > 0:
                offers.window = Window()
                windows.append(offers.window)
                await offers.run(capacity * factor, min(WINDOW_S, left_s))
                offers.window.queue = bulk.unanswered
                offers.window.resident = resident(running)
            stopped_s = time.perf_counter()
            await offers.settle()
            settled_s = time.perf_counter() - stopped_s
            states = Counter(offers.states)
            _close(windows[-1])
            recovered_s, p99_ms = await _recovered(offers, stopped_s)
            accepted = sum(window.accepted for window in windows)
            assert states.total() == accepted, "every accepted row is settled, once"
            assert (bulk.unanswered, bulk.gaps) == (0, 0)
            return Found(capacity, windows, states, before, settled_s, recovered_s, p99_ms)


async def _recovered(offers: Offers, stopped_s: float) -> tuple[float | None, float]:
    """Return when a gentle flow is fast again, from the stop, and its p99 then."""
    p99_ms = 0.0
    for _ in range(_GENTLE_LOOKS_MAX):
        look_s = time.perf_counter()
        offers.window = gentle = Window()
        await offers.run(_GENTLE_PER_S, _GENTLE_S)
        await offers.settle()
        _close(gentle)
        assert gentle.percentiles is not None
        p99_ms = gentle.percentiles.p99_ms
        if p99_ms < _GENTLE_P99_MS:
            return look_s - stopped_s, p99_ms
    return None, p99_ms


def _megabytes(value: int) -> str:
    return f"{value / 1e6:.0f}"


def show(found: Found) -> None:
    """Print a row a window, and what came of all."""
    names = sorted(found.resident_before)
    heads = ("from s", "accepted/s", "refused/s", "queue", "most", "p50 ms", "p99 ms", "max ms")
    table = Table(*heads, *(f"{name} MB" for name in names), title="overload")
    before = (_megabytes(found.resident_before[name]) for name in names)
    table.add_row("before", *[""] * (len(heads) - 1), *before)
    for at, window in enumerate(found.windows):
        times = window.percentiles
        shown = (times.p50_ms, times.p99_ms, times.max_ms) if times else ()
        table.add_row(
            f"{at * WINDOW_S:.0f}",
            *(f"{count / WINDOW_S:,.0f}" for count in (window.accepted, window.refused)),
            *(f"{window.queue:,}", f"{window.queue_most:,}"),
            *([f"{value:.1f}" for value in shown] or [""] * 3),
            *(_megabytes(window.resident.get(name, 0)) for name in names),
        )
    Console(width=200).print(table)
    print(summary(found))


def summary(found: Found) -> str:
    """Return what came of all in a line."""
    accepted = sum(window.accepted for window in found.windows)
    refused = sum(window.refused for window in found.windows)
    p99s = [window.percentiles.p99_ms for window in found.windows if window.percentiles]
    states = ", ".join(f"{count:,} {state.name.lower()}" for state, count in found.states.items())
    grown = ", ".join(
        f"{name} {_megabytes(size)} to {_megabytes(found.windows[-1].resident.get(name, 0))}"
        for name, size in sorted(found.resident_before.items())
    )
    again = "not" if found.recovered_s is None else f"{found.recovered_s:.1f} s after the stop"
    return (
        f"capacity {found.capacity_per_s:,.0f}/s; {accepted:,} accepted ({states}), "
        f"{refused:,} refused; p99 of a window {min(p99s):.0f} to {max(p99s):.0f} ms; "
        f"queue at most {max(window.queue_most for window in found.windows):,}; "
        f"MB: {grown}; all settled {found.settled_s:.2f} s after the stop; "
        f"{_GENTLE_PER_S:,}/s below {_GENTLE_P99_MS:.0f} ms again: {again} "
        f"(p99 {found.gentle_p99_ms:.1f} ms)"
    )


def numbers(found: Found) -> Figures:
    """Return what came of all as numbers; a list has a figure for each window."""
    figures: Figures = {
        "capacity orders/s": round(found.capacity_per_s),
        "window s": WINDOW_S,
        "accepted/s": [round(window.accepted / WINDOW_S) for window in found.windows],
        "refused/s": [round(window.refused / WINDOW_S) for window in found.windows],
        "queue rows": [window.queue_most for window in found.windows],
        "p99 ms": [w.percentiles.p99_ms for w in found.windows if w.percentiles],
        "before MB": rounded({name: size / 1e6 for name, size in found.resident_before.items()}),
        "after MB": rounded({n: size / 1e6 for n, size in found.windows[-1].resident.items()}),
        "resident MB": [round(sum(w.resident.values()) / 1e6) for w in found.windows],
        "all settled s": round(found.settled_s, 2),
        "gentle p99 ms": found.gentle_p99_ms,
    }
    if found.recovered_s is not None:
        figures["recovered s"] = round(found.recovered_s, 2)
    return figures


@click.command(help=__doc__)
@click.option("--seconds", default=60.0, show_default=True, help="Length of the overload.")
@click.option("--factor", default=3.0, show_default=True, help="Of the capacity.")
@click.option("--find", "find_s", default=10.0, show_default=True, help="Seconds at full speed.")
@click.option("--shards", default=2, show_default=True, help="Ledger shards.")
@click.option("--partitions", default=2, show_default=True, help="Partitions of the books.")
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(
    seconds: float, factor: float, find_s: float, shards: int, partitions: int, keep: bool
) -> None:
    """Measure, print a table, and record."""
    with exchange(shards, partitions) as running:
        found = asyncio.run(measure(running, seconds, factor, find_s))
    show(found)
    if keep:
        engine = engine_name(ENGINES)
        shape = f"{engine} engines, {shards}x{partitions}"
        workload = f"overload, {factor:g} times capacity for {seconds:g} s, {shape}"
        parameters: Parameters = {"engine": engine, "shards": shards, "partitions": partitions}
        parameters |= {"factor": factor, "seconds": seconds}
        measured = Measured("overload", parameters, numbers(found))
        record("benchmarks.overload", {workload: summary(found)}, [measured])


if __name__ == "__main__":
    main()
