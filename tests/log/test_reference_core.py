"""The reference worker core: verdicts, parking, and one batch per destination."""

import hashlib
from collections.abc import Sequence

import pytest
from log_machines.machines import BREAKS, ECHO, TOPIC, Echo, echo_core

from partita.log import reference_core
from partita.log.core import Parked
from partita.log.port import Outgoing, Record
from partita.schemas.chain import ORDERS
from partita.schemas.codec import decode, encode
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.enums import Line
from partita.schemas.limits import DEAD_LETTER_BYTES_MAX, RECORD_BYTES_MAX
from partita.schemas.orders import CancelOrder, OrderBatch, OrderGroup, Tick

EVENTS = [CancelOrder(n, 0, 0) for n in range(1, 40)]


def value(first: int, last: int, events: Sequence[CancelOrder] = EVENTS) -> bytes:
    """Return a record of the events numbered first to last."""
    group = OrderGroup(
        1, first, ORDERS.roll(0, events[: first - 1]), tuple(events[first - 1 : last])
    )
    return encode(OrderBatch(b"", Line.A, 0, (group,)))


def records(partition: int, *values: bytes) -> list[Record]:
    """Return records from offset 0 on."""
    return [Record(partition, offset, 1_000 + offset, v) for offset, v in enumerate(values)]


def echoed(outgoing: Sequence[Outgoing]) -> list[CancelOrder]:
    """Return the events that went to the echo's destination, their numbers checked."""
    found: list[CancelOrder] = []
    for out in outgoing:
        if out.topic == ECHO:
            for group in decode(out.value).groups:
                found += group.events
    return found


def test_many_records_become_one_batch_per_destination() -> None:
    """A worker says all it has to say to a partition in one record."""
    core, _ = echo_core()
    core.open(0)

    outputs = core.apply(records(0, value(1, 2), value(3, 3), value(4, 9)))

    assert [out.topic for out in outputs.records] == [ECHO]
    assert EVENTS[:9] == echoed(outputs.records)


def test_a_repeat_a_gap_and_a_diverging_line_are_counted_and_change_nothing() -> None:
    """Each is told apart; gaps and refused lines raise an alarm."""
    core, echoes = echo_core()
    core.open(0)
    other = [CancelOrder(99, 0, 0), *EVENTS[1:]]

    outputs = core.apply(
        records(0, value(1, 2), value(1, 2), value(5, 6), value(3, 3, other), value(3, 3))
    )

    assert EVENTS[:3] == echoed(outputs.records) == echoes[0].heard
    counters = core.counters(0)
    assert (
        counters.groups_taken,
        counters.duplicates_dropped,
        counters.gaps_waited,
        counters.lines_refused,
    ) == (2, 1, 1, 1)
    assert [(a.offset, a.text.split()[0]) for a in outputs.alarms] == [(2, "gap"), (3, "test")]


@pytest.mark.parametrize(
    "bad", [b"", b"rubbish", value(1, 1)[:-1], encode(Tick(b"")), b"\xc3\x01" + bytes(7)]
)
def test_a_record_that_cannot_be_read_is_a_dead_letter_and_the_partition_goes_on(
    bad: bytes,
) -> None:
    """Keyed by where it was, with the bytes as they were; its neighbours live."""
    core, echoes = echo_core()
    core.open(2)

    outputs = core.apply(records(2, value(1, 1), bad, value(2, 2)))

    assert EVENTS[:2] == echoes[2].heard
    letter = next(out for out in outputs.records if out.topic == "dead-letters")
    assert f"{TOPIC}/2/1".encode() == letter.key
    found = decode(letter.value)
    assert isinstance(found, DeadLetter)
    assert (TOPIC, 2, 1, 1_001, bad) == (*found[:4], found.value)
    assert (len(bad), hashlib.sha256(bad).digest()) == (found.size, found.sha256)
    assert core.counters(2).dead_letters == 1
    assert not outputs.parked


def test_the_letter_of_a_record_of_any_size_is_a_legal_record() -> None:
    """It keeps the start; otherwise the letter itself could not be sent, at each restart again."""
    core, _ = echo_core()
    core.open(0)
    huge = bytes(RECORD_BYTES_MAX + (64 << 10))

    (letter,) = core.apply(records(0, huge)).records

    assert len(letter.value) <= RECORD_BYTES_MAX
    found = decode(letter.value)
    assert isinstance(found, DeadLetter)
    assert (len(huge), DEAD_LETTER_BYTES_MAX) == (found.size, len(found.value))


def test_a_record_that_fails_to_decode_takes_back_nothing_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever goes wrong with a record, what was said before stands."""
    core, _ = echo_core()
    core.open(0)
    core.open(1)

    def running_out(value: bytes) -> object:
        if value == b"much":
            raise MemoryError
        return decode(value)

    monkeypatch.setattr(reference_core, "decode", running_out)
    outputs = core.apply([*records(1, value(1, 2)), *records(0, b"much")])

    assert EVENTS[:2] == echoed(outputs.records)
    assert [0] == [parked.partition for parked in outputs.parked]


def test_an_unknown_fingerprint_stops_the_partition_and_no_other() -> None:
    """An older build has met newer data: it waits for an upgrade, it does not skip."""
    core, echoes = echo_core()
    core.open(0)
    core.open(1)

    outputs = core.apply(
        records(0, value(1, 1), b"\xc3\x01" + bytes(8), value(2, 2)) + records(1, value(1, 3))
    )

    assert [(p.partition, p.offset) for p in outputs.parked] == [(0, 1)]
    assert "upgrade" in outputs.parked[0].reason
    assert EVENTS[:1] == echoes[0].heard
    assert EVENTS[:3] == echoes[1].heard


def test_a_machine_that_fails_parks_its_partition_and_half_a_record_is_not_said() -> None:
    """What came before the record stands; of the record itself nothing goes out."""
    core, echoes = echo_core()
    core.open(0)
    core.open(1)
    before_and_in_it = value(BREAKS - 3, BREAKS + 1)

    outputs = core.apply(
        records(0, value(1, BREAKS - 4), before_and_in_it, value(BREAKS + 2, BREAKS + 3))
        + records(1, value(1, 1))
    )

    assert [Parked(0, 1, f"AssertionError: {BREAKS} at 1001")] == outputs.parked
    assert [*EVENTS[: BREAKS - 4], EVENTS[0]] == echoed(outputs.records)
    assert EVENTS[:1] == echoes[1].heard
    assert core.apply(records(0, value(BREAKS + 2, BREAKS + 3))).records == []
    assert core.next_expiry_ms(0) is None


def test_a_partition_opened_again_starts_from_nothing() -> None:
    """Starting and recovering are one code path: all machines from offset 0."""
    core, echoes = echo_core()
    core.open(0)
    core.apply(records(0, value(1, 5)))
    first: Echo = echoes[0]

    core.close(0)

    core.open(0)
    outputs = core.apply(records(0, value(1, 3), value(4, 5)))
    assert first.heard == echoes[0].heard
    assert EVENTS[:5] == echoed(outputs.records)
