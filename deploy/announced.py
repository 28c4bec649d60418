"""What books announce of their rules: to everyone on `book`, to each shard on `account-commands`.

The book is the judge of its rules, and what it announces is the rule. Repeats are normal, old ones
included: a matcher that starts again may say everything once more.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Self

from partita.log.changelog import Changelog
from partita.log.kafka.past import PastReader
from partita.log.kafka.reader import Reader
from partita.log.port import Record
from partita.schemas.codec import decode, knows
from partita.schemas.errors import Undecodable
from partita.schemas.feed import FeedBatch
from partita.schemas.instrument import Instrument
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.reports import ReportBatch
from partita.schemas.snapshots import BookSnapshot
from partita.schemas.topics import BOOK, BOOKS_CHANGELOG

# How far the clocks of two brokers may be apart: topics are searched by each broker's own.
_CLOCKS_MS = 60_000


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
    bootstrap: str, ends: Mapping[int, int], told_ms: Mapping[str, int], deadline_s: float
) -> Past:
    """Return the newest rules that books announced on `book`, by partition up to some offsets.

    `told_ms` has the symbols, with the time since when it counts for each. Where a book's snapshot
    is newer than that, reading starts there; on a long history it may end at a deadline (of the
    monotonic clock) all the same.

    Raises:
        LogError: a topic cannot be read.
        UnknownFingerprint: a record is of a newer build.
    """
    newest: dict[str, Instrument] = {}
    since_ms = dict(told_ms)
    for partition in ends:
        for symbol, (rules, time_ms) in snapshot_rules(bootstrap, partition, told_ms).items():
            newest[symbol] = rules
            since_ms[symbol] = max(since_ms[symbol], time_ms - _CLOCKS_MS)
    reader = PastReader(bootstrap, BOOK)
    try:
        starts = reader.offsets_at(max(0, min(since_ms.values())), sorted(ends))
        kept = {partition: reader.bounds(partition)[0] for partition in ends}
        whole = all(kept[p] == 0 or kept[p] < starts[p] for p in ends)
        for records in reader.between(starts, ends):
            for _, rules in _announced(records, told_ms):
                known = newest.get(rules.symbol)
                if known is None or known.version < rules.version:
                    newest[rules.symbol] = rules
            if time.monotonic() > deadline_s:
                return Past(newest, whole=False)
    finally:
        reader.close()
    return Past(newest, whole)


def snapshot_rules(
    bootstrap: str, partition: int, symbols: Collection[str]
) -> dict[str, tuple[Instrument, int]]:
    """Return the rules in the newest whole snapshots of some books, and up to when they are so.

    The time is the largest log time of what the book had taken by then, milliseconds since 1970.

    Raises:
        LogError: the changelog cannot be read.
    """
    names = [f"{symbol}/".encode() for symbol in symbols]
    reader = PastReader(bootstrap, BOOKS_CHANGELOG)
    try:
        changelog = Changelog(
            record
            for record in reader.records(partition)
            if record.key is not None and record.key.startswith(tuple(names))
        )
    finally:
        reader.close()
    found = {}
    for symbol in symbols:
        for manifest in changelog.of_machine(symbol):
            data = changelog.data(manifest)
            # Another build's is left to that; the history is longer then.
            if data is not None and knows(data):
                snapshot = decode(data, SNAPSHOT_BYTES_MAX)
                assert isinstance(snapshot, BookSnapshot), "on this topic there are only books"
                found[symbol] = snapshot.instrument, manifest.time_ms
                break
    return found


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
