"""`partita orders`: the orders of an account, open or done."""

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.history_tables import kept_orders_table
from partita.deploy.commands.views import console, orders_table, print_json
from partita.deploy.history.ask import history, page_options, store_option
from partita.producers import BlockingClient


@click.command()
@click.argument("account", type=int)
@click.option("--done", is_flag=True, help="Those that are done, newest first, from the store.")
@click.option(
    "--all", "everything", is_flag=True, help="Open or done, newest first, from the store."
)
@page_options
@store_option
@bootstrap_option
@json_option
def orders(
    account: int,
    done: bool,
    everything: bool,
    limit: int,
    before: int | None,
    store: str | None,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Show the orders of ACCOUNT that are not done, oldest first.

    The ledger answers from its state. With --done or --all the store answers, which keeps all that
    ever was, and is waited for until it has what the exchange had said before.

    \b
    Examples:
      partita orders 1
      partita orders 1 --json | jq -r '.[].order_id'
      partita orders 1 --done --limit 20
    """
    if done or everything:
        with history(bootstrap, store, account) as kept:
            view = kept.queries.orders(
                account, done=not everything, before=before, limit=limit, at_least=kept.at_least
            )
            found = [kept.rim.order(row) for row in view.found]
        if as_json:
            print_json(found)
        elif found:
            console().print(kept_orders_table(found))
        else:
            console().print("[dim]no orders")
        return
    with BlockingClient(bootstrap) as client:
        live = client.open_orders(account)
    if as_json:
        print_json(live)
    elif live:
        console().print(orders_table(live))
    else:
        console().print("[dim]no open orders")
