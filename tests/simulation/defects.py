"""Machines with defects: some fail where they are told to, one tells of each trade twice."""

from collections.abc import Sequence

from partita.ledger.abc import ShardOutput
from partita.ledger.reference import ReferenceShard
from partita.matchers.events import BookEvent, Traded
from partita.matchers.reference import ReferenceBook
from partita.schemas.commands import Command
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
