"""Records of the public topics, as what they hold."""

import logging
from typing import TypeVar

from partita.log.port import Record
from partita.schemas.codec import decode
from partita.schemas.errors import Undecodable
from partita.schemas.feed import FeedBatch
from partita.schemas.topics import BOOK

_LOGGER = logging.getLogger("partita.marketdata")

Wanted = TypeVar("Wanted")


def message_of(record: Record, topic: str, kinds: tuple[type[Wanted], ...]) -> Wanted | None:
    """Return the message in a record; None, and a warning, for what is none of these kinds.

    Raises:
        UnknownFingerprint: it is of a newer build.
    """
    where = f"{topic}/{record.partition}@{record.offset}"
    try:
        message = decode(record.value)
    except Undecodable as error:
        _LOGGER.warning("%s passed over: %s", where, error)
        return None
    if not isinstance(message, kinds):
        _LOGGER.warning("%s passed over: a %s", where, type(message).__name__)
        return None
    return message


def batch_of(record: Record) -> FeedBatch | None:
    """Return the batch in a record of `book`; None, and a warning, for what is none.

    It is no part of the feed then: a book's own events that were lost so would show as a gap.

    Raises:
        UnknownFingerprint: it is of a newer build.
    """
    return message_of(record, BOOK, (FeedBatch,))
