"""`partita export`: trades and candles of a symbol as CSV."""

import csv
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click

from partita.deploy.commands.address import bootstrap_option
from partita.deploy.commands.candles import INTERVALS, Bar, bar_of, interval_option
from partita.deploy.commands.symbols import find_instrument
from partita.deploy.commands.trades import values
from partita.deploy.commands.views import clock, jsonable
from partita.marketdata.history import candles_between, trades_between
from partita.schemas.errors import InvalidValue

_TIMES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")
TRADE_COLUMNS = ("time", "time_ms", "trade_id", "taker_side", "price", "size")
CANDLE_COLUMNS = ("start", *Bar._fields)


@click.command()
@click.argument("what", type=click.Choice(["trades", "candles"]))
@click.argument("symbol")
@click.option(
    "--to",
    "target",
    metavar="FILE",
    required=True,
    help="The CSV file, written anew; - is standard output.",
)
@click.option("--since", type=click.DateTime(_TIMES), help="From this time on, UTC.")
@click.option("--until", type=click.DateTime(_TIMES), help="Before this time, UTC.")
@interval_option
@bootstrap_option
def export(
    what: str,
    symbol: str,
    target: str,
    since: datetime | None,
    until: datetime | None,
    interval: str,
    bootstrap: str,
) -> None:
    """Write the trades or the candles of SYMBOL to a CSV file, oldest first, with a header.

    Prices and sizes are exact. Trades are those that the exchange still keeps: of a week.

    \b
    Examples:
      partita export trades BTC-USD --to btc.csv
      partita export candles BTC-USD --interval 1h --since 2026-11-01 --to btc-1h.csv
      partita export trades BTC-USD --to - | head
    """
    since_ms, until_ms = _ms(since), _ms(until)
    if since_ms is not None and until_ms is not None and since_ms >= until_ms:
        raise InvalidValue("since", str(since), f"must be before --until {until}")
    instrument = find_instrument(bootstrap, symbol)
    rows: Iterable[dict[str, Any]]
    if what == "trades":
        columns: Sequence[str] = TRADE_COLUMNS
        found = trades_between(bootstrap, instrument, since_ms, until_ms)
        rows = ({"time": clock(t.time_ms)} | values(instrument, t) for t in found)
    else:
        columns, length = CANDLE_COLUMNS, INTERVALS[interval]
        bars = candles_between(bootstrap, instrument, length, since_ms, until_ms)
        rows = (
            {"start": clock(candle.start_ms)} | bar_of(candle, instrument)._asdict()
            for candle in bars
        )
    count = write(target, columns, rows)
    click.echo(f"{count} {what} of {symbol} written to {target}", err=True)


def _ms(time: datetime | None) -> int | None:
    return None if time is None else int(time.replace(tzinfo=UTC).timestamp()) * 1_000


def write(target: str, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    """Write rows; a file is there whole or not at all. Return how many there are."""
    if target == "-":
        return _rows(sys.stdout, columns, rows)
    path = Path(target)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", newline="", encoding="utf-8") as out:
            count = _rows(out, columns, rows)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except OSError as error:
        raise InvalidValue("to", target, f"cannot be written: {error}") from error
    return count


def _rows(out: IO[str], columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in rows:
        writer.writerow(jsonable(row))
        count += 1
    return count
