"""The chain of an edge."""

from zlib import crc32

from hypothesis import given, settings
from hypothesis import strategies as st
from records.strategies import messages

from partita.schemas import chain
from partita.schemas.enums import InstrumentStatus, Outcome
from partita.schemas.feed import Done
from partita.schemas.instrument import Instrument
from partita.schemas.orders import CancelOrder, OrderBatch
from partita.schemas.reasons import Reason
from partita.schemas.reports import Done as DoneReport


def _q(*values: int) -> bytes:
    return b"".join(value.to_bytes(8, "little", signed=True) for value in values)


def test_an_event_of_integers_is_laid_out_as_documented() -> None:
    """One byte of place in the union, then time and fields, 8 bytes each, little-endian."""
    expected = crc32(b"\x01" + _q(0, 4, -5, 6))

    assert expected == chain.ORDERS.roll(0, [CancelOrder(4, -5, 6)])


def test_enums_count_by_their_place() -> None:
    """A symbol counts as its number in the schema; the time of the group is in front."""
    outcomes, reasons = list(Outcome), list(Reason)
    expected = crc32(b"\x03" + _q(77, 1, outcomes.index(Outcome.EXPIRED), 9))
    report = crc32(
        b"\x03" + _q(0, 1, outcomes.index(Outcome.EXPIRED), reasons.index(Reason.REQUESTED), 9, 2)
    )

    assert expected == chain.FEED.roll(0, [Done(1, Outcome.EXPIRED, 9)], 77)
    assert report == chain.REPORTS.roll(0, [DoneReport(1, Outcome.EXPIRED, Reason.REQUESTED, 9, 2)])


def test_strings_carry_their_length() -> None:
    """A string is 8 bytes of length and its UTF-8."""
    listing = Instrument(
        1, 2, "B-Q", 3, InstrumentStatus.HALTED, 4, "B", 5, 6, "Q", 7, 8, 9, 10, 11, 12, 13, 14, 15
    )
    expected = crc32(
        b"\x06"
        + _q(0, 1, 2, 3)
        + b"B-Q"
        + _q(3, 1, 4, 1)
        + b"B"
        + _q(5, 6, 1)
        + b"Q"
        + _q(7, 8, 9, 10, 11, 12, 13, 14, 15)
    )

    assert expected == chain.REPORTS.roll(0, [listing])


@given(messages("partita.orders.OrderBatch"), st.integers(0, 4))
@settings(max_examples=80, deadline=None)
def test_a_chain_does_not_see_where_batches_are_cut(batch: OrderBatch, at: int) -> None:
    """Rolling in two steps is rolling in one."""
    for group in batch.groups:
        halfway = chain.ORDERS.roll(group.chain & 0xFFFFFFFF, group.events[:at])

        assert chain.ORDERS.roll(group.chain & 0xFFFFFFFF, group.events) == chain.ORDERS.roll(
            halfway, group.events[at:]
        )


@given(st.integers(0, 2), st.integers(-(1 << 63), (1 << 63) - 1))
def test_any_field_changes_the_chain(field: int, value: int) -> None:
    """Two events that differ in one field have two chains."""
    one = CancelOrder(1, 2, 3)
    other = CancelOrder(*[value if at == field else x for at, x in enumerate(one)])

    assert (one == other) == (chain.ORDERS.roll(0, [one]) == chain.ORDERS.roll(0, [other]))
