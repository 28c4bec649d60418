"""The replica is the book: whatever happens there, its public part is the same here."""

import pytest
from books.flow import Step, flow, flows
from books.make import HALTED, INSTRUMENT, behind, limit, market, other
from hypothesis import given

from partita.marketdata.book_replica import BookReplica
from partita.matchers.abc import Book
from partita.matchers.publish import feed_events
from partita.matchers.reference import ReferenceBook
from partita.schemas import feed
from partita.schemas.enums import Outcome, SelfTrade, Side
from partita.schemas.orders import AmendOrder, NewOrder, OrderEvent

SIDES = pytest.mark.parametrize("side", list(Side))
TIME_MS = 1_000


def follow(replica: BookReplica, book: Book, event: OrderEvent, time_ms: int = TIME_MS) -> None:
    """Let a book apply an event, and the replica what it tells everyone."""
    for told in feed_events(book.apply(event, time_ms)):
        replica.apply(told)
    replica.check()


def queue(book: Book, side: Side) -> list[tuple[int, Side, int, int]]:
    """Return a book's own orders of a side as the replica gives them: by priority."""
    sign = -1 if side is Side.BUY else 1
    orders = [order for order in book.snapshot().orders if order.side is side]
    orders.sort(key=lambda order: (sign * order.price, order.arrival))
    return [(o.order_id, o.side, o.price, o.remaining) for o in orders]


def assert_same(book: Book, replica: BookReplica) -> None:
    """Assert that levels, queues, BBO and last trade are the book's."""
    for side in Side:
        levels = [tuple(level) for level in book.depth(side, 1_000)]
        assert levels == [tuple(level) for level in replica.depth(side, 1_000)]
        assert queue(book, side) == replica.orders(side)
    assert (book.best(Side.BUY), book.best(Side.SELL)) == (replica.best_bid, replica.best_ask)
    last = replica.last_trade
    assert book.last_trade == ((last.trade_id, last.price, last.size) if last else (0, 0, 0))


def run(steps: list[Step]) -> BookReplica:
    """Follow a flow, comparing after each input."""
    book, replica = ReferenceBook(INSTRUMENT), BookReplica(INSTRUMENT)
    for step in steps:
        follow(replica, book, step.event, step.time_ms)
        assert_same(book, replica)
    return replica


@given(flows)
def test_follows_the_book_through_any_flow(steps: list[Step]) -> None:
    """After each input of any kind the replica has the book's levels, queues and last trade."""
    run(steps)


@pytest.mark.parametrize("seed", range(5))
def test_follows_the_book_for_long(seed: int) -> None:
    """Thousands of inputs leave no difference behind."""
    assert run(flow(seed, 3_000)).last_trade is not None


@SIDES
def test_amended_order_that_takes_stays_where_it_was_until_it_rests_again(side: Side) -> None:
    """A reader sees the trades of an amended order, then its new place, and no crossed book."""
    book, replica = ReferenceBook(INSTRUMENT), BookReplica(INSTRUMENT)
    follow(replica, book, limit(1, other(side), 3, behind(side, 0)))
    follow(replica, book, limit(2, side, 5, behind(side, 4)))
    follow(replica, book, AmendOrder(2, 102, behind(side, 0), 5, 10_000, 1))
    assert [(2, side, behind(side, 0), 2)] == replica.orders(side)
    assert replica.orders(other(side)) == []
    assert_same(book, replica)


@SIDES
def test_incoming_order_that_self_trade_prevention_decreases_opens_as_a_new_one(side: Side) -> None:
    """An order that was never in the book is told as opened, not as changed."""
    book, replica = ReferenceBook(INSTRUMENT), BookReplica(INSTRUMENT)
    follow(replica, book, limit(1, other(side), 3, 100, account=9))
    follow(replica, book, limit(2, side, 5, 100, account=9, self_trade=SelfTrade.DC))
    assert [(2, side, 100, 2)] == replica.orders(side)
    assert_same(book, replica)


@SIDES
def test_less_size_keeps_the_place_and_more_loses_it(side: Side) -> None:
    """Orders of one price stand as the book has them after amends both ways."""
    book, replica = ReferenceBook(INSTRUMENT), BookReplica(INSTRUMENT)
    for order_id in (1, 2, 3):
        follow(replica, book, limit(order_id, side, 5, 100))
    follow(replica, book, AmendOrder(1, 101, 100, 4, 0, 1))
    follow(replica, book, AmendOrder(2, 102, 100, 6, 10_000, 2))
    assert [order.order_id for order in replica.orders(side)] == [1, 3, 2]
    assert_same(book, replica)


@SIDES
def test_market_order_sweeps_levels(side: Side) -> None:
    """A sweep takes level after level; what is left of the last one stays."""
    book, replica = ReferenceBook(INSTRUMENT), BookReplica(INSTRUMENT)
    for order_id in (1, 2, 3):
        follow(replica, book, limit(order_id, other(side), 2, behind(other(side), order_id)))
    follow(replica, book, market(4, side, 5))
    assert [(behind(other(side), 3), 1, 1)] == replica.depth(other(side), 5)
    assert_same(book, replica)


def test_depth_is_cut_to_what_is_asked() -> None:
    """Depth gives the best levels first and at most as many as asked for."""
    replica = BookReplica(INSTRUMENT)
    for order_id, price in enumerate((98, 99, 97), start=1):
        replica.apply(feed.Opened(order_id, Side.BUY, price, 10 + order_id))
    assert replica.depth(Side.BUY, 2) == [(99, 12, 1), (98, 11, 1)]
    assert replica.best_ask is None


def test_new_rules_are_taken() -> None:
    """The rules in force are those that the feed told last."""
    replica = BookReplica(INSTRUMENT)
    replica.apply(HALTED)
    assert replica.instrument == HALTED


BROKEN: list[feed.FeedEvent] = [
    feed.Opened(1, Side.BUY, 100, 5),  # is open already
    feed.Opened(2, Side.BUY, 100, 0),  # without a size
    feed.Traded(1, 1, 2, Side.SELL, 100, 6),  # more than rests
    feed.Traded(1, 1, 2, Side.SELL, 99, 1),  # at another price
    feed.Changed(1, 101, 0),  # to nothing
    HALTED._replace(instrument_id=8),  # of another book
]


@pytest.mark.parametrize("event", BROKEN)
def test_event_that_does_not_fit_is_not_taken_for_true(event: feed.FeedEvent) -> None:
    """A feed that contradicts itself is an assertion, not a wrong book."""
    replica = BookReplica(INSTRUMENT)
    replica.apply(feed.Opened(1, Side.BUY, 100, 5))
    with pytest.raises(AssertionError):
        replica.apply(event)


@pytest.mark.parametrize(
    "event",
    [
        feed.Changed(9, 100, 1),
        feed.Done(9, Outcome.CANCELLED, 1),
        feed.Traded(1, 9, 2, Side.SELL, 100, 1),
    ],
)
def test_event_about_an_unknown_order_is_not_taken_for_true(event: feed.FeedEvent) -> None:
    """An order that was never opened cannot change, trade or end."""
    with pytest.raises(KeyError):
        BookReplica(INSTRUMENT).apply(event)


def test_check_finds_a_crossed_book() -> None:
    """A bid at the price of an ask is what no book leaves behind."""
    replica = BookReplica(INSTRUMENT)
    replica.apply(feed.Opened(1, Side.BUY, 100, 5))
    replica.apply(feed.Opened(2, Side.SELL, 100, 5))
    with pytest.raises(AssertionError, match="crossed"):
        replica.check()


def test_order_is_shown_without_its_owner() -> None:
    """The public feed names no account."""
    order: NewOrder = limit(1, Side.BUY, 5, 100, account=4_711)
    told = list(feed_events(ReferenceBook(INSTRUMENT).apply(order, TIME_MS)))
    assert [feed.Opened(1, Side.BUY, 100, 5)] == told
