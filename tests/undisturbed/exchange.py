"""A whole exchange in memory with no faults: what a disturbed one is held against."""

from collections.abc import Sequence

from partita.ledger.partition import ledger_core
from partita.ledger.reference import ReferenceShard
from partita.ledger.snapshot import from_snapshot as shard_state
from partita.ledger.state import ShardState
from partita.log.memory import MemoryConnection, MemoryLog
from partita.log.port import Outgoing
from partita.log.service import LoggingWatch
from partita.log.worker import Worker
from partita.matchers.partition import matcher_core
from partita.matchers.reference import ReferenceBook
from partita.matchers.snapshot import from_snapshot as book_state
from partita.matchers.state import BookState
from partita.schemas.accounts import AccountEvent, Balance
from partita.schemas.codec import decode, encode
from partita.schemas.commands import Command, CommandBatch
from partita.schemas.enums import Line
from partita.schemas.instrument import Instrument
from partita.schemas.snapshots import ShardSnapshot
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, ORDERS, shard_of


class UndisturbedExchange:
    """One ledger and one matcher worker on a log in memory; every send arrives at once."""

    def __init__(self, instruments: Sequence[Instrument], shards: int, partitions: int) -> None:
        self.log = MemoryLog(time_ms=1)
        self._shards = shards
        watch = LoggingWatch("undisturbed")
        ledger = MemoryConnection(self.log, ACCOUNT_COMMANDS)
        matcher = MemoryConnection(self.log, ORDERS)
        ledger.own(range(shards))
        matcher.own(range(partitions))
        self._connections = (ledger, matcher)
        self._workers = (
            Worker(ledger, ledger_core(shards, Line.A, ReferenceShard), watch),
            Worker(matcher, matcher_core(shards, Line.A, ReferenceBook), watch),
        )
        for instrument in instruments:
            self.log.append(Outgoing(ORDERS, instrument.partition, None, encode(instrument)))
        self.run()

    def run(self) -> None:
        """Let everything happen until nothing is left to do."""
        busy = True
        while busy:
            busy = False
            for worker, connection in zip(self._workers, self._connections, strict=True):
                busy = bool(worker.step(0)) or bool(connection.deliver()) or busy
            busy = busy or any(worker.step(0) for worker in self._workers)

    def submit(self, commands: Sequence[Command]) -> None:
        """Log commands in their order, each well within its life, and let them happen."""
        for command in commands:
            self.log.time_ms = max(self.log.time_ms, command.valid_until_ms - 30_000)
            shard = shard_of(command.account, self._shards)
            value = encode(CommandBatch(b"", (command,)))
            self.log.append(Outgoing(ACCOUNT_COMMANDS, shard, None, value))
        self.run()

    def events(self) -> list[AccountEvent]:
        """Return all account events, shard after shard."""
        return [
            event
            for shard in range(self._shards)
            for record in self.log.records(ACCOUNT_EVENTS, shard)
            for group in decode(record.value).groups
            for event in group.events
        ]

    def balances(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Return (available, held) in units by (account, asset_id)."""
        return {
            (event.account, event.asset_id): (event.available, event.held)
            for event in self.events()
            if isinstance(event, Balance)
        }

    def states(self) -> tuple[list[ShardState], list[BookState]]:
        """Return the states of all shards, and of all books."""
        shards, books = list[ShardState](), list[BookState]()
        for worker, connection in zip(self._workers, self._connections, strict=True):
            for partition in connection.owned():
                for machine in worker.core.machines(partition):
                    snapshot = decode(worker.core.snapshot(partition, machine))
                    if isinstance(snapshot, ShardSnapshot):
                        shards.append(shard_state(snapshot)[0])
                    else:
                        books.append(book_state(snapshot)[0])
        return shards, books
