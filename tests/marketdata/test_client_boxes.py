"""A slow consumer gets less, bounded, and is told; a gap is repaired from the log."""

from random import Random

import pytest
from views.feeds import RULES, run

from partita.log.port import Record
from partita.marketdata.book_feed import BookFeed
from partita.marketdata.client.boxes import Bounds
from partita.marketdata.client.lines import TradeLine
from partita.marketdata.client.market import Market
from partita.marketdata.client.messages import (
    Book,
    BookChange,
    Channel,
    Depth,
    DepthChange,
    Message,
    Notice,
    TickerChange,
    Trades,
)
from partita.marketdata.client.subscription import Subscription
from partita.marketdata.worker_core import BookPartition
from partita.schemas.codec import decode
from partita.schemas.enums import Line, Side
from partita.schemas.errors import InvalidValue
from partita.schemas.feed import FeedBatch, Opened, Ticker
from partita.schemas.market_data import Candle, DepthBatch, TradeBatch

SYMBOL, NUMBER = RULES[0].symbol, RULES[0].instrument_id
PLACES = [(Channel.BOOK, NUMBER), (Channel.DEPTH, NUMBER)]


class Scene:
    """A client that is subscribed to all of one book from its first record on."""

    def __init__(self, seed: int, bounds: Bounds = Bounds()) -> None:  # noqa: B008 - immutable
        self.records = run(seed, 300, Random(seed)).records
        self.market = Market()
        self.subscription = Subscription(bounds)
        self.market.trades[NUMBER] = TradeLine()
        self.subscription.add_others(RULES[0], set(Channel))
        for place in PLACES:
            self.market.part(place)
            assert self.market.join(place, BookFeed(RULES[0]))
        self.subscription.add_book(RULES[0], self.market.books[NUMBER])
        self.subscription.add_depth(RULES[0], self.market.depths[NUMBER])
        for channel, number in PLACES:
            self.subscription.put_whole(channel, number)
        self.market.listen(self.subscription)
        self._worker = BookPartition()
        self.derived: list[object] = []
        self.taken = 0

    def take(self, records: list[Record]) -> None:
        """Let records of the feed and what is derived from them come."""
        self.taken += len(records)
        for record in records:
            self.market.take([decode(record.value)])
            derived = [decode(one.value) for one in self._worker.apply([record])]
            self.derived += derived
            self.market.take(derived)

    def pending(self) -> list[Message]:
        """Return what waits."""
        return list(self.subscription.pending())


def of(messages: list[Message], *kinds: type) -> list[Message]:
    """Return the messages of some kinds."""
    return [one for one in messages if isinstance(one, kinds)]


def test_a_consumer_that_keeps_up_gets_everything_in_order() -> None:
    """Whole books first, then each event, each change, each trade, without gaps."""
    scene = Scene(1)
    first = scene.pending()
    assert [type(one) for one in of(first, Book, Depth)] == [Book, Depth]
    number, trade_id = 0, 0
    for record in scene.records:
        scene.take([record])
        for message in scene.pending():
            if isinstance(message, BookChange):
                assert number + 1 == message.first
                number = message.number
            elif isinstance(message, Trades):
                assert (trade_id + 1, 0) == (message.first, message.skipped)
                trade_id += len(message.raw)
            else:
                assert isinstance(message, DepthChange)
                assert message.conflated == 0
    assert scene.subscription.book(SYMBOL).number == number
    assert trade_id > 0


def test_a_slow_consumer_of_a_book_gets_a_whole_book_instead() -> None:
    """More events than may wait are replaced by the book as it is when it looks."""
    scene = Scene(2, Bounds(events=5))
    scene.pending()
    scene.take(scene.records)
    (whole,) = of(scene.pending(), Book, BookChange)
    replica = scene.subscription.book(SYMBOL).raw
    assert isinstance(whole, Book)
    assert whole.raw == (*replica.orders(Side.BUY), *replica.orders(Side.SELL))
    assert scene.subscription.book(SYMBOL).number == whole.number


def test_a_slow_consumer_of_depth_gets_the_newest_of_each_price() -> None:
    """What it applies to what it had gives the levels as they are."""
    scene = Scene(3, Bounds(changes=10))
    scene.take(scene.records[:50])
    (start,) = of(scene.pending(), Depth)
    assert isinstance(start, Depth)
    scene.take(scene.records[50:])
    (changes,) = of(scene.pending(), Depth, DepthChange)
    assert isinstance(changes, DepthChange)
    assert changes.conflated > 0
    assert len(changes.raw) <= 2 * len({(one.side, one.price) for one in changes.raw})
    levels = {(side, level.price): (level.size, level.orders) for side, level in start.raw}
    levels |= {(one.side, one.price): (one.size, one.orders) for one in changes.raw}
    left = {at: level for at, level in levels.items() if level[0]}
    raw = scene.subscription.depth(SYMBOL).raw
    expected = {
        (side, level.price): (level.size, level.orders)
        for side in Side
        for level in raw.levels(side)
    }
    assert expected == left


def test_a_slow_consumer_of_depth_gets_all_levels_where_too_many_changed() -> None:
    """Bounded, whatever the market does."""
    scene = Scene(3, Bounds(changes=5, levels=2))
    scene.pending()
    scene.take(scene.records)
    (whole,) = of(scene.pending(), Depth, DepthChange)
    raw = scene.subscription.depth(SYMBOL).raw
    assert isinstance(whole, Depth)
    assert whole.raw == tuple((side, level) for side in Side for level in raw.levels(side))


def test_a_slow_consumer_of_trades_is_told_how_many_it_missed() -> None:
    """The newest are there; the number of those left out too."""
    scene = Scene(4, Bounds(trades=3))
    scene.take(scene.records)
    (trades,) = of(scene.pending(), Trades)
    assert isinstance(trades, Trades)
    last = scene.market.trades[NUMBER].last
    assert (3, last - 3, last - 2) == (len(trades.raw), trades.skipped, trades.first)


def test_the_newest_ticker_and_the_newest_of_each_bar_wait() -> None:
    """Older ones are overtaken; bars beyond the bound are counted."""
    scene = Scene(5, Bounds(candles=2))
    scene.pending()
    ticker = Ticker(b"", Line.A, NUMBER, 7, 1, 99, 1, 101, 1, 0, 0, 0)
    scene.market.take([ticker, ticker._replace(number=9), ticker._replace(number=8)])
    bar = Candle(b"", NUMBER, 60, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1)
    bars = [bar, bar._replace(last_trade_id=2), bar]
    later = [bar._replace(start_ms=60_000 * at) for at in (1, 2)]
    scene.market.take([*bars, *later])
    tickers, candles = scene.pending()
    assert isinstance(tickers, TickerChange)
    assert tickers.raw.number == 9
    assert (tuple(later), 1) == (candles.raw, candles.skipped)  # type: ignore[union-attr]  # bars


def test_of_one_bar_the_one_with_more_trades_waits() -> None:
    """A repeat of an older state changes nothing."""
    scene = Scene(5)
    scene.pending()
    bar = Candle(b"", NUMBER, 60, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1)
    newest = bar._replace(last_trade_id=2, volume=2)
    scene.market.take([bar, newest, bar])
    (candles,) = scene.pending()
    assert (newest,) == candles.raw  # type: ignore[union-attr]  # bars


@pytest.mark.parametrize("kind", [BookChange, DepthChange])
def test_a_gap_is_told_and_mended_from_the_log(kind: type) -> None:
    """Nothing behind it is taken; after the line was read anew the whole book comes."""
    scene = Scene(6)
    worker = BookPartition()
    scene.take(scene.records[:20])
    scene.pending()
    worker.apply(scene.records[:20])
    channel = Channel.BOOK if kind is BookChange else Channel.DEPTH
    place = (channel, NUMBER)
    for record in scene.records[20:60]:
        derived = [decode(one.value) for one in worker.apply([record])]
        feed = [decode(record.value)]
        if record.offset > 25:  # what came before is lost
            scene.market.take(feed if channel is Channel.BOOK else derived)
    assert scene.market.broken == {place}
    notices = [one for one in of(scene.pending(), Notice) if one.channel is channel]  # type: ignore[union-attr]  # notices
    assert len(notices) == 1
    scene.market.part(place)
    again = BookFeed(RULES[0])
    for record in scene.records[:60]:
        again.take(decode(record.value))
    assert scene.market.join(place, again)
    assert scene.market.broken == set()
    notice, whole = of(scene.pending(), Notice, Book, Depth)
    assert isinstance(notice, Notice)
    assert notice.text == "in step again"
    assert isinstance(whole, Book if channel is Channel.BOOK else Depth)


def test_trades_that_never_came_are_counted_and_told() -> None:
    """Nobody waits for what is not on the log."""
    scene = Scene(7)
    scene.take(scene.records)
    scene.pending()
    last = scene.market.trades[NUMBER].last
    (batch,) = [one for one in scene.derived if isinstance(one, TradeBatch)][-1:]
    scene.market.take([batch._replace(first=last + 11, instrument_id=NUMBER)])
    notice, trades = scene.pending()
    assert isinstance(notice, Notice)
    assert isinstance(trades, Trades)
    assert (10, last + 11) == (trades.skipped, trades.first)


def test_levels_that_cross_are_no_book() -> None:
    """A feed that contradicts itself is an assertion, not a wrong book."""
    scene = Scene(8)
    levels = scene.market.depths[NUMBER].levels
    assert levels is not None
    while levels.best_bid is None:
        scene.take([scene.records[scene.taken]])
    bid = levels.best_bid
    assert bid is not None
    batches = [one for one in scene.derived if isinstance(one, DepthBatch)]
    change = batches[-1].changes[-1]._replace(side=Side.SELL, price=bid.price, size=1, orders=1)
    crossing = batches[-1]._replace(
        instrument_id=NUMBER, first=levels.changes + 1, changes=(change,)
    )
    with pytest.raises(AssertionError, match="crossed"):
        scene.market.take([crossing])


def test_orders_that_cross_are_no_book() -> None:
    """By the orders as by the levels."""
    scene = Scene(8)
    feed = scene.market.books[NUMBER].feed
    assert feed is not None
    while (bid := feed.replica.best_bid) is None:
        scene.take([scene.records[scene.taken]])
    crossing = Opened(1 << 40, Side.SELL, bid.price, 1)
    groups = [g for r in scene.records for g in decode(r.value).groups if g.instrument_id == NUMBER]
    (said,) = [g for g in groups if g.first <= feed.number < g.first + len(g.events)]
    known = said.events[: feed.number - said.first + 1]
    group = said._replace(events=(*known, crossing))
    with pytest.raises(AssertionError, match="crossed"):
        scene.market.take([FeedBatch(b"", Line.A, (group,))])


def test_what_is_not_subscribed_to_is_refused() -> None:
    """With its channel."""
    with pytest.raises(InvalidValue, match="not subscribed"):
        Scene(9).subscription.book("BBB-USD")


async def test_an_ended_client_ends_its_iterators_with_the_error() -> None:
    """What waits is given first."""
    scene = Scene(10)
    scene.market.end(ValueError("gone"))
    assert isinstance(await anext(scene.subscription), Book)
    assert isinstance(await anext(scene.subscription), Depth)
    with pytest.raises(ValueError, match="gone"):
        await anext(scene.subscription)
