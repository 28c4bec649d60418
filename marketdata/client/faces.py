"""A live book as a client sees it: the replica it has now, in decimals."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from partita.marketdata.book_replica import BookReplica
from partita.marketdata.client.messages import LevelView
from partita.marketdata.level_replica import LevelReplica
from partita.schemas.decimals import Increments
from partita.schemas.enums import Side

Replica = TypeVar("Replica", bound=BookReplica | LevelReplica)


class Sides(NamedTuple):
    """Levels of both sides, best first."""

    bids: list[LevelView]
    asks: list[LevelView]


class LiveLadder(Generic[Replica]):
    """Best bid and ask and depth of a book that goes on; L3 and L2 alike."""

    def __init__(self, now: Callable[[], tuple[Replica, int]], steps: Increments) -> None:
        self._now = now
        self._steps = steps

    @property
    def raw(self) -> Replica:
        """The replica, in ticks and lots; read it only."""
        return self._now()[0]

    @property
    def number(self) -> int:
        """Number of the last feed event it covers; of L2, of the last that changed a level."""
        return self._now()[1]

    @property
    def best_bid(self) -> LevelView | None:
        """The best level to sell to."""
        level = self.raw.best_bid
        return None if level is None else LevelView.of(Side.BUY, level, self._steps)

    @property
    def best_ask(self) -> LevelView | None:
        """The best level to buy from."""
        level = self.raw.best_ask
        return None if level is None else LevelView.of(Side.SELL, level, self._steps)

    def depth(self, count: int) -> Sides:
        """Return at most count levels of each side."""
        raw, steps = self.raw, self._steps
        return Sides(
            [LevelView.of(Side.BUY, level, steps) for level in raw.depth(Side.BUY, count)],
            [LevelView.of(Side.SELL, level, steps) for level in raw.depth(Side.SELL, count)],
        )
