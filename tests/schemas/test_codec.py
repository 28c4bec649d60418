"""Records to bytes and back, and what is no record."""

import json
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records.strategies import messages

from partita.schemas import enums
from partita.schemas.accounts import AccountEventBatch, AccountEventGroup, Answered, Balance
from partita.schemas.codec import (
    AVRO,
    HEAD_BYTES,
    RECORDS,
    SCHEMAS,
    accounts_of,
    decode,
    encode,
)
from partita.schemas.converter import CLASSES
from partita.schemas.enums import Line
from partita.schemas.errors import Undecodable, UnknownFingerprint
from partita.schemas.limits import RECORD_BYTES_MAX
from partita.schemas.orders import Tick
from partita.schemas.reasons import EXPLAINED, Reason

FILES = {path.stem: json.loads(path.read_text()) for path in AVRO.glob("*.avsc")}
ENUMS = [name for name, schema in FILES.items() if schema["type"] == "enum"]
CLASS_RECORDS = [name for name, schema in FILES.items() if schema["type"] == "record"]

EVENTS = AccountEventBatch(
    (7, 5),
    b"",
    Line.A,
    0,
    (AccountEventGroup(1, 0, 9, (Balance(7, 1, 1 << 100, 0), Answered(5, "id", 0))),),
)


def tagged(value: object) -> object:
    """Return a message with the types of its parts, because tuples of two types compare equal."""
    if isinstance(value, tuple):
        return (type(value).__name__, [tagged(part) for part in value])
    return value


@pytest.mark.parametrize(
    "record", [r for r in RECORDS if r != "partita.accounts.AccountEventBatch"]
)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_encoded_is_decoded(record: str, data: st.DataObject) -> None:
    """Every message of every record comes back as it was, types included."""
    message = data.draw(messages(record))

    assert tagged(message) == tagged(decode(encode(message)))


@given(st.lists(st.integers(1, (1 << 63) - 1), min_size=1, max_size=6))
def test_accounts_stand_at_the_head(accounts: list[int]) -> None:
    """The codec fills in the accounts, in order of first appearance, and the events keep theirs."""
    events = tuple(Balance(account, 1, account, 0) for account in accounts)
    batch = AccountEventBatch((), b"", Line.B, 3, (AccountEventGroup(1, 0, 9, events),))

    record = encode(batch)

    distinct = tuple(dict.fromkeys(accounts))
    assert distinct == accounts_of(record)
    assert batch._replace(accounts=distinct) == decode(record)


@pytest.mark.parametrize("name", CLASS_RECORDS)
def test_a_class_has_the_fields_of_its_schema(name: str) -> None:
    """Each record is a NamedTuple with the schema's fields, in its order, with fitting types."""
    plain = {"int": int, "long": int, "boolean": bool, "string": str, "bytes": bytes}
    schema, found = FILES[name], CLASSES[name]

    assert [field["name"] for field in schema["fields"]] == list(found._fields)
    hints = get_type_hints(found)
    for field in schema["fields"]:
        if isinstance(field["type"], str) and field["type"] in plain:
            assert plain[field["type"]] is hints[field["name"]], field["name"]


@pytest.mark.parametrize("name", ENUMS)
def test_an_enum_has_the_symbols_of_its_schema(name: str) -> None:
    """Each enum has the schema's symbols in the schema's order."""
    members = vars(enums).get(name.rsplit(".", 1)[1], Reason)

    assert FILES[name]["symbols"] == [str(member) for member in members]


def test_every_reason_is_explained() -> None:
    """No reason reaches a person without a text."""
    assert list(Reason) == list(EXPLAINED)


@pytest.mark.parametrize("name", sorted(FILES))
def test_everything_in_a_schema_is_documented(name: str) -> None:
    """A schema and each of its fields say what they are."""
    schema = FILES[name]

    assert schema["doc"]
    for field in schema.get("fields", ()):
        assert field["doc"], field["name"]


def test_the_fingerprint_is_avros_own() -> None:
    """The head is C3 01 and CRC-64-AVRO, little-endian, of the parsing canonical form.

    Computed here by the algorithm of the Avro specification, "Schema Fingerprints".
    """
    from fastavro.schema import to_parsing_canonical_form  # noqa: PLC0415 - the oracle's own input

    empty = 0xC15D213AA4D7A795
    table = []
    for at in range(256):
        value = at
        for _ in range(8):
            value = (value >> 1) ^ (empty & -(value & 1))
        table.append(value)
    for schema in SCHEMAS.values():
        crc = empty
        for byte in to_parsing_canonical_form(schema.parsed).encode():
            crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]

        assert b"\xc3\x01" + crc.to_bytes(8, "little") == schema.head


@given(st.binary(max_size=64))
@settings(deadline=None)
def test_bytes_without_the_marker_are_undecodable(data: bytes) -> None:
    """Rubbish is refused as such."""
    if data[:2] != b"\xc3\x01":
        with pytest.raises(Undecodable):
            decode(data)


@pytest.mark.parametrize("record", RECORDS)
@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_damaged_bodies_are_undecodable_or_another_message(
    record: str, data: st.DataObject
) -> None:
    """A known head before any body: a message, or Undecodable, and nothing else is ever raised."""
    body = data.draw(st.binary(max_size=80))
    try:
        message = decode(SCHEMAS[record].head + body)
    except Undecodable:
        return
    assert type(message) is CLASSES[record]


@given(st.integers(0, len(encode(EVENTS)) - 1))
def test_a_truncated_record_is_undecodable(size: int) -> None:
    """A record cut anywhere is refused, never read in part."""
    with pytest.raises(Undecodable):
        decode(encode(EVENTS)[:size])


def test_bytes_behind_a_record_are_refused() -> None:
    """A record is read to its last byte."""
    with pytest.raises(Undecodable, match="left over"):
        decode(encode(Tick(b"")) + b"\x00")


def test_an_unknown_fingerprint_is_told_apart() -> None:
    """A newer schema stops a reader; it is not rubbish."""
    with pytest.raises(UnknownFingerprint, match="upgrade"):
        decode(b"\xc3\x01" + bytes(8) + b"\x00")


def test_a_record_beyond_the_limit_is_refused_before_it_is_read() -> None:
    """Lengths are bounded before anything is allocated."""
    with pytest.raises(Undecodable, match="at most"):
        decode(SCHEMAS["partita.orders.Tick"].head + bytes(RECORD_BYTES_MAX))


def test_an_account_index_out_of_range_is_undecodable() -> None:
    """An event of an account that is not at the head is refused, a negative index too."""
    record = encode(EVENTS)
    index_of_answered = record.rindex(b"\x02\x04id")
    for index in (b"\x04", b"\x01"):
        broken = record[:index_of_answered] + index + record[index_of_answered + 1 :]
        with pytest.raises(Undecodable):
            decode(broken)


def test_bytes_are_the_same_in_every_process() -> None:
    """Neither hash seed nor process shows in a record."""
    program = (
        "import sys; from partita.schemas.codec import decode, encode;"
        "print(encode(decode(bytes.fromhex(sys.argv[1]))).hex())"
    )
    root = Path(__file__).parents[2]
    seen = {
        subprocess.run(
            [sys.executable, "-c", program, encode(EVENTS).hex()],
            env={"PYTHONHASHSEED": seed},
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert {encode(EVENTS).hex()} == seen


def test_the_head_is_ten_bytes() -> None:
    """Marker and fingerprint."""
    assert {HEAD_BYTES} == {len(schema.head) for schema in SCHEMAS.values()}
