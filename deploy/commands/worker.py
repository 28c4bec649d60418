"""What `partita ledger` and `partita matcher` have in common."""

import logging
import sys

import click

from partita.deploy.commands.address import bootstrap_option
from partita.log.service import SESSION_TIMEOUT_MS, Service, run
from partita.schemas.enums import Line


def worker_command(name: str, service: Service) -> click.Command:
    """Return the command that runs one worker."""

    @click.command(
        name,
        help=f"""Run one {name} worker until Ctrl-C.

        It shares the partitions of `{service.topic}` with the other {name} workers of the exchange:
        start one more and it takes over some of theirs; stop one and the others take its own.

        \b
        Example:
          partita {name} --bootstrap 127.0.0.1:9092
        """,
    )
    @bootstrap_option
    @click.option("--engine", metavar="NAME", help="Name of the engine.")
    @click.option(
        "--session-timeout-ms",
        type=click.IntRange(1_000, 300_000),
        default=SESSION_TIMEOUT_MS,
        show_default=True,
        help="How long the partitions of a killed worker wait for another one.",
    )
    def command(bootstrap: str, engine: str | None, session_timeout_ms: int) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        sys.exit(run(service, bootstrap, Line.A, engine, session_timeout_ms))

    return command
