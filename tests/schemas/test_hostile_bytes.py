"""Bytes that nobody has written: what is decoded is a message, and all else is refused as such."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records.strategies import messages

from partita.schemas.codec import RECORDS, SCHEMAS, accounts_of, decode, encode
from partita.schemas.errors import Undecodable, UnknownFingerprint

ACCOUNT_EVENTS = "partita.accounts.AccountEventBatch"
# Where, and what stands there instead; None: it ends there.
CHANGES = st.lists(st.tuples(st.integers(0, 1 << 16), st.none() | st.integers(0, 255)), min_size=1)


def changed(record: bytes, changes: list[tuple[int, int | None]]) -> bytes:
    """Return a record with some bytes written over, or cut off."""
    for at, byte in changes:
        place = at % max(1, len(record))
        rest = b"" if byte is None else bytes([byte]) + record[place + 1 :]
        record = record[:place] + rest
    return record


def read(record: bytes) -> None:
    """Decode a record in each way; only the two errors may be raised, and what is read is kept."""
    with contextlib.suppress(Undecodable, UnknownFingerprint):
        accounts_of(record)
    try:
        message = decode(record)
    except (Undecodable, UnknownFingerprint):
        return
    again = encode(message)
    # An AccountEventBatch names the accounts of its events, and no others: then it is stable.
    once = decode(again)
    if not record.startswith(SCHEMAS[ACCOUNT_EVENTS].head):
        assert once == message
    assert encode(once) == again


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes(data: bytes) -> None:
    """With nothing right about them."""
    read(data)


@pytest.mark.parametrize("record", RECORDS)
@given(body=st.binary(max_size=200))
@settings(max_examples=40, deadline=None)
def test_any_bytes_behind_a_head(record: str, body: bytes) -> None:
    """With nothing right about them but the schema."""
    read(SCHEMAS[record].head + body)


@pytest.mark.parametrize("record", RECORDS)
@given(data=st.data(), changes=CHANGES)
@settings(max_examples=40, deadline=None)
def test_a_record_with_changed_bytes(
    record: str, data: st.DataObject, changes: list[tuple[int, int | None]]
) -> None:
    """Nearly right: the lengths, counts and places of a real record, and some that are not."""
    read(changed(encode(data.draw(messages(record))), changes))
