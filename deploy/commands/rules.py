"""`partita instruments add, halt, resume, set`: the rules of symbols on a running exchange."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.instruments import instrument_values, instruments_table
from partita.deploy.commands.views import console, print_json
from partita.deploy.instruments import (
    CHANGING,
    COLUMNS,
    as_listed,
    asset_decimals,
    changed,
    new_instruments,
    next_version,
    read_instruments,
    split_symbol,
)
from partita.deploy.rules_apply import Applied, add_instruments, change_rules
from partita.deploy.rules_change import WAIT_S
from partita.schemas.enums import InstrumentStatus
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument

_NEVER = tuple(column for column in COLUMNS[1:] if column not in CHANGING)
_HELP = {
    "tick": "Price increment, in the quote asset.",
    "lot": "Size increment, in the base asset.",
    "min_size": "Smallest order, in the base asset.",
    "max_size": "Largest order, in the base asset.",
    "max_price": "Highest price of an order, in the quote asset.",
    "maker_fee": "Maker's fee as a fraction of the notional: 0.001 is 0.1 %.",
    "taker_fee": "Taker's fee, likewise.",
    "base_decimals": "Decimals of the base asset's smallest unit; known if the asset is.",
    "quote_decimals": "Decimals of the quote asset's smallest unit; known if the asset is.",
}


def _flag(column: str) -> str:
    return "--" + column.replace("_", "-")


def _value_options(*columns: str, hidden: bool = False) -> Callable[..., Any]:
    """Add an option for each column."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for column in reversed(columns):
            help_ = _HELP[column]
            command = click.option(
                _flag(column), column, metavar="NUMBER", help=help_, hidden=hidden
            )(command)
        return command

    return add


def _wait_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--wait",
        "wait_s",
        metavar="SECONDS",
        type=click.IntRange(1, 3_600),
        default=WAIT_S,
        show_default=True,
        help="How long the book may take to answer.",
    )(command)


@click.command()
@click.argument("symbol", required=False)
@_value_options(*COLUMNS[1:])
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of instruments to list, as for `partita up --instruments`.",
)
@_wait_option
@bootstrap_option
@json_option
def add(
    symbol: str | None,
    file: Path | None,
    wait_s: int,
    bootstrap: str,
    as_json: bool,
    **values: str | None,
) -> None:
    """List SYMBOL (BASE-QUOTE), or those of a CSV that are not listed yet.

    When it returns, they can be traded. What is listed already stays as it is. Listing that was
    interrupted is completed by doing it again.

    \b
    Examples:
      partita instruments add ABC-USD --tick 0.01 --lot 0.0001 --min-size 0.001 \\
        --max-size 1000 --max-price 10000 --maker-fee 0.001 --taker-fee 0.002 --base-decimals 8
      partita instruments add --file more.csv
    """
    given = {column: value for column, value in values.items() if value is not None}
    if file is None and symbol is not None:
        name, symbols = symbol, [symbol]

        def make(partitions: int, listed: Mapping[str, Instrument]) -> list[Instrument]:
            return _one(name, given, partitions, listed)

    elif file is not None and symbol is None and not given:
        source, symbols = file, [rules.symbol for rules in read_instruments(file, 1, {})]

        def make(partitions: int, listed: Mapping[str, Instrument]) -> list[Instrument]:
            return read_instruments(source, partitions, listed)

    else:
        raise click.UsageError("give SYMBOL with its values, or --file CSV alone")
    _report(add_instruments(bootstrap, symbols, make, wait_s), as_json, "listed")


def _one(
    symbol: str, given: Mapping[str, str], partitions: int, listed: Mapping[str, Instrument]
) -> list[Instrument]:
    """Return the instrument of a command line; nothing if it is listed so."""
    row = {"symbol": symbol, **given}
    base, quote = split_symbol(symbol)
    decimals = asset_decimals(listed.values())
    for column, asset in (("base_decimals", base), ("quote_decimals", quote)):
        if column not in row and asset in decimals:
            row[column] = str(decimals[asset])
    if missing := [_flag(column) for column in COLUMNS if column not in row]:
        raise click.UsageError(f"{', '.join(missing)} must be given to list {symbol}")
    known = listed.get(symbol)
    if known is None:
        return new_instruments([("", row)], partitions, listed)
    if as_listed(known, row) != known:
        rule = "is listed already, with other rules; see `partita instruments set`"
        raise InvalidValue("symbol", symbol, rule)
    return []


def _status_command(name: str, status: InstrumentStatus, text: str) -> click.Command:
    """Return the command that puts symbols into a status."""

    @click.command(name, help=text)
    @click.argument("symbols", metavar="[SYMBOL]...", nargs=-1)
    @click.option("--all", "every", is_flag=True, help="All instruments of the exchange.")
    @_wait_option
    @bootstrap_option
    @json_option
    def command(
        symbols: tuple[str, ...], every: bool, wait_s: int, bootstrap: str, as_json: bool
    ) -> None:
        if every == bool(symbols):
            raise click.UsageError("give one or more symbols, or --all")

        def alter(known: Instrument) -> Instrument:
            return next_version(known, known._replace(status=status))

        applied = change_rules(bootstrap, None if every else symbols, alter, wait_s)
        _report(applied, as_json, {"halt": "halted", "resume": "resumed"}[name])

    return command


halt = _status_command(
    "halt",
    InstrumentStatus.HALTED,
    """Halt trading: from now on orders can be cancelled, and nothing else.

    Orders stay in the book. When it returns, the book and every ledger shard go by it.

    \b
    Examples:
      partita instruments halt BTC-USD ETH-USD
      partita instruments halt --all
    """,
)
resume = _status_command(
    "resume",
    InstrumentStatus.TRADING,
    """Resume trading where it was halted.

    \b
    Examples:
      partita instruments resume BTC-USD
      partita instruments resume --all
    """,
)


@click.command("set")
@click.argument("symbol")
@_value_options(*CHANGING)
@_value_options(*_NEVER, hidden=True)
@_wait_option
@bootstrap_option
@json_option
def set_(symbol: str, wait_s: int, bootstrap: str, as_json: bool, **values: str | None) -> None:
    """Change the fees and limits of SYMBOL.

    Orders that were placed before keep their fees for life. Tick, lot and decimals never change:
    what is reserved is counted in them.

    \b
    Examples:
      partita instruments set BTC-USD --maker-fee 0.0005 --taker-fee 0.0015
      partita instruments set BTC-USD --max-size 500
    """
    given = {column: value for column, value in values.items() if value is not None}
    if never := [_flag(column) for column in _NEVER if column in given]:
        raise click.UsageError(
            f"{', '.join(never)} never changes: what is reserved is counted in it. List a new"
            " instrument instead (`partita instruments add`)"
        )
    if not given:
        raise click.UsageError("give at least one of its fees and limits, see --help")
    applied = change_rules(bootstrap, [symbol], lambda known: changed(known, given), wait_s)
    _report(applied, as_json, "changed")


def _report(applied: Applied, as_json: bool, done: str) -> None:
    """Show what came of it and the rules in force; raise what went wrong, the worst last."""
    if applied.unchecked:
        click.secho(
            f"not compared with what the books said before, as it is too much or gone:"
            f" {', '.join(applied.unchecked)}",
            err=True,
            fg="yellow",
        )
    if as_json:
        print_json(
            [
                instrument_values(rules) | {"changed": rules.symbol in applied.changed}
                for rules in applied.in_force
            ]
        )
    else:
        out = console()
        if applied.changed:
            shown = [rules.symbol for rules in applied.in_force if rules.symbol in applied.changed]
            out.print(f"[yellow]{done}[/] {', '.join(shown)}")
        elif not applied.errors:
            out.print("nothing to change")
        if applied.in_force:
            out.print(instruments_table(applied.in_force))
    for error in applied.errors[:-1]:
        click.secho(f"error: {error}", err=True, fg="red")
    if applied.errors:
        raise applied.errors[-1]
