"""`partita candles`: the bars of a symbol, as a table and as a small chart."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import click
from rich.console import Group
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
)
from partita.marketdata.history import last_candles
from partita.schemas.decimals import Increments, from_steps, unit
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import Candle

INTERVALS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "6h": 21_600, "1d": 86_400}
CHART_ROWS = 12
_BODY, _WICK = "█", "│"


class Bar(NamedTuple):
    """A candle as people read it; decimals."""

    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal  # of the base asset
    notional: Decimal  # of the quote asset
    trades: int
    first_trade_id: int
    last_trade_id: int


def bar_of(candle: Candle, instrument: Instrument) -> Bar:
    """Return a candle in decimals."""
    increments = Increments.of(instrument)
    price, quote = increments.price, unit(instrument.quote_decimals)
    return Bar(
        candle.start_ms,
        price(candle.open),
        price(candle.high),
        price(candle.low),
        price(candle.close),
        increments.size(candle.volume),
        from_steps(candle.notional * instrument.notional_unit, quote),
        candle.last_trade_id - candle.first_trade_id + 1,
        candle.first_trade_id,
        candle.last_trade_id,
    )


interval_option = click.option(
    "--interval",
    type=click.Choice(list(INTERVALS)),
    default="1m",
    show_default=True,
    help="Length of a bar.",
)


@click.command()
@click.argument("symbol")
@interval_option
@click.option(
    "--last",
    metavar="N",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="How many bars, the newest.",
)
@bootstrap_option
@json_option
def candles(symbol: str, interval: str, last: int, bootstrap: str, as_json: bool) -> None:
    """Show the bars of SYMBOL; an interval without a trade has none. Times are UTC.

    \b
    Examples:
      partita candles BTC-USD
      partita candles BTC-USD --interval 1h --last 48
      partita candles BTC-USD --interval 1d --json | jq '.bars[-1].close'
    """
    instrument = find_instrument(bootstrap, symbol)
    found = last_candles(bootstrap, instrument, INTERVALS[interval], last)
    bars = [bar_of(candle, instrument) for candle in found]
    if as_json:
        print_json({"symbol": symbol, "interval": interval, "bars": bars})
        return
    out = console()
    out.print(picture(symbol, interval, bars, out.width))


def picture(symbol: str, interval: str, bars: Sequence[Bar], width: int) -> Group | Text:
    """Return the table of bars, and above it their chart."""
    if not bars:
        return Text(f"{symbol}: no trade yet, so no bars", "dim")
    title = Text(f"{symbol} {interval}", "bold")
    return Group(title, chart(bars, width), Text(), _table(bars))


def _table(bars: Sequence[Bar]) -> Table:
    table = plain_table(
        "start (UTC)", "open", "high", "low", "close", "volume", "trades", left=("start (UTC)",)
    )
    for bar in bars:
        table.add_row(
            clock(bar.start_ms)[:16],
            number(bar.open),
            number(bar.high),
            number(bar.low),
            Text(number(bar.close), _style(bar)),
            number(bar.volume),
            number(bar.trades),
        )
    return table


def _style(bar: Bar) -> str:
    return SIDE_STYLES[Side.SELL if bar.close < bar.open else Side.BUY]


def chart(bars: Sequence[Bar], width: int, rows: int = CHART_ROWS) -> Text:
    """Return bars as a picture of so many rows, two columns each, the newest at the right.

    The axis at the left has the highest and the lowest price.
    """
    labels = max(len(number(price)) for bar in bars for price in (bar.high, bar.low))
    bars = bars[-max(1, (width - labels - 2) // 2) :]
    top, bottom = max(bar.high for bar in bars), min(bar.low for bar in bars)

    def row(price: Decimal) -> int:
        """Return the row of a price, 0 at the top."""
        return int((top - price) * (rows - 1) / (top - bottom)) if top > bottom else 0

    shown = Text()
    for n in range(rows if top > bottom else 1):
        label = {0: number(top), rows - 1: number(bottom)}.get(n, "")
        shown.append(f"{label:>{labels}} ", "dim")
        for bar in bars:
            upper, lower = sorted((row(bar.open), row(bar.close)))
            inside = row(bar.high) <= n <= row(bar.low)
            mark = _BODY if upper <= n <= lower else _WICK if inside else " "
            shown.append(f"{mark} ", _style(bar))
        shown.append("\n")
    shown.rstrip()
    return shown
