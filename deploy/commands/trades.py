"""`partita trades`: what was traded on a symbol, and what is."""

from collections.abc import Iterable
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.symbols import find_instrument
from partita.deploy.commands.views import (
    SIDE_STYLES,
    clock,
    console,
    number,
    plain_table,
    print_json,
    side_text,
)
from partita.marketdata.book_feed import Trade
from partita.marketdata.history import follow_trades, last_trades
from partita.schemas.decimals import Increments
from partita.schemas.instrument import Instrument

_READ_S = 0.2  # how late Ctrl-C may be


@click.command()
@click.argument("symbol")
@click.option(
    "--last",
    metavar="N",
    type=click.IntRange(1, 1_000_000),
    default=20,
    show_default=True,
    help="How many trades, the newest.",
)
@click.option("--follow", is_flag=True, help="Go on with trades as they come, until Ctrl-C.")
@bootstrap_option
@json_option
def trades(symbol: str, last: int, follow: bool, bootstrap: str, as_json: bool) -> None:
    """Show the trades of SYMBOL, the newest at the end. Times are UTC, and the book's.

    \b
    Examples:
      partita trades BTC-USD
      partita trades BTC-USD --last 1000 --json | jq -r .price
      partita trades BTC-USD --follow
    """
    instrument = find_instrument(bootstrap, symbol)
    found, end = last_trades(bootstrap, instrument, last)
    if follow or as_json:
        _lines(instrument, found, as_json)
    elif found:
        console().print(_table(instrument, found))
    else:
        console().print(Text(f"{symbol}: no trade yet", "dim"))
    if follow:
        after = found[-1].trade_id if found else 0
        try:
            for new in follow_trades(bootstrap, instrument, end, after, _READ_S):
                _lines(instrument, new, as_json)
        except KeyboardInterrupt:
            pass  # the usual way to end it


def values(instrument: Instrument, trade: Trade) -> dict[str, Any]:
    """Return a trade in decimals, by field."""
    increments = Increments.of(instrument)
    return {
        "symbol": instrument.symbol,
        "time_ms": trade.time_ms,
        "trade_id": trade.trade_id,
        "taker_side": trade.taker_side,
        "price": increments.price(trade.price),
        "size": increments.size(trade.size),
    }


def _lines(instrument: Instrument, found: Iterable[Trade], as_json: bool) -> None:
    for trade in found:
        one = values(instrument, trade)
        if as_json:
            print_json(one)
        else:
            what = f"{one['taker_side']} {number(one['size'])} at {number(one['price'])}"
            click.echo(f"{clock(trade.time_ms)}  trade {trade.trade_id}  {what}")


def _table(instrument: Instrument, found: Iterable[Trade]) -> Table:
    increments = Increments.of(instrument)
    table = plain_table(
        "time (UTC)", "trade", "taker", "price", "size", left=("time (UTC)", "taker")
    )
    for trade in found:
        table.add_row(
            clock(trade.time_ms),
            str(trade.trade_id),
            side_text(trade.taker_side),
            Text(number(increments.price(trade.price)), SIDE_STYLES[trade.taker_side]),
            number(increments.size(trade.size)),
        )
    return table
