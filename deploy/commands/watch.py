"""`partita watch`: a symbol as it goes on."""

import time
from collections.abc import Iterator

import click
from rich.live import Live

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.symbols import find_instrument
from partita.deploy.commands.views import console
from partita.deploy.commands.watching import JsonLines, News, Picture, PlainLines, View
from partita.marketdata.book_feed import Trade
from partita.marketdata.feed import LiveBook

_READ_S = 0.2  # how late an end by time or by Ctrl-C may be


@click.command()
@click.argument("symbol")
@click.option("--for", "seconds", metavar="SECONDS", type=click.IntRange(1), help="End after this.")
@click.option("--trades", metavar="N", type=click.IntRange(1), help="End after so many trades.")
@bootstrap_option
@json_option
def watch(
    symbol: str, seconds: int | None, trades: int | None, bootstrap: str, as_json: bool
) -> None:
    """Watch SYMBOL live: best bid and offer, last price, and the trades as they come.

    A live picture on a terminal; elsewhere plain lines, and with --json an object a line. Ends with
    Ctrl-C.

    \b
    Examples:
      partita watch BTC-USD
      partita watch BTC-USD --for 60 > btc.log
      partita watch BTC-USD --trades 100 --json | jq -c 'select(.event == "trade")'
    """
    instrument = find_instrument(bootstrap, symbol)
    end_s = None if seconds is None else time.monotonic() + seconds
    try:
        with LiveBook(bootstrap, instrument) as book:
            news = follow(book, end_s, trades)
            out = console()
            if as_json:
                _run(JsonLines(instrument), news)
            elif not out.is_terminal:
                _run(PlainLines(instrument), news)
            else:
                with Live(console=out, auto_refresh=False) as live:
                    _run(Picture(instrument, live), news)
    except KeyboardInterrupt:
        pass  # the usual way to end it


def follow(book: LiveBook, end_s: float | None, trades_max: int | None) -> Iterator[News]:
    """Yield how the book stands, with all of history, and then what is new at each look."""
    yield _news(book, book.catch_up())
    left = trades_max
    while (end_s is None or time.monotonic() < end_s) and left != 0:
        trades = book.read(_READ_S)
        if left is not None:
            trades = trades[:left]
            left -= len(trades)
        yield _news(book, trades)


def _news(book: LiveBook, trades: list[Trade]) -> News:
    return News(book.replica.best_bid, book.replica.best_ask, trades, book.trouble)


def _run(view: View, news: Iterator[News]) -> None:
    view.start(next(news))
    for new in news:
        view.show(new)
