"""Scaling of the whole path: orders settled a second over topologies, and over numbers of symbols.

For each point an exchange of its own, a bulk of orders at full speed after a warm-up
(`benchmarks.pairs.real`), several runs, of which the median counts. One worker of each kind does
it all, whatever the numbers of shards and partitions: what is seen is what cutting costs, or hides.

    python -m benchmarks.scaling partitions|symbols [--orders N] [--runs N] [--no-record]
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from benchmarks.pairs.clients import on, pids
from benchmarks.pairs.flow import orders
from benchmarks.pairs.real import Throughput, throughput
from benchmarks.relay import Shape
from benchmarks.relay.run import WINDOW
from benchmarks.results import Figures, Measured, Parameters, record, rounded
from benchmarks.venue import SYMBOLS, exchange
from partita.deploy.instruments import DEFAULT_FILE, read_instruments
from partita.log.engines import engine_name
from partita.matchers.engines import ENGINES
from partita.producers import Client
from partita.producers.bulk import Bulk

_SHAPES = (Shape(1, 1), Shape(2, 2), Shape(4, 4), Shape(8, 16))
_COUNTS = (1, 4, 20, 100)  # of symbols
_WINDOW_A_LANE = 1_000  # orders on their way from each shard to each partition of the books


class Point(NamedTuple):
    """What one exchange reached."""

    middle: Throughput  # the median run
    runs: list[int]  # orders a second of each


def listed(count: int) -> tuple[str, ...]:
    """Return the first symbols that an exchange lists; four are those of all other benchmarks."""
    names = tuple(one.symbol for one in read_instruments(DEFAULT_FILE, 1, {}))
    assert count <= len(names), "so many symbols are listed"
    return SYMBOLS if count == len(SYMBOLS) else names[:count]


def point(
    shape: Shape, symbols: Sequence[str], count: int, warm_up: int, runs: int, window: int
) -> Point:
    """Measure one point."""
    with exchange(shape.shards, shape.partitions) as running:
        mine = pids(running) | {"client": os.getpid()}

        async def run(client: Client, bulk: Bulk) -> list[Throughput]:
            await throughput(bulk, orders(client, warm_up, 0, symbols), mine)
            table = orders(client, count, 1, symbols)
            return [await throughput(bulk, table, mine) for _ in range(runs)]

        found = asyncio.run(on(running, run, window, symbols))
    middle = sorted(found, key=lambda one: one.orders_s)[len(found) // 2]
    return Point(middle, [round(one.orders_s) for one in found])


@click.group(help=__doc__)
def main() -> None:
    """Group the commands."""


_OPTIONS = (
    click.option("--orders", "count", default=1_000_000, show_default=True, help="Of each run."),
    click.option("--warm-up", default=1_000_000, show_default=True, help="Orders before."),
    click.option("--runs", default=3, show_default=True, help="Runs of each point."),
    click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md."),
)


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@main.command()
@_with_options
def partitions(count: int, warm_up: int, runs: int, keep: bool) -> None:
    """Over numbers of shards and partitions of the books, four symbols."""
    found = {}
    for shape in _SHAPES:
        window = max(WINDOW, _WINDOW_A_LANE * shape.shards * shape.partitions)
        print(f"{shape}, window {window:,}")
        found[f"{shape}"] = point(shape, SYMBOLS, count, warm_up, runs, window)
    _finish("partitions", "shards x partitions", f"{len(SYMBOLS)} symbols", found, count, keep)


@main.command()
@_with_options
def symbols(count: int, warm_up: int, runs: int, keep: bool) -> None:
    """Over numbers of symbols, 2x2."""
    found = {}
    for number in _COUNTS:
        print(f"symbols: {number}")
        found[f"{number}"] = point(Shape(2, 2), listed(number), count, warm_up, runs, WINDOW)
    _finish("symbols", "symbols", f"{Shape(2, 2)}", found, count, keep)


def _finish(
    kind: str, over: str, fixed: str, found: dict[str, Point], count: int, keep: bool
) -> None:
    engine = engine_name(ENGINES)
    workload = f"scaling over {over}, {fixed}, {count:,} orders at full speed, {engine} engines"
    table = Table(over, "orders/s", "runs", "us CPU an order", "others took", title=workload)
    cpu_us = {name: sum(one.middle.spent.cpu_us.values()) for name, one in found.items()}
    for name, one in found.items():
        rate, each = f"{one.middle.orders_s:,.0f}", ", ".join(f"{rate:,}" for rate in one.runs)
        table.add_row(name, rate, each, f"{cpu_us[name]:.2f}", f"{one.middle.spent.others:.0%}")
    Console().print(table)
    if not keep:
        return
    parameters: Parameters = {"engine": engine, "orders": count}
    numbers: Figures = {
        "orders/s": {name: round(one.middle.orders_s) for name, one in found.items()},
        "cpu us": rounded(cpu_us),
        "others share": rounded({name: one.middle.spent.others for name, one in found.items()}),
    }
    text = "; ".join(
        f"{name}: {one.middle.orders_s:,.0f} orders/s of {one.runs}, {cpu_us[name]:.2f} us CPU an"
        f" order, others took {one.middle.spent.others:.0%}"
        for name, one in found.items()
    )
    measured = Measured(f"scaling {kind}", parameters, numbers)
    record("benchmarks.scaling", {workload: text}, [measured])


if __name__ == "__main__":
    main()
