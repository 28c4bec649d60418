"""The depth of a book as a ladder: asks above, bids below, each with what stands before it."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import accumulate
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from partita.deploy.commands.views import SIDE_STYLES, number, plain_table
from partita.marketdata.book_replica import BookReplica, Level
from partita.schemas.decimals import Increments
from partita.schemas.enums import Side

BAR_WIDTH = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"
_THOUSANDTH = Decimal("0.001")


def bar(size: int, largest: int, width: int = BAR_WIDTH) -> str:
    """Return a bar as long as a size is of the largest, never empty.

    >>> bar(3, 4, 8)
    '██████'
    """
    eighths = max(1, size * width * 8 // largest)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def spread(bid: Decimal, ask: Decimal) -> str:
    """Return the spread, and what it is of the middle in percent."""
    middle = (bid + ask) / 2
    percent = ((ask - bid) * 100 / middle).quantize(_THOUSANDTH)
    return f"spread {number(ask - bid)} ({percent} %)"


def ladder(replica: BookReplica, count: int) -> Group:
    """Return the ladder of at most count levels a side."""
    increments = Increments.of(replica.instrument)
    asks, bids = (replica.depth(side, count) for side in (Side.SELL, Side.BUY))
    table = plain_table("price", "size", "cumulative", "orders", "", left=("",))
    table.title = Text(replica.instrument.symbol, "bold")
    table.title_justify = "left"
    largest = max((level.size for level in (*asks, *bids)), default=1)
    rows = list(zip(asks, _cumulative(asks), strict=True))
    _add_rows(table, reversed(rows), increments, Side.SELL, largest)
    _add_middle(table, increments, asks, bids)
    rows = list(zip(bids, _cumulative(bids), strict=True))
    _add_rows(table, rows, increments, Side.BUY, largest)
    return Group(table, _footer(replica, increments))


def _cumulative(levels: Iterable[Level]) -> Iterable[int]:
    return accumulate(level.size for level in levels)


def _add_rows(
    table: Table,
    rows: Iterable[tuple[Level, int]],
    increments: Increments,
    side: Side,
    largest: int,
) -> None:
    style = SIDE_STYLES[side]
    for level, cumulative in rows:
        table.add_row(
            Text(number(increments.price(level.price)), style),
            number(increments.size(level.size)),
            number(increments.size(cumulative)),
            number(level.orders),
            Text(bar(level.size, largest), style),
        )


def _add_middle(table: Table, increments: Increments, asks: list[Level], bids: list[Level]) -> None:
    if asks and bids:
        bid, ask = increments.price(bids[0].price), increments.price(asks[0].price)
        text = spread(bid, ask)
    else:
        text = "no bids" if asks else "no asks" if bids else "empty"
    table.add_row("", "", "", "", Text(text, "dim"))


def _footer(replica: BookReplica, increments: Increments) -> Text:
    last = replica.last_trade
    if last is None:
        return Text("no trades yet", "dim")
    price, size = number(increments.price(last.price)), number(increments.size(last.size))
    style = SIDE_STYLES[last.taker_side] if last.taker_side else ""
    return Text.assemble(("last ", "dim"), (price, style), f" x {size}")


def ladder_values(replica: BookReplica, count: int) -> dict[str, Any]:
    """Return the same for programs, best first."""
    increments = Increments.of(replica.instrument)
    last = replica.last_trade

    def levels(side: Side) -> list[dict[str, Any]]:
        return [
            {
                "price": increments.price(level.price),
                "size": increments.size(level.size),
                "orders": level.orders,
            }
            for level in replica.depth(side, count)
        ]

    return {
        "symbol": replica.instrument.symbol,
        "bids": levels(Side.BUY),
        "asks": levels(Side.SELL),
        "last_price": increments.price(last.price) if last else None,
        "last_size": increments.size(last.size) if last else None,
    }
