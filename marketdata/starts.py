"""Where a reader of books starts: their newest snapshots on the log, and the feed behind them."""

from collections.abc import Iterable, Iterator, Sequence

from partita.log.kafka.past import PastReader
from partita.log.port import Record
from partita.marketdata.book_feed import BookFeed, BookStart
from partita.marketdata.records import batch_of
from partita.marketdata.snapshot_records import Place, find, latest_values
from partita.schemas.errors import TopicUnfit
from partita.schemas.instrument import Instrument
from partita.schemas.topics import BOOK, BOOK_SNAPSHOTS

# How far back the first look goes, in records, and by how much more each further one. A book that
# moves is among the last; what compaction has not yet removed is not read for nothing.
_FIRST_LOOK = 64
_WIDER = 8


def looks_back(reader: PastReader, partition: int) -> Iterator[list[Record]]:
    """Yield the last records of a partition, then those before them, ever more, to the first.

    Raises:
        LogUnavailable: no broker answers.
        LogError: the topic cannot be read.
    """
    first, high = reader.bounds(partition)
    look = _FIRST_LOOK
    while high > first:
        low = max(first, high - look)
        yield [
            record
            for some in reader.between({partition: low}, {partition: high})
            for record in some
        ]
        look, high = look * _WIDER, low


def newest_starts(bootstrap: str, partition: int, symbols: Iterable[str]) -> dict[str, BookStart]:
    """Return the newest whole snapshot of each of these books, or one hardly older.

    A book without any is left out.

    Raises:
        LogUnavailable: no broker answers.
        LogError: the topic cannot be read.
    """
    reader = PastReader(bootstrap, BOOK_SNAPSHOTS)
    wanted, found = set(symbols), dict[str, BookStart]()
    latest: dict[Place, Record] = {}
    try:
        for records in looks_back(reader, partition):
            # What was read before is newer.
            latest = latest_values(records) | latest
            for symbol in wanted - found.keys():
                if (newest := find(latest, symbol).newest) is not None:
                    found[symbol] = newest
            if found.keys() == wanted:
                break
    finally:
        reader.close()
    return found


def usable(start: BookStart | None, partition: int, first: int) -> BookStart | None:
    """Return the start if the feed behind it is there, where `book` begins at an offset.

    Raises:
        TopicUnfit: it is not, and the feed is not there from its beginning either.
    """
    if start is not None and start.offset >= first:
        return start
    if first:
        raise TopicUnfit(
            f"{BOOK}/{partition} starts at offset {first}: its first records are gone, and a book"
            " cannot be built without them or a snapshot behind them"
        )
    return None


def books_now(
    bootstrap: str, partition: int, instruments: Sequence[Instrument]
) -> dict[int, BookFeed]:
    """Return these books of one partition as of the call or later, by instrument_id.

    Raises:
        LogUnavailable: no broker answers.
        LogError: a topic cannot be read, or what a book is built from is gone.
        UnknownFingerprint: a record is of a newer build.
    """
    starts = newest_starts(bootstrap, partition, [rules.symbol for rules in instruments])
    reader = PastReader(bootstrap, BOOK)
    try:
        first, end = reader.bounds(partition)
        feeds, low = {}, end
        for rules in instruments:
            start = usable(starts.get(rules.symbol), partition, first)
            feeds[rules.instrument_id] = BookFeed(rules, start)
            low = min(low, start.offset if start else first)
        for records in reader.between({partition: low}, {partition: end}):
            for record in records:
                _take(feeds, record)
    finally:
        reader.close()
    return feeds


def _take(feeds: dict[int, BookFeed], record: Record) -> None:
    if (batch := batch_of(record)) is None:
        return
    for group in batch.groups:
        if (feed := feeds.get(group.instrument_id)) is not None:
            feed.take_group(group, batch.line)
