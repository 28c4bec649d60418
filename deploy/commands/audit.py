"""`partita audit`: rebuild every balance and book from the log, and compare."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from click.core import ParameterSource

from partita.deploy.audit.findings import Findings
from partita.deploy.audit.kafka import PATIENCE_S
from partita.deploy.audit.kafka import audit as run
from partita.deploy.audit.show import as_json as findings_as_json
from partita.deploy.audit.show import show
from partita.deploy.commands.address import DEFAULT_DATA, json_option, running_exchange
from partita.deploy.commands.exits import NOT_PROVEN
from partita.deploy.commands.views import print_json
from partita.deploy.errors import DataFolderInUse
from partita.deploy.history.ask import kept_store
from partita.deploy.kafka.embedded import EmbeddedKafka
from partita.deploy.kafka.folder import DataFolder
from partita.deploy.replay.show import progress
from partita.schemas.errors import InvalidValue


@click.command()
@click.option(
    "--bootstrap",
    metavar="HOST:PORT",
    envvar="PARTITA_BOOTSTRAP",
    help="Address of the exchange's Kafka; the one running in ./data if not given.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Audit what a stopped exchange has left in this folder; only its Kafka is started.",
)
@click.option("--account", type=click.IntRange(min=1), help="Show this account's balances, too.")
@click.option("--engine", metavar="NAME", help="Name of the engine that rebuilds.")
@click.option(
    "--store",
    metavar="ADDRESS",
    envvar="PARTITA_STORE",
    help="Compare this store, too; that of the audited exchange, where it is in its data folder, if"
    " not given.",
)
@json_option
def audit(
    bootstrap: str | None,
    data: Path | None,
    account: int | None,
    engine: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Rebuild every balance and book from the log alone, and compare them with all there is.

    From offset 0 where the log still begins there, else from the oldest snapshots kept. Compared
    are: the hash of each snapshot that a live worker has written; every event that stands on the
    log, by number and content; money per asset, with what is in flight; holds and orders, ledger
    against book; every balance as the private stream alone tells it; what is derived; and every row
    of the store. Nothing is written.

    \b
    Exit code 3 when anything differs, 8 when a partition is parked: nothing behind the place is
    proven then.
    \b
    Examples:
      partita audit
      partita audit --data data --json | jq .verdict
      partita audit --account 1
    """
    if data is not None:
        source = click.get_current_context().get_parameter_source("bootstrap")
        if source is ParameterSource.COMMANDLINE:
            raise click.UsageError("--data starts a Kafka of its own: leave out --bootstrap")
        store = store or kept_store(data)
        with _stopped(data) as address, progress() as told:
            findings = run(address, told, patience_s=0, engine=engine, account=account, store=store)
    else:
        address = running_exchange(bootstrap)
        store = store or (None if bootstrap else kept_store(DEFAULT_DATA))
        with progress() as told:
            findings = run(
                address, told, patience_s=PATIENCE_S, engine=engine, account=account, store=store
            )
    if as_json:
        print_json(findings_as_json(findings))
    else:
        show(findings, account)
    _end(findings)


def _end(findings: Findings) -> None:
    if findings.difference_count:
        raise SystemExit(3)
    if findings.parked:
        raise SystemExit(NOT_PROVEN)


@contextmanager
def _stopped(data: Path) -> Iterator[str]:
    """Start the Kafka of a stopped exchange, and no workers; give its address."""
    folder = data / "kafka"
    if DataFolder(folder).check() is None:
        raise InvalidValue(
            "--data", str(data), "holds no exchange; name the folder of `partita up --data`"
        )
    kafka = EmbeddedKafka(folder)
    try:
        kafka.start(lambda line: click.secho(line, err=True, dim=True))
    except DataFolderInUse as error:
        raise DataFolderInUse(
            error.path, error.pid, "An exchange runs there: audit it by --bootstrap, without --data"
        ) from error
    with kafka:
        yield kafka.bootstrap
