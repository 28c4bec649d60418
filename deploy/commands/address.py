"""Where the exchange is: what every command that speaks to a running one asks first."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from partita.schemas.errors import LogUnavailable
from partita.schemas.limits import VALID_UNTIL_AHEAD_MS_MAX

DEFAULT_DATA = Path("data")
# Written by `partita up` into its data folder while it runs.
RUNNING = "running.json"
# The store that it keeps there unless it was given another.
STORE_FILE = "store.sqlite"


def running_exchange(given: str | None) -> str:
    """Return the address that was given, else that of the exchange running in ./data.

    Raises:
        LogUnavailable: neither is there.
    """
    if given:
        return given
    running = DEFAULT_DATA / RUNNING
    try:
        return str(json.loads(running.read_text())["bootstrap"])
    except (OSError, ValueError, KeyError) as error:
        raise LogUnavailable(
            "no exchange runs in this folder: start one with `partita up`, or name one with"
            " --bootstrap HOST:PORT or the variable PARTITA_BOOTSTRAP"
        ) from error


def _bootstrap(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    return running_exchange(value)


def bootstrap_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --bootstrap; without it the exchange that `partita up` runs in ./data is meant."""
    return click.option(
        "--bootstrap",
        metavar="HOST:PORT",
        envvar="PARTITA_BOOTSTRAP",
        callback=_bootstrap,
        help="Address of the exchange's Kafka; the one running in ./data if not given.",
    )(command)


def unsafe_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --allow-unsafe-replication."""
    return click.option(
        "--allow-unsafe-replication",
        is_flag=True,
        help="Run on a cluster that may lose what it has acknowledged: fewer than 3 replicas, or"
        " settings that let records vanish. For trying out only.",
    )(command)


def valid_for_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --valid-for-ms."""
    return click.option(
        "--valid-for-ms",
        type=click.IntRange(1, VALID_UNTIL_AHEAD_MS_MAX),
        default=10_000,
        show_default=True,
        help="How long from now the exchange may take the command; later it is rejected.",
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print JSON, for programs; prices, sizes and amounts are strings.",
    )(command)
