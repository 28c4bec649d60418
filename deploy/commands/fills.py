"""`partita fills`: what an account has bought and sold."""

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.history_tables import kept_fills_table
from partita.deploy.commands.views import console, print_json
from partita.deploy.history.ask import history, page_options, store_option


@click.command()
@click.argument("account", type=int)
@click.option("--order", "order_id", type=int, metavar="ORDER_ID", help="Those of one order.")
@page_options
@store_option
@bootstrap_option
@json_option
def fills(
    account: int,
    order_id: int | None,
    limit: int,
    before: int | None,
    store: str | None,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Show the fills of ACCOUNT, newest first.

    The store answers; it is waited for until it has what the exchange had said before.

    \b
    Examples:
      partita fills 1
      partita fills 1 --order 42
      partita fills 1 --limit 1000 --json | jq -r '.[] | [.symbol, .price, .size] | @csv'
    """
    with history(bootstrap, store, account) as kept:
        view = kept.queries.fills(
            account, order_id=order_id, before=before, limit=limit, at_least=kept.at_least
        )
        found = [kept.rim.fill(row) for row in view.found]
    if as_json:
        print_json(found)
    elif found:
        console().print(kept_fills_table(found))
    else:
        console().print("[dim]no fills")
