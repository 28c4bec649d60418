"""How a command asks a store: of the exchange that is meant, and as new as the exchange now is."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import click

from partita.deploy.commands.address import DEFAULT_DATA, RUNNING, STORE_FILE
from partita.deploy.history.views import Rim
from partita.ledger.queries import PAGE, Queries
from partita.ledger.store.errors import StoreMissing
from partita.ledger.store.port import PAGE_MAX
from partita.log.kafka.admin import Admin
from partita.producers import BlockingClient, Position


def running_store(given: str | None) -> str:
    """Return the address that was given, else that of the store of the exchange in ./data.

    Raises:
        StoreMissing: neither is there.
    """
    if given:
        return given
    try:
        return str(json.loads((DEFAULT_DATA / RUNNING).read_text())["store"])
    except (OSError, ValueError, KeyError) as error:
        raise StoreMissing(
            "no exchange with a store runs in this folder: name its store with --store sqlite:PATH"
            " (or cassandra:HOST,.../KEYSPACE), or by the variable PARTITA_STORE"
        ) from error


def kept_store(data: Path) -> str | None:
    """Return the address of the store of the exchange in a data folder, None if it has none."""
    with suppress(OSError, ValueError, KeyError):
        known = str(json.loads((data / RUNNING).read_text())["store"])
        if not known.startswith("sqlite:"):
            return known
    path = data / STORE_FILE
    return f"sqlite:{path.absolute()}" if path.is_file() else None


def store_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --store; without it the store of the exchange that runs in ./data is meant."""
    return click.option(
        "--store",
        metavar="ADDRESS",
        envvar="PARTITA_STORE",
        help="Address of the store, sqlite:PATH or cassandra:HOST,.../KEYSPACE; that of the"
        " exchange running in ./data if not given.",
    )(command)


def page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --limit and --before."""
    limit = click.option(
        "--limit",
        type=click.IntRange(1, PAGE_MAX),
        default=PAGE,
        show_default=True,
        help="How many to show, newest first.",
    )
    before = click.option(
        "--before",
        type=int,
        metavar="N",
        help="Only what is older: the first column of the last line that was shown.",
    )
    return limit(before(command))


class History(NamedTuple):
    """A store to ask, and what is needed to show what it says."""

    queries: Queries
    rim: Rim
    at_least: Position  # all that the exchange had said of the account before


@contextmanager
def history(bootstrap: str, store: str | None, account: int) -> Iterator[History]:
    """Open the history of an account, for views as new as the exchange is at this moment."""
    address, shards = running_store(store), Admin(bootstrap).shape().shards
    with Queries(address, shards) as queries, BlockingClient(bootstrap) as client:
        yield History(queries, Rim(client.instruments), client.position(account))
