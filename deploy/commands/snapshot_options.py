"""The options by which a worker's snapshots are told how to be taken."""

from collections.abc import Callable
from typing import Any

import click

from partita.log.service import Options


def snapshot_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --snapshot-every-ms and --trim/--no-trim."""
    every = click.option(
        "--snapshot-every-ms",
        type=click.IntRange(100, 3_600_000),
        default=Options().snapshot_every_ms,
        show_default=True,
        help="Log time between two snapshots of a machine; a restart replays so much.",
    )
    trim = click.option(
        "--trim/--no-trim",
        default=Options().trim,
        show_default=True,
        help="Whether inputs are trimmed behind the snapshots.",
    )
    return every(trim(command))
