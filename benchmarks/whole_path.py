"""Whole path, N orders at maximum speed: orders a second from the submit to the settled balance.

An embedded exchange of its own, limit orders of 1,000 accounts on four symbols through one SDK
client as fast as its window goes, about half of which trade at once. Counted as settled when the
client has heard on the private stream that the order rests or is done. Beside the rate: processor
time an order of each process, and bytes an order on each topic (values, without Kafka's frame).

    python -m benchmarks.whole_path [--orders N] [--shards S] [--partitions P] [--no-record]
"""

import asyncio

import click
from rich.console import Console
from rich.table import Table

from benchmarks.results import Figures, Measured, Parameters, record, rounded
from benchmarks.venue import cpu_s, ends, exchange, orders, session, traffic
from partita.deploy.exchange import Exchange
from partita.deploy.replay.latency import percentiles
from partita.log.engines import engine_name
from partita.matchers.engines import ENGINES

_WARM_UP = 5_000


async def measure(running: Exchange, count: int) -> tuple[dict[str, str], Figures]:
    """Run the workload; return its figures by name, as texts and as numbers."""
    bootstrap, plan = running.bootstrap, running.plan
    async with session(bootstrap) as venue:
        await venue.fund(orders(_WARM_UP, 1, seed=1))
        await venue.fund(orders(count, 1, seed=2))
        await venue.run(orders(_WARM_UP, 1, seed=1), None)
        cpu, before = cpu_s(running), ends(bootstrap, plan.shards, plan.partitions)
        sender = await venue.run(orders(count, 1, seed=2), None)
        spent = {name: after - cpu[name] for name, after in cpu_s(running).items()}
        after = ends(bootstrap, plan.shards, plan.partitions)
    following = sender.following
    seconds = following.last_settled_s - sender.first_sent_s
    latency = percentiles(following.latencies_s)
    figures = {
        "orders settled/s": f"{count / seconds:,.0f}",
        "trades": f"{len(following.trades):,}",
        "to settled": f"p50 {latency.p50_ms:,.0f} ms, p99 {latency.p99_ms:,.0f} ms",
    }
    figures |= {f"CPU {name}": f"{s / count * 1e6:,.0f} us/order" for name, s in spent.items()}
    written = traffic(bootstrap, before, after)
    figures |= {
        f"bytes {topic}": f"{one.value_bytes / count:,.1f} B/order"
        f" ({count / max(1, one.records):,.0f} orders a record)"
        for topic, one in written.items()
    }
    total = sum(one.value_bytes for one in written.values())
    return figures | {"bytes in all": f"{total / count:,.0f} B/order"}, {
        "orders/s": round(count / seconds),
        "p50 ms": latency.p50_ms,
        "p99 ms": latency.p99_ms,
        "cpu us": rounded({name: s / count * 1e6 for name, s in spent.items()}),
        "bytes": {topic: round(one.value_bytes / count, 1) for topic, one in written.items()},
    }


@click.command(help=__doc__)
@click.option("--orders", "count", default=30_000, show_default=True, help="Orders to measure.")
@click.option("--shards", default=2, show_default=True, help="Ledger shards.")
@click.option("--partitions", default=2, show_default=True, help="Partitions of the books.")
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(count: int, shards: int, partitions: int, keep: bool) -> None:
    """Measure, print a table, and record."""
    with exchange(shards, partitions) as running:
        figures, numbers = asyncio.run(measure(running, count))
    engine = engine_name(ENGINES)
    shape = f"{engine} engines, {shards}x{partitions}"
    table = Table("figure", "value", title=f"whole path, {count:,} orders, {shape}")
    for name, value in figures.items():
        table.add_row(name, value)
    Console().print(table)
    if keep:
        text = "; ".join(f"{name} {value}" for name, value in figures.items())
        parameters: Parameters = {
            "engine": engine,
            "shards": shards,
            "partitions": partitions,
            "orders": count,
        }
        record(
            "benchmarks.whole_path",
            {f"whole path, {count:,} orders max speed, {shape}": text},
            [Measured("whole path", parameters, numbers)],
        )


if __name__ == "__main__":
    main()
