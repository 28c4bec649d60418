"""What a record is, for a person who has to decide about it."""

import hashlib

from partita.deploy.operate.describe import describe
from partita.log.port import Record
from partita.schemas.codec import encode
from partita.schemas.enums import Line
from partita.schemas.orders import CancelOrder, OrderBatch, OrderGroup, Tick

UNKNOWN = b"\xc3\x01" + b"\x07" * 8


def record(value: bytes) -> Record:
    """Return a record with this value."""
    return Record(0, 7, 1_000, value)


def test_events_are_shown_with_their_numbers() -> None:
    """Who should have taken them waits for those; so many that a person reads them."""
    events = tuple(CancelOrder(order_id, 2, 3) for order_id in range(11, 18))
    value = encode(OrderBatch(b"", Line.A, 0, (OrderGroup(1, 21, 0, events),)))

    found = describe(record(value))

    assert ("OrderBatch", len(value), 1_000, True) == (
        found.kind,
        found.size,
        found.time_ms,
        found.numbered,
    )
    assert hashlib.sha256(value).digest() == found.sha256
    assert "21: CancelOrder(order_id=11, account=2, request=3)" == found.holds[0]
    assert ["... and 2 more"] == found.holds[5:]


def test_what_has_no_numbers_is_missed_by_nobody() -> None:
    """A tick is a record by itself."""
    found = describe(record(encode(Tick(b""))))

    assert ("Tick", ["Tick(seal=b'')"], False) == (found.kind, found.holds, found.numbered)


def test_bytes_of_an_unknown_schema_are_shown_as_bytes() -> None:
    """With why they cannot be read, and as many as tell what they are."""
    found = describe(record(UNKNOWN + b"x" * 200))

    assert "cannot be read: schema fingerprint 0707070707070707" in found.kind
    assert ([], False) == (found.holds, found.numbered)
    assert (UNKNOWN + b"x" * 54, 210) == (found.head, found.size)
