"""What has ended is unknown at once; when its row is dropped is for nobody to see."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_support.reuse import Reuse
from ledger_support.world import CANCEL, INQUIRE, NOW, PLACE, Desk, typed

from partita.ledger.reference import ReferenceShard
from partita.ledger.reference import memory as memory_module
from partita.ledger.reference.memory import Memory
from partita.ledger.state import Answer
from partita.schemas.accounts import OrderStatus, Received, Rejected
from partita.schemas.limits import ID_MARGIN_MS
from partita.schemas.reasons import Reason

_END_MS = PLACE.valid_until_ms + ID_MARGIN_MS
_AT_ONCE = memory_module._FORGOTTEN_AT_ONCE  # noqa: SLF001 - the bound is what is tested


class _Eager(Memory):
    """Drops all that has ended at once."""

    __slots__ = ()

    def forget(self) -> Iterator[Answer]:
        while self.ended():
            yield from super().forget()


class _Never(Memory):
    """Drops nothing."""

    __slots__ = ()

    def forget(self) -> Iterator[Answer]:
        return iter(())


def _shard(memory: Memory) -> ReferenceShard:
    shard = ReferenceShard(0, 2)
    shard._ledger.memory = memory  # noqa: SLF001 - another pace, the same shard
    return shard


def _waiting(shard: object) -> int:
    """Return how many rows have ended and not been dropped."""
    assert isinstance(shard, ReferenceShard)
    return len(shard._ledger.memory.ended())  # noqa: SLF001 - nothing else can tell


def _desk(count: int = 0) -> tuple[Desk, list[int]]:
    """Return a desk with so many orders that are done, of which all will have ended at _END_MS."""
    desk = Desk()
    desk.fund()
    order_ids = []
    for number in range(count):
        order_id = desk.placed(PLACE._replace(command_id=f"p{number}"))
        desk.cancelled(order_id, 10)
        order_ids.append(order_id)
    return desk, order_ids


def test_after_a_pause_each_command_drops_a_few_rows() -> None:
    """All have ended at once; and all have been dropped some commands later."""
    desk, _ = _desk(100)
    desk.time_ms = _END_MS + 10**9
    for dropped in range(_AT_ONCE, 100 + _AT_ONCE, _AT_ONCE):
        desk.events(CANCEL)  # expired, so not remembered
        assert _waiting(desk.shard) == max(0, 100 - dropped)
        state = desk.shard.snapshot()
        assert (len(state.orders), len(state.ids)) == (0, 1)  # a transfer's id


def test_a_few_are_dropped_though_time_stands_still() -> None:
    """What is due after a pause is caught up with while the time of the machine is the same."""
    desk, _ = _desk(20)
    desk.time_ms = _END_MS + 1
    for _ in range(3):
        desk.events(CANCEL._replace(valid_until_ms=0))
        desk.time_ms = NOW
    assert _waiting(desk.shard) == 0


@pytest.mark.usefixtures("shard_engine")
def test_an_ended_order_is_unknown_before_it_is_dropped() -> None:
    """By its id and by its client's, to whoever asks, and to a repeat."""
    desk, order_ids = _desk(100)
    desk.time_ms = _END_MS
    until_ms = _END_MS + 1_000
    inquire = INQUIRE._replace(valid_until_ms=until_ms)
    assert isinstance(desk.events(inquire._replace(order_id=order_ids[50]))[0], OrderStatus)
    desk.time_ms += 1
    unknown = Rejected(2, "i1", Reason.UNKNOWN_ORDER, 0, repeated=False)
    for number in (99, 0, 50):  # some of them are not dropped yet, whatever the order
        assert (unknown,) == desk.events(inquire._replace(order_id=order_ids[number]))
        assert (unknown,) == desk.events(inquire._replace(client_order_id=f"p{number}"))
        cancel = CANCEL._replace(command_id=f"c{number}", valid_until_ms=until_ms)
        refused = unknown._replace(command_id=f"c{number}")
        assert (refused,) == desk.events(cancel._replace(order_id=order_ids[number]))
    state = desk.shard.snapshot()
    assert state.orders == ()
    assert [row.command_id for row in state.ids[:-1]] == ["c0", "c50", "c99"]


@pytest.mark.usefixtures("shard_engine")
def test_an_ended_id_is_a_new_command_before_it_is_dropped() -> None:
    """The new one is remembered for as long as any, and has nothing of the old."""
    desk, order_ids = _desk(100)
    desk.time_ms = _END_MS + 1
    again = [
        PLACE._replace(command_id=f"p{number}", valid_until_ms=desk.time_ms + 20_000, size=11)
        for number in (99, 0, 50)
    ]
    received = [desk.run(place).events[0] for place in again]
    for number, first in enumerate(received, len(order_ids) + 1):
        assert isinstance(first, Received)
        assert (first.order_id, first.repeated) == (2 * number, False)
    for _ in range(20):
        desk.events(CANCEL)  # the old ones are dropped
    for place, first in zip(again, received, strict=True):
        assert isinstance(first, Received)
        assert typed((first._replace(repeated=True),)) == typed(desk.events(place))
    assert len(desk.shard.snapshot().orders) == len(again)
    desk.cancelled(2 * len(order_ids) + 2, 11)
    desk.time_ms += 10**9
    desk.events(CANCEL)
    assert len(desk.shard.snapshot().orders) == len(again) - 1


@pytest.mark.usefixtures("shard_engine")
def test_what_is_overdue_in_a_snapshot_has_ended() -> None:
    """No engine writes it; both read it as if it were not there."""
    desk, _ = _desk(3)
    state = desk.shard.snapshot()
    later = state._replace(time_ms=_END_MS + 1)
    desk.shard.restore(later)
    desk.shard.check()
    restored = desk.shard.snapshot()
    assert restored == later._replace(orders=(), ids=later.ids[:1])
    desk.time_ms = later.time_ms
    desk.events(CANCEL)
    assert restored == desk.shard.snapshot()


@given(seed=st.integers(0, 1 << 32), steps=st.integers(1, 400))
@settings(max_examples=30, deadline=None)
def test_when_rows_are_dropped_is_not_seen(seed: int, steps: int) -> None:
    """All at once, a few at a time, or never: the same answers, values and hashes."""
    shards = [_shard(memory()) for memory in (Memory, _Eager, _Never)]
    flow = Reuse(seed, shards)
    for step in range(steps):
        flow.step()
        if step % 20 == 0:
            flow.agree()
    flow.agree()
    assert _waiting(shards[1]) == 0


def test_the_flow_uses_ids_anew_and_falls_behind() -> None:
    """So that the test above has something to see."""
    shard = ReferenceShard(0, 2)
    flow = Reuse(1, [shard])
    behind = 0
    for _ in range(2_000):
        flow.step()
        behind = max(behind, _waiting(shard))
    assert flow.used_anew > 20
    assert behind > 8 * _AT_ONCE
