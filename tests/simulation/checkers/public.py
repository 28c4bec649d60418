"""Invariants 3, 4 and 6, seen from outside: a reader of the public feed has the matcher's book."""

from dataclasses import dataclass

from simulation.checkers.base import Checker
from simulation.sightings import Noted, Seen
from simulation.venue import Venue

from partita.schemas import feed
from partita.schemas.enums import Outcome, Side
from partita.schemas.topics import BOOK


@dataclass
class Shown:
    """A resting order as the feed shows it."""

    side: Side
    price: int
    size: int
    place: int  # its rank in time


class Public(Checker):
    """A plain order-by-order book, kept from the feed alone."""

    name = "public feed"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self._books: dict[int, dict[int, Shown]] = {}
        self._tickers: dict[int, feed.Ticker] = {}
        self._places = 0

    def note(self, noted: Noted) -> None:
        """Keep the latest ticker by number."""
        ticker = noted.message
        if isinstance(ticker, feed.Ticker):
            known = self._tickers.get(ticker.instrument_id)
            if known is None or ticker.number >= known.number:
                self._tickers[ticker.instrument_id] = ticker

    def see(self, seen: Seen) -> None:
        """Apply an event of the feed."""
        if seen.edge.topic != BOOK:
            return
        book = self._books.setdefault(seen.edge.sender, {})
        event = seen.event
        self._places += 1
        match event:
            case feed.Opened():
                self.require(event.order_id not in book, f"shown before: {event}")
                book[event.order_id] = Shown(event.side, event.price, event.size, self._places)
            case feed.Changed():
                self._changed(self._shown(book, event.order_id, event), event)
            case feed.Traded():
                self._traded(book, event)
            case feed.Done():
                shown = self._shown(book, event.order_id, event)
                if event.outcome is Outcome.FILLED:
                    self.require(event.size == 0, f"filled with something left: {event}")
                del book[event.order_id]
                self.require(shown.size >= 0, f"less than nothing was left of {shown}")
        self._check_apart(book, event)

    def _shown(self, book: dict[int, Shown], order_id: int, event: object) -> Shown:
        shown = book.get(order_id)
        if shown is None:
            self.fail(f"never shown: {event}")
        return shown

    def _changed(self, shown: Shown, event: feed.Changed) -> None:
        if event.price != shown.price or event.size >= shown.size:
            shown.place = self._places
        shown.price, shown.size = event.price, event.size

    def _traded(self, book: dict[int, Shown], event: feed.Traded) -> None:
        maker = self._shown(book, event.maker_order_id, event)
        first = min((shown for shown in book.values() if shown.side is maker.side), key=_precedence)
        self.require(maker is first, f"{event} passes over {first}")
        self.require(maker.price == event.price, f"{event} is not at the price of {maker}")
        self.require(maker.side is not event.taker_side, f"{event} has its sides mixed up")
        maker.size -= event.size
        self.require(maker.size >= 0, f"more is traded than was there: {event}")

    def _check_apart(self, book: dict[int, Shown], event: object) -> None:
        bids = [shown.price for shown in book.values() if shown.side is Side.BUY]
        asks = [shown.price for shown in book.values() if shown.side is Side.SELL]
        apart = not bids or not asks or max(bids) < min(asks)
        self.require(apart, f"crossed or locked after {event}")

    def at_rest(self) -> None:
        """Check each live book and its ticker against what was shown."""
        for station in self.matchers():
            for partition in station.partitions:
                for instrument_id, machine in station.books[partition].books.items():
                    shown = self._books.get(instrument_id, {})
                    expected = [
                        (order.order_id, order.side, order.price, order.remaining)
                        for order in machine.book.snapshot().orders
                    ]
                    ranked = sorted(shown.items(), key=lambda item: item[1].place)
                    is_ = [(at, order.side, order.price, order.size) for at, order in ranked]
                    self.require(_levels(expected) == _levels(is_), f"{expected} is shown as {is_}")
                    best = (machine.book.best(Side.BUY), machine.book.best(Side.SELL))
                    bbo = tuple(x for at in best for x in ((at.price, at.size) if at else (0, 0)))
                    ticker = self._tickers[instrument_id]
                    now = (*bbo, *machine.book.last_trade)
                    self.require(tuple(ticker[5:]) == now, f"{ticker} is the latest, but {now}")


def _precedence(shown: Shown) -> tuple[int, int]:
    return (-shown.price if shown.side is Side.BUY else shown.price), shown.place


def _levels(
    orders: list[tuple[int, Side, int, int]],
) -> dict[tuple[Side, int], list[tuple[int, int]]]:
    """Return each level's queue; time ranks only within a price."""
    levels: dict[tuple[Side, int], list[tuple[int, int]]] = {}
    for order_id, side, price, size in orders:
        levels.setdefault((side, price), []).append((order_id, size))
    return levels
