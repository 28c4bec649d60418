"""`partita fund`: move money in from outside, or out."""

import click

from partita.deploy.commands.address import bootstrap_option, json_option, valid_for_option
from partita.deploy.commands.views import console, money, print_json
from partita.producers import BlockingClient, ClientLimits


# What looks like an option and is none is an amount: -5.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("account", type=int)
@click.argument("asset")
@click.argument("amount")
@click.option(
    "--id",
    "transfer_id",
    metavar="ID",
    help="Name of this transfer, which counts once for ever. Made if not given.",
)
@valid_for_option
@bootstrap_option
@json_option
def fund(
    account: int,
    asset: str,
    amount: str,
    transfer_id: str | None,
    valid_for_ms: int,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Move AMOUNT of ASSET into ACCOUNT, or out of it when negative.

    The first transfer opens the account. With an --id of your own it is safe to try again: however
    often, the money moves once.

    \b
    Examples:
      partita fund 1 USD 100000
      partita fund 2 BTC 0.5 --id deposit-2026-001
      partita fund 1 USD -250.75
    """
    limits = ClientLimits(valid_for_ms=valid_for_ms)
    with BlockingClient(bootstrap, limits=limits) as client:
        client.transfer(account, asset, amount, transfer_id=transfer_id)
        balance = client.balances(account)[asset]
    if as_json:
        print_json(balance)
        return
    console().print(
        f"account {account}: [bold]{money(balance.available)}[/] {asset} available,"
        f" {money(balance.held)} held"
    )
