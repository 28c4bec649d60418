"""The command `partita match`."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from partita.deploy.match.core_rate import rate_of
from partita.deploy.match.files import EventsFile, write_book
from partita.deploy.match.run import MatchResult, run_tape
from partita.deploy.match.scale import Scale, increment
from partita.deploy.tape.files import open_to_write
from partita.deploy.tape.reader import read_tape, survey
from partita.log.engines import engine_name
from partita.matchers.engines import ENGINES, engine
from partita.schemas.decimals import exact, plain
from partita.schemas.errors import PartitaError

_PROGRESS_ROWS = 20_000  # a shorter tape is done before a bar could be read

_EPILOG = """\b
Examples:
  partita match orders.csv
  partita match day.csv.gz --tick 0.01 --lot 0.00000001 --events events.csv
  partita match day.csv.zst --book book.csv --json
"""


@click.command(epilog=_EPILOG)
@click.argument("tape", type=click.Path(path_type=Path))
@click.option("--engine", "engine_", metavar="NAME", help="Engine to run on.")
@click.option("--tick", metavar="T", help="Price increment. Default: the finest on the tape.")
@click.option("--lot", metavar="L", help="Size increment. Default: the finest on the tape.")
@click.option(
    "--events",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write what happened, as CSV (.gz, .zst by extension).",
)
@click.option(
    "--book",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the final depth, best first, as CSV.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def match(
    tape: Path,
    engine_: str | None,
    tick: str | None,
    lot: str | None,
    events: Path | None,
    book: Path | None,
    as_json: bool,
) -> None:
    """Run a TAPE of commands through one engine, offline.

    TAPE is CSV with a header, plain, .gz or .zst: op, id, account, symbol, side, type, tif, price,
    size, funds, post_only, stp, expire_ms, time_ms, in any order. There is no ledger: balances are
    not checked and fees are zero. Messages per second are of the engine alone; `timed` says what of
    it: each call of a book, or of the native engine whole records through a worker's core.
    """
    try:
        chosen = engine_name(ENGINES, engine_)
        seen = survey(tape)
        scale = Scale(
            _step("tick", tick, increment(seen.price_decimals)),
            _step("lot", lot, increment(seen.size_decimals)),
        )
        with ExitStack() as files:
            on_event = None
            if events is not None:
                events_file = files.enter_context(open_to_write(events))
                on_event = EventsFile(events_file, scale).add
            book_file = files.enter_context(open_to_write(book)) if book is not None else None
            with _progress(seen.rows) as on_progress:
                rate, rows = rate_of(chosen, scale), read_tape(tape)
                result = run_tape(rows, engine(chosen), scale, on_event, on_progress, rate)
            if book_file is not None:
                write_book(book_file, result.books, scale)
    except (PartitaError, OSError) as error:
        raise click.ClickException(str(error)) from error
    figures = _figures(tape, chosen, scale, result)
    if as_json:
        click.echo(json.dumps(figures))
    else:
        _print(figures)


def _step(field: str, text: str | None, finest: Decimal) -> Decimal:
    return finest if text is None else exact(text, field)


@contextmanager
def _progress(rows: int) -> Iterator[Callable[[int], None] | None]:
    """Show a bar on standard error, if that is a terminal and the tape is long."""
    console = Console(stderr=True)
    if not console.is_terminal or rows < _PROGRESS_ROWS:
        yield None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("match", total=rows)
        yield lambda done: progress.advance(task, done)


def _figures(tape: Path, chosen: str, scale: Scale, result: MatchResult) -> dict[str, Any]:
    return {
        "tape": str(tape),
        "engine": chosen,
        "tick": plain(scale.tick),
        "lot": plain(scale.lot),
        "messages": result.messages,
        "trades": result.trades,
        "rejections": sum(result.rejections.values()),
        "rejections_by_reason": {str(key): count for key, count in result.rejections.items()},
        "state_hash": {symbol: value.hex() for symbol, value in result.state_hashes.items()},
        "timed": result.timed,
        "engine_s": round(result.engine_s, 6),
        "messages_per_s": result.messages_per_s,
    }


def _print(figures: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for name in ("engine", "tick", "lot"):
        table.add_row(name, figures[name])
    for name in ("messages", "trades", "rejections"):
        table.add_row(name, f"{figures[name]:,}")
    for reason, count in figures["rejections_by_reason"].items():
        table.add_row(f"  {reason}", f"{count:,}")
    table.add_row("timed", figures["timed"])
    table.add_row("messages per second", f"{figures['messages_per_s']:,}")
    Console().print(table)
