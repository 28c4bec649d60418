"""Where a worker begins with a partition: behind its snapshots, or at the first record."""

from collections.abc import Iterable
from typing import NamedTuple

from partita.log.port import Record
from partita.marketdata.book_feed import BookStart
from partita.marketdata.snapshot_records import Found, find, latest_values
from partita.schemas.errors import LogTruncated, SnapshotMissing
from partita.schemas.topics import BOOK


class Recovered(NamedTuple):
    """What the snapshots of a partition give."""

    found: dict[str, Found]  # by symbol
    starts: list[BookStart]
    offset: int  # the first record to read


def recover(partition: int, records: Iterable[Record], bounds: tuple[int, int]) -> Recovered:
    """Choose from all records of a partition of book-snapshots; bounds are those of `book`.

    Every symbol of which anything stands there must have a snapshot that can be used; otherwise
    the whole partition is read again, and the books that have one drop what they know.

    Raises:
        SnapshotMissing: the partition must be read from its beginning, and that is gone.
        LogTruncated: a snapshot knows of more than the partition holds.
    """
    latest = latest_values(records)
    found = {symbol: find(latest, symbol) for symbol in sorted({at.symbol for at in latest})}
    starts = [one.newest for one in found.values() if one.newest is not None]
    complete = bool(starts) and len(starts) == len(found)
    offset = min(start.offset for start in starts) if complete else 0
    first, end = bounds
    if first > offset:
        raise SnapshotMissing(
            f"{BOOK}/{partition} starts at offset {first}, and must be read from {offset}: no book"
            " can be built without its first events or a snapshot behind them"
        )
    if ahead := [start for start in starts if start.offset > end]:
        symbol = ahead[0].instrument.symbol
        raise LogTruncated(
            f"{BOOK}/{partition} ends at offset {end}, and the snapshot of {symbol} was made at"
            f" {ahead[0].offset}: records were lost, or the topic was made anew"
        )
    return Recovered(found, starts, offset)
