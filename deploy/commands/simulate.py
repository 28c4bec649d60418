"""`partita simulate`: makers and takers, for something to look at and for load."""

import asyncio
import signal
import sys
from typing import Any

import click
from rich.live import Live
from rich.table import Table

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.views import console, print_json
from partita.deploy.simulate.run import Market, Plan, Tally
from partita.producers import Client

_RATE_MAX = 20_000


@click.command()
@click.option(
    "--symbols",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    help="Trade so many of the listed symbols, the first ones.",
)
@click.option(
    "--rate",
    type=click.IntRange(1, _RATE_MAX),
    default=20,
    show_default=True,
    help="Orders a second, over all symbols.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Other seed, other market.")
@click.option("--seconds", type=click.IntRange(1), help="For so long; until Ctrl-C if not given.")
@bootstrap_option
@json_option
def simulate(bootstrap: str, as_json: bool, **options: Any) -> None:
    """Let seeded market makers and traders trade through the SDK.

    They have accounts of their own, from 900000000 on, and money that nobody else misses. On Ctrl-C
    they take their quotes back.

    \b
    Examples:
      partita simulate
      partita simulate --symbols 100 --rate 1000
      partita simulate --seconds 60 --seed 7 --json
    """
    tally = asyncio.run(_run(bootstrap, Plan(**options), quiet=as_json))
    if as_json:
        print_json(
            {
                "placed": tally.placed,
                "cancelled": tally.cancelled,
                "rejected": {str(reason): count for reason, count in tally.rejected.items()},
                "unknown": tally.unknown,
                "overloaded": tally.overloaded,
                "skipped": tally.skipped,
                "topped_up": tally.topped_up,
            }
        )
    elif not sys.stdout.isatty():
        console().print(_table(tally))


async def _run(bootstrap: str, plan: Plan, *, quiet: bool) -> Tally:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Client.connecting(bootstrap) as client:
        market = Market(client, plan)
        if quiet or not sys.stdout.isatty():
            await market.run(stop, lambda _: None)
        else:
            with Live(_table(market.tally), console=console(), refresh_per_second=2) as live:
                await market.run(stop, lambda tally: live.update(_table(tally)))
        return market.tally


def _table(tally: Tally) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    for name, value in (
        ("orders placed", tally.placed),
        ("cancelled", tally.cancelled),
        ("rejected", sum(tally.rejected.values())),
        ("answer unknown", tally.unknown),
        ("not sent", tally.overloaded + tally.skipped),
    ):
        table.add_row(name, f"{value:,}")
    return table
