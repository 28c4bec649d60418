"""What `partita ledger` and `partita matcher` have in common."""

import logging
import sys
from typing import Any

import click

from partita.deploy.commands.address import bootstrap_option, unsafe_option
from partita.deploy.commands.snapshot_options import snapshot_options
from partita.log.service import SESSION_TIMEOUT_MS, Options, Service, run
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
    @click.option(
        "--line",
        type=click.Choice([*Line]),
        default=Line.A,
        show_default=True,
        help="B runs a second copy on all partitions: each is enough, none is waited for.",
    )
    @snapshot_options
    @click.option(
        "--agree-over",
        type=click.IntRange(0),
        default=Options().agree_over,
        show_default=True,
        help="Records over which a line of another build must agree before it speaks.",
    )
    @unsafe_option
    def command(bootstrap: str, line: str, **options: Any) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        sys.exit(run(service, bootstrap, Options(line=Line(line), **options)))

    return command
