"""`partita --version`: the version, the sources, and the engine that workers started here get."""

from collections.abc import Callable
from typing import TypeVar

import click

from partita.log.build import build, engine_told, parts
from partita.log.engines import engine_name
from partita.matchers.engines import ENGINES

Command = TypeVar("Command", bound=Callable[..., object])


def _show(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    # Not a text made beforehand: hashing the sources is for those who ask.
    if not wanted or context.resilient_parsing:
        return
    sources, _ = parts(build(engine_name(ENGINES)))
    click.echo(f"partita {sources}, engine: {engine_told(ENGINES)}")
    context.exit()


def version_option(command: Command) -> Command:
    """Give a command the option --version."""
    option = click.option(
        "--version",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show,
        help="Show the version, the sources and the engine.",
    )
    return option(command)
