"""What a console shows, and the symbol and books that are shown."""

import io

from books.make import INSTRUMENT
from rich.console import Console, RenderableType

from partita.marketdata.book_replica import BookReplica
from partita.schemas import feed
from partita.schemas.enums import Side

# BTC-USD as `partita up` lists it: tick 0.01, lot 0.00000001, ten decimals of the dollar.
BTC = INSTRUMENT._replace(
    symbol="BTC-USD",
    base_decimals=8,
    quote_decimals=10,
    tick=100_000_000,
    lot=1,
    min_size=1,
    max_size=10_000_000_000_000,
    max_price=1_000_000_000,
    maker_fee_ppm=1_000,
    taker_fee_ppm=2_000,
)


def text(shown: RenderableType, width: int = 80) -> list[str]:
    """Return what a console of a width shows, without the spaces at the ends of lines."""
    out = io.StringIO()
    Console(file=out, width=width).print(shown)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def replica(*orders: tuple[Side, int, int]) -> BookReplica:
    """Return a book of orders: side, price in dollars, size in hundredths of a coin."""
    book = BookReplica(BTC)
    for order_id, (side, price, size) in enumerate(orders, start=1):
        book.apply(feed.Opened(order_id, side, price * 100, size * 1_000_000))
    return book
