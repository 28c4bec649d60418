"""Both readers of the log take the same bytes, and take the same from them."""

from functools import cache
from random import Random

import pytest
from engines.adversary import mutated
from engines.trading import Trading
from hypothesis import given, settings
from hypothesis import strategies as st
from records.strategies import messages

from partita.ledger import snapshot as shards
from partita.log import native
from partita.matchers import snapshot as books
from partita.schemas.codec import decode, encode
from partita.schemas.commands import CommandBatch
from partita.schemas.converter import Message
from partita.schemas.errors import Unreadable
from partita.schemas.limits import BATCH_COMMANDS_MAX, SNAPSHOT_BYTES_MAX
from partita.schemas.snapshots import BookSnapshot, ShardSnapshot
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS

pytestmark = pytest.mark.skipif(not native.INSTALLED, reason="no native engine is installed")

READ = (
    "partita.orders.OrderBatch",
    "partita.orders.Tick",
    "partita.Instrument",
    "partita.commands.CommandBatch",
    "partita.reports.ReportBatch",
)


def reference(record: bytes) -> bytes | None:
    """Return what the reference takes, written again; None for what it does not."""
    try:
        message = decode(record, SNAPSHOT_BYTES_MAX)
        return encode(_as_taken(message))
    except (Unreadable, KeyError, ValueError):
        return None


def _as_taken(message: Message) -> Message:
    if isinstance(message, BookSnapshot):
        return books.to_snapshot(*books.from_snapshot(message), message.first_offset)
    if isinstance(message, ShardSnapshot):
        return shards.to_snapshot(*shards.from_snapshot(message))
    if isinstance(message, CommandBatch) and len(message.commands) > BATCH_COMMANDS_MAX:
        raise ValueError("too many commands")
    return message._replace(seal=b"") if hasattr(message, "seal") else message


def taken(record: bytes) -> bytes | None:
    """Return what the native engine takes, written again; None for what it does not."""
    import partita_native  # noqa: PLC0415 - it is not everywhere

    try:
        return partita_native.again(record)
    except (partita_native.Undecodable, partita_native.UnknownFingerprint):
        return None


@cache
def real() -> list[bytes]:
    """Return the records of both topics and the snapshots of a small exchange at work."""
    trading = Trading(Random(7))
    for _ in range(400):
        trading.step(hostile=0.2)
    trading.world.settle()
    log, engine = trading.world.log, trading.world.engines[0]
    found = [
        record.value for topic, at in engine.positions for record in log.records(topic, at)[-80:]
    ]
    for topic in (ORDERS, ACCOUNT_COMMANDS):
        for at in (0, 1):
            found += [one.data for one in engine.snapshots(topic, at)] * 20
    return found


@pytest.mark.parametrize("record", READ)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_what_one_writes_the_other_takes(record: str, data: st.DataObject) -> None:
    """Every message of every record that a core reads."""
    message = data.draw(messages(record))
    written = encode(_as_taken(message))
    assert taken(encode(message)) == written


@pytest.mark.parametrize("record", READ)
@given(data=st.data(), random=st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_what_is_broken_is_broken_for_both(
    record: str, data: st.DataObject, random: Random
) -> None:
    """Flipped bits, cut ends, longer numbers, other places and lengths: one verdict, one value."""
    value = mutated(random, encode(data.draw(messages(record))))
    assert taken(value) == reference(value), value.hex()


@given(seed=st.integers(0, 1 << 32))
@settings(max_examples=500, deadline=None)
def test_what_stood_on_a_log_and_is_broken_is_broken_for_both(seed: int) -> None:
    """The same for records and snapshots as machines write them."""
    random = Random(seed)
    value = mutated(random, random.choice(real()))
    assert taken(value) == reference(value), value.hex()
