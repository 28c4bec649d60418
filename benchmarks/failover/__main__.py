"""What a death costs: `python -m benchmarks.failover lines|alone|restart`."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from benchmarks.failover import alone, lines, restart
from benchmarks.results import Figures, Measured, Parameters, record, rounded
from benchmarks.venue import exchange
from partita.log.engines import engine_name
from partita.log.service import Options
from partita.matchers.engines import ENGINES

_KEEP = click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")


@click.group(help=__doc__)
def main() -> None:
    """Group the commands."""


def _finish(
    keep: bool, table: Table, rows: Mapping[str, str], measured: Iterable[Measured]
) -> None:
    Console().print(table)
    if keep:
        record("benchmarks.failover", rows, measured)


@main.command("lines", help=lines.__doc__)
@click.option("--rate", default=2_000, show_default=True, help="Orders a second.")
@click.option("--seconds", default=10, show_default=True, help="Of each stretch.")
@click.option("--warm-up", "warm_up_s", default=20, show_default=True, help="Seconds before.")
@click.option("--kills", default=3, show_default=True, help="Deaths of each worker.")
@_KEEP
def with_lines(rate: int, seconds: int, warm_up_s: int, kills: int, keep: bool) -> None:
    """Measure two lines."""
    with exchange(2, 2, lines=2) as running, lines.supervised(running):
        found = asyncio.run(lines.measure(running, rate, seconds, warm_up_s, kills))
    names = list(found[0].gaps_s)
    title = f"longest gap in settled events, {rate:,} orders/s, two lines, ms"
    table = Table("run", *names, "failed", "p99", "max", title=title)
    for number, run in enumerate(found, 1):
        gaps = (f"{run.gaps_s[name] * 1_000:.1f}" for name in names)
        table.add_row(str(number), *gaps, str(run.failed), f"{run.p99_ms:.1f}", f"{run.max_ms:.1f}")
    middle = {name: median(run.gaps_s[name] for run in found) * 1_000 for name in names}
    table.add_row("median", *(f"{gap_ms:.1f}" for gap_ms in middle.values()), "", "", "")
    failed, sent = sum(run.failed for run in found), sum(run.sent for run in found)
    gaps_text = ", ".join(f"{name} {gap_ms:.1f} ms" for name, gap_ms in middle.items())
    worst = round(max(max(run.gaps_s.values()) for run in found) * 1_000, 1)
    text = (
        f"failed requests {failed} of {sent:,}; longest gap in settled events of a lane:"
        f" {gaps_text} (medians of {kills}), worst {worst:.1f} ms"
    )
    engine = engine_name(ENGINES)
    workload = (
        f"SIGKILL of line A, {rate:,} orders/s open loop, {engine} engines, 2x2, lines A and B"
    )
    parameters: Parameters = {"engine": engine, "rate": rate}
    figures: Figures = {
        "failed": failed,
        "sent": sent,
        "gap ms": rounded(middle),
        "worst ms": worst,
    }
    measured = Measured("failover lines", parameters, figures | {"kills": kills})
    _finish(keep, table, {workload: text}, [measured])


@main.command("alone", help=alone.__doc__)
@click.option("--orders", default=100_000, show_default=True, help="Resting in one book.")
@click.option("--accounts", default=100_000, show_default=True, help="Of one shard.")
@click.option("--kills", default=3, show_default=True, help="Deaths of each worker.")
@_KEEP
def without_lines(orders: int, accounts: int, kills: int, keep: bool) -> None:
    """Measure one line."""
    with exchange(2, 2) as running, lines.supervised(running):
        found = asyncio.run(alone.measure(running, orders, accounts, kills))
    title = f"{orders:,} orders in a book, {accounts:,} accounts in a shard; seconds from the kill"
    table = Table(
        "killed", "started", "noticed", "restored", "settled", "noticed to settled", title=title
    )
    rows, measured, engine = {}, [], engine_name(ENGINES)
    for death in found:
        table.add_row(death.name, *(f"{value:.2f}" for value in (*death[1:5], death.resumed_s)))
    for name in dict.fromkeys(death.name for death in found):
        mine = [death for death in found if death.name == name]
        noticed, restored, settled, resumed = (
            median(values)
            for values in zip(
                *((d.noticed_s, d.restored_s, d.settled_s, d.resumed_s) for d in mine), strict=True
            )
        )
        rows[
            f"SIGKILL of {name}, no second line, {orders:,} orders in a book,"
            f" {accounts:,} accounts in a shard, {engine} engines"
        ] = (
            f"from the kill: noticed {noticed:.2f} s, restored {restored:.2f} s, first settled"
            f" {settled:.2f} s; from notice to settled {resumed:.2f} s (medians of {kills})"
        )
        parameters: Parameters = {
            "engine": engine,
            "killed": name,
            "orders": orders,
            "accounts": accounts,
        }
        since_kill = {"noticed": noticed, "restored": restored, "settled": settled}
        figures: Figures = {"since kill s": rounded(since_kill), "kills": kills}
        measured.append(Measured("failover alone", parameters, figures))
    _finish(keep, table, rows, measured)


@main.command("restart", help=restart.__doc__)
@click.option(
    "--commands",
    type=int,
    multiple=True,
    default=(100_000, 1_000_000),
    show_default=True,
    help="Before the restart; may be given more than once.",
)
@click.option("--snapshot-every-ms", default=Options().snapshot_every_ms, show_default=True)
@_KEEP
def after_restart(commands: tuple[int, ...], snapshot_every_ms: int, keep: bool) -> None:
    """Measure restarts."""
    table = Table(
        "commands",
        "records on the inputs",
        "of them replayed",
        "up, s",
        "workers answer, s",
        title=f"restart, a snapshot each {snapshot_every_ms / 1_000:g} s",
    )
    rows, measured, engine = {}, [], engine_name(ENGINES)
    for count in commands:
        with TemporaryDirectory(prefix="partita-bench-") as folder:
            found = restart.measure(Path(folder), count, snapshot_every_ms)
        up, workers = f"{found.up_s:.1f}", f"{found.workers_s:.1f}"
        table.add_row(f"{count:,}", f"{found.records:,}", f"{found.replayed:,}", up, workers)
        rows[
            f"restart after {count:,} commands, a snapshot each {snapshot_every_ms / 1_000:g} s,"
            f" {engine} engines, 2x2"
        ] = (
            f"up in {up} s, of which {workers} s from the start of the workers to answering;"
            f" {found.replayed:,} of {found.records:,} input records replayed"
        )
        parameters: Parameters = {
            "engine": engine,
            "commands": count,
            "every ms": snapshot_every_ms,
        }
        figures: Figures = {**rounded({"up s": found.up_s, "workers s": found.workers_s})}
        figures |= {"records": found.records, "replayed": found.replayed}
        measured.append(Measured("restart", parameters, figures))
    _finish(keep, table, rows, measured)


if __name__ == "__main__":
    main()
