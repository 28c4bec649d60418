"""The edges that leave a book: reports to each shard, and the public feed."""

from partita.log.outbox import Stream
from partita.schemas import chain
from partita.schemas.enums import Line
from partita.schemas.feed import FeedBatch, FeedGroup
from partita.schemas.reports import ReportBatch, ReportGroup
from partita.schemas.topics import ACCOUNT_COMMANDS, BOOK


def reports(line: Line) -> Stream:
    """Return the stream of reports; an edge is named by the book's instrument_id."""
    return Stream(
        ACCOUNT_COMMANDS,
        0,
        chain.REPORTS,
        lambda instrument_id, first, before, _time_ms, events: ReportGroup(
            instrument_id, first, before, events
        ),
        lambda groups: ReportBatch(b"", line, groups),
    )


def feed(line: Line) -> Stream:
    """Return the stream of the public feed; an edge is named by the book's instrument_id."""
    return Stream(BOOK, 0, chain.FEED, FeedGroup, lambda groups: FeedBatch(b"", line, groups))
