"""`partita balances`: what an account has."""

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.views import console, money, plain_table, print_json
from partita.producers import BlockingClient


@click.command()
@click.argument("account", type=int)
@bootstrap_option
@json_option
def balances(account: int, bootstrap: str, as_json: bool) -> None:
    """Show what ACCOUNT has: available, held for its open orders, and both together.

    The ledger answers from its state, after everything that was sent before.

    \b
    Examples:
      partita balances 1
      partita balances 1 --json | jq -r '.[] | "\\(.asset) \\(.available)"'
    """
    with BlockingClient(bootstrap) as client:
        found = client.balances(account)
    shown = [found[asset] for asset in sorted(found)]
    if as_json:
        print_json(shown)
        return
    table = plain_table("asset", "available", "held", "total", left=("asset",))
    for balance in shown:
        table.add_row(
            balance.asset,
            money(balance.available),
            money(balance.held),
            money(balance.available + balance.held),
        )
    console().print(table)
