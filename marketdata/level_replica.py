"""A book by price levels alone (L2): built from a start and the level changes on `depth`."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sortedcontainers import SortedDict

from partita.marketdata.book_replica import BookReplica, Level
from partita.schemas.enums import Side
from partita.schemas.market_data import DepthBatch, LevelChange


class LevelReplica:
    """The price levels of one symbol, as of a feed number.

    Batches are taken in any number of copies, by number: repeats are dropped; at a gap it waits,
    and `gap` tells what is missing. A book that crosses is a broken feed, and an AssertionError.
    """

    def __init__(
        self,
        levels: Iterable[tuple[Side, Level]] = (),
        number: int = 0,
        changes: int = 0,
        time_ms: int = 0,
    ) -> None:
        self.number = number  # of the feed event that changed a level last, or of the start
        self.changes = changes  # level changes so far
        self.time_ms = time_ms  # the book's, at the last change
        self.gap = ""  # what is missing, in words; empty when nothing is
        # By a key that is smaller for a better price: the price of an ask, minus that of a bid.
        self._bids: dict[int, Level] = SortedDict()
        self._asks: dict[int, Level] = SortedDict()
        for side, level in levels:
            self._put(side, level)

    @classmethod
    def of(cls, book: BookReplica, number: int, changes: int, time_ms: int) -> "LevelReplica":
        """Return the levels of an order-by-order book that stands behind so many changes."""
        levels = ((side, level) for side in Side for level in book.levels(side))
        return cls(levels, number, changes, time_ms)

    def take(self, batch: DepthBatch) -> Sequence[LevelChange]:
        """Apply what is new in a batch of this book, and return it."""
        known = self.changes - batch.first + 1
        if known < 0:
            self.gap = f"level change {self.changes + 1} is missing, {batch.first} came"
            return ()
        new = batch.changes[known:]
        if not new:
            return ()
        self.gap = ""
        for _, side, price, size, orders in new:
            self._put(side, Level(price, size, orders))
        self.changes += len(new)
        self.number = new[-1].number
        self.time_ms = batch.time_ms
        bid, ask = self.best_bid, self.best_ask
        assert bid is None or ask is None or bid.price < ask.price, f"crossed: {bid} {ask}"
        return new

    def _put(self, side: Side, level: Level) -> None:
        levels, key = self._of(side), -level.price if side is Side.BUY else level.price
        if level.size:
            levels[key] = level
        else:
            assert key in levels, f"{side} {level.price}: no level to remove"
            del levels[key]

    def _of(self, side: Side) -> dict[int, Level]:
        return self._bids if side is Side.BUY else self._asks

    @property
    def best_bid(self) -> Level | None:
        """The best level to sell to."""
        return next(self.levels(Side.BUY), None)

    @property
    def best_ask(self) -> Level | None:
        """The best level to buy from."""
        return next(self.levels(Side.SELL), None)

    def depth(self, side: Side, count: int) -> list[Level]:
        """Return at most count levels of a side, best first."""
        return list(islice(self.levels(side), count))

    def levels(self, side: Side) -> Iterator[Level]:
        """Yield the levels of a side, best first."""
        return iter(self._of(side).values())

    def check(self) -> None:
        """Assert that the book is neither crossed nor locked, and that every level holds orders."""
        bid, ask = self.best_bid, self.best_ask
        assert bid is None or ask is None or bid.price < ask.price, f"crossed: {bid} {ask}"
        for side in Side:
            for level in self.levels(side):
                assert level.size > 0 < level.orders, f"{side} {level}: nothing stands there"
