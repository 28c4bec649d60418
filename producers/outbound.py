"""Commands on their way out: all of one turn of the loop become one batch for each shard."""

from partita.log.port import Outgoing
from partita.schemas.codec import encode
from partita.schemas.commands import Command, CommandBatch
from partita.schemas.limits import BATCH_COMMANDS_MAX
from partita.schemas.topics import ACCOUNT_COMMANDS, shard_of


class Outbound:
    """Collects commands; `take` gives them as records. A full batch is well below a record's size.

    >>> Outbound(2).take()
    []
    """

    def __init__(self, shards: int) -> None:
        self._shards = shards
        self._commands: dict[int, list[Command]] = {}

    def put(self, command: Command) -> None:
        """Add a command, behind all others of its shard."""
        self._commands.setdefault(shard_of(command.account, self._shards), []).append(command)

    def take(self) -> list[Outgoing]:
        """Return all of it as records, and forget it."""
        commands, self._commands = self._commands, {}
        return [
            Outgoing(
                ACCOUNT_COMMANDS,
                shard,
                None,
                encode(CommandBatch(b"", tuple(mine[at : at + BATCH_COMMANDS_MAX]))),
            )
            for shard, mine in commands.items()
            for at in range(0, len(mine), BATCH_COMMANDS_MAX)
        ]
