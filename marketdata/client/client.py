"""The market-data client: symbols and channels, from the log, in step by number."""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType

from partita.log.kafka.past import PastReader
from partita.marketdata.book_feed import BookFeed
from partita.marketdata.client.boxes import Bounds
from partita.marketdata.client.lines import TradeLine
from partita.marketdata.client.market import Market, Place, PublicMessage
from partita.marketdata.client.messages import Channel, Message
from partita.marketdata.client.subscription import Subscription
from partita.marketdata.client.topics import Topic
from partita.marketdata.records import message_of
from partita.marketdata.starts import books_now
from partita.schemas.errors import InvalidValue, NoAnswer
from partita.schemas.feed import Ticker
from partita.schemas.instrument import Instrument
from partita.schemas.listing import Listing
from partita.schemas.market_data import Candle, DayTicker, TradeBatch
from partita.schemas.topics import BOOK, CANDLES, DEPTH, INSTRUMENTS, TICKERS, TRADES

_LOGGER = logging.getLogger("partita.marketdata")

Callback = Callable[[Message], Awaitable[None] | None]

_TOPICS = {
    Channel.BOOK: BOOK,
    Channel.DEPTH: DEPTH,
    Channel.TRADES: TRADES,
    Channel.TICKER: TICKERS,
    Channel.CANDLES: CANDLES,
}
# How far back what was said before the subscription is looked for: 64, 576 or 4,672 records.
_LOOKS = {Channel.TRADES: 1, Channel.TICKER: 3, Channel.CANDLES: 2}
_REPAIR_AGAIN_S = 1.0
_BOUNDS = Bounds()
_JOIN_ATTEMPTS = 5


class MarketDataClient:
    """Reads the public topics of an exchange. Made by `connecting`; used on one event loop."""

    def __init__(self, bootstrap: str, bounds: Bounds) -> None:
        self._bootstrap = bootstrap
        self._bounds = bounds
        self._market = Market()
        self._listing = Listing()
        self._topics = {
            channel: Topic(bootstrap, name, self._taken, self._failed)
            for channel, name in _TOPICS.items()
        }
        self._rules: dict[int, Instrument] = {}
        self._repairs: dict[Place, asyncio.Task[None]] = {}
        self._callbacks: set[asyncio.Task[None]] = set()
        self._joining = asyncio.Lock()
        self._error: Exception | None = None
        self._closed = False

    @classmethod
    @asynccontextmanager
    async def connecting(
        cls,
        bootstrap: str,
        *,
        bounds: Bounds = _BOUNDS,
        timeout_s: float = 10.0,
    ) -> AsyncIterator["MarketDataClient"]:
        """Connect, and close at the end of the block.

        Raises:
            LogUnavailable: no broker answers.
            NoAnswer: the instruments did not come in time.
        """
        client = cls(bootstrap, bounds)
        try:
            async with _bounded(timeout_s, "the instruments"):
                await client._read_instruments()
            yield client
        finally:
            await client.close()

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The rules of each symbol as of the last look."""
        return MappingProxyType(self._listing.instruments)

    async def _read_instruments(self) -> None:
        for rules in await asyncio.to_thread(_listed, self._bootstrap):
            self._listing.take(rules)

    async def subscribe(
        self,
        symbols: Sequence[str],
        channels: Iterable[Channel | str],
        callback: Callback | None = None,
        *,
        timeout_s: float = 10.0,
    ) -> Subscription:
        """Subscribe to channels of symbols; return when the books are in step.

        Books come whole first, then their changes; trades, tickers and candles begin with the last
        of before. With a callback each message is given to it, one after the other; without, the
        subscription is iterated. It lives as long as it is held, or has a callback.

        Raises:
            InvalidValue: no such symbol or channel.
            NoAnswer: it was not in step in time.
            LogUnavailable: no broker answers.
            LogError: a topic cannot be read.
            UnknownFingerprint: a record is of a newer build.
        """
        if self._closed or self._error is not None:
            raise self._error or NoAnswer("the client is closed")
        wanted = [_channel(channel) for channel in dict.fromkeys(channels)]
        async with _bounded(timeout_s, f"{', '.join(wanted)} of {', '.join(symbols)}"):
            rules = [await self._listed(symbol) for symbol in dict.fromkeys(symbols)]
            subscription = Subscription(self._bounds)
            async with self._joining:
                await self._open(subscription, rules, set(wanted), timeout_s)
        if callback is not None:
            task = asyncio.create_task(self._call(subscription, callback))
            self._callbacks.add(task)
            task.add_done_callback(self._callbacks.discard)
        return subscription

    async def _listed(self, symbol: str) -> Instrument:
        if symbol not in self._listing.instruments:
            await self._read_instruments()
        found = self._listing.instruments.get(symbol)
        if found is None:
            raise InvalidValue("symbol", symbol, "is not listed on this exchange")
        self._rules[found.instrument_id] = found
        return found

    async def _open(
        self,
        subscription: Subscription,
        rules: Sequence[Instrument],
        channels: set[Channel],
        timeout_s: float,
    ) -> None:
        market, partitions = self._market, {one.symbol: one.partition for one in rules}
        for one in rules:
            subscription.add_others(one, channels)
            if Channel.TRADES in channels:
                market.trades.setdefault(one.instrument_id, TradeLine())
        market.listen(subscription)
        books = channels & {Channel.BOOK, Channel.DEPTH}
        places = [(channel, one.instrument_id) for channel in books for one in rules]
        new = [place for place in places if not market.joined(place)]
        for place in new:
            market.part(place)
        # First the ends of the topics, then the books: so between the two nothing is missing.
        await asyncio.gather(
            *(self._topics[channel].follow(partitions, timeout_s) for channel in channels)
        )
        recent = [
            self._put_recent(subscription, channel, partitions) for channel in channels - books
        ]
        await asyncio.gather(self._join(new), *recent)
        for one in rules:
            if Channel.BOOK in channels:
                subscription.add_book(one, market.books[one.instrument_id])
            if Channel.DEPTH in channels:
                subscription.add_depth(one, market.depths[one.instrument_id])
            for channel in books:
                subscription.put_whole(channel, one.instrument_id)

    async def _put_recent(
        self, subscription: Subscription, channel: Channel, partitions: Mapping[str, int]
    ) -> None:
        found = await self._topics[channel].recent(partitions, _LOOKS[channel])
        # Where trades came meanwhile, what was before them would come behind them.
        fresh = {number for number, line in self._market.trades.items() if line.last == 0}
        for message in found:
            match message:
                case TradeBatch() if message.instrument_id in fresh:
                    self._market.take([message])
                case Ticker() | DayTicker() | Candle():
                    subscription.put(message)

    async def _join(self, places: Sequence[Place]) -> None:
        """Read the books of these lines from the log, and put them in step."""
        left = list(places)
        for _ in range(_JOIN_ATTEMPTS):
            if not left:
                return
            feeds = await self._books_now({number for _, number in left})
            # Depth first: it copies from the feed, and the book line takes it over.
            order = sorted(left, key=lambda place: place[0] is Channel.BOOK)
            left = [place for place in order if not self._market.join(place, feeds[place[1]])]
        if left:
            raise NoAnswer("the market is faster than its books can be read; try again")

    async def _books_now(self, numbers: set[int]) -> dict[int, BookFeed]:
        by_partition: dict[int, list[Instrument]] = {}
        for number in sorted(numbers):
            rules = self._rules[number]
            by_partition.setdefault(rules.partition, []).append(rules)
        found = await asyncio.gather(
            *(
                asyncio.to_thread(books_now, self._bootstrap, partition, rules)
                for partition, rules in by_partition.items()
            )
        )
        return {number: feed for feeds in found for number, feed in feeds.items()}

    def _taken(self, messages: Sequence[PublicMessage]) -> None:
        try:
            self._market.take(messages)
        except (AssertionError, KeyError) as error:
            # The feed contradicts itself: nothing here is true any more.
            self._failed(error)
            raise
        for place in self._market.broken - self._repairs.keys():
            task = asyncio.get_running_loop().create_task(self._repair(place))
            self._repairs[place] = task

    async def _repair(self, place: Place) -> None:
        """Read a line anew until nothing is missing."""
        channel, number = place
        try:
            while place in self._market.broken:
                symbol = self._rules[number].symbol
                _LOGGER.warning("%s of %s has a gap and is read anew", channel, symbol)
                self._market.part(place)
                await self._join([place])
                if place in self._market.broken:
                    await asyncio.sleep(_REPAIR_AGAIN_S)
        except Exception as error:  # noqa: BLE001 - whatever it is, who listens must hear of it
            self._failed(error)
        finally:
            del self._repairs[place]

    async def _call(self, subscription: Subscription, callback: Callback) -> None:
        try:
            async for message in subscription:
                result = callback(message)
                if inspect.isawaitable(result):
                    await result
        except Exception:
            _LOGGER.exception("a subscription has ended: its callback is told nothing more")
            subscription.end()

    def _failed(self, error: Exception) -> None:
        if self._error is None and not self._closed:
            self._error = error
            self._market.end(error)

    async def close(self) -> None:
        """End all subscriptions, and let go of the connections."""
        self._closed = True
        self._market.end(None)
        for task in [*self._repairs.values(), *self._callbacks]:
            task.cancel()
        await asyncio.gather(*self._repairs.values(), *self._callbacks, return_exceptions=True)
        for topic in self._topics.values():
            topic.stop()
        for topic in self._topics.values():
            await asyncio.to_thread(topic.join)


@asynccontextmanager
async def _bounded(timeout_s: float, what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as error:
        raise NoAnswer(f"{what} did not come in {timeout_s:g} s") from error


def _channel(channel: Channel | str) -> Channel:
    try:
        return Channel(channel)
    except ValueError as error:
        raise InvalidValue("channel", channel, f"must be one of {', '.join(Channel)}") from error


def _listed(bootstrap: str) -> list[Instrument]:
    reader = PastReader(bootstrap, INSTRUMENTS)
    try:
        records = [record for record in reader.records(0) if record.value]
    finally:
        reader.close()
    found = (message_of(record, INSTRUMENTS, (Instrument,)) for record in records)
    return [rules for rules in found if rules is not None]
