"""Records to bytes and back: Avro single-object encoding, and nothing else knows Avro.

A record is the marker C3 01, the CRC-64-AVRO fingerprint of its schema (8 bytes, little-endian),
and the Avro body. So every record names its schema, and no registry is needed. Source: Apache Avro
specification, "Single-object encoding". A reader takes what Avro allows, a longer varint or an
array in several blocks too; a writer never writes so.
"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import fastavro
from fastavro.read import LOGICAL_READERS
from fastavro.schema import fingerprint, load_schema, to_parsing_canonical_form
from fastavro.write import LOGICAL_WRITERS

from partita.schemas.converter import CLASSES, Converter, Message, Plain, named_types
from partita.schemas.errors import Undecodable, UnknownFingerprint
from partita.schemas.limits import RECORD_BYTES_MAX

AVRO = Path(__file__).parent / "avro"
MARKER = b"\xc3\x01"
HEAD_BYTES = 10


def _int128_bytes(value: int, *_: Any) -> bytes:
    # Big-endian two's complement, as few bytes as it takes: Avro's own encoding of a decimal.
    magnitude = value if value >= 0 else ~value
    return value.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True)


def _int128(value: bytes, *_: Any) -> int:
    if not 1 <= len(value) <= 16:
        raise ValueError("an int128 has 1 to 16 bytes")
    return int.from_bytes(value, "big", signed=True)


LOGICAL_WRITERS["bytes-int128"] = _int128_bytes
LOGICAL_READERS["bytes-int128"] = _int128

RECORDS = (
    "partita.commands.CommandBatch",
    "partita.orders.OrderBatch",
    "partita.orders.Tick",
    "partita.reports.ReportBatch",
    "partita.accounts.AccountEventBatch",
    "partita.feed.FeedBatch",
    "partita.feed.Ticker",
    "partita.market_data.TradeBatch",
    "partita.market_data.DepthBatch",
    "partita.market_data.BookSnapshotPart",
    "partita.market_data.Candle",
    "partita.market_data.DayTicker",
    "partita.Instrument",
    "partita.DeadLetter",
    "partita.snapshots.Chunk",
    "partita.snapshots.Manifest",
    "partita.snapshots.BookSnapshot",
    "partita.snapshots.ShardSnapshot",
    "partita.operations.WorkerStatus",
    "partita.operations.Pass",
)
# What fastavro raises on bytes that its schema could not have given.
_BROKEN = (EOFError, IndexError, KeyError, OverflowError, StopIteration, TypeError, ValueError)


class RecordSchema(NamedTuple):
    """A schema that stands alone on the log."""

    name: str
    parsed: Any  # fastavro's form, with all named types inside
    head: bytes  # marker and fingerprint
    to_plain: Callable[[Message], Plain]
    from_plain: Callable[[Plain], Message]


def _load(name: str) -> RecordSchema:
    parsed: Any = load_schema(str(AVRO / f"{name}.avsc"))
    converter = Converter(named_types(parsed, {}))
    crc = fingerprint(to_parsing_canonical_form(parsed), "CRC-64-AVRO")
    # fastavro gives the hexadecimal digits in the order of the record: little-endian.
    head = MARKER + bytes.fromhex(crc)
    return RecordSchema(name, parsed, head, converter.writers[name], converter.readers[name])


SCHEMAS = {name: _load(name) for name in RECORDS}
_BY_CLASS = {CLASSES[name]: schema for name, schema in SCHEMAS.items()}
_BY_HEAD = {schema.head: schema for schema in SCHEMAS.values()}
_ACCOUNT_EVENTS = SCHEMAS["partita.accounts.AccountEventBatch"]
# The accounts are the first field, so their schema alone reads the start of the body.
_ACCOUNTS_ONLY: Any = fastavro.parse_schema(
    {"type": "record", "name": "Accounts", "fields": _ACCOUNT_EVENTS.parsed["fields"][:1]}
)


def _plain_events(plain: Plain) -> Iterator[Plain]:
    for group in plain["groups"]:
        for _name, event in group["events"]:
            yield event


def _index_accounts(plain: Plain) -> None:
    """Put the accounts at the head, and each event's index among them in its place."""
    index: dict[int, int] = {}
    for event in _plain_events(plain):
        event["account"] = index.setdefault(event["account"], len(index))
    plain["accounts"] = list(index)


def _name_accounts(plain: Plain) -> None:
    """Put each event's account in place of its index. Raises KeyError for one out of range."""
    accounts = dict(enumerate(plain["accounts"]))
    for event in _plain_events(plain):
        event["account"] = accounts[event["account"]]


def encode(message: Message) -> bytes:
    """Return a message as the bytes of a record. An AccountEventBatch's accounts are filled in."""
    schema = _BY_CLASS[type(message)]
    plain = schema.to_plain(message)
    if schema is _ACCOUNT_EVENTS:
        _index_accounts(plain)
    out = io.BytesIO()
    out.write(schema.head)
    fastavro.schemaless_writer(out, schema.parsed, plain)
    return out.getvalue()


def knows(record: bytes) -> bool:
    """Return whether a record names a schema of this build."""
    return record[:HEAD_BYTES] in _BY_HEAD


def _schema_of(record: bytes, bytes_max: int = RECORD_BYTES_MAX) -> RecordSchema:
    if len(record) > bytes_max:
        raise Undecodable(f"{len(record)} bytes: a record has at most {bytes_max}")
    head = record[:HEAD_BYTES]
    if len(head) < HEAD_BYTES or head[:2] != MARKER:
        raise Undecodable("no Avro single-object marker")
    if (schema := _BY_HEAD.get(head)) is None:
        raise UnknownFingerprint(
            f"schema fingerprint {head[2:].hex()} is not one of this build's; upgrade it"
        )
    return schema


def decode(record: bytes, bytes_max: int = RECORD_BYTES_MAX) -> Message:
    """Return the message that a record holds; a snapshot put together may have more bytes.

    Raises:
        Undecodable: bytes that the schema they name could not have given.
        UnknownFingerprint: the schema is not one of this build's.

    """
    schema = _schema_of(record, bytes_max)
    body = io.BytesIO(record)
    body.seek(HEAD_BYTES)
    try:
        plain = fastavro.schemaless_reader(body, schema.parsed, None, return_record_name=True)
        if body.tell() != len(record):
            raise Undecodable(f"{len(record) - body.tell()} bytes are left over")
        if schema is _ACCOUNT_EVENTS:
            _name_accounts(cast("Plain", plain))
        return schema.from_plain(cast("Plain", plain))
    except _BROKEN as error:
        raise Undecodable(f"not a {schema.name}: {type(error).__name__} {error}") from error


def accounts_of(record: bytes) -> tuple[int, ...]:
    """Return the accounts an AccountEventBatch concerns, without decoding the rest.

    Raises:
        Undecodable: it is not the start of such a batch.
        UnknownFingerprint: the schema is not one of this build's.

    """
    if _schema_of(record) is not _ACCOUNT_EVENTS:
        raise Undecodable("not an AccountEventBatch")
    body = io.BytesIO(record)
    body.seek(HEAD_BYTES)
    try:
        head = cast("Plain", fastavro.schemaless_reader(body, _ACCOUNTS_ONLY, None))
    except _BROKEN as error:
        raise Undecodable(f"no accounts: {type(error).__name__} {error}") from error
    return tuple(head["accounts"])
