"""`partita order`: one order, open or done."""

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.history_tables import kept_order_lines
from partita.deploy.commands.views import console, order_lines, print_json
from partita.deploy.history.ask import history, store_option
from partita.deploy.history.views import KeptOrder
from partita.ledger.store.errors import StoreError
from partita.producers import BlockingClient
from partita.schemas.errors import Rejected
from partita.schemas.reasons import Reason


@click.command()
@click.argument("account", type=int)
@click.argument("order_id", type=int, required=False)
@click.option(
    "--id", "client_order_id", metavar="CLIENT_ID", help="The id that it was placed with."
)
@store_option
@bootstrap_option
@json_option
def order(
    account: int,
    order_id: int | None,
    client_order_id: str | None,
    store: str | None,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Show an order of ACCOUNT, by ORDER_ID or by the id it was placed with.

    The ledger answers, which knows orders for a minute or more after they are done; of older ones
    the store does.

    \b
    Examples:
      partita order 1 42
      partita order 1 --id my-order-7 --json
    """
    try:
        with BlockingClient(bootstrap) as client:
            live = client.order(account, order_id=order_id, client_order_id=client_order_id)
    except Rejected as rejected:
        kept = None
        if rejected.reason is Reason.UNKNOWN_ORDER:
            kept = _kept(account, order_id, client_order_id, store, bootstrap)
        if kept is None:
            raise
        if as_json:
            print_json(kept)
        else:
            console().print(kept_order_lines(kept))
        return
    if as_json:
        print_json(live)
    else:
        console().print(order_lines(live))


def _kept(
    account: int,
    order_id: int | None,
    client_order_id: str | None,
    store: str | None,
    bootstrap: str,
) -> KeptOrder | None:
    """Return what the store knows of it, None where there is no store to ask, or it has none."""
    try:
        with history(bootstrap, store, account) as kept:
            view = kept.queries.order(
                account,
                order_id=order_id,
                client_order_id=client_order_id,
                at_least=kept.at_least,
            )
            return None if view.found is None else kept.rim.order(view.found)
    except StoreError as error:
        click.secho(f"the ledger does not know it any more, and: {error}", err=True, fg="yellow")
        return None
