"""`partita entries`: how an account's balances came to be what they are."""

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.history_tables import kept_entries_table
from partita.deploy.commands.views import console, print_json
from partita.deploy.history.ask import history, page_options, store_option


@click.command()
@click.argument("account", type=int)
@page_options
@store_option
@bootstrap_option
@json_option
def entries(
    account: int,
    limit: int,
    before: int | None,
    store: str | None,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Show each change of a balance of ACCOUNT with its cause and what it left, newest first.

    The store answers; it is waited for until it has what the exchange had said before.

    \b
    Examples:
      partita entries 1
      partita entries 1 --json | jq 'map(select(.kind == "transfer"))'
    """
    with history(bootstrap, store, account) as kept:
        view = kept.queries.entries(account, before=before, limit=limit, at_least=kept.at_least)
        found = [kept.rim.entry(row) for row in view.found]
    if as_json:
        print_json(found)
    elif found:
        console().print(kept_entries_table(found))
    else:
        console().print("[dim]no entries")
