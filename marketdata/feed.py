"""The public feed of one book from Kafka: as it is now, or as it goes on."""

import logging
import time
from typing import Self

from partita.log.kafka.reader import Reader
from partita.log.port import Record
from partita.marketdata.book_feed import BookFeed, Trade
from partita.marketdata.book_replica import BookReplica
from partita.schemas.codec import decode
from partita.schemas.errors import LogUnavailable, TopicUnfit, Undecodable
from partita.schemas.feed import FeedBatch
from partita.schemas.instrument import Instrument
from partita.schemas.topics import BOOK

_LOGGER = logging.getLogger("partita.marketdata")

_READ_S = 1.0  # one wait for a record that is known to be there
# A broker that restarts is back well before this; past it the caller is told.
_SILENCE_MAX_S = 15.0


class LiveBook:
    """Follows one book from its first event on; use as a context manager, or close it."""

    def __init__(self, bootstrap: str, instrument: Instrument) -> None:
        self._feed = BookFeed(instrument)
        self._bootstrap = bootstrap
        self._partition = instrument.partition
        self._reader = Reader(bootstrap, BOOK)
        self._position = 0
        try:
            self._start()
        except BaseException:
            self._reader.close()
            raise

    def _start(self) -> None:
        # Until there are book snapshots, a book can only be told from its beginning.
        if first := self._reader.starts([self._partition])[self._partition]:
            raise TopicUnfit(
                f"{BOOK}/{self._partition} starts at offset {first}: its first records are gone,"
                " and the book cannot be built without them"
            )
        self._reader.start({self._partition: 0})

    @property
    def replica(self) -> BookReplica:
        """The book as far as it has been read."""
        return self._feed.replica

    @property
    def trouble(self) -> str:
        """What keeps new events from being taken, in words; empty when nothing does."""
        return self._feed.trouble

    def read(self, timeout_s: float) -> list[Trade]:
        """Wait for records at most so long, apply what is there, return the trades in order.

        Raises:
            LogError: reading cannot go on.
            UnknownFingerprint: a record is of a newer build.
        """
        trades: list[Trade] = []
        for record in self._reader.read(timeout_s):
            if (batch := batch_of(record)) is not None:
                trades.extend(self._feed.take(batch))
            self._position = record.offset + 1
        return trades

    def catch_up(self) -> list[Trade]:
        """Read up to the end of the partition as of now; return the trades in order.

        Raises:
            LogUnavailable: no record came for some time.
            LogError: reading cannot go on.
            UnknownFingerprint: a record is of a newer build.
        """
        end = self._reader.ends([self._partition])[self._partition]
        trades: list[Trade] = []
        heard_s = time.monotonic()
        while (before := self._position) < end:
            trades.extend(self.read(_READ_S))
            now_s = time.monotonic()
            if self._position > before:
                heard_s = now_s
            elif now_s - heard_s > _SILENCE_MAX_S:
                raise LogUnavailable(
                    f"no record of {BOOK}/{self._partition} from {self._bootstrap} in"
                    f" {_SILENCE_MAX_S:.0f} s, at offset {self._position} of {end}"
                )
        return trades

    def close(self) -> None:
        """Let go of the connection."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def batch_of(record: Record) -> FeedBatch | None:
    """Return the batch in a record; None, and a warning, for what is none.

    It is no part of the feed then: a book's own events that were lost so would show as a gap.

    Raises:
        UnknownFingerprint: it is of a newer build.
    """
    where = f"{BOOK}/{record.partition}@{record.offset}"
    try:
        message = decode(record.value)
    except Undecodable as error:
        _LOGGER.warning("%s passed over: %s", where, error)
        return None
    if not isinstance(message, FeedBatch):
        _LOGGER.warning("%s passed over: a %s", where, type(message).__name__)
        return None
    return message


def snapshot(bootstrap: str, instrument: Instrument) -> BookReplica:
    """Return the book of an instrument as of now.

    Raises:
        LogUnavailable: no broker answers.
        LogError: the topic cannot be read, or not from its beginning.
        UnknownFingerprint: a record is of a newer build.
    """
    with LiveBook(bootstrap, instrument) as book:
        book.catch_up()
        return book.replica
