"""The shard of one partition of `account-commands`: commands and reports in, orders out."""

from collections.abc import Callable, Mapping, Sequence

from partita.ledger import streams
from partita.ledger.abc import Shard, ShardOutput
from partita.log.edges import EdgeState, InEdge, OutEdge, Verdict
from partita.log.outbox import Outbox
from partita.log.port import Outgoing
from partita.log.reference_core import Judged, ReferenceCore
from partita.schemas import chain
from partita.schemas.commands import CommandBatch
from partita.schemas.converter import Message
from partita.schemas.digest import digest
from partita.schemas.enums import Line
from partita.schemas.errors import Undecodable
from partita.schemas.limits import BATCH_COMMANDS_MAX
from partita.schemas.reports import ReportBatch
from partita.schemas.topics import ACCOUNT_COMMANDS

NewShard = Callable[[int, int], Shard]


class ShardPartition:
    """A shard as a machine on the log, with its edges: `Machines` of a worker core."""

    def __init__(self, shard: Shard, line: Line) -> None:
        self.shard = shard
        self._from_books: dict[int, InEdge] = {}
        self._to_books: dict[int, OutEdge] = {}
        self._to_accounts = OutEdge()
        self._orders = streams.orders(shard.shard, line)
        self._events = streams.account_events(shard.shard, line)

    def take(self, message: Message, time_ms: int, outbox: Outbox) -> Sequence[Judged]:
        """Apply a client's commands or the books' reports; see Machines."""
        if isinstance(message, CommandBatch):
            if len(message.commands) > BATCH_COMMANDS_MAX:
                raise Undecodable(f"a batch has at most {BATCH_COMMANDS_MAX} commands")
            for command in message.commands:
                self._tell(self.shard.command(command, time_ms), outbox)
            return ()
        if isinstance(message, ReportBatch):
            return self._take_reports(message, time_ms, outbox)
        raise Undecodable(f"a {type(message).__name__} does not belong on {ACCOUNT_COMMANDS}")

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
            judged.append(Judged(verdict, f"book {instrument_id} -> shard {self.shard.shard}"))
        return judged

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

    def edges(self) -> tuple[tuple[tuple[int, EdgeState], ...], ...]:
        """Return the ends of all edges by the book at their other end: in, out, to the accounts."""
        return (
            tuple((at, edge.state()) for at, edge in sorted(self._from_books.items())),
            tuple((at, edge.state()) for at, edge in sorted(self._to_books.items())),
            ((0, self._to_accounts.state()),),
        )

    def state_hashes(self) -> Mapping[str, bytes]:
        """Return the state hash of the shard with its edges."""
        name = f"shard {self.shard.shard}"
        return {name: digest((self.shard.state_hash(), self.edges()))}

    def check(self) -> None:
        """Assert every invariant of the shard."""
        self.shard.check()


def ledger_core(shards: int, line: Line, new_shard: NewShard) -> ReferenceCore:
    """Return the reference worker core of a ledger."""
    return ReferenceCore(
        ACCOUNT_COMMANDS, lambda shard: ShardPartition(new_shard(shard, shards), line)
    )
