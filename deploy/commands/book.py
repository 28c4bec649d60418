"""`partita book`: the depth of a symbol as a ladder."""

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.ladder import ladder, ladder_values
from partita.deploy.commands.symbols import find_instrument
from partita.deploy.commands.views import console, print_json
from partita.marketdata.feed import snapshot


@click.command()
@click.argument("symbol")
@click.option(
    "--depth",
    metavar="N",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    help="Price levels a side.",
)
@bootstrap_option
@json_option
def book(symbol: str, depth: int, bootstrap: str, as_json: bool) -> None:
    """Show the book of SYMBOL: asks above, bids below, built from the public feed.

    The cumulative size is what an order would have to take to trade through that price.

    \b
    Examples:
      partita book BTC-USD
      partita book BTC-USD --depth 3 --json | jq '.asks[0]'
    """
    replica = snapshot(bootstrap, find_instrument(bootstrap, symbol))
    if as_json:
        print_json(ladder_values(replica, depth))
    else:
        console().print(ladder(replica, depth))
