"""Commands that have commands."""

from typing import Any

import click


class DefaultGroup(click.Group):
    """A group that means one of its commands where none is named."""

    def __init__(self, *args: Any, default: str, **settings: Any) -> None:
        """Make one; `default` is the name of the command that is meant."""
        super().__init__(*args, **settings)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default's name before what does not start with the name of a command."""
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else [self._default, *args])
