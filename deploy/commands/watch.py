"""`partita watch`: a symbol as it goes on."""

import asyncio
import time
from collections.abc import Iterator

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.screen import show
from partita.deploy.commands.symbols import find_instrument
from partita.deploy.commands.views import console
from partita.deploy.commands.watching import JsonLines, Lines, News, PlainLines
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
    """Watch SYMBOL live.

    On a terminal a live picture: the ladder, the last 24 hours, the trades, and a chart of the
    minutes. Elsewhere the best bid and offer and the trades as plain lines, with --json an object
    a line. Ends with Ctrl-C.

    \b
    Examples:
      partita watch BTC-USD
      partita watch BTC-USD --for 60 > btc.log
      partita watch BTC-USD --trades 100 --json | jq -c 'select(.event == "trade")'
    """
    instrument, out = find_instrument(bootstrap, symbol), console()
    try:
        if out.is_terminal and not as_json:
            asyncio.run(show(bootstrap, instrument, out, seconds, trades))
            return
        end_s = None if seconds is None else time.monotonic() + seconds
        with LiveBook(bootstrap, instrument) as book:
            news = follow(book, end_s, trades)
            _run(JsonLines(instrument) if as_json else PlainLines(instrument), news)
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


def _run(view: Lines, news: Iterator[News]) -> None:
    view.start(next(news))
    for new in news:
        view.show(new)
