"""A whole exchange in memory, and a client of it whose history is kept."""

from collections.abc import Sequence
from pathlib import Path

from histories.asked import Key, key_of
from histories.history import History
from simulation.market import INSTRUMENTS
from undisturbed.exchange import UndisturbedExchange

from partita.log.port import Outgoing
from partita.schemas.accounts import (
    Accepted,
    AccountEvent,
    AccountEventBatch,
    Answered,
    Balance,
    OrderStatus,
    Received,
    Rejected,
    Total,
)
from partita.schemas.codec import decode, encode
from partita.schemas.commands import Command, CommandBatch
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, ORDERS, shard_of

SHARDS = 2
START_MS = 1_700_000_000_000
LIFE_MS = 30_000


class Table:
    """Plays commands in batches: what is in one batch, the ledger takes before any book answers."""

    def __init__(
        self,
        instruments: Sequence[Instrument] = INSTRUMENTS,
        *,
        known: bool = True,
        path: Path | None = None,
    ) -> None:
        """List the instruments; known: the history begins when all shards have heard of them."""
        self.exchange = UndisturbedExchange(instruments, SHARDS, partitions=2)
        self.exchange.log.time_ms = START_MS
        self.history = History(SHARDS, instruments if known else (), path=path)
        if not known:
            for rules in instruments:
                self.history.ruled(rules)
        self.orders: dict[str, int] = {}  # order_id by client_order_id
        self._ops: dict[Key, list[tuple[int, Command]]] = {}
        self._read = [0] * SHARDS  # records of account-events
        self._parts: list[AccountEvent] = []

    @property
    def now_ms(self) -> int:
        """The log's time."""
        return self.exchange.log.time_ms

    def head(self, account: int, command_id: str, life_ms: int = LIFE_MS) -> tuple[int, str, int]:
        """Return what a command begins with."""
        return account, command_id, self.now_ms + life_ms

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.exchange.log.time_ms += ms

    def rule(self, instrument: Instrument) -> None:
        """Give a symbol new rules; all hear of them when the table runs next.

        The book does before any order that is sent until then, and the shards only after them.
        """
        self.history.ruled(instrument)
        self.exchange.log.append(Outgoing(ORDERS, instrument.partition, None, encode(instrument)))

    def play(self, *commands: Command) -> None:
        """Send commands, let all happen that comes of them, and hear it."""
        for command in commands:
            op = self.history.invoked(command)
            self._ops.setdefault(key_of(command), []).append((op, command))
            value = encode(CommandBatch(b"", (command,)))
            shard = shard_of(command.account, SHARDS)
            self.exchange.log.append(Outgoing(ACCOUNT_COMMANDS, shard, None, value))
        self.run()

    def lose(self, command: Command) -> None:
        """Send a command that never arrives; the client gives it up."""
        self.history.unknown(self.history.invoked(command))

    def miss(self, *commands: Command) -> None:
        """Send commands that arrive, and give them up before they are answered."""
        for command in commands:
            self.history.unknown(self.history.invoked(command))
            value = encode(CommandBatch(b"", (command,)))
            shard = shard_of(command.account, SHARDS)
            self.exchange.log.append(Outgoing(ACCOUNT_COMMANDS, shard, None, value))
        self.run()

    def run(self) -> None:
        """Let all happen that is due, and hear it."""
        self.exchange.run()
        for shard in range(SHARDS):
            for record in self.exchange.log.records(ACCOUNT_EVENTS, shard, self._read[shard]):
                self._read[shard] += 1
                batch = decode(record.value)
                assert isinstance(batch, AccountEventBatch)
                for group in batch.groups:
                    for number, event in enumerate(group.events, group.first):
                        self._hear(shard, number, group.time_ms, event)

    def _hear(self, shard: int, number: int, time_ms: int, event: AccountEvent) -> None:
        parts, self._parts = self._parts, []
        match event:
            case Balance() | OrderStatus() | Total():
                self._parts = [*parts, event]
            case Received() | Accepted():
                for op, _ in self._ops.pop((event.account, event.command_id), ()):
                    self.history.ok(op, shard, number, time_ms, (event,))
                if isinstance(event, Received):
                    self.orders[event.command_id] = event.order_id
            case Answered():
                mine = tuple(parts[len(parts) - event.count :])
                for op, _ in self._ops.pop((event.account, event.command_id), ()):
                    self.history.ok(op, shard, number, time_ms, (*mine, event))
            case Rejected():
                self._refuse(event)
        self.history.heard(1, shard, number, time_ms, event)

    def _refuse(self, event: Rejected) -> None:
        key = event.account, event.command_id
        ops = self._ops.pop(key, [])
        if event.reason is Reason.DUPLICATE_ID and len(ops) > 1:
            self._ops[key] = ops[:-1]  # the first of them is under way yet
            ops = ops[-1:]
        for op, _ in ops:
            self.history.refused(op, event.reason)
