"""What books announce of their rules: to everyone on `book`, to each shard on `account-commands`.

The book is the judge of its rules, and what it announces is the rule. Repeats are normal, old ones
included: a matcher that starts again may say everything once more.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, Self

from partita.log.kafka.reader import Reader
from partita.log.port import Record
from partita.schemas.codec import decode
from partita.schemas.errors import Undecodable
from partita.schemas.feed import FeedBatch
from partita.schemas.instrument import Instrument
from partita.schemas.reports import ReportBatch
from partita.schemas.topics import BOOK


class Announced(NamedTuple):
    """Rules, and where they were announced."""

    partition: int
    rules: Instrument


class Announcements:
    """Follows the announcements on some partitions of a topic, from the end as of its making."""

    def __init__(self, bootstrap: str, topic: str, partitions: Sequence[int]) -> None:
        """Note where the topic stands. Raises LogUnavailable when no broker answers."""
        self._reader = Reader(bootstrap, topic)
        try:
            self.since = self._reader.ends(partitions)
        except BaseException:
            self._reader.close()
            raise
        self._reader.start(self.since)

    def read(self, symbols: Collection[str], timeout_s: float) -> Iterator[Announced]:
        """Wait at most so long for records; yield what is announced of these symbols, in order.

        Raises:
            LogError: reading cannot go on.
            UnknownFingerprint: a record is of a newer build.
        """
        return _announced(self._reader.read(timeout_s), symbols)

    def close(self) -> None:
        """Let go of the connection."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Past(NamedTuple):
    """What books have announced."""

    newest: dict[str, Instrument]  # by symbol
    whole: bool  # all was read; else there was not the time, or it is not kept any more


def announced_before(
    bootstrap: str, ends: dict[int, int], symbols: Collection[str], since_ms: int, deadline_s: float
) -> Past:
    """Return the newest rules that books have announced on `book` since a time, up to some offsets.

    It reads all that is there, so it may have to end at a deadline (of the monotonic clock).

    Raises:
        LogError: the topic cannot be read.
        UnknownFingerprint: a record is of a newer build.
    """
    newest: dict[str, Instrument] = {}
    reader = Reader(bootstrap, BOOK)
    try:
        starts = reader.offsets_at(since_ms, sorted(ends))
        kept = reader.starts(sorted(ends))
        whole = all(kept[p] == 0 or kept[p] < starts[p] for p in ends)
        for records in reader.until(starts, ends):
            for _, rules in _announced(records, symbols):
                known = newest.get(rules.symbol)
                if known is None or known.version < rules.version:
                    newest[rules.symbol] = rules
            if time.monotonic() > deadline_s:
                return Past(newest, whole=False)
    finally:
        reader.close()
    return Past(newest, whole)


def _announced(records: Iterable[Record], symbols: Collection[str]) -> Iterator[Announced]:
    names = [symbol.encode() for symbol in symbols]
    for record in records:
        # Rules name their symbol, and nothing else on these topics does: looking for its bytes
        # spares decoding all that is traded.
        if not any(name in record.value for name in names):
            continue
        try:
            message = decode(record.value)
        except Undecodable:
            continue  # no announcement: a dead letter, told of by those whose input it is
        if isinstance(message, FeedBatch | ReportBatch):
            for group in message.groups:
                for event in group.events:
                    if isinstance(event, Instrument) and event.symbol in symbols:
                        yield Announced(record.partition, event)
