"""`partita instruments`: what can be traded, and by which rules."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.groups import DefaultGroup
from partita.deploy.commands.symbols import find_instrument
from partita.deploy.commands.views import console, number, plain_table, print_json
from partita.deploy.listing import listed_instruments
from partita.schemas.decimals import Increments
from partita.schemas.enums import InstrumentStatus
from partita.schemas.instrument import Instrument

_PERCENT_OF_PPM = Decimal("0.0001")


@click.group(cls=DefaultGroup, default="list")
def instruments() -> None:
    """Show the instruments, list new ones, halt and resume them, change their fees and limits.

    Without the name of a command it shows them: all, or one SYMBOL.

    \b
    Examples:
      partita instruments
      partita instruments BTC-USD
      partita instruments halt --all
      partita instruments set BTC-USD --taker-fee 0.0015
    """


@instruments.command("list")
@click.argument("symbol", required=False)
@bootstrap_option
@json_option
def list_(symbol: str | None, bootstrap: str, as_json: bool) -> None:
    """Show the instruments that are listed, or the one of SYMBOL.

    \b
    Examples:
      partita instruments
      partita instruments BTC-USD
      partita instruments --json | jq -r '.[].symbol'
    """
    if symbol is None:
        listed = listed_instruments(bootstrap).values()
        found = sorted(listed, key=lambda instrument: instrument.instrument_id)
    else:
        found = [find_instrument(bootstrap, symbol)]
    if as_json:
        print_json([instrument_values(instrument) for instrument in found])
    else:
        console().print(instruments_table(found))


def instrument_values(instrument: Instrument) -> dict[str, Any]:
    """Return what a client needs to know of an instrument, in decimals."""
    increments = Increments.of(instrument)
    return {
        "symbol": instrument.symbol,
        "status": instrument.status,
        "base": instrument.base_asset,
        "quote": instrument.quote_asset,
        "tick": increments.price_step,
        "lot": increments.size_step,
        "min_size": increments.size(instrument.min_size),
        "max_size": increments.size(instrument.max_size),
        "max_price": increments.price(instrument.max_price),
        "maker_fee_percent": instrument.maker_fee_ppm * _PERCENT_OF_PPM,
        "taker_fee_percent": instrument.taker_fee_ppm * _PERCENT_OF_PPM,
        "instrument_id": instrument.instrument_id,
        "partition": instrument.partition,
        "version": instrument.version,
    }


def instruments_table(found: Sequence[Instrument]) -> Table:
    """Return instruments, a row each."""
    table = plain_table(
        "symbol",
        "tick",
        "lot",
        "min size",
        "max size",
        "max price",
        "fees %",
        left=("symbol",),
    )
    for instrument in found:
        values = instrument_values(instrument)
        symbol = Text(instrument.symbol, "bold")
        if instrument.status is not InstrumentStatus.TRADING:
            symbol.append(f" {instrument.status}", "yellow")
        table.add_row(
            symbol,
            number(values["tick"]),
            number(values["lot"]),
            short(values["min_size"]),
            short(values["max_size"]),
            short(values["max_price"]),
            f"{short(values['maker_fee_percent'])}/{short(values['taker_fee_percent'])}",
        )
    return table


def short(value: Decimal) -> str:
    """Return a limit without the zeros behind its last decimal.

    >>> short(Decimal("100000.00000000")), short(Decimal("0.0010"))
    ('100,000', '0.001')
    """
    text = number(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
