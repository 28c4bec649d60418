"""`partita up`: bring the exchange up, watch over it, and take it down."""

import shutil
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from partita.deploy.commands.address import DEFAULT_DATA, unsafe_option
from partita.deploy.commands.health_tables import counters_table, workers_table
from partita.deploy.commands.snapshot_options import snapshot_options
from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.operate.lookout import look
from partita.schemas.enums import Line
from partita.schemas.limits import PARTITIONS_MAX, SHARDS_MAX

_LOOK_EVERY_S = 0.2


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DATA,
    show_default=True,
    help="Where everything is kept, and found again by the next start.",
)
@click.option(
    "--bootstrap",
    metavar="HOST:PORT",
    envvar="PARTITA_BOOTSTRAP",
    help="Use the Kafka cluster at this address; without it one is started here.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the Kafka started here.")
@click.option(
    "--shards",
    type=click.IntRange(1, SHARDS_MAX),
    default=2,
    show_default=True,
    help="Ledger shards: accounts are spread over them. Fixed once the exchange is made.",
)
@click.option(
    "--partitions",
    type=click.IntRange(1, PARTITIONS_MAX),
    default=2,
    show_default=True,
    help="Partitions of the order topics: symbols are spread over them.",
)
@click.option(
    "--replication",
    type=click.IntRange(1, 9),
    help="Replicas of each topic that is created; 3 if not given, 1 on the Kafka started here.",
)
@unsafe_option
@click.option(
    "--ledgers", type=click.IntRange(0, 64), default=1, show_default=True, help="Ledger workers."
)
@click.option(
    "--matchers", type=click.IntRange(0, 64), default=1, show_default=True, help="Matcher workers."
)
@click.option(
    "--views", type=click.IntRange(0, 64), default=1, show_default=True, help="Market-data workers."
)
@click.option(
    "--lines",
    type=click.IntRange(1, len(Line)),
    default=1,
    show_default=True,
    help="2 runs a B line of all workers beside the A line: kill either, and nothing is late.",
)
@snapshot_options
@click.option(
    "--instruments",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=DEFAULT_FILE,
    help="CSV of the instruments to list; 100 cryptocurrencies against USD if not given.",
)
def up(**options: Any) -> None:
    """Bring the exchange up, and stop all of it on Ctrl-C.

    \b
    Examples:
      partita up
      partita up --data /var/lib/partita --port 9092
      partita up --lines 2 --snapshot-every-ms 5000
      partita up --bootstrap kafka1:9092 --shards 8 --partitions 16
    """
    console = Console(stderr=False, highlight=False)
    plan = Plan(**options)
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        # A second Ctrl-C while something hangs: let the default end it; the leash does the rest.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    with Exchange(plan) as exchange:
        try:
            exchange.start(lambda line: console.print(f"[dim]{line}"))
            _show(console, exchange)
            down: set[str] = set()
            while not stop.wait(_LOOK_EVERY_S):
                exchange.look_after(lambda line: console.print(f"[yellow]{line}"))
                down = _tell_given_up(console, exchange, down)
        except KeyboardInterrupt:
            pass
        console.print("stopping")
    console.print("[green]stopped[/green]; what it holds is kept in", str(plan.data))


def _tell_given_up(console: Console, exchange: Exchange, told: set[str]) -> set[str]:
    """Say once, loudly, that a worker is not started again; return the names of those that are."""
    down = {state.name: state for state in exchange.states() if state.given_up}
    for name in down.keys() - told:
        why = "it refuses the log" if down[name].refused else "its partitions are parked"
        console.print(f"[bold red]{name} stays down: {why}. A person must look")
    return set(down)


def _show(console: Console, exchange: Exchange) -> None:
    """Show what runs and where, and what to type next."""
    plan, kafka = exchange.plan, exchange.kafka
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row("[bold]Kafka", exchange.bootstrap, f"pid {kafka.pid}" if kafka else "yours")
    for worker in exchange.states():
        log = (plan.data / "workers" / f"{worker.name}.log").as_posix()
        table.add_row(f"[bold]{worker.name}", log, f"pid {worker.pid}")
    table.add_row("[bold]data", str(plan.data), "")
    console.print(table)
    overview = look(exchange.bootstrap)
    console.print(workers_table(overview.partitions))
    console.print(counters_table(overview.partitions))
    for view in overview.parked:
        place = f"{view.topic}/{view.partition}/{view.position}"
        console.print(f"[bold red]line {view.line} is parked at {place}: see `partita parked`")
    first = exchange.instruments[0]
    symbol, base, quote = first.symbol, first.base_asset, first.quote_asset
    console.print(
        f"\n[green]The exchange is up[/green]: {len(exchange.instruments)} instruments,"
        f" {plan.shards} shards, {plan.partitions} partitions. In a second terminal:\n"
    )
    where = "" if plan.data == DEFAULT_DATA else f" --bootstrap {exchange.bootstrap}"
    partita = _own_name()
    for line in (
        f"fund 1 {quote} 100000",
        f"fund 2 {base} 10",
        f"place 2 sell {symbol} 0.5 --price 50000",
        f"place 1 buy {symbol} 0.2 --price 50000",
        "balances 1",
        f"book {symbol}",
        f"watch {symbol}",
    ):
        console.print(f"  {partita} {line}{where}", soft_wrap=True)
    console.print("\nCtrl-C stops all of it.")


def _own_name() -> str:
    """Return how this command is typed from here: by its name where PATH has it."""
    own = Path(sys.argv[0]).resolve()
    found = shutil.which("partita")
    if found is not None and Path(found).resolve() == own:
        return "partita"
    return str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else str(own)
