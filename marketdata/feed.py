"""The public feed of one book from Kafka: as it is now, or as it goes on."""

import time
from typing import Self

from partita.log.kafka.reader import Reader
from partita.marketdata.book_feed import BookFeed, Trade
from partita.marketdata.book_replica import BookReplica
from partita.marketdata.records import batch_of
from partita.marketdata.starts import newest_starts, usable
from partita.schemas.errors import LogUnavailable
from partita.schemas.instrument import Instrument
from partita.schemas.topics import BOOK

_READ_S = 1.0  # one wait for a record that is known to be there
# A broker that restarts is back well before this; past it the caller is told.
_SILENCE_MAX_S = 15.0


class LiveBook:
    """Follows one book from its newest snapshot on; use as a context manager, or close it."""

    def __init__(self, bootstrap: str, instrument: Instrument) -> None:
        self._bootstrap = bootstrap
        self._partition = instrument.partition
        found = newest_starts(bootstrap, self._partition, [instrument.symbol])
        self._reader = Reader(bootstrap, BOOK)
        try:
            first = self._reader.starts([self._partition])[self._partition]
            start = usable(found.get(instrument.symbol), self._partition, first)
            self._feed = BookFeed(instrument, start)
            self._position = start.offset if start else 0
            self._reader.start({self._partition: self._position})
        except BaseException:
            self._reader.close()
            raise

    @property
    def replica(self) -> BookReplica:
        """The book as far as it has been read."""
        return self._feed.replica

    @property
    def number(self) -> int:
        """The number of the last feed event taken, 0 before the first."""
        return self._feed.number

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


def snapshot(bootstrap: str, instrument: Instrument) -> BookReplica:
    """Return the book of an instrument as of now.

    Raises:
        LogUnavailable: no broker answers.
        LogError: the topic cannot be read, or what the book is built from is gone.
        UnknownFingerprint: a record is of a newer build.
    """
    with LiveBook(bootstrap, instrument) as book:
        book.catch_up()
        return book.replica
