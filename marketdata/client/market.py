"""All lines of a client, and who listens to them; pure."""

import weakref
from collections.abc import Iterable

from partita.marketdata.book_feed import BookFeed
from partita.marketdata.client.lines import BookLine, DepthLine, TradeLine
from partita.marketdata.client.messages import Channel
from partita.marketdata.client.subscription import Subscription
from partita.schemas.feed import FeedBatch, Ticker
from partita.schemas.market_data import Candle, DayTicker, DepthBatch, TradeBatch

PublicMessage = FeedBatch | DepthBatch | TradeBatch | Ticker | DayTicker | Candle
Place = tuple[Channel, int]  # a channel of an instrument


class Market:
    """Takes the messages of the public topics, in any number of copies, and tells who listens."""

    def __init__(self) -> None:
        self.books: dict[int, BookLine] = {}
        self.depths: dict[int, DepthLine] = {}
        self.trades: dict[int, TradeLine] = {}
        self.broken: set[Place] = set()  # where something is missing
        self._listeners: weakref.WeakSet[Subscription] = weakref.WeakSet()

    def listen(self, subscription: Subscription) -> None:
        """Tell a subscription of all that comes, as long as someone holds it."""
        self._listeners.add(subscription)

    def end(self, error: Exception | None) -> None:
        """End all subscriptions."""
        for one in list(self._listeners):
            one.end(error)

    def take(self, messages: Iterable[PublicMessage]) -> None:
        """Take what has come."""
        for message in messages:
            match message:
                case FeedBatch():
                    self._take_feed(message)
                case DepthBatch():
                    self._take_depth(message)
                case TradeBatch():
                    self._take_trades(message)
                case Ticker() | DayTicker() | Candle():
                    for one in list(self._listeners):
                        one.put(message)

    def _take_feed(self, batch: FeedBatch) -> None:
        for group in batch.groups:
            number = group.instrument_id
            if (line := self.books.get(number)) is None:
                continue
            if events := line.take(group, batch.line):
                for one in list(self._listeners):
                    one.put_events(number, events)
            if line.gap and line.joined:
                self._break(Channel.BOOK, number, line.gap)

    def _take_depth(self, batch: DepthBatch) -> None:
        number = batch.instrument_id
        if (line := self.depths.get(number)) is None:
            return
        if changes := line.take(batch):
            for one in list(self._listeners):
                one.put_changes(number, changes)
        if line.gap and line.joined:
            self._break(Channel.DEPTH, number, line.gap)

    def _take_trades(self, batch: TradeBatch) -> None:
        number = batch.instrument_id
        if (line := self.trades.get(number)) is None or (new := line.take(batch)) is None:
            return
        if new.missing:
            text = f"{new.missing} trades before {new.first} are not on the log; they are skipped"
            self._notice(Channel.TRADES, number, text)
        for one in list(self._listeners):
            one.put_trades(number, new)

    def _break(self, channel: Channel, number: int, gap: str) -> None:
        if (channel, number) not in self.broken:
            self.broken.add((channel, number))
            self._notice(channel, number, f"{gap}: it is read anew from the log")

    def _notice(self, channel: Channel, number: int, text: str) -> None:
        for one in list(self._listeners):
            one.notice(channel, number, text)

    def joined(self, place: Place) -> bool:
        """Return whether a line is there and what comes is applied at once."""
        channel, number = place
        line = (self.books if channel is Channel.BOOK else self.depths).get(number)
        return line is not None and line.joined

    def part(self, place: Place) -> None:
        """Begin to join a line, or to join it anew: what comes from here on waits."""
        channel, number = place
        if channel is Channel.BOOK:
            self.books.setdefault(number, BookLine()).part()
        else:
            self.depths.setdefault(number, DepthLine()).part()

    def join(self, place: Place, feed: BookFeed) -> bool:
        """Go on from a book of the log; False: read one anew, what came meanwhile was too much.

        A feed is given away to the book line; a depth line takes from it what it needs.
        """
        channel, number = place
        line = self.books[number] if channel is Channel.BOOK else self.depths[number]
        if not line.join(feed):
            return False
        if place in self.broken and not line.gap:
            self.broken.remove(place)
            self._notice(channel, number, "in step again")
        for one in list(self._listeners):
            one.put_whole(channel, number)
        return True
