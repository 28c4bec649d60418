"""Records of `book`: what is no batch is passed over with a warning, what is newer is not."""

import logging

import pytest
from books.make import INSTRUMENT

from partita.log.port import Record
from partita.marketdata.records import batch_of
from partita.schemas.codec import encode
from partita.schemas.enums import Line
from partita.schemas.errors import UnknownFingerprint
from partita.schemas.feed import FeedBatch, FeedGroup

BATCH = FeedBatch(b"", Line.A, (FeedGroup(7, 1, 0, 1_000, (INSTRUMENT,)),))


def record(value: bytes) -> Record:
    """Return bytes as a record."""
    return Record(1, 42, 1_000, value)


def test_batch_is_read() -> None:
    """What a matcher writes is what a reader gets."""
    expected = BATCH
    assert expected == batch_of(record(encode(BATCH)))


@pytest.mark.parametrize("value", [b"", b"rubbish", encode(BATCH)[:-1], encode(INSTRUMENT)])
def test_what_is_no_batch_is_passed_over(value: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """It is told where it stands, and reading goes on."""
    with caplog.at_level(logging.WARNING, "partita.marketdata"):
        assert batch_of(record(value)) is None
    assert "book/1@42 passed over" in caplog.text


def test_batch_of_a_newer_build_stops_the_reader() -> None:
    """An unknown schema is not guessed at."""
    value = encode(BATCH)
    with pytest.raises(UnknownFingerprint):
        batch_of(record(value[:2] + bytes(8) + value[10:]))
