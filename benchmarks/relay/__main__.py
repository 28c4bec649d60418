"""The exchange's hops with no work done: `python -m benchmarks.relay throughput|latency`.

On an embedded broker of its own, warmed up first. The figures are comparable only with those of
runs in between which the machine did the same: `others` tells what went to other processes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from benchmarks.relay.run import BATCH, PAUSE_S, WARM_BROKER, WINDOW, run_latency, run_throughput
from benchmarks.relay.shape import Shape
from benchmarks.results import Figures, Measured, Parameters, record, rounded
from partita.deploy.kafka.embedded import EmbeddedKafka

_Command = Callable[..., None]
_NAMES = ("p50", "p90", "p99", "p99.9", "max")


@click.group(help=__doc__)
def main() -> None:
    """Group the commands."""


def _common(command: _Command) -> _Command:
    for option in (
        click.option("--shards", default=2, show_default=True, help="Ledger shards."),
        click.option("--partitions", default=2, show_default=True, help="Of the books."),
        click.option("--lines", default=1, show_default=True, help="2: a B line of each hop."),
        click.option("--warm-broker", default=WARM_BROKER, show_default=True, help="Orders first."),
        click.option("--runs", default=3, show_default=True, help="Runs."),
        click.option("--record/--no-record", "keep", default=True, help="Write RESULTS.md."),
    ):
        command = option(command)
    return command


@contextmanager
def _broker(warm_broker: int) -> Iterator[EmbeddedKafka]:
    with TemporaryDirectory(prefix="partita-bench-") as folder:
        kafka = EmbeddedKafka(Path(folder))
        kafka.start(lambda line: print(f"  {line}"))
        try:
            print(f"  warming it with {warm_broker:,} orders")
            if warm_broker:
                run_throughput(kafka.bootstrap, Shape(2, 2), warm_broker)
            yield kafka
        finally:
            kafka.stop()


def _finish(
    keep: bool,
    table: Table,
    workload: str,
    text: str,
    kind: str,
    parameters: Parameters,
    figures: Figures,
) -> None:
    Console().print(table)
    if keep:
        measured = Measured(f"relay {kind}", parameters, figures)
        record("benchmarks.relay", {workload: text}, [measured])


@main.command()
@click.option("--orders", default=1_000_000, show_default=True, help="Orders of a run.")
@click.option("--warm-up", default=200_000, show_default=True, help="Orders before each.")
@click.option("--window", default=WINDOW, show_default=True, help="Unanswered orders.")
@click.option("--batch", default=BATCH, show_default=True, help="Orders of a client's record.")
@_common
def throughput(
    orders: int,
    warm_up: int,
    window: int,
    batch: int,
    shards: int,
    partitions: int,
    lines: int,
    warm_broker: int,
    runs: int,
    keep: bool,
) -> None:
    """Orders a second at most, processor time of each process, bytes on each topic."""
    shape = Shape(shards, partitions, lines)
    with _broker(warm_broker) as kafka:
        pids = {"broker": kafka.pid or 0}
        found = [
            run_throughput(kafka.bootstrap, shape, orders, warm_up, window, batch, pids)
            for _ in range(runs)
        ]
    middle = sorted(found)[len(found) // 2]
    figures = {"orders/s": f"{middle.orders_s:,.0f} of {[round(run.orders_s) for run in found]}"}
    figures |= {f"CPU {name}": f"{us:.2f} us/order" for name, us in middle.spent.cpu_us.items()}
    figures["others took"] = f"{middle.spent.others:.0%} of the machine"
    figures |= {
        f"bytes {topic}": f"{size:.1f} B/order ({middle.orders_a_record[topic]:,.0f} a record)"
        for topic, size in middle.value_bytes.items()
    }
    title = f"relay, {orders:,} orders max speed, {shape}, window {window:,}, {batch:,} a record"
    table = Table("figure", "value", title=title)
    for name, value in figures.items():
        table.add_row(name, value)
    text = "; ".join(f"{name} {value}" for name, value in figures.items())
    parameters: Parameters = shape._asdict() | {"orders": orders, "window": window, "batch": batch}
    numbers: Figures = {
        "orders/s": round(middle.orders_s),
        "runs orders/s": [round(run.orders_s) for run in found],
        "cpu us": rounded(middle.spent.cpu_us),
        "others share": round(middle.spent.others, 2),
        "bytes": rounded(middle.value_bytes),
    }
    _finish(keep, table, title, text, "throughput", parameters, numbers)


@main.command()
@click.option("--rate", default=11_574, show_default=True, help="Orders a second.")
@click.option("--seconds", default=20, show_default=True, help="Length of a run.")
@click.option("--warm-up", "warm_up_s", default=10, show_default=True, help="Seconds before each.")
@click.option("--pause-ms", default=PAUSE_S * 1e3, show_default=True, help="Between sends.")
@_common
def latency(
    rate: int,
    seconds: int,
    warm_up_s: int,
    pause_ms: float,
    shards: int,
    partitions: int,
    lines: int,
    warm_broker: int,
    runs: int,
    keep: bool,
) -> None:
    """Percentiles from planned send to the event heard, open loop."""
    shape = Shape(shards, partitions, lines)
    with _broker(warm_broker) as kafka:
        pids = {"broker": kafka.pid or 0}
        found = [
            run_latency(kafka.bootstrap, shape, rate, seconds, warm_up_s, pause_ms / 1e3, pids)
            for _ in range(runs)
        ]
    title = f"relay, {rate:,} orders/s open loop, {seconds} s, {shape}"
    table = Table("run", *_NAMES, "CPU us/order", "others", title=f"{title}, ms")
    for number, run in enumerate(found, 1):
        cpu = ", ".join(f"{name} {us:.1f}" for name, us in run.spent.cpu_us.items())
        table.add_row(
            str(number),
            *(f"{ms:.2f}" for ms in run.percentiles[1:]),
            cpu,
            f"{run.spent.others:.0%}",
        )
    rows = zip(*(run.percentiles[1:] for run in found), strict=True)
    middle = rounded({name: median(row) for name, row in zip(_NAMES, rows, strict=True)})
    table.add_row("median", *(f"{ms:.2f}" for ms in middle.values()))
    text = ", ".join(f"{name} {ms:.2f} ms" for name, ms in middle.items())
    text = f"{text} (medians of {runs} runs)"
    parameters: Parameters = shape._asdict() | {"rate": rate, "seconds": seconds}
    _finish(keep, table, title, text, "latency", parameters, {"ms": middle, "runs": runs})


if __name__ == "__main__":
    main()
