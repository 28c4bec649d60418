"""The `partita` command."""

import click

from partita.deploy.commands.amend import amend
from partita.deploy.commands.audit import audit
from partita.deploy.commands.balances import balances
from partita.deploy.commands.book import book
from partita.deploy.commands.cancel import cancel
from partita.deploy.commands.candles import candles
from partita.deploy.commands.dead_letters import dead_letters_group
from partita.deploy.commands.entries import entries
from partita.deploy.commands.exits import run
from partita.deploy.commands.export import export
from partita.deploy.commands.fills import fills
from partita.deploy.commands.fund import fund
from partita.deploy.commands.instruments import instruments
from partita.deploy.commands.ledger import ledger
from partita.deploy.commands.matcher import matcher
from partita.deploy.commands.metrics import metrics
from partita.deploy.commands.order import order
from partita.deploy.commands.orders import orders
from partita.deploy.commands.parked import parked
from partita.deploy.commands.pass_record import pass_record
from partita.deploy.commands.place import place
from partita.deploy.commands.replay import replay
from partita.deploy.commands.rules import add, halt, resume, set_
from partita.deploy.commands.simulate import simulate
from partita.deploy.commands.status import status
from partita.deploy.commands.store import store
from partita.deploy.commands.trades import trades
from partita.deploy.commands.up import up
from partita.deploy.commands.version import version_option
from partita.deploy.commands.watch import watch
from partita.deploy.match.command import match


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@version_option
def partita() -> None:
    """A crypto spot exchange whose every state change is a record on a Kafka log.

    \b
    In one terminal:       In another:
      partita up             partita fund 1 USD 100000
                             partita place 1 buy BTC-USD 0.5 --price 50000
                             partita watch BTC-USD
    """


for command in (
    up,
    status,
    parked,
    pass_record,
    metrics,
    ledger,
    matcher,
    instruments,
    fund,
    place,
    cancel,
    amend,
    order,
    orders,
    fills,
    balances,
    entries,
    book,
    watch,
    trades,
    candles,
    export,
    match,
    replay,
    simulate,
    dead_letters_group,
    audit,
    store,
):
    partita.add_command(command)
for command in (add, halt, resume, set_):
    instruments.add_command(command)


def main() -> None:
    """Run the command line."""
    run(partita)


if __name__ == "__main__":
    main()
