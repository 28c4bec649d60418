"""Private streams made by real shards, as records on a log, cut and repeated at will."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from ledger_support.flow import Flow

from partita.ledger.abc import ShardOutput
from partita.ledger.reference import ReferenceShard
from partita.ledger.store.rows import Source
from partita.log.port import Record
from partita.schemas.accounts import AccountEvent, AccountEventBatch, AccountEventGroup
from partita.schemas.chain import ACCOUNT_EVENTS as CHAIN
from partita.schemas.codec import encode
from partita.schemas.commands import Command
from partita.schemas.enums import Line
from partita.schemas.reports import Report

SHARDS = 2
SOURCES = [Source("account-events", "topic-id", shard) for shard in range(SHARDS)]

Said = tuple[int, AccountEvent]  # the shard's time, the event


class Day(NamedTuple):
    """What an exchange of two shards has said, and what became of it."""

    said: list[list[Said]]  # by shard, in the order of the numbers
    flow: Flow

    def records(self, cuts: random.Random) -> dict[int, list[bytes]]:
        """Return each shard's events as records, cut at random."""
        return {shard: list(_cut(shard, said, 0, cuts)) for shard, said in enumerate(self.said)}

    def repeated(self, shard: int, upto: int, cuts: random.Random) -> list[bytes]:
        """Return what a restarted shard says again: events up to a number, cut otherwise."""
        start = cuts.randrange(upto + 1)
        return list(_cut(shard, self.said[shard][:upto], start, cuts))


def day(seed: int, steps: int) -> Day:
    """Let an exchange run for some steps, and then come to rest."""
    said: list[list[Said]] = [[] for _ in range(SHARDS)]
    with _overheard(said):
        flow = Flow(seed)
        for _ in range(steps):
            flow.step()
        flow.exchange.drain()
    return Day(said, flow)


@contextmanager
def _overheard(said: list[list[Said]]) -> Iterator[None]:
    """Hear what the shards say that are made meanwhile."""

    class Telling(ReferenceShard):
        def _tell(self, output: ShardOutput) -> ShardOutput:
            said[self.shard] += [(self.time_ms, event) for event in output.events]
            return output

        def command(self, command: Command, time_ms: int) -> ShardOutput:
            return self._tell(super().command(command, time_ms))

        def report(self, instrument_id: int, report: Report, time_ms: int) -> ShardOutput:
            return self._tell(super().report(instrument_id, report, time_ms))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger_support.exchange.new_shard", Telling)
        yield


def _cut(shard: int, said: Sequence[Said], start: int, cuts: random.Random) -> Iterator[bytes]:
    """Give records with the events behind number `start`; groups end where the time changes."""
    past = 0
    for time_ms, event in said[:start]:
        past = CHAIN.roll(past, (event,), time_ms)
    at = start
    while at < len(said):
        groups = []
        for _ in range(cuts.randint(1, 3)):
            if at == len(said):
                break
            time_ms, size = said[at][0], cuts.choice((1, 2, 3, 10, 100))
            events: list[AccountEvent] = []
            while at + len(events) < len(said) and len(events) < size:
                if said[at + len(events)][0] != time_ms:
                    break
                events.append(said[at + len(events)][1])
            groups.append(AccountEventGroup(at + 1, past, time_ms, tuple(events)))
            past = CHAIN.roll(past, events, time_ms)
            at += len(events)
        line = cuts.choice(list(Line))
        yield encode(AccountEventBatch((), b"", line, shard, tuple(groups)))


def on_log(shard: int, values: Sequence[bytes]) -> list[Record]:
    """Return records with offsets from 0."""
    return [Record(shard, offset, 1, value) for offset, value in enumerate(values)]
