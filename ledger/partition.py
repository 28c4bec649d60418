"""The shard of one partition of `account-commands`: commands and reports in, orders out."""

from collections.abc import Callable, Mapping, Sequence

from partita.ledger import streams
from partita.ledger.abc import Shard, ShardOutput
from partita.ledger.snapshot import ShardEdges, from_snapshot, to_snapshot
from partita.log.edges import InEdge, OutEdge, Verdict
from partita.log.outbox import Outbox
from partita.log.port import Outgoing
from partita.log.reference_core import Judged, Machine, ReferenceCore
from partita.schemas import chain
from partita.schemas.commands import CommandBatch
from partita.schemas.converter import Message
from partita.schemas.digest import digest
from partita.schemas.enums import Line
from partita.schemas.errors import Undecodable, WrongPartitions
from partita.schemas.limits import BATCH_COMMANDS_MAX
from partita.schemas.reports import ReportBatch
from partita.schemas.snapshots import ShardSnapshot
from partita.schemas.topics import ACCOUNT_COMMANDS, shard_name

NewShard = Callable[[int, int], Shard]


class ShardPartition:
    """A shard as a machine on the log, with its edges: `Machines` of a worker core, but one."""

    def __init__(self, shard: Shard, line: Line) -> None:
        self.shard = shard
        self.name = shard_name(shard.shard)
        self.first_offset = 0  # it is there before its first record
        self.position = 0  # records below this are in its state already
        self.taken = 0  # commands and groups that it was given; for telling an idle shard
        self._from_books: dict[int, InEdge] = {}
        self._to_books: dict[int, OutEdge] = {}
        self._to_accounts = OutEdge()
        self._orders = streams.orders(shard.shard, line)
        self._events = streams.account_events(shard.shard, line)

    def take(self, message: Message, offset: int, time_ms: int, outbox: Outbox) -> Sequence[Judged]:
        """Apply a client's commands or the books' reports; see Machines."""
        assert offset >= self.position, "a shard alone on its partition is read from its position"
        _check(message)
        self.taken += 1
        if isinstance(message, ReportBatch):
            return self._take_reports(message, time_ms, outbox)
        for command in message.commands:
            self._tell(self.shard.command(command, time_ms), outbox)
        return ()

    def skip(self, message: Message, offset: int) -> None:  # noqa: ARG002 - a shard is read from its position
        """Take the numbers of a message's events; see Machines."""
        _check(message)
        self.taken += 1
        if isinstance(message, ReportBatch):
            for group in message.groups:
                edge = self._from_books.get(group.instrument_id, InEdge())
                verdict, _ = edge.take(chain.REPORTS, group.first, group.chain, group.events)
                if verdict is Verdict.TAKEN:
                    self._from_books[group.instrument_id] = edge

    def _take_reports(self, batch: ReportBatch, time_ms: int, outbox: Outbox) -> list[Judged]:
        judged = []
        for group in batch.groups:
            instrument_id = group.instrument_id
            edge = self._from_books.get(instrument_id, InEdge())
            verdict, reports = edge.take(chain.REPORTS, group.first, group.chain, group.events)
            if verdict is Verdict.TAKEN:  # what is dropped changes nothing at all
                self._from_books[instrument_id] = edge
            for report in reports:
                self._tell(self.shard.report(instrument_id, report, time_ms), outbox)
            judged.append(Judged(verdict, self._book_name(instrument_id), self.name))
        return judged

    def _book_name(self, instrument_id: int) -> str:
        instrument = self.shard.instrument(instrument_id)
        return f"book {instrument_id}" if instrument is None else instrument.symbol

    def _tell(self, output: ShardOutput, outbox: Outbox) -> None:
        for instrument_id, order in output.orders:
            instrument = self.shard.instrument(instrument_id)
            assert instrument is not None, (
                f"an order for instrument {instrument_id}, never heard of"
            )
            edge = self._to_books.setdefault(instrument_id, OutEdge())
            outbox.put(self._orders, instrument.partition, instrument_id, edge, order)
        for event in output.events:
            time_ms = self.shard.time_ms
            outbox.put(self._events, self.shard.shard, 0, self._to_accounts, event, time_ms)

    def latest(self) -> Sequence[Outgoing]:
        """Return nothing: a shard has no tickers."""
        return ()

    def next_expiry_ms(self) -> int | None:
        """Return None: orders expire in the books."""
        return None

    @property
    def rows(self) -> int:
        """How many rows its state has, about: how long writing it down takes."""
        return self.shard.rows

    def edges(self) -> ShardEdges:
        """Return the ends of all edges."""
        return ShardEdges(
            tuple((at, edge.state()) for at, edge in sorted(self._from_books.items())),
            tuple((at, edge.state()) for at, edge in sorted(self._to_books.items())),
            self._to_accounts.state(),
        )

    def state_hash(self) -> bytes:
        """Return the digest of the shard and its edges."""
        return digest((self.shard.state_hash(), self.edges()))

    def machines(self) -> Mapping[str, Machine]:
        """Return itself by its name."""
        return {self.name: self}

    def snapshot(self) -> ShardSnapshot:
        """Return the whole state as a record."""
        return to_snapshot(self.shard.snapshot(), self.edges())

    def restore(self, message: Message, position: int) -> None:
        """Take the state of a snapshot; see Machines."""
        if not isinstance(message, ShardSnapshot):
            raise Undecodable(f"a {type(message).__name__} is not a snapshot of a shard")
        if message.shards != self.shard.shards:
            raise WrongPartitions(
                f"the snapshot of {self.name} is of {message.shards} shards, and this exchange has"
                f" {self.shard.shards}; the number of shards is fixed when it is made"
            )
        if message.shard != self.shard.shard:
            raise Undecodable(f"a snapshot of shard {message.shard} is not of {self.name}")
        state, edges = from_snapshot(message)
        self.shard.restore(state)
        self._from_books = {at: InEdge(end) for at, end in edges.from_books}
        self._to_books = {at: OutEdge(end) for at, end in edges.to_books}
        self._to_accounts = OutEdge(edges.to_accounts)
        self.position = position

    def check(self) -> None:
        """Assert every invariant of the shard."""
        self.shard.check()


def _check(message: Message) -> None:
    """Look at a message before anything is taken. Raises Undecodable."""
    if isinstance(message, CommandBatch):
        if len(message.commands) > BATCH_COMMANDS_MAX:
            raise Undecodable(f"a batch has at most {BATCH_COMMANDS_MAX} commands")
    elif not isinstance(message, ReportBatch):
        raise Undecodable(f"a {type(message).__name__} does not belong on {ACCOUNT_COMMANDS}")


def ledger_core(shards: int, line: Line, new_shard: NewShard) -> ReferenceCore:
    """Return the reference worker core of a ledger."""
    return ReferenceCore(
        ACCOUNT_COMMANDS, lambda shard: ShardPartition(new_shard(shard, shards), line)
    )
