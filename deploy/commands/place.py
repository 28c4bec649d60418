"""`partita place`: put an order in, and tell what became of it."""

import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.text import Text

from partita.deploy.commands.address import bootstrap_option, json_option, valid_for_option
from partita.deploy.commands.views import (
    average_price,
    console,
    fills_table,
    jsonable,
    money,
    number,
    print_json,
    side_text,
    state_text,
)
from partita.producers import (
    BlockingClient,
    ClientLimits,
    OrderDone,
    OrderFilled,
    OrderOpened,
    OrderReceived,
    OrderView,
    PrivateEvent,
)
from partita.schemas.enums import OrderState, Outcome, SelfTrade, Side, TimeInForce
from partita.schemas.errors import Rejected
from partita.schemas.reasons import EXPLAINED


class Placement(NamedTuple):
    """What became of an order at once."""

    order: OrderView
    fills: tuple[OrderFilled, ...]
    repeated: bool  # it had been placed before under this id; nothing happened anew


@click.command()
@click.argument("account", type=int)
@click.argument("side", type=click.Choice([str(side) for side in Side]))
@click.argument("symbol")
@click.argument("size", required=False)
@click.option("--price", metavar="P", help="Limit price; a market order if not given.")
@click.option("--funds", metavar="F", help="Most that a market buy may cost, fees included.")
@click.option(
    "--tif",
    type=click.Choice([str(tif) for tif in TimeInForce], case_sensitive=False),
    help="How long: until cancelled, immediate or cancel, fill or kill, until a time. GTC for limit"
    " orders, IOC for market orders if not given.",
)
@click.option("--post-only", is_flag=True, help="Reject it rather than take.")
@click.option(
    "--stp",
    type=click.Choice([str(flag) for flag in SelfTrade]),
    default=str(SelfTrade.DC),
    show_default=True,
    help="When it meets an order of its own account: decrease and cancel, cancel the oldest, cancel"
    " the newest, cancel both.",
)
@click.option(
    "--expire-in",
    metavar="SECONDS",
    type=click.IntRange(1),
    help="Life of a GTT order; implies it.",
)
@click.option(
    "--id",
    "client_order_id",
    metavar="ID",
    help="Your name for it, used for no other order. Made if not given.",
)
@valid_for_option
@bootstrap_option
@json_option
def place(
    account: int,
    side: str,
    symbol: str,
    size: str | None,
    price: str | None,
    funds: str | None,
    tif: str | None,
    post_only: bool,
    stp: str,
    expire_in: int | None,
    client_order_id: str | None,
    valid_for_ms: int,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Place an order of ACCOUNT to buy or sell SIZE of SYMBOL, and tell what became of it.

    Waits until it rests in the book or is done. Exit code 3 when the ledger or the book rejects it.

    \b
    Examples:
      partita place 1 buy BTC-USD 0.5 --price 50000
      partita place 1 buy BTC-USD --funds 1000
      partita place 2 sell BTC-USD 0.1 --price 50010 --post-only --id my-order-7
      partita place 2 sell BTC-USD 0.1 --price 49990 --tif FOK --json
      partita place 2 sell BTC-USD 0.1 --price 50010 --expire-in 60
    """
    expire_ms = None if expire_in is None else (time.time_ns() // 1_000_000) + expire_in * 1_000
    if tif is None and expire_in is not None:
        tif = TimeInForce.GTT
    limits = ClientLimits(valid_for_ms=valid_for_ms)
    with BlockingClient(bootstrap, limits=limits) as client:
        events = client.events(account)  # from here on
        placed = client.place(
            account,
            symbol,
            side,
            price=price,
            size=size,
            funds=funds,
            time_in_force=tif,
            post_only=post_only,
            self_trade=stp,
            expire_ms=expire_ms,
            client_order_id=client_order_id,
        )
        placement = follow(client.outcome(account, placed), events)
    if as_json:
        print_json(_values(placement))
    else:
        show(console(), placement)
    order = placement.order
    if order.outcome is Outcome.REJECTED and order.reason is not None:
        raise Rejected(order.client_order_id, order.reason, order.time_ms)


def follow(order: OrderView, events: Iterable[PrivateEvent]) -> Placement:
    """Collect the fills of an order that rests or is done from its account's events."""
    order_id = order.order_id
    fills: list[OrderFilled] = []
    received = settled = False
    for event in events:
        match event:
            case OrderReceived(order_id=id_) if id_ == order_id:
                # The SDK repeats itself where no answer comes: that is no news when the first one
                # is there too.
                if event.repeated and not received:
                    return Placement(order, (), True)
                received = True
            case OrderFilled(order_id=id_) if id_ == order_id:
                fills.append(event)
            case OrderOpened(order_id=id_) | OrderDone(order_id=id_) if id_ == order_id:
                settled = True
        # Fills that came after it rested, and before it was asked for, belong to the answer too.
        if settled and sum(fill.size for fill in fills) >= order.filled:
            break
    return Placement(order, tuple(fills), False)


def _values(placement: Placement) -> dict[str, Any]:
    """Return a placement for programs."""
    values: dict[str, Any] = jsonable(placement.order)
    return values | {
        "average_price": jsonable(average_price(placement.fills)),
        "fees": jsonable(sum(fill.fee for fill in placement.fills)),
        "fills": [
            {
                "trade_id": fill.trade_id,
                "price": jsonable(fill.price),
                "size": jsonable(fill.size),
                "fee": jsonable(fill.fee),
                "liquidity": fill.liquidity,
            }
            for fill in placement.fills
        ],
        "repeated": placement.repeated,
    }


def show(out: Console, placement: Placement) -> None:
    """Print a placement for people: the order, its fills, and how it stands."""
    order, fills = placement.order, placement.fills
    line = Text.assemble(side_text(order.side), " ")
    if order.size is not None:
        line.append(f"{number(order.size)} ")
    line.append(f"{order.symbol}, {order.type} {order.time_in_force}")
    if order.price is not None:
        line.append(f" at {number(order.price)}")
    line.append(f" (order {order.order_id}, id {order.client_order_id})", "dim")
    out.print(line)
    if placement.repeated:
        out.print("[yellow]placed before under this id[/]; nothing happened anew")
    if fills:
        out.print(fills_table(fills))
        quote = order.symbol.partition("-")[2]
        fees = sum((fill.fee for fill in fills), Decimal(0))
        out.print(
            f"filled {number(order.filled)} at {number(average_price(fills))} on average,"
            f" fees {money(fees)} {quote}"
        )
    out.print(_standing(order))


def _standing(order: OrderView) -> Text:
    """Return how an order stands, in a line."""
    text = state_text(order)
    if order.state is OrderState.OPEN:
        text.append(f": {number(order.remaining)} rests in the book", "default")
    elif order.reason is not None:
        text.append(f", {order.reason}: {EXPLAINED[order.reason]}", "default")
    return text
