"""`partita replay`: a tape on a running exchange."""

import asyncio
from pathlib import Path

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.views import print_json
from partita.deploy.replay.run import Wish
from partita.deploy.replay.run import replay as run
from partita.deploy.replay.show import as_json as figures_as_json
from partita.deploy.replay.show import progress, show
from partita.deploy.tape.reader import survey


class _Speed(click.ParamType):
    """max, or a factor of the tape's own speed."""

    name = "max|FACTOR"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        """Return the factor, None for max."""
        if value == "max" or value is None:
            return None
        try:
            factor = float(str(value))
        except ValueError:
            factor = 0.0
        if not 0.0 < factor < float("inf"):
            self.fail(f"{value} is neither max nor a number above 0", param, ctx)
        return factor


@click.command()
@click.argument("tape", type=click.Path(path_type=Path))
@bootstrap_option
@click.option("--fund", is_flag=True, help="First give every account on the tape enough to trade.")
@click.option(
    "--speed",
    type=_Speed(),
    default="max",
    show_default=True,
    help="As fast as it goes, or so many times the speed of the tape's time_ms.",
)
@json_option
def replay(tape: Path, bootstrap: str, fund: bool, speed: float | None, as_json: bool) -> None:
    """Send a TAPE of commands to the running exchange, wait until all is settled, and check it.

    TAPE is CSV as for `partita match`. Each run's orders have ids of their own, so a tape can be
    replayed again. The check: over all accounts of all shards, available, held, fees and what is
    in flight add up to what was transferred, exactly; and the private stream tells the same.

    \b
    With one shard (`partita up --shards 1`) orders reach the book in the tape's order, as in
    `partita match`; with more, accounts of different shards may overtake each other.
    \b
    Exit code 3 when money was made or lost, 4 when some command's outcome stays unknown.
    \b
    Examples:
      partita replay orders.csv --fund
      partita replay day.csv.gz --fund --speed 60
      partita replay day.csv.gz --fund --json | jq .latency
    """
    rows = survey(tape).rows
    with progress() as told:
        figures = asyncio.run(run(bootstrap, Wish(tape, rows, fund, speed), told))
    if as_json:
        print_json(figures_as_json(figures))
    else:
        show(figures)
    if not figures.conservation.ok:
        if as_json:
            click.secho("error: conservation failed: money was made or lost", err=True, fg="red")
        raise SystemExit(3)
    if figures.unknown:
        click.secho(
            f"error: {figures.unknown} commands were not answered, and asking did not tell",
            err=True,
            fg="red",
        )
        raise SystemExit(4)
