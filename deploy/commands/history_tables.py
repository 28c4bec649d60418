"""How history looks: tables of what stores keep."""

from collections.abc import Iterable
from decimal import Decimal

from rich.table import Table
from rich.text import Text

from partita.deploy.commands.views import (
    NOTHING,
    clock,
    lines_of_order,
    money,
    number,
    plain_table,
    side_text,
    state_text,
)
from partita.deploy.history.views import KeptEntry, KeptFill, KeptOrder


def kept_orders_table(orders: Iterable[KeptOrder]) -> Table:
    """Return orders, a row each; the first column pages."""
    table = plain_table(
        *("order", "id", "symbol", "side", "price", "size", "filled", "cost", "state", "placed"),
        left=("id", "symbol", "side", "state", "placed"),
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
            money(order.cost),
            state_text(order),
            clock(order.placed_ms),
        )
    return table


def kept_order_lines(order: KeptOrder) -> Table:
    """Return one order, a line for each thing to know of it."""
    cost = f"{money(order.cost)}, fees {money(order.fees)}"
    table = lines_of_order(order, ("cost", cost))
    table.add_row("placed", clock(order.placed_ms))
    table.add_row("last changed", clock(order.time_ms))
    return table


def kept_fills_table(fills: Iterable[KeptFill]) -> Table:
    """Return fills, a row each; the first column pages."""
    table = plain_table(
        *("number", "time", "order", "symbol", "side", "trade", "price", "size", "fee", "as"),
        left=("time", "symbol", "side", "as"),
    )
    for fill in fills:
        table.add_row(
            str(fill.number),
            clock(fill.time_ms),
            str(fill.order_id),
            fill.symbol,
            side_text(fill.side),
            str(fill.trade_id),
            number(fill.price),
            number(fill.size),
            money(fill.fee),
            fill.liquidity,
        )
    return table


def kept_entries_table(entries: Iterable[KeptEntry]) -> Table:
    """Return changes of balances, a row each; the first column pages."""
    table = plain_table(
        *("number", "time", "why", "asset", "available", "held", "left", "left held", "of"),
        left=("time", "why", "asset", "of"),
    )
    for entry in entries:
        table.add_row(
            str(entry.number),
            clock(entry.time_ms),
            entry.kind,
            entry.asset,
            _signed(entry.available_change),
            _signed(entry.held_change),
            money(entry.available),
            money(entry.held),
            Text(_cause(entry)),
        )
    return table


def _signed(amount: Decimal) -> str:
    return f"+{money(amount)}" if amount > 0 else money(amount) if amount else NOTHING


def _cause(entry: KeptEntry) -> str:
    """Return what a change came from, in words."""
    if entry.order_id is None:
        return entry.command_id or ""
    trade = "" if entry.trade_id is None else f", trade {entry.trade_id}"
    return f"order {entry.order_id}{trade}" + (f" on {entry.symbol}" if entry.symbol else "")
