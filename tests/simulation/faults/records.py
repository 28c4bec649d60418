"""What happens to records and to time: lost, doubled, rubbish, out of order."""

from simulation.defects import FATAL_ID, FATAL_PPM
from simulation.market import ACCOUNTS, INSTRUMENTS
from simulation.passing import Due
from simulation.stations import SHARDS, Kind
from simulation.venue import Venue

from partita.log.port import Outgoing
from partita.schemas.codec import decode, encode
from partita.schemas.commands import Cancel, CommandBatch
from partita.schemas.enums import Line
from partita.schemas.feed import FeedBatch
from partita.schemas.orders import OrderBatch, OrderGroup
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS, shard_of

_LAST = INSTRUMENTS[3]  # the one that is listed late


def tear(venue: Venue) -> str | None:
    """Lose a record in the middle of a stream, unnoticed, as frozen clients have done."""
    busy = [s for s in venue.honest() if s.connection.under_way]
    if not busy:
        return None
    station = venue.rng.choice(busy)
    under_way = station.connection.under_way
    lost = under_way[venue.rng.randrange(len(under_way))]
    under_way.remove(lost)
    station.connection.lost.append(lost)
    station.torn = True
    venue.torn.add(lost.key)
    return f"a record of {station.name} to {lost.topic} {lost.partition} vanishes"


def poison(venue: Venue) -> str | None:
    """Put a record on an input that no machine can take."""
    topic = venue.rng.choice((ACCOUNT_COMMANDS, ORDERS))
    partition = venue.rng.randrange(2)
    good = venue.log.good(topic, partition)
    kind = venue.rng.choice(("rubbish", "truncated", "wrong topic"))
    if kind == "rubbish":
        value = venue.rng.randbytes(venue.rng.randint(0, 40))
    elif kind == "truncated" and good:
        whole = venue.log.partitions[topic, partition][venue.rng.choice(good)].value
        value = whole[: venue.rng.randint(2, max(2, len(whole) - 1))]
        # An empty body is a Tick without its seal's length: whole only when nothing was cut.
    else:
        value = encode(FeedBatch(b"", Line.A, ()))
    venue.log.append(Outgoing(topic, partition, None, value))
    return f"{kind} on {topic} {partition}"


def stray(venue: Venue) -> str | None:
    """Say something to two books in one batch, before the second one is listed.

    What it says to the first is right and still under way, so that whoever judges it later by what
    he knows then takes it.
    """
    if _LAST.instrument_id in venue.rules:
        return None
    batches = [
        (out, decode(out.value))
        for station in venue.live(Kind.LEDGER)
        for out in station.connection.under_way
        if (out.topic, out.partition) == (ORDERS, _LAST.partition)
    ]
    batches = [(out, batch) for out, batch in batches if isinstance(batch, OrderBatch)]
    if not batches:
        return None
    out, batch = venue.rng.choice(batches)
    # Far above the next number: it can never be taken.
    mate = OrderGroup(_LAST.instrument_id, 1_000, 0, batch.groups[0].events)
    value = encode(batch._replace(groups=(*batch.groups, mate)))
    offset = venue.log.spoil(out._replace(value=value))
    return f"{offset} of {ORDERS} {_LAST.partition} speaks to a book that is not listed yet"


def park(venue: Venue) -> str | None:
    """Put a record there that parks the partition; the operator lets it go past, later."""
    topic = venue.rng.choice((ACCOUNT_COMMANDS, ORDERS))
    partition = venue.rng.randrange(2)
    kind, value = _parking(venue, topic, partition)
    offset = venue.log.spoil(Outgoing(topic, partition, None, value), parks=True)
    step = venue.step + venue.rng.randint(5, 150)
    wrong, moves = venue.rng.random() < 0.3, venue.rng.random() < 0.5
    due = Due((topic, partition, offset), step, wrong, moves)
    venue.operator.due.append(due)
    return f"{offset} of {topic} {partition} is {kind}, which parks it until step {step}"


def _parking(venue: Venue, topic: str, partition: int) -> tuple[str, bytes]:
    rng = venue.rng
    if rng.random() < 0.5:
        unknown = b"\xc3\x01" + rng.randbytes(8) + rng.randbytes(rng.randint(0, 30))
        return "of an unknown schema", unknown
    if topic == ORDERS:
        (rules, *_) = [r for r in venue.rules.values() if r.partition == partition]
        fatal = rules._replace(version=rules.version + 1, taker_fee_ppm=FATAL_PPM)
        return "a rule that breaks the book", encode(fatal)
    account = rng.choice([a for a in ACCOUNTS if shard_of(a, SHARDS) == partition])
    # What stands before it in the batch has been done by then, and must not have been.
    before = venue.clients.commands(partition, rng.randint(0, 2))
    fatal_command = Cancel(account, FATAL_ID, venue.log.time_ms + 30_000, 1, "")
    batch = CommandBatch(b"", (*before, fatal_command))
    return "a command that breaks the shard", encode(batch)


def echo(venue: Venue) -> str | None:
    """Append records again that have long been on the log, in their order."""
    inputs = [key for key in venue.log.partitions if key[0] in {ACCOUNT_COMMANDS, ORDERS}]
    if not inputs:
        return None
    topic, partition = venue.rng.choice(inputs)
    good = venue.log.good(topic, partition)
    if not good:
        return None
    at = venue.rng.randrange(len(good))
    offsets = good[at : at + venue.rng.randint(1, 5)]
    stored = venue.log.partitions[topic, partition]
    for record in [stored[offset] for offset in offsets]:
        venue.log.append(Outgoing(topic, partition, record.key, record.value))
    return f"records {offsets} of {topic} {partition} are appended again"


def clock_back(venue: Venue) -> str | None:
    """Let the broker's clock go back, as when another broker leads; also over snapshots."""
    back_ms = venue.rng.choice((venue.rng.randint(1, 500), 5_000, 20_000))
    venue.log.turn_back(back_ms)
    return f"the broker's clock goes back by {back_ms} ms"


def leap(venue: Venue) -> str | None:
    """Let a long time pass: orders expire, commands die, ids are forgotten."""
    ahead_ms = venue.rng.choice((10_000, 61_000, 130_000))
    venue.log.time_ms += ahead_ms
    return f"{ahead_ms} ms pass"
