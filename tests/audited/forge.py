"""Tampering with a log: events that nobody has said, and records that were something else."""

from collections.abc import Callable

from audited.exchange import BTC_USD, Exchange

from partita.deploy.audit.edges import CHAINS, Edge, groups_of
from partita.deploy.audit.findings import Findings, Kind
from partita.deploy.audit.reading import Reading
from partita.log.edges import EdgeState
from partita.log.memory import MemoryLog, Stored
from partita.log.port import Outgoing
from partita.schemas import feed, orders, reports
from partita.schemas.codec import decode, encode
from partita.schemas.converter import Message
from partita.schemas.enums import Line
from partita.schemas.topics import ACCOUNT_COMMANDS, BOOK, ORDERS

BTC = BTC_USD.instrument_id


def texts(findings: Findings, kind: Kind) -> list[str]:
    """Return what was found of a kind."""
    return [found.text for found in findings.differences if found.kind is kind]


def kinds(findings: Findings) -> set[Kind]:
    """Return the kinds of differences."""
    return {found.kind for found in findings.differences}


def end_of(exchange: Exchange, edge: Edge) -> EdgeState:
    """Return the last event of an edge that stands on the log."""
    reading = Reading(edge)
    for record in exchange.log.records(edge.topic, edge.partition):
        for group in groups_of(edge.topic, edge.partition, decode(record.value)):
            if group.edge == edge:
                reading.take(group)
    assert reading.number, f"nothing stands of {edge}, which has a chain of {CHAINS[edge.topic]}"
    return reading.end


def forge_feed(exchange: Exchange, event: Message) -> int:
    """Append one more event to the feed of BTC-USD; return its number."""
    number, before = end_of(exchange, Edge(BOOK, 0, BTC, 0))
    group = feed.FeedGroup(BTC, number + 1, before, 5, (event,))
    batch = encode(feed.FeedBatch(b"", Line.A, (group,)))
    exchange.log.append(Outgoing(BOOK, 0, None, batch))
    return number + 1


def forge_report(exchange: Exchange, shard: int, event: Message) -> int:
    """Append one more report of BTC-USD to a shard; return its number."""
    number, before = end_of(exchange, Edge(ACCOUNT_COMMANDS, shard, BTC, shard))
    group = reports.ReportGroup(BTC, number + 1, before, (event,))
    batch = encode(reports.ReportBatch(b"", Line.A, (group,)))
    exchange.log.append(Outgoing(ACCOUNT_COMMANDS, shard, None, batch))
    return number + 1


def forge_order(exchange: Exchange, shard: int, event: Message) -> int:
    """Append one more event of a shard to BTC-USD; return its number."""
    number, before = end_of(exchange, Edge(ORDERS, 0, shard, BTC))
    group = orders.OrderGroup(BTC, number + 1, before, (event,))
    batch = encode(orders.OrderBatch(b"", Line.A, shard, (group,)))
    exchange.log.append(Outgoing(ORDERS, 0, None, batch))
    return number + 1


def rewrite(
    log: MemoryLog, topic: str, partition: int, change: Callable[[Message], Message | None]
) -> None:
    """Change the first record that `change` has another one for."""
    stored = log.partitions[topic, partition]
    for at, record in enumerate(stored):
        changed = change(decode(record.value))
        if changed is not None:
            stored[at] = Stored(record.time_ms, record.key, encode(changed))
            return
    raise AssertionError("nothing to change")


def with_event(
    batch: Message, like: Callable[[Message], bool], other: Callable[[Message], Message]
) -> tuple[int, Message] | None:
    """Return a batch with another one in the place of its first such event, and its number."""
    for at, group in enumerate(batch.groups):
        for place, event in enumerate(group.events):
            if like(event):
                events = (*group.events[:place], other(event), *group.events[place + 1 :])
                changed = group._replace(events=events)
                groups = (*batch.groups[:at], changed, *batch.groups[at + 1 :])
                return group.first + place, batch._replace(groups=groups)
    return None
