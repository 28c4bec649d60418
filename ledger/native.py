"""The native shard alone behind the Shard contract: for tests, not for speed.

Values cross as the bytes of records, so each call pays the codec. A worker uses the native core,
where shards and books are inside.
"""

import partita_native

from partita.ledger.abc import ShardOutput
from partita.ledger.snapshot import ShardEdges, from_snapshot, to_snapshot
from partita.ledger.state import ShardState
from partita.log.edges import EdgeState
from partita.schemas.accounts import AccountEvent, AccountEventBatch
from partita.schemas.codec import decode, encode
from partita.schemas.commands import Command, CommandBatch
from partita.schemas.enums import Line
from partita.schemas.instrument import Instrument
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.orders import OrderEvent
from partita.schemas.reports import Report, ReportBatch, ReportGroup

_NO_EDGES = ShardEdges((), (), EdgeState(0, 0))


def _output(records: list[bytes]) -> ShardOutput:
    orders: list[tuple[int, OrderEvent]] = []
    events: list[AccountEvent] = []
    for record in records:
        batch = decode(record)
        for group in batch.groups:
            if isinstance(batch, AccountEventBatch):
                events += group.events
            else:
                orders += [(group.instrument_id, event) for event in group.events]
    return ShardOutput(tuple(orders), tuple(events))


class NativeShard:
    """A ledger shard (partita.ledger.abc.Shard), in Rust."""

    def __init__(self, shard: int, shards: int) -> None:
        self.shard = shard
        self.shards = shards
        self._shard = partita_native.Shard(shard, shards)

    @property
    def time_ms(self) -> int:
        """The largest log time of what was applied, milliseconds since 1970."""
        return self._shard.time_ms()

    @property
    def rows(self) -> int:
        """How many rows its state has, about: how long writing it down takes."""
        return self._shard.rows()

    def command(self, command: Command, time_ms: int) -> ShardOutput:
        """Apply one command of a client, logged at time_ms."""
        return _output(self._shard.command(encode(CommandBatch(b"", (command,))), time_ms))

    def report(self, instrument_id: int, report: Report, time_ms: int) -> ShardOutput:
        """Apply one report of a book, logged at time_ms."""
        group = ReportGroup(instrument_id, 1, 0, (report,))
        return _output(self._shard.report(encode(ReportBatch(b"", Line.A, (group,))), time_ms))

    def instrument(self, instrument_id: int) -> Instrument | None:
        """Return the rules as last heard; None before the first."""
        record = self._shard.instrument(instrument_id)
        if record is None:
            return None
        rules = decode(record)
        assert isinstance(rules, Instrument), "the rules of an instrument"
        return rules

    def snapshot(self) -> ShardState:
        """Return the whole state as a value, canonical: equal states give equal values."""
        state, _ = from_snapshot(decode(self._shard.snapshot(), SNAPSHOT_BYTES_MAX))
        return state

    def restore(self, state: ShardState) -> None:
        """Take the state of a snapshot in place of the own one."""
        self._shard.restore(encode(to_snapshot(state, _NO_EDGES)))
        self.shard, self.shards = state.shard, state.shards

    def state_hash(self) -> bytes:
        """Return the digest of the snapshot (partita.schemas.digest)."""
        return self._shard.state_hash()

    def check(self) -> None:
        """Assert every invariant of the shard."""
        self._shard.check()
