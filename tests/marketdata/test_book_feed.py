"""The feed of a book: repeats, copies, cuts and gaps make no difference to the replica."""

from random import Random

import pytest
from books.flow import flow
from books.make import INSTRUMENT, limit

from partita.log.edges import OutEdge
from partita.marketdata.book_feed import BookFeed, Trade
from partita.matchers.publish import feed_events
from partita.matchers.reference import ReferenceBook
from partita.schemas.chain import FEED
from partita.schemas.enums import Line, Side
from partita.schemas.feed import FeedBatch, FeedEvent, FeedGroup

OTHER = INSTRUMENT._replace(instrument_id=8, symbol="BBB-USD")


class Writer:
    """Numbers events as a book does."""

    def __init__(self, instrument_id: int = INSTRUMENT.instrument_id) -> None:
        self.instrument_id = instrument_id
        self.edge = OutEdge()

    def group(self, time_ms: int, events: list[FeedEvent]) -> FeedGroup:
        """Return events as a group."""
        number, chain = self.edge.state()
        for event in events:
            self.edge.put(FEED, event, time_ms)
        return FeedGroup(self.instrument_id, number + 1, chain, time_ms, tuple(events))


def batch(*groups: FeedGroup, line: Line = Line.A) -> FeedBatch:
    """Return groups as a batch."""
    return FeedBatch(b"", line, groups)


def history(seed: int, steps: int) -> tuple[ReferenceBook, list[FeedGroup]]:
    """Return a book after a flow, and all that it told."""
    book, writer, groups = ReferenceBook(INSTRUMENT), Writer(), []
    for step in flow(seed, steps):
        told = list(feed_events(book.apply(step.event, step.time_ms)))
        if told:
            groups.append(writer.group(book.time_ms, told))
    return book, groups


def assert_same(book: ReferenceBook, feed: BookFeed) -> None:
    """Assert that a replica is the book."""
    feed.replica.check()
    for side in Side:
        levels = [tuple(level) for level in book.depth(side, 1_000)]
        assert levels == [tuple(level) for level in feed.replica.depth(side, 1_000)]
    assert feed.trouble == ""


@pytest.mark.parametrize("seed", range(5))
def test_two_lines_in_any_interleaving_give_the_book_and_each_trade_once(seed: int) -> None:
    """Two copies, each cut and repeated as it likes, are one feed."""
    book, groups = history(seed, 500)
    random, feed, trades = Random(seed), BookFeed(INSTRUMENT), list[Trade]()
    positions = dict.fromkeys(Line, 0)
    while min(positions.values()) < len(groups):
        line = random.choice(list(Line))
        start = max(0, positions[line] - random.randint(0, 3))  # what a restarted line repeats
        positions[line] = max(positions[line], min(len(groups), start + random.randint(1, 5)))
        trades += feed.take(batch(*groups[start : positions[line]], line=line))
    assert_same(book, feed)
    assert trades
    assert [trade.trade_id for trade in trades] == list(range(1, book.last_trade[0] + 1))


def test_group_that_is_known_in_part_gives_only_the_rest() -> None:
    """A sender that cuts its batches otherwise after a restart repeats nothing."""
    writer, again, feed = Writer(), Writer(), BookFeed(INSTRUMENT)
    book = ReferenceBook(INSTRUMENT)
    told = [
        told
        for order_id in (1, 2, 3)
        for told in feed_events(book.apply(limit(order_id, Side.BUY, 5, 100), 1_000))
    ]
    feed.take(batch(writer.group(1_000, told[:1])))
    feed.take(batch(again.group(1_000, told)))
    assert feed.number == 3
    assert_same(book, feed)


def test_trades_carry_the_books_time_and_the_takers_side() -> None:
    """A trade is given as everyone sees it."""
    book, writer, feed = ReferenceBook(INSTRUMENT), Writer(), BookFeed(INSTRUMENT)
    trades = []
    for time_ms, order in (
        (1_000, limit(1, Side.SELL, 5, 100)),
        (1_007, limit(2, Side.BUY, 3, 101)),
    ):
        told = list(feed_events(book.apply(order, time_ms)))
        trades += feed.take(batch(writer.group(book.time_ms, told)))
    expected = [Trade(1_007, 1, Side.BUY, 100, 3)]
    assert expected == trades


def test_gap_waits_for_the_missing_number_and_says_so() -> None:
    """Nothing behind a gap is taken until what is missing has come."""
    book, groups = history(1, 50)
    feed = BookFeed(INSTRUMENT)
    feed.take(batch(groups[0]))
    number = feed.number
    assert feed.take(batch(*groups[2:])) == []
    assert feed.number == number
    assert f"event {number + 1} is missing" in feed.trouble
    feed.take(batch(*groups, line=Line.B))
    assert_same(book, feed)


def test_line_with_another_past_is_refused_and_the_other_goes_on() -> None:
    """A line that once told something else is not believed any more."""
    book, groups = history(2, 50)
    feed = BookFeed(INSTRUMENT)
    feed.take(batch(*groups[:10]))
    number = feed.number
    feed.take(batch(groups[10]._replace(chain=groups[10].chain ^ 1), line=Line.B))
    assert feed.number == number
    assert "line B differs" in feed.trouble
    feed.take(batch(*groups[10:]))
    assert_same(book, feed)


def test_other_books_of_the_partition_are_not_its_concern() -> None:
    """The same numbers of another book on the same partition change nothing."""
    book, groups = history(3, 100)
    feed = BookFeed(INSTRUMENT)
    other = Writer(OTHER.instrument_id)
    for group in groups:
        feed.take(batch(other.group(1_000, [OTHER]), group, other.group(1_001, [OTHER])))
        assert feed.number == group.first + len(group.events) - 1
    assert_same(book, feed)
