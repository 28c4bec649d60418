"""Snapshots that no machine wrote: both cores refuse them by the same errors, and are as before.

The native core holds the tables of a shard against each other where the reference looks a row up
when it is asked for: it may refuse what the reference takes, never the other way round.
"""

import resource
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

import pytest
from engines.trading import Trading
from engines.world import SHARDS, TOPICS
from hypothesis import example, given, settings
from hypothesis import strategies as st

from partita.ledger import engines as ledger
from partita.log import native
from partita.log.core import Snapshot, WorkerCore
from partita.matchers import engines as matchers
from partita.schemas.codec import HEAD_BYTES, decode, encode
from partita.schemas.converter import Message
from partita.schemas.enums import Line
from partita.schemas.errors import Undecodable, UnknownFingerprint, WrongPartitions
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.orders import Tick
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS

pytestmark = pytest.mark.skipif(not native.INSTALLED, reason="no native engine is installed")

ENGINES = ("reference", "native")
LONG = 1 << 62
Damage = Callable[[Any], Message]


class Seen(NamedTuple):
    """What came of a snapshot."""

    refused: type[Exception] | None
    sound: bool = False
    states: Mapping[str, bytes] = {}  # snapshots by machine


def core_of(engine: str, topic: str, shards: int = SHARDS) -> WorkerCore:
    """Return a core without partitions."""
    engines = ledger if topic == ACCOUNT_COMMANDS else matchers
    core: WorkerCore = engines.core(engine)(shards, Line.A)
    return core


def states(core: WorkerCore) -> dict[str, bytes]:
    """Return the state of each machine of partition 0."""
    return {name: core.snapshot(0, name) for name in core.machines(0)}


@pytest.fixture(scope="module")
def good() -> Mapping[str, Sequence[Snapshot]]:
    """Snapshots of the partitions 0 of an exchange that has lived."""
    trading = Trading(Random(11))
    for _ in range(400):
        trading.step()
    trading.world.settle()
    of = trading.world.engines[0].snapshots
    # The largest first: that is the one which is damaged.
    return {
        topic: sorted(of(topic, 0), key=lambda it: len(it.data), reverse=True) for topic in TOPICS
    }


def seen(engine: str, topic: str, good: Sequence[Snapshot], data: bytes) -> Seen:
    """Give the bytes to a core that is at work, in place of its first machine's; then good ones."""
    core = core_of(engine, topic)
    core.open(0, good)
    lived, hashes = states(core), core.state_hashes(0)
    assert lived == {snapshot.machine: snapshot.data for snapshot in good}
    try:
        core.open(0, (good[0]._replace(data=data), *good[1:]))
    except (Undecodable, UnknownFingerprint, WrongPartitions) as error:
        assert core.state_hashes(0) == hashes
        came = Seen(type(error))
    else:
        came = _looked_at(core)
    core.open(0, good)
    assert core.state_hashes(0) == hashes
    assert states(core) == lived
    core.check()
    return came


def _looked_at(core: WorkerCore) -> Seen:
    try:
        core.check()
    except (AssertionError, KeyError):  # the reference may look up what is not there
        return Seen(None)
    return Seen(None, True, states(core))


def both(topic: str, good: Sequence[Snapshot], data: bytes) -> tuple[Seen, Seen]:
    """Return what came of the bytes with each engine."""
    one, two = (seen(engine, topic, good, data) for engine in ENGINES)
    return one, two


@pytest.mark.parametrize("topic", TOPICS)
def test_one_that_ends_too_early_is_refused(
    topic: str, good: Mapping[str, Sequence[Snapshot]]
) -> None:
    """Empty, within the marker, at each of many bytes, and with one byte too many."""
    data = good[topic][0].data
    length = len(data)
    cores = [core_of(engine, topic) for engine in ENGINES]
    for cut in (*range(min(length, 200)), *range(200, length, 41), length - 1):
        for core in cores:
            with pytest.raises(Undecodable):
                core.open(0, (good[topic][0]._replace(data=data[:cut]),))
    for part in (b"", data[: HEAD_BYTES - 1], data[: length // 2], data[:-1], data + b"\0"):
        assert both(topic, good[topic], part) == (Seen(Undecodable), Seen(Undecodable))


@pytest.mark.parametrize("topic", TOPICS)
def test_one_of_something_else_is_refused(
    topic: str, good: Mapping[str, Sequence[Snapshot]]
) -> None:
    """Another kind of machine, another record, a schema of tomorrow, no Avro at all."""
    mine = good[topic]
    other = good[ORDERS if topic == ACCOUNT_COMMANDS else ACCOUNT_COMMANDS][0].data
    newer = mine[0].data[:2] + bytes(8) + mine[0].data[10:]

    for data in (other, encode(Tick(b"")), b"{}" + mine[0].data[2:], b"\0" * 100):
        assert both(topic, mine, data) == (Seen(Undecodable), Seen(Undecodable))
    assert both(topic, mine, newer) == (Seen(UnknownFingerprint), Seen(UnknownFingerprint))


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("shards", [1, SHARDS + 1])
def test_one_of_another_number_of_shards_is_refused(
    topic: str, shards: int, good: Mapping[str, Sequence[Snapshot]]
) -> None:
    """By the error that says so, in the same words."""
    said = []
    for engine in ENGINES:
        with pytest.raises(WrongPartitions) as raised:
            core_of(engine, topic, shards).open(0, good[topic])
        said.append(str(raised.value))

    assert said[0] == said[1]


def test_one_of_another_shard_is_refused(good: Mapping[str, Sequence[Snapshot]]) -> None:
    """A shard knows its number."""
    for engine in ENGINES:
        with pytest.raises(Undecodable, match="of shard 0 is not of shard 1"):
            core_of(engine, ACCOUNT_COMMANDS).open(1, good[ACCOUNT_COMMANDS])


def _end(field: str, **values: int) -> Damage:
    def damage(snapshot: Any) -> Message:
        first, *others = getattr(snapshot, field)
        return snapshot._replace(**{field: (first._replace(**values), *others)})

    return damage


def _cell(table: str, column: str, value: object, row: int = 0) -> Damage:
    """Put a value into the row of a table; with None, leave the cell out."""

    def damage(snapshot: Any) -> Message:
        rows = getattr(snapshot, table)
        cells = list(getattr(rows, column))
        cells[row : row + 1] = [] if value is None else [value]
        return snapshot._replace(**{table: rows._replace(**{column: tuple(cells)})})

    return damage


def _no_answers(snapshot: Any) -> Message:
    none = tuple(() for _ in snapshot.ids.accepted)
    ids = snapshot.ids._replace(accepted=type(snapshot.ids.accepted)._make(none))
    return snapshot._replace(ids=ids)


# What both refuse.
BROKEN: Mapping[str, tuple[str, Damage]] = {
    "no edge to everyone": (ORDERS, lambda it: it._replace(to_everyone=())),
    "a chain of 33 bits": (ORDERS, _end("from_shards", chain=1 << 32)),
    "a chain below 0": (ORDERS, _end("to_shards", chain=-1)),
    "a number below 0": (ORDERS, _end("to_everyone", number=-1)),
    "a column too short": (ORDERS, _cell("orders", "price", None)),
    "no such side": (ORDERS, _cell("orders", "side", 2)),
    "two edges to accounts": (
        ACCOUNT_COMMANDS,
        lambda it: it._replace(to_accounts=it.to_accounts * 2),
    ),
    "a shard's chain of 33 bits": (ACCOUNT_COMMANDS, _end("from_books", chain=1 << 32)),
    "a shard's chain below 0": (ACCOUNT_COMMANDS, _end("to_accounts", chain=-1)),
    "an order less": (ACCOUNT_COMMANDS, _cell("orders", "hold", None)),
    "no such state": (ACCOUNT_COMMANDS, _cell("orders", "state", -1)),
    "a content of 15 bytes": (ACCOUNT_COMMANDS, _cell("ids", "content", bytes(15))),
    "answers that are not there": (ACCOUNT_COMMANDS, _no_answers),
}
# What only the native core looks at before it is asked for.
CONTRADICTING: Mapping[str, tuple[str, Damage]] = {
    "an order under another id": (ACCOUNT_COMMANDS, _cell("orders", "client_order_id", "other")),
    "an order of no symbol": (ACCOUNT_COMMANDS, _cell("orders", "instrument_id", 99)),
    "an order of a stranger": (ACCOUNT_COMMANDS, _cell("orders", "account", 1 << 40)),
    "a size that does not add up": (ACCOUNT_COMMANDS, _cell("orders", "size", LONG)),
    "an amount beyond all": (ACCOUNT_COMMANDS, _cell("orders", "filled", -(1 << 63))),
    "an id that is none": (ACCOUNT_COMMANDS, _cell("ids", "command_id", "")),
    "no symbols": (ACCOUNT_COMMANDS, lambda it: it._replace(instruments=())),
    "a price beyond all": (ORDERS, _cell("orders", "price", -(1 << 63))),
}


def _damaged(good: Mapping[str, Sequence[Snapshot]], topic: str, damage: Damage) -> bytes:
    return encode(damage(decode(good[topic][0].data, SNAPSHOT_BYTES_MAX)))


@pytest.mark.parametrize(("topic", "damage"), BROKEN.values(), ids=BROKEN)
def test_what_no_machine_is_made_of_is_refused(
    topic: str, damage: Damage, good: Mapping[str, Sequence[Snapshot]]
) -> None:
    """Whichever the engine, and before anything is changed."""
    data = _damaged(good, topic, damage)

    assert both(topic, good[topic], data) == (Seen(Undecodable), Seen(Undecodable))


@pytest.mark.parametrize(("topic", "damage"), CONTRADICTING.values(), ids=CONTRADICTING)
def test_tables_that_contradict_each_other_do_not_get_through(
    topic: str, damage: Damage, good: Mapping[str, Sequence[Snapshot]]
) -> None:
    """What would have been a failed assertion is an error that names the snapshot."""
    data = _damaged(good, topic, damage)

    assert seen("native", topic, good[topic], data) == Seen(Undecodable)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_count_that_is_a_lie_takes_no_room(
    topic: str, good: Mapping[str, Sequence[Snapshot]]
) -> None:
    """Of items, of bytes, of blocks: no room is made for what is not there."""
    data = good[topic][0].data
    most, least = b"\xfe" + b"\xff" * 8 + b"\x01", b"\xff" * 9 + b"\x01"  # 2^63 - 1 and -2^63
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for at in (HEAD_BYTES, *range(HEAD_BYTES + 1, min(len(data), 200), 7)):
        for count in (most, least, b"\x80" * 30, most * 8):
            snapshot = good[topic][0]._replace(data=data[:at] + count + data[at:])
            with suppress(Undecodable, WrongPartitions):  # a long varint may be a number
                core_of("native", topic).open(0, (snapshot,))
    after_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert after_kb - before_kb < 64 << 10


@pytest.mark.parametrize("topic", TOPICS)
@given(flips=st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(max_size=2)), min_size=1))
@example(flips=[])
@settings(max_examples=60, deadline=None)
def test_bytes_that_were_changed_are_refused_or_give_one_state(
    topic: str, flips: list[tuple[int, bytes]], good: Mapping[str, Sequence[Snapshot]]
) -> None:
    """What the reference refuses is refused; what both take and find sound is the same."""
    data = bytearray(good[topic][0].data)
    for place, new in flips:
        at = place % len(data)
        data[at : at + 1] = new  # none: a byte is lost; two: one is too many

    one, two = both(topic, good[topic], bytes(data))

    if one.refused:
        assert two.refused is one.refused
    elif not two.refused:
        assert (one.sound, one.states) == (two.sound, two.states)
