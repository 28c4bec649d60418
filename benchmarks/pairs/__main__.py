"""The real path against the relay of its hops: `python -m benchmarks.pairs throughput|latency`.

An embedded exchange of its own; on its broker the two take turns, so that what the machine does
meanwhile, it does to both. The relay carries the same bytes over the same hops in records of the
same orders, and works on none of it: it is the ceiling.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from benchmarks.pairs.clients import on, pids
from benchmarks.pairs.flow import orders
from benchmarks.pairs.real import Latency, Throughput, steady, throughput
from benchmarks.relay import Shape, run_latency, run_throughput
from benchmarks.relay.run import WINDOW
from benchmarks.results import Figures, Measured, Parameters, record, rounded
from benchmarks.venue import exchange
from partita.deploy.replay.latency import Percentiles
from partita.log.engines import engine_name
from partita.matchers.engines import ENGINES
from partita.producers import Client
from partita.producers.bulk import Bulk

_NAMES = ("p50", "p90", "p99", "p99.9", "max")
_WARM_ORDERS = 1_000_000
_AGAIN_S = 5.0  # the warm-up of each run
_RELAYED_ORDERS = 8_000_000  # with fewer the compiler still takes a third of the broker's time


@click.group(help=__doc__)
def main() -> None:
    """Group the commands."""


_SHAPE = (
    click.option("--shards", default=2, show_default=True, help="Ledger shards."),
    click.option("--partitions", default=2, show_default=True, help="Partitions of the books."),
    click.option("--lines", default=1, show_default=True, help="2: a B line of each worker."),
    click.option("--pairs", default=5, show_default=True, help="Pairs of runs."),
    click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md."),
)


def _with_shape(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_SHAPE):
        command = option(command)
    return command


@main.command("throughput")
@click.option("--orders", "count", default=1_000_000, show_default=True, help="Of each run.")
@click.option("--window", default=WINDOW, show_default=True, help="Orders under way.")
@_with_shape
def throughput_(
    count: int, window: int, shards: int, partitions: int, lines: int, pairs: int, keep: bool
) -> None:
    """Orders settled a second at most, and the share of the relay's."""
    shape = Shape(shards, partitions, lines)
    console = Console()
    with exchange(shards, partitions, lines) as running:
        mine = pids(running) | {"client": os.getpid()}
        broker = {"broker": mine["broker"]}
        real: list[Throughput] = []
        relayed = []

        async def run(client: Client, bulk: Bulk) -> None:
            table = orders(client, count, seed=1)
            await _warm_up(running.bootstrap, console, shape)
            await throughput(bulk, orders(client, _WARM_ORDERS, seed=0), mine)
            for number in range(pairs):
                one = await asyncio.to_thread(
                    run_throughput,
                    running.bootstrap,
                    shape,
                    count,
                    window=window,
                    pids=broker,
                )
                relayed.append(one)
                real.append(await throughput(bulk, table, mine))
                console.print(
                    f"pair {number + 1}: real {real[-1].orders_s:,.0f}/s, relay"
                    f" {one.orders_s:,.0f}/s, ratio {real[-1].orders_s / one.orders_s:.2f}"
                )

        asyncio.run(on(running, run, window))
    ratios = [one.orders_s / other.orders_s for one, other in zip(real, relayed, strict=True)]
    middle = sorted(real, key=lambda one: one.orders_s)[len(real) // 2]
    relay = sorted(relayed, key=lambda one: one.orders_s)[len(relayed) // 2]
    figures = {
        "median ratio": f"{median(ratios):.2f} of {[round(ratio, 2) for ratio in ratios]}",
        "real": f"{middle.orders_s:,.0f} orders/s, {_costs(middle.spent.cpu_us)}",
        "relay": f"{relay.orders_s:,.0f} orders/s, {_costs(relay.spent.cpu_us)}",
        "others took": f"{middle.spent.others:.0%} of the machine, {relay.spent.others:.0%}",
    }
    engine = engine_name(ENGINES)
    workload = f"real path against relay, {count:,} orders at full speed, {engine} engines, {shape}"
    parameters: Parameters = shape._asdict() | {"engine": engine, "orders": count}
    numbers: Figures = {
        "ratio": round(median(ratios), 2),
        "runs ratio": [round(ratio, 2) for ratio in ratios],
        "real orders/s": round(middle.orders_s),
        "relay orders/s": round(relay.orders_s),
        "real cpu us": rounded(middle.spent.cpu_us),
        "relay cpu us": rounded(relay.spent.cpu_us),
        "beside real, others share": round(middle.spent.others, 2),
        "beside relay, others share": round(relay.spent.others, 2),
    }
    _finish(console, workload, figures, keep, Measured("pairs throughput", parameters, numbers))


async def _warm_up(bootstrap: str, console: Console, shape: Shape) -> None:
    """Carry orders until the broker's JVM has compiled what it will."""
    console.print(f"warming the broker up with {_RELAYED_ORDERS:,} orders")
    await asyncio.to_thread(run_throughput, bootstrap, shape, _RELAYED_ORDERS)


def _costs(cpu_us: dict[str, float]) -> str:
    each = ", ".join(f"{name} {us:.2f}" for name, us in cpu_us.items())
    return f"us an order: {each}, in all {sum(cpu_us.values()):.2f}"


@main.command()
@click.option("--rate", default=11_574, show_default=True, help="Orders a second.")
@click.option("--seconds", default=20, show_default=True, help="Length of a run.")
@click.option("--warm-up", "warm_up_s", default=20, show_default=True, help="Seconds before.")
@click.option("--pause-ms", default=3.0, show_default=True, help="Between two sends.")
@_with_shape
def latency(
    rate: int,
    seconds: int,
    warm_up_s: int,
    pause_ms: float,
    shards: int,
    partitions: int,
    lines: int,
    pairs: int,
    keep: bool,
) -> None:
    """From planned send to settled, open loop, and how many times the relay's."""
    shape, pause_s, console = Shape(shards, partitions, lines), pause_ms / 1e3, Console()
    with exchange(shards, partitions, lines) as running:
        broker = {"broker": pids(running)["broker"]}
        real: list[Latency] = []
        relayed: list[Percentiles] = []

        async def run(client: Client, bulk: Bulk) -> None:
            await _warm_up(running.bootstrap, console, shape)
            await throughput(bulk, orders(client, _WARM_ORDERS, seed=0), broker)
            await steady(client, bulk, rate, warm_up_s, pause_s, seed=1)
            for number in range(pairs):
                one = await asyncio.to_thread(
                    run_latency, running.bootstrap, shape, rate, seconds, _AGAIN_S, pause_s, broker
                )
                relayed.append(one.percentiles)
                # As the relay: behind a pause, all ids that have ended meanwhile are forgotten.
                await steady(client, bulk, rate, _AGAIN_S, pause_s, seed=1)
                real.append(await steady(client, bulk, rate, seconds, pause_s, seed=2 + number))
                console.print(
                    f"pair {number + 1}: real {_times(_medians([real[-1].percentiles[1:]]))};"
                    f" relay {_times(_medians([one.percentiles[1:]]))};"
                    f" others {one.spent.others:.0%}"
                )

        asyncio.run(on(running, run))
    mine = _medians([one.percentiles[1:] for one in real])
    its = _medians([one[1:] for one in relayed])
    times = _medians(
        [
            [ours / theirs for ours, theirs in zip(one.percentiles[1:], other[1:], strict=True)]
            for one, other in zip(real, relayed, strict=True)
        ]
    )
    refused = sum(one.refused for one in real)
    figures = {
        "real, medians": _times(mine),
        "relay, medians": _times(its),
        "times the relay's": ", ".join(f"{name} {value:.2f}" for name, value in times.items()),
        "refused": f"{refused:,}",
    }
    engine = engine_name(ENGINES)
    workload = (
        f"real path against relay, {rate:,} orders/s open loop, {seconds} s,"
        f" {engine} engines, {shape}"
    )
    parameters: Parameters = shape._asdict() | {"engine": engine, "rate": rate, "seconds": seconds}
    numbers: Figures = {"real ms": mine, "relay ms": its, "times": times, "refused": refused}
    _finish(console, workload, figures, keep, Measured("pairs latency", parameters, numbers))


def _medians(runs: Sequence[Sequence[float]]) -> dict[str, float]:
    middle = (median(values) for values in zip(*runs, strict=True))
    return rounded(dict(zip(_NAMES, middle, strict=True)))


def _times(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in values.items()) + " ms"


def _finish(
    console: Console, workload: str, figures: dict[str, str], keep: bool, measured: Measured
) -> None:
    table = Table("figure", "value", title=workload)
    for name, value in figures.items():
        table.add_row(name, value)
    console.print(table)
    if keep:
        text = "; ".join(f"{name}: {value}" for name, value in figures.items())
        record("benchmarks.pairs", {workload: text}, [measured])


if __name__ == "__main__":
    main()
