"""What a snapshot of a large book does to latency: the matcher's hop, open loop, at a steady rate.

One matcher worker on an embedded broker, a book with so many resting orders, and a driver in the
place of the ledger shard: it sends pairs of orders that meet, each at its planned time, and reads
the reports. From the planned send to the report that an order is done. Runs with snapshots and
without (a period of an hour) take turns; each starts the worker anew, which restores the book.

    python -m benchmarks.snapshot_pause [--rate R] [--seconds S] [--orders N] [--pairs N]
"""

import gc
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from benchmarks.resting import MIDDLE, limit_order, resting_order
from benchmarks.results import Figures, Measured, Parameters, record, rounded
from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.replay.latency import Percentiles, percentiles
from partita.deploy.workers import SupervisedWorker, worker_command
from partita.log.edges import OutEdge
from partita.log.engines import engine_name
from partita.log.kafka.reader import Reader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.matchers.engines import ENGINES
from partita.schemas.chain import ORDERS as ORDERS_CHAIN
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Line, Side
from partita.schemas.instrument import Instrument
from partita.schemas.orders import NewOrder, OrderBatch, OrderGroup
from partita.schemas.reports import Done, Opened, ReportBatch
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS

_BATCH_S = 0.001
_PRELOAD = 2_000  # orders a record
_NEVER_MS = 3_600_000
_NAMES = ("p50", "p90", "p99", "p99.9", "max")


class Shard:
    """The driver: one edge to one book, and the reports that come back."""

    def __init__(self, bootstrap: str, instrument: Instrument) -> None:
        self.planned: dict[int, float] = {}  # order_id -> planned time, of those not done
        self.latencies_s: list[float] = []
        self.opened = 0
        self._instrument = instrument
        self._edge = OutEdge()
        self._orders = 0
        self._sender = Sender(bootstrap)
        self._reader = Reader(bootstrap, ACCOUNT_COMMANDS)
        self._reader.start({0: self._reader.ends([0])[0]})

    def send(self, orders: list[NewOrder]) -> None:
        """Send orders as one batch."""
        first, chain = self._edge.number + 1, self._edge.chain
        for order in orders:
            self._edge.put(ORDERS_CHAIN, order)
        group = OrderGroup(self._instrument.instrument_id, first, chain, tuple(orders))
        value = encode(OrderBatch(b"", Line.A, 0, (group,)))
        self._sender.send(Outgoing(ORDERS, self._instrument.partition, None, value))

    def preload(self, count: int) -> None:
        """Let so many orders rest, and wait until they do."""
        for begun in range(0, count, _PRELOAD):
            orders = []
            for n in range(begun, min(count, begun + _PRELOAD)):
                self._orders += 1
                orders.append(resting_order(self._orders, n))
            self.send(orders)
        while self.opened < count:
            self.hear(0.1)

    def pairs(self, planned_s: list[float]) -> None:
        """Send one order for each planned time: each second one takes the one before it."""
        orders = []
        for at in planned_s:
            side = Side.BUY if self._orders % 2 else Side.SELL
            self._orders += 1
            orders.append(limit_order(self._orders, 2_000 + (self._orders - 1) % 2, side, MIDDLE))
            self.planned[self._orders] = at
        self.send(orders)

    def hear(self, timeout_s: float) -> None:
        """Take the reports that have come."""
        for got in self._reader.read(timeout_s):
            now_s = time.perf_counter()
            batch = decode(got.value)
            assert isinstance(batch, ReportBatch), "nobody else is on this exchange"
            for group in batch.groups:
                for report in group.events:
                    if isinstance(report, Opened):
                        self.opened += 1
                    elif isinstance(report, Done):
                        # A worker that starts again repeats its reports; the first one counts.
                        planned = self.planned.pop(report.order_id, None)
                        if planned is not None:
                            self.latencies_s.append(now_s - planned)

    def run(self, rate: int, seconds: int) -> Percentiles:
        """Send at a rate for so long; return the latencies of what came after two seconds."""
        self.latencies_s = []
        began = time.perf_counter()
        sent, warm = 0, 2 * rate
        while sent < rate * seconds or self.planned:
            due = min(rate * seconds, int((time.perf_counter() - began) * rate))
            if due > sent:
                self.pairs([began + n / rate for n in range(sent, due)])
                sent = due
            self.hear(_BATCH_S)
        return percentiles(array("d", self.latencies_s[warm:]))


@contextmanager
def matcher(bootstrap: str, folder: Path, every_ms: int) -> Iterator[None]:
    """Run a matcher worker."""
    command = worker_command(
        "matchers", bootstrap, "--snapshot-every-ms", str(every_ms), "--session-timeout-ms", "2000"
    )
    worker = SupervisedWorker("matcher", command, folder)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def measure(
    folder: Path, orders: int, rate: int, seconds: int, pairs: int, every_ms: int
) -> dict[str, list[Percentiles]]:
    """Run so many pairs of runs; return the latencies with snapshots and without."""
    found: dict[str, list[Percentiles]] = {"snapshots": [], "none": []}
    plan = Plan(folder, DEFAULT_FILE, shards=1, partitions=1, ledgers=0, matchers=0)
    with Exchange(plan) as exchange:
        exchange.start(lambda line: print(f"  {line}"))
        shard = Shard(exchange.bootstrap, exchange.instruments[0])
        with matcher(exchange.bootstrap, folder, 1_000):
            shard.preload(orders)
            shard.run(rate, 5)  # a snapshot of it all is taken on the way
        gc.collect()
        gc.freeze()
        for number in range(pairs):
            for kind, period_ms in (("none", _NEVER_MS), ("snapshots", every_ms)):
                with matcher(exchange.bootstrap, folder, period_ms):
                    shard.run(100, 5)  # until it has restored the book
                    found[kind].append(shard.run(rate, seconds))
                print(f"  pair {number + 1}, {kind}: p99 {found[kind][-1].p99_ms:.2f} ms")
    return found


@click.command(help=__doc__)
@click.option("--orders", default=100_000, show_default=True, help="Resting orders.")
@click.option("--rate", default=11_574, show_default=True, help="Orders a second.")
@click.option("--seconds", default=30, show_default=True, help="Length of a run.")
@click.option("--pairs", default=3, show_default=True, help="Pairs of runs.")
@click.option("--every-ms", default=10_000, show_default=True, help="Snapshot period.")
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(orders: int, rate: int, seconds: int, pairs: int, every_ms: int, keep: bool) -> None:
    """Measure, print a table, and record."""
    with TemporaryDirectory(prefix="partita-bench-") as folder:
        found = measure(Path(folder), orders, rate, seconds, pairs, every_ms)
    table = Table("", *_NAMES, title=f"matcher's hop, {orders:,} resting, {rate:,}/s, ms")
    texts, numbers = [], Figures()
    for kind, runs in found.items():
        middle = [median(values) for values in zip(*(run[1:] for run in runs), strict=True)]
        table.add_row(kind, *(f"{value:.2f}" for value in middle))
        figures = ", ".join(f"{n} {v:.2f}" for n, v in zip(_NAMES, middle, strict=True))
        texts.append(f"{kind}: {figures} ms")
        numbers[f"{kind} ms"] = rounded(dict(zip(_NAMES, middle, strict=True)))
    Console().print(table)
    if keep:
        engine = engine_name(ENGINES)
        workload = (
            f"matcher's hop, {orders:,} resting orders, {rate:,} orders/s open loop, {seconds} s,"
            f" {engine} engine, a snapshot each {every_ms / 1000:g} s and none"
        )
        parameters: Parameters = {
            "engine": engine,
            "orders": orders,
            "rate": rate,
            "every ms": every_ms,
        }
        record(
            "benchmarks.snapshot_pause",
            {workload: f"{'; '.join(texts)} (medians of {pairs} interleaved pairs)"},
            [Measured("snapshot pause", parameters, numbers)],
        )


if __name__ == "__main__":
    main()
