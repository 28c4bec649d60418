"""`partita order`: one order, open or done."""

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.views import console, order_lines, print_json
from partita.producers import BlockingClient


@click.command()
@click.argument("account", type=int)
@click.argument("order_id", type=int, required=False)
@click.option(
    "--id", "client_order_id", metavar="CLIENT_ID", help="The id that it was placed with."
)
@bootstrap_option
@json_option
def order(
    account: int,
    order_id: int | None,
    client_order_id: str | None,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Show an order of ACCOUNT, by ORDER_ID or by the id it was placed with.

    Orders that are done are known for a minute or more.

    \b
    Examples:
      partita order 1 42
      partita order 1 --id my-order-7 --json
    """
    with BlockingClient(bootstrap) as client:
        found = client.order(account, order_id=order_id, client_order_id=client_order_id)
    if as_json:
        print_json(found)
    else:
        console().print(order_lines(found))
