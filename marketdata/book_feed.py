"""One book's part of the public feed: what is new in each batch, taken by number."""

from typing import NamedTuple

from partita.log.edges import InEdge, Verdict
from partita.marketdata.book_replica import BookReplica
from partita.schemas.chain import FEED
from partita.schemas.enums import Side
from partita.schemas.feed import FeedBatch, Traded
from partita.schemas.instrument import Instrument


class Trade(NamedTuple):
    """A trade as everyone sees it."""

    time_ms: int  # the book's time, milliseconds since 1970
    trade_id: int  # 1, 2, 3, ... per symbol
    taker_side: Side
    price: int  # ticks
    size: int  # lots


class BookFeed:
    """Takes the batches of a `book` partition in any number of copies, and keeps one replica.

    Pure: it neither reads the log nor knows where a batch came from. Repeats are dropped. At a gap
    it waits for the missing number; a line with another past is refused: `trouble` tells of both.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.replica = BookReplica(instrument)
        self.trouble = ""  # what keeps new events from being taken, in words; empty when nothing
        self._edge = InEdge()

    @property
    def number(self) -> int:
        """The number of the last event taken, 0 before the first."""
        return self._edge.number

    def take(self, batch: FeedBatch) -> list[Trade]:
        """Apply what is new for this book; return its trades in order."""
        trades = []
        instrument_id = self.replica.instrument.instrument_id
        for group in batch.groups:
            if group.instrument_id != instrument_id:
                continue
            verdict, events = self._edge.take(
                FEED, group.first, group.chain, group.events, group.time_ms
            )
            self._note(verdict, batch, group.first)
            for event in events:
                self.replica.apply(event)
                if isinstance(event, Traded):
                    trades.append(
                        Trade(
                            group.time_ms,
                            event.trade_id,
                            event.taker_side,
                            event.price,
                            event.size,
                        )
                    )
        return trades

    def _note(self, verdict: Verdict, batch: FeedBatch, first: int) -> None:
        if verdict is Verdict.TAKEN:
            self.trouble = ""
        elif verdict is Verdict.GAP:
            self.trouble = f"event {self.number + 1} is missing (line {batch.line} is at {first})"
        elif verdict is Verdict.REFUSED:
            self.trouble = f"line {batch.line} differs before event {first} and is refused"
