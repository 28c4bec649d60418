"""`partita cancel`: take one order out, or all of a symbol."""

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.views import console, number, print_json
from partita.producers import BlockingClient


@click.command()
@click.argument("account", type=int)
@click.argument("order_id", type=int, required=False)
@click.option(
    "--id", "client_order_id", metavar="CLIENT_ID", help="The id that it was placed with."
)
@click.option("--all", "symbol", metavar="SYMBOL", help="Cancel all orders on this symbol.")
@bootstrap_option
@json_option
def cancel(
    account: int,
    order_id: int | None,
    client_order_id: str | None,
    symbol: str | None,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Cancel an order of ACCOUNT, or all of its orders on a symbol.

    Give one of ORDER_ID, --id and --all. An order that is done already cannot be cancelled: exit
    code 3.

    \b
    Examples:
      partita cancel 1 42
      partita cancel 1 --id my-order-7
      partita cancel 1 --all BTC-USD
    """
    if sum(name is not None for name in (order_id, client_order_id, symbol)) != 1:
        raise click.UsageError("give one of ORDER_ID, --id CLIENT_ID and --all SYMBOL")
    if symbol is not None:
        with BlockingClient(bootstrap) as client:
            count = client.cancel_all(account, symbol).orders
        if as_json:
            print_json({"symbol": symbol, "cancelled": count})
        else:
            orders = "order" if count == 1 else "orders"
            console().print(f"[yellow]cancelled[/] {number(count)} {orders} on {symbol}")
        return
    with BlockingClient(bootstrap) as client:
        cancelled = client.cancel(
            account, order_id=order_id, client_order_id=client_order_id
        ).order_id
    if as_json:
        print_json({"order_id": cancelled, "cancelled": 1})
    else:
        console().print(f"[yellow]cancelled[/] order {cancelled}")
