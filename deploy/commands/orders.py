"""`partita orders`: the open orders of an account."""

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.views import console, orders_table, print_json
from partita.producers import BlockingClient


@click.command()
@click.argument("account", type=int)
@bootstrap_option
@json_option
def orders(account: int, bootstrap: str, as_json: bool) -> None:
    """Show the orders of ACCOUNT that are not done, oldest first.

    \b
    Examples:
      partita orders 1
      partita orders 1 --json | jq -r '.[].order_id'
    """
    with BlockingClient(bootstrap) as client:
        found = client.open_orders(account)
    if as_json:
        print_json(found)
    elif found:
        console().print(orders_table(found))
    else:
        console().print("[dim]no open orders")
