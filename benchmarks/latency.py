"""Submit to settled, open loop: percentiles of the whole path's latency at a steady rate.

An embedded exchange of its own, limit orders of 1,000 accounts on four symbols through one SDK
client, each at its planned time whatever became of those before. From the planned send time to the
moment the client hears on the private stream that the order rests or is done, so that a stall
counts for all that it delays. A warm-up at the same rate comes
before: the broker's own compiler needs some twenty seconds of it, and triples the tail until then.

    python -m benchmarks.latency [--rate R] [--seconds S] [--warm-up S] [--runs N] [--no-record]
"""

import asyncio
import gc
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from benchmarks.results import Measured, Parameters, record, rounded
from benchmarks.venue import exchange, orders, session
from partita.deploy.replay.latency import Percentiles, percentiles
from partita.log.engines import engine_name
from partita.matchers.engines import ENGINES


async def measure(
    bootstrap: str, rate: int, seconds: int, warm_up_s: int, runs: int
) -> list[Percentiles]:
    """Run the workload so many times; return the latencies of each."""
    found = []
    async with session(bootstrap) as venue:
        for seed in range(runs + 1):
            await venue.fund(orders(rate * (seconds if seed else warm_up_s), rate, seed))
        await venue.run(orders(rate * warm_up_s, rate, seed=0), 1.0)
        # As the workers do: the client must not stop for a walk over all it knows.
        gc.collect()
        gc.freeze()
        for seed in range(1, runs + 1):
            sender = await venue.run(orders(rate * seconds, rate, seed), 1.0)
            found.append(percentiles(sender.following.latencies_s))
    return found


@click.command(help=__doc__)
@click.option("--rate", default=500, show_default=True, help="Orders a second.")
@click.option("--seconds", default=30, show_default=True, help="Length of a run.")
@click.option("--warm-up", "warm_up_s", default=30, show_default=True, help="Seconds before.")
@click.option("--runs", default=3, show_default=True, help="Runs.")
@click.option("--shards", default=2, show_default=True, help="Ledger shards.")
@click.option("--partitions", default=2, show_default=True, help="Partitions of the books.")
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(
    rate: int, seconds: int, warm_up_s: int, runs: int, shards: int, partitions: int, keep: bool
) -> None:
    """Measure, print a table, and record."""
    with exchange(shards, partitions) as running:
        found = asyncio.run(measure(running.bootstrap, rate, seconds, warm_up_s, runs))
    engine = engine_name(ENGINES)
    shape = f"{engine} engines, {shards}x{partitions}"
    names = ("p50", "p90", "p99", "p99.9", "max")
    table = Table("run", *names, title=f"submit to settled, {rate:,}/s, {shape}, ms")
    for number, run in enumerate(found, 1):
        table.add_row(str(number), *(f"{value:.2f}" for value in run[1:]))
    middle = [median(values) for values in zip(*(run[1:] for run in found), strict=True)]
    table.add_row("median", *(f"{value:.2f}" for value in middle))
    Console().print(table)
    if keep:
        text = ", ".join(f"{n} {v:.2f} ms" for n, v in zip(names, middle, strict=True))
        workload = f"submit to settled, {rate:,} orders/s open loop, {seconds} s, {shape}"
        parameters: Parameters = {
            "engine": engine,
            "shards": shards,
            "partitions": partitions,
            "rate": rate,
        }
        record(
            "benchmarks.latency",
            {workload: f"{text} (medians of {runs} runs)"},
            [
                Measured(
                    "submit to settled",
                    parameters | {"seconds": seconds},
                    {"ms": rounded(dict(zip(names, middle, strict=True))), "runs": runs},
                )
            ],
        )


if __name__ == "__main__":
    main()
