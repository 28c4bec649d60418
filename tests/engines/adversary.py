"""What else may stand on a topic: repeats, gaps, other pasts, wrong kinds, broken bytes."""

from random import Random

from engines.world import RULES, SHARDS

from partita.log.memory import MemoryLog
from partita.schemas.codec import decode, encode
from partita.schemas.commands import Cancel, CommandBatch
from partita.schemas.converter import Message
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.enums import InstrumentStatus, Line
from partita.schemas.errors import Unreadable
from partita.schemas.feed import FeedBatch
from partita.schemas.limits import BATCH_COMMANDS_MAX
from partita.schemas.orders import OrderBatch, Tick
from partita.schemas.reports import ReportBatch

_NUMBERS = (0, -1, 1, 2, 3, 1 << 31, 1 << 32, (1 << 63) - 1, -(1 << 63))


def mutated(random: Random, value: bytes) -> bytes:
    """Return bytes that were a record: some flipped, cut, doubled or put in."""
    data = bytearray(value)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        at = random.randrange(10, max(11, len(data)))  # the head names the schema: it stays
        kind = random.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << random.randrange(8)
        elif kind == 1:
            del data[at:]
        elif kind == 2:
            data[at:at] = bytes([random.choice((0, 1, 2, 0x7F, 0x80, 0xFF, random.randrange(256)))])
        elif kind == 3:
            del data[at : at + random.randint(1, 3)]
        elif kind == 4 and at < len(data) and data[at] < 0x80:  # the same number, longer
            data[at : at + 1] = bytes([data[at] | 0x80]) + b"\x80" * random.randint(0, 12) + b"\0"
        elif at < len(data):
            data[at] = random.randrange(256)
    return bytes(data)


def wrong(random: Random, log: MemoryLog, topic: str, at: int) -> Message | bytes:
    """Return something that a partition must live with, and that moves no machine."""
    records = log.records(topic, at)
    batches = [r.value for r in records if type(_decoded(r.value)) in (OrderBatch, ReportBatch)]
    kind = random.randrange(8)
    if kind <= 3 and batches:
        message = decode(random.choice(batches[-30:]))
        if kind == 0:
            return message  # once more
        return _bent(random, message)
    if kind == 4:
        return random.choice((b"", b"\xc3", b"\xc3\x01", bytes(30), random.randbytes(40)))
    if kind == 5:
        return random.choice(
            (
                FeedBatch(b"", Line.A, ()),
                DeadLetter(topic, 0, 0, 0, "", b"", 0, bytes(32)),
                CommandBatch(b"s", ()),
                CommandBatch(b"", (Cancel(2, "x", 0, 0, ""),) * (BATCH_COMMANDS_MAX + 1)),
                ReportBatch(b"", Line.B, ()),
                OrderBatch(b"", Line.B, random.choice((0, 1, 2, -1, 1 << 40)), ()),
                Tick(b"some"),
            )
        )
    if kind == 6:
        return _rules(random)
    value = random.choice(records).value
    return encode(decode(value))[:-1] if _decoded(value) is not None else value


def _decoded(value: bytes) -> Message | None:
    try:
        return decode(value)
    except Unreadable:
        return None


def _bent(random: Random, message: Message) -> Message:
    """Return a batch with another number, past, sender or book, so that nothing of it is new."""
    if not message.groups:
        return message
    at = random.randrange(len(message.groups))
    group = message.groups[at]
    kind = random.randrange(7) if group.events else 0
    if kind == 0:
        group = group._replace(
            chain=random.choice((*_NUMBERS, group.chain % (1 << 32) + (1 << 32)))
        )
    elif kind == 1:
        group = group._replace(first=max(group.first, 0) // 2 + random.choice((1 << 30, 1 << 62)))
    elif kind == 2:
        group = group._replace(first=random.choice(_NUMBERS[1::2]), chain=77)
    elif kind == 3:
        group = group._replace(events=group.events[: random.randrange(len(group.events) + 1)])
    elif kind == 4:
        group = group._replace(instrument_id=random.choice((0, -1, 99, 1 << 62)), first=5)
    elif kind == 5 and hasattr(message, "shard"):
        return message._replace(shard=random.choice((-1, SHARDS, 1 << 62, -(1 << 63))))
    else:  # what it has is another thing
        event = random.choice(group.events)
        group = group._replace(events=(event,) * len(group.events))
        if group.first <= 1 or len(group.events) < 2:
            group = group._replace(first=-5)
    groups = (*message.groups[:at], group, *message.groups[at + 1 :])
    return message._replace(groups=groups)


def _rules(random: Random) -> Message:
    rules = random.choice(RULES)
    newer = rules._replace(version=random.randint(1, 6))
    return random.choice(
        (
            newer,
            newer._replace(status=InstrumentStatus.HALTED),
            newer._replace(taker_fee_ppm=random.choice((0, 5_000, -1, 1_000_001))),
            newer._replace(max_price=random.choice((1, 103, 1 << 62, (1 << 62) + 1))),
            newer._replace(tick=2, lot=3),
            newer._replace(instrument_id=random.choice((0, 7, -1))),
            newer._replace(symbol="Ä-USD"),
            newer._replace(base_decimals=random.choice((-1, 11, 3))),
            newer._replace(partition=random.choice((*_NUMBERS[3:], -1))),
        )
    )
