"""One book's part of the public feed: what is new in each batch, taken by number."""

from typing import NamedTuple

from partita.log.edges import EdgeState, InEdge, Verdict
from partita.marketdata.book_replica import BookReplica, LastTrade
from partita.schemas import market_data
from partita.schemas.chain import FEED
from partita.schemas.enums import Line, Side
from partita.schemas.feed import FeedBatch, FeedGroup, Traded
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import LevelChange, RestingOrder


class Trade(NamedTuple):
    """A trade as everyone sees it."""

    time_ms: int  # the book's time, milliseconds since 1970
    trade_id: int  # 1, 2, 3, ... per symbol
    taker_side: Side
    price: int  # ticks
    size: int  # lots


class BookStart(NamedTuple):
    """A book as it stood behind a feed event, and where on `book` to read on."""

    instrument: Instrument  # the rules in force
    number: int  # number of the last feed event this covers
    chain: int  # over all events up to it
    offset: int  # the first record of its partition to read from here on
    time_ms: int  # the book's time
    changes: int  # level changes so far
    last_trade: LastTrade | None  # its trade_id is how many trades there were so far
    orders: tuple[RestingOrder, ...]  # by priority, bids first


class Taken(NamedTuple):
    """What a group told that was new."""

    first_trade: int  # trade_id of the first of the trades
    trades: list[market_data.Trade]
    first_change: int  # number of the first of the changes on depth
    changes: list[LevelChange]


class BookFeed:
    """Takes the batches of a `book` partition in any number of copies, and keeps one replica.

    Pure: it neither reads the log nor knows where a batch came from. Repeats are dropped. At a gap
    it waits for the missing number; a line with another past is refused: `trouble` tells of both.

    It starts at the first event, or where a snapshot was made. The changes of the price levels are
    numbered as they come, so they have the same numbers wherever it started.
    """

    def __init__(self, instrument: Instrument, start: BookStart | None = None) -> None:
        if start is None:
            start = BookStart(instrument, 0, 0, 0, 0, 0, None, ())
        self.replica = BookReplica(start.instrument, start.orders, start.last_trade)
        self.trouble = ""  # what keeps new events from being taken, in words; empty when nothing
        self.gap = False  # whether an event is missing
        self.time_ms = start.time_ms  # the book's, at the last event
        self.changes = start.changes  # level changes so far
        self._edge = InEdge(EdgeState(start.number, start.chain))

    @property
    def number(self) -> int:
        """The number of the last event taken, 0 before the first."""
        return self._edge.number

    @property
    def trades(self) -> int:
        """How many trades there were so far: trade_id of the last one."""
        last = self.replica.last_trade
        return last.trade_id if last else 0

    def start(self, offset: int) -> BookStart:
        """Return this book as it is now, for who reads on at an offset of its partition."""
        replica = self.replica
        assert replica.settled, "a filled order waits for its Done"
        return BookStart(
            replica.instrument,
            self._edge.number,
            self._edge.chain,
            offset,
            self.time_ms,
            self.changes,
            replica.last_trade,
            (*replica.orders(Side.BUY), *replica.orders(Side.SELL)),
        )

    def take(self, batch: FeedBatch) -> list[Trade]:
        """Apply what is new for this book; return its trades in order."""
        trades: list[Trade] = []
        instrument_id = self.replica.instrument.instrument_id
        for group in batch.groups:
            if group.instrument_id == instrument_id:
                taken = self.take_group(group, batch.line)
                trades.extend(
                    Trade(trade.time_ms, trade_id, trade.taker_side, trade.price, trade.size)
                    for trade_id, trade in enumerate(taken.trades, taken.first_trade)
                )
        return trades

    def take_group(self, group: FeedGroup, line: Line) -> Taken:
        """Apply what is new in a group of this book."""
        first, time_ms = group.first, group.time_ms
        verdict, events = self._edge.take(FEED, first, group.chain, group.events, time_ms)
        self._note(verdict, line, first)
        taken = Taken(self.trades + 1, [], self.changes + 1, [])
        if not events:
            return taken
        apply, changes = self.replica.apply, taken.changes
        for number, event in enumerate(events, self._edge.number - len(events) + 1):
            changes.extend(apply(event, number))
            if isinstance(event, Traded):
                taken.trades.append(
                    market_data.Trade(number, time_ms, event.taker_side, event.price, event.size)
                )
        self.time_ms = time_ms
        self.changes += len(changes)
        assert self.trades == taken.first_trade + len(taken.trades) - 1, "trades are numbered"
        return taken

    def _note(self, verdict: Verdict, line: Line, first: int) -> None:
        if verdict in {Verdict.TAKEN, Verdict.GAP}:
            self.gap = verdict is Verdict.GAP
        if verdict is Verdict.TAKEN:
            self.trouble = ""
        elif verdict is Verdict.GAP:
            self.trouble = f"event {self.number + 1} is missing (line {line} is at {first})"
        elif verdict is Verdict.REFUSED:
            self.trouble = f"line {line} differs before event {first} and is refused"
