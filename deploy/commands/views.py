"""How values look: text, JSON and tables that several commands share."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from partita.deploy.history.views import KeptOrder
from partita.producers import OrderFilled, OrderView
from partita.schemas.decimals import plain
from partita.schemas.enums import OrderState, Outcome, Side
from partita.schemas.reasons import EXPLAINED

NOTHING = "-"
# Of what is no terminal: nothing is cut there.
_WIDTH_ELSEWHERE = 200
SIDE_STYLES = {Side.BUY: "green", Side.SELL: "red"}
_OUTCOME_STYLES = {
    Outcome.FILLED: "green",
    Outcome.CANCELLED: "yellow",
    Outcome.EXPIRED: "yellow",
    Outcome.REJECTED: "red",
}


def console() -> Console:
    """Return the console for people; what is no terminal gets no colours, and room enough."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_ELSEWHERE)


def number(value: Decimal | int | None) -> str:
    """Return a number for people: in groups of three digits, with the decimals it has."""
    if value is None:
        return NOTHING
    return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"


def money(value: Decimal) -> str:
    """Return an amount of an asset for people: the zeros behind its second decimal are left out.

    >>> money(Decimal("1000.0000000000")), money(Decimal("0.41996007"))
    ('1,000.00', '0.41996007')
    """
    text = number(value)
    whole, point, decimals = text.partition(".")
    return f"{whole}{point}{decimals.rstrip('0').ljust(min(2, len(decimals)), '0')}"


def clock(time_ms: int) -> str:
    """Return a time of the log, UTC."""
    seconds, ms = divmod(time_ms, 1_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{ms:03}"


def jsonable(value: Any) -> Any:
    """Return a value as JSON knows it: decimals as strings, so that they stay exact."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return {key: jsonable(each) for key, each in value.items()}
    if hasattr(value, "_asdict"):
        return jsonable(value._asdict())
    if isinstance(value, list | tuple):
        return [jsonable(each) for each in value]
    return value


def print_json(value: Any) -> None:
    """Print a value as one line of JSON."""
    click.echo(json.dumps(jsonable(value)))


def side_text(side: Side) -> Text:
    """Return a side in its colour."""
    return Text(side, SIDE_STYLES[side])


class Ends(Protocol):
    """An order that may have ended."""

    @property
    def state(self) -> OrderState:
        """Received, open or done."""

    @property
    def outcome(self) -> Outcome | None:
        """How it ended."""


def state_text(order: Ends) -> Text:
    """Return what an order is now: received, open, or how it ended."""
    if order.outcome is None:
        return Text(order.state, "cyan" if order.state is OrderState.OPEN else "")
    return Text(order.outcome, _OUTCOME_STYLES[order.outcome])


def plain_table(*columns: str, left: Sequence[str] = ()) -> Table:
    """Return a table without lines: numbers to the right, the columns named in `left` not.

    Where there is no room a value goes on in the next line: a number is never cut.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, justify="left" if column in left else "right", overflow="fold")
    return table


def orders_table(orders: Iterable[OrderView]) -> Table:
    """Return orders, a row each."""
    table = plain_table(
        "order",
        "id",
        "symbol",
        "side",
        "price",
        "size",
        "filled",
        "state",
        left=("id", "symbol", "side", "state"),
    )
    for order in orders:
        table.add_row(
            str(order.order_id),
            Text(order.client_order_id),
            order.symbol,
            side_text(order.side),
            number(order.price),
            number(order.size),
            number(order.filled),
            state_text(order),
        )
    return table


def order_lines(order: OrderView) -> Table:
    """Return one order, a line for each thing to know of it."""
    return lines_of_order(
        order, ("remaining", number(order.remaining)), ("held", money(order.hold))
    )


def lines_of_order(order: OrderView | KeptOrder, *more: tuple[str, str]) -> Table:
    """Return the lines that an order has wherever it is asked for, with more before its state."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    state = state_text(order)
    if order.reason is not None:
        state.append(f" ({order.reason}: {EXPLAINED[order.reason]})", "default")
    table.add_row("order", Text(f"{order.order_id} (id {order.client_order_id})"))
    table.add_row("symbol", order.symbol)
    table.add_row("side", side_text(order.side))
    table.add_row("type", f"{order.type} {order.time_in_force}")
    table.add_row("price", number(order.price))
    table.add_row("size", number(order.size))
    table.add_row("filled", number(order.filled))
    for line in more:
        table.add_row(*line)
    table.add_row("state", state)
    return table


def fills_table(fills: Iterable[OrderFilled]) -> Table:
    """Return fills, a row each."""
    table = plain_table("trade", "price", "size", "fee", "liquidity", left=("liquidity",))
    for fill in fills:
        table.add_row(
            str(fill.trade_id),
            number(fill.price),
            number(fill.size),
            money(fill.fee),
            fill.liquidity,
        )
    return table


def average_price(fills: Sequence[OrderFilled]) -> Decimal | None:
    """Return the average price of fills by size, with two decimals more than the tick."""
    if not fills:
        return None
    size = sum((fill.size for fill in fills), Decimal(0))
    cost = sum((fill.price * fill.size for fill in fills), Decimal(0))
    return (cost / size).quantize(_hundredth(fills[0].price))


def _hundredth(price: Decimal) -> Decimal:
    """Return a hundredth of the last decimal of a price."""
    exponent = price.as_tuple().exponent
    assert isinstance(exponent, int), "a price is finite"
    return Decimal(1).scaleb(exponent - 2)
