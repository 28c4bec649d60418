"""Everything a store holds, compared with the log of its exchange."""

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from partita.deploy.audit.stored_market import StoredMarket
from partita.deploy.audit.stores import StoreAudit
from partita.ledger.store.choice import open_reader
from partita.log.edges import InEdge
from partita.log.kafka.admin import Admin
from partita.log.kafka.past import PastReader
from partita.log.port import Record
from partita.schemas.accounts import AccountEvent, AccountEventBatch
from partita.schemas.chain import ACCOUNT_EVENTS as CHAIN
from partita.schemas.codec import decode
from partita.schemas.errors import Undecodable
from partita.schemas.topics import ACCOUNT_EVENTS, CANDLES, TRADES

# Of what differs the first few say what the rest would.
_SHOWN_MAX = 20


class Verified(NamedTuple):
    """What came of it."""

    rows: int  # that the store had
    events: int  # that the log had
    covered: int  # of them, by the store's progress
    differences: tuple[str, ...]  # the first of them
    difference_count: int


def verify(bootstrap: str, address: str) -> Verified:
    """Compare the store at an address with the log, from its first record.

    Raises:
        StoreError: the store cannot be read.
        LogError: the log cannot be read.
        UnknownFingerprint: a newer build has written on it.
    """
    shown, count, events = list[str](), 0, 0

    def differ(text: str) -> None:
        nonlocal count
        count += 1
        if len(shown) < _SHOWN_MAX:
            shown.append(text)

    shards = Admin(bootstrap).shape().shards
    with closing(open_reader(address)) as reader:
        taken = {at.source: at.offset for at in reader.progress().values()}
        audit = StoreAudit(reader, shards, differ)
        market = StoredMarket(reader, differ)
        for shard in range(shards):
            last = 0
            for number, time_ms, event in said(bootstrap, shard):
                audit.take(shard, number, time_ms, event)
                last = number
            events += last
            if last < audit.covered(shard):
                differ(f"shard {shard}: the log ends at event {last}, before the store's progress")
        audit.finish()
        for source, offset in taken.items():
            if source.topic in (TRADES, CANDLES):
                market.take(_below(bootstrap, source.topic, source.partition, offset))
        covered = sum(audit.covered(shard) for shard in range(shards))
    return Verified(audit.rows + market.rows, events, covered, tuple(shown), count)


def _below(bootstrap: str, topic: str, partition: int, offset: int) -> Iterator[Record]:
    """Yield the records of a partition that are kept, up to an offset."""
    with closing(PastReader(bootstrap, topic)) as past:
        start, end = past.bounds(partition)
        if start < (upto := min(offset, end)):
            for records in past.between({partition: start}, {partition: upto}):
                yield from records


def said(bootstrap: str, shard: int) -> Iterator[tuple[int, int, AccountEvent]]:
    """Yield (number, time_ms, event) of a shard, each number once, from the first to a hole."""
    edge = InEdge()
    with closing(PastReader(bootstrap, ACCOUNT_EVENTS)) as past:
        for record in past.records(shard):
            try:
                batch = decode(record.value)
            except Undecodable:
                continue
            if not isinstance(batch, AccountEventBatch):
                continue
            for first, chain, time_ms, events in batch.groups:
                # A hole comes again when it is filled; a line of another past is refused.
                _, new = edge.take(CHAIN, first, chain, events, time_ms)
                for number, event in enumerate(new, edge.number - len(new) + 1):
                    yield number, time_ms, event
