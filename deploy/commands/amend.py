"""`partita amend`: give an open order another price or size."""

from decimal import Decimal

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.views import console, order_lines, print_json
from partita.producers import BlockingClient
from partita.schemas.errors import InvalidValue


@click.command()
@click.argument("account", type=int)
@click.argument("order_id", type=int, required=False)
@click.option("--price", metavar="P", help="New price; as it is if not given.")
@click.option(
    "--size", metavar="S", help="New size in all, what is filled included; as it is if not given."
)
@click.option(
    "--id", "client_order_id", metavar="CLIENT_ID", help="The id that it was placed with."
)
@bootstrap_option
@json_option
def amend(
    account: int,
    order_id: int | None,
    price: str | None,
    size: str | None,
    client_order_id: str | None,
    bootstrap: str,
    as_json: bool,
) -> None:
    """Amend an open order of ACCOUNT, by ORDER_ID or by the id it was placed with.

    Less size at the same price keeps its place in the book; anything else goes behind the others of
    its price. When it is refused the order stays as it was: exit code 3.

    \b
    Examples:
      partita amend 1 42 --price 50010 --size 0.4
      partita amend 1 42 --size 0.3
      partita amend 1 --id my-order-7 --price 49990
    """
    if price is None and size is None:
        raise click.UsageError("give --price, --size or both")
    with BlockingClient(bootstrap) as client:
        if price is None or size is None:
            # A fill changes neither price nor size in all, so what stays may be looked up.
            now = client.order(account, order_id=order_id, client_order_id=client_order_id)
        acknowledged = client.amend(
            account,
            order_id=order_id,
            client_order_id=client_order_id,
            price=_kept("price", now.price) if price is None else price,
            size=_kept("size", now.size) if size is None else size,
        )
        amended = client.order(account, order_id=acknowledged.order_id)
    if as_json:
        print_json(amended)
    else:
        console().print(order_lines(amended))


def _kept(field: str, value: Decimal | None) -> Decimal:
    if value is None:
        raise InvalidValue(field, value, "must be given: the order has none")
    return value
