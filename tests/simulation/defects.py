"""Machines with defects: some fail where they are told to, one tells of each trade twice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from partita.ledger.abc import ShardOutput
from partita.ledger.reference import ReferenceShard
from partita.log.core import Counters, Outputs, Parked, Snapshot, WorkerCore
from partita.log.port import Outgoing, Record
from partita.matchers.events import BookEvent, Traded
from partita.matchers.reference import ReferenceBook
from partita.schemas.codec import decode
from partita.schemas.commands import Command, CommandBatch
from partita.schemas.errors import Unreadable
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderEvent

FATAL_ID = "fatal"  # of a command
FATAL_PPM = 4_242  # a taker's fee


class FragileShard(ReferenceShard):
    """A shard that one command breaks: its partition is parked."""

    def command(self, command: Command, time_ms: int) -> ShardOutput:
        """Apply, or fail after what the batch said before."""
        assert command.command_id != FATAL_ID, "a defect"
        return super().command(command, time_ms)


class FragileBook(ReferenceBook):
    """A book that one rule breaks: its partition is parked."""

    def change_rules(self, instrument: Instrument) -> bool:
        """Take the rules, or fail."""
        assert instrument.taker_fee_ppm != FATAL_PPM, "a defect"
        return super().change_rules(instrument)


class DivergedBook(FragileBook):
    """A book of another build: it tells of each trade twice."""

    def apply(self, event: OrderEvent, time_ms: int) -> Sequence[BookEvent]:
        """Apply, and say more than there is to say."""
        events: list[BookEvent] = []
        for told in super().apply(event, time_ms):
            events.append(told)
            if isinstance(told, Traded):
                events.append(told)
        return events


class FragileCore:
    """A core, of whichever engine, that parks where a fragile machine would have parked it.

    The machines of the native engine cannot be broken from outside: so the record that would do it
    never reaches them, and what follows it on its partition does not either.
    """

    def __init__(self, core: WorkerCore) -> None:
        self._core = core
        self._parked: set[int] = set()
        self._more: Counter[int] = Counter()  # records that broke something, by partition

    def __getattr__(self, name: str) -> Any:
        """Be as the core within, but for what follows from the defects."""
        return getattr(self._core, name)

    def counters(self, partition: int) -> Counters:
        """Count the records that broke something, too; see WorkerCore."""
        seen = self._core.counters(partition)
        return replace(seen, records=seen.records + self._more[partition])

    def open(self, partition: int, snapshots: Sequence[Snapshot] = ()) -> None:
        """Make the machines of a partition; see WorkerCore."""
        self._core.open(partition, snapshots)
        self._parked.discard(partition)

    def apply(self, records: Sequence[Record]) -> Outputs:
        """Apply records up to those that break something; see WorkerCore."""
        sound: list[Record] = []  # applied in one call: that is how its outputs are cut
        parked: list[Parked] = []
        for record in records:
            if record.partition in self._parked:
                continue
            if self._is_fatal(record):
                self._more[record.partition] += 1
                self._parked.add(record.partition)
                parked.append(Parked(record.partition, record.offset, "AssertionError: a defect"))
            else:
                sound.append(record)
        outputs = self._core.apply(sound)
        return outputs._replace(parked=sorted([*outputs.parked, *parked]))

    def _is_fatal(self, record: Record) -> bool:
        """Return whether a machine is there that takes it and breaks; books were listed before."""
        try:
            message = decode(record.value)
        except Unreadable:
            return False
        if isinstance(message, CommandBatch):
            return any(command.command_id == FATAL_ID for command in message.commands)
        if not isinstance(message, Instrument) or message.taker_fee_ppm != FATAL_PPM:
            return False
        mark = self._core.machines(record.partition).get(message.symbol)
        return mark is not None and record.offset >= mark.position

    def latest(self) -> Sequence[Outgoing]:
        """Return the tickers of what is not parked; see WorkerCore."""
        return [said for said in self._core.latest() if said.partition not in self._parked]

    def next_expiry_ms(self, partition: int) -> int | None:
        """Return None for what is parked; see WorkerCore."""
        return None if partition in self._parked else self._core.next_expiry_ms(partition)
