"""How a replay looks: the bar while it goes, the table when it is done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from partita.deploy.commands.views import console, number, plain_table
from partita.deploy.replay.figures import Conservation, Figures
from partita.deploy.replay.run import Progress as Told


class _Rate(ProgressColumn):
    """How many a second, since the part began."""

    def render(self, task: Task) -> Text:
        seconds = task.elapsed or 0.0
        return Text(f"{task.completed / seconds:,.0f}/s" if seconds else "", style="dim")


class _Bar:
    """A bar for each part, on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("connect", total=None)

    def begin(self, what: str, total: int | None) -> None:
        self._progress.stop_task(self._task)
        self._task = self._progress.add_task(what, total=total)

    def at(self, done: int) -> None:
        self._progress.update(self._task, completed=done)


class _Silent:
    """Where no one watches."""

    def begin(self, what: str, total: int | None) -> None:
        """Tell nothing."""

    def at(self, done: int) -> None:
        """Tell nothing."""


@contextmanager
def progress() -> Iterator[Told]:
    """Show how far it is on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield _Bar(shown)


def as_json(figures: Figures) -> dict[str, Any]:
    """Return the figures for a program; views.print_json makes decimals strings."""
    money = figures.conservation
    found = figures._asdict()
    found["volumes"] = {
        volume.symbol: {"trades": volume.trades, "base": volume.base, "quote": volume.quote}
        for volume in figures.volumes
    }
    if figures.funding is not None:
        found["funding"] = figures.funding._asdict() | {"per_s": figures.funding.per_s}
    found["conservation"] = money._asdict() | {
        "totals": {
            view.asset: view._asdict() | {"difference": view.difference} for view in money.totals
        },
        "differences": money.differences,
    }
    return found


def show(figures: Figures) -> None:
    """Print the figures for a person."""
    out = console()
    table = plain_table("", "", left=("",))
    table.show_header = False
    if figures.funding is not None:
        table.add_row("transfers to fund", number(figures.funding.transfers))
        table.add_row("  per second", number(figures.funding.per_s))
    table.add_row("commands sent", number(figures.sent))
    table.add_row("accepted", number(figures.accepted))
    table.add_row("rejected", number(sum(figures.rejected.values())))
    for reason, count in figures.rejected.items():
        table.add_row(f"  {reason}", number(count))
    if figures.unknown:
        table.add_row("[red]unknown", f"[red]{number(figures.unknown)}")
    table.add_row("trades", number(figures.trades))
    for volume in figures.volumes:
        base, _, quote = volume.symbol.partition("-")
        table.add_row(f"  {volume.symbol}", f"{number(volume.base)} {base}")
        table.add_row("", f"{number(volume.quote)} {quote}")
    table.add_row("seconds", f"{figures.seconds:,.1f}")
    table.add_row("settled per second", number(figures.settled_per_s))
    latency = figures.latency
    for name, value in zip(("p50", "p90", "p99", "p99.9", "max"), tuple(latency)[1:], strict=True):
        table.add_row(f"  {name} to settled", f"{value:,.1f} ms")
    out.print(table)
    _show_money(out, figures.conservation)


def _show_money(out: Console, money: Conservation) -> None:
    table = plain_table(
        "asset", "available", "held", "fees", "in flight", "external", "difference", left=("asset",)
    )
    for view in money.totals:
        difference = f"{'[red]' if view.difference else '[green]'}{number(view.difference)}"
        amounts = (number(amount) for amount in view[1:])
        table.add_row(view.asset, *amounts, difference)
    out.print("\nover all accounts of all shards:")
    out.print(table)
    if money.foreign_transfers:
        out.print(
            f"[yellow]others made {money.foreign_transfers} transfers meanwhile, so the private"
            " stream cannot tell whether the sums are right"
        )
    elif not money.stream_difference_count:
        out.print(
            f"the private stream agrees: {number(money.balances_compared)} balances and"
            f" {number(money.totals_compared)} sums follow from transfers, fills and fees"
        )
    for text in money.stream_differences:
        out.print(f"[red]{text}")
    for asset in money.in_flight:
        out.print(f"[red]{asset} is still in flight")
    if money.ok:
        out.print("[green]conservation: difference 0")
    else:
        out.print("[bold red]CONSERVATION FAILED: money was made or lost")
