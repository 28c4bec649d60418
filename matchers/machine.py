"""A book as a machine on the log: the book itself, and its edges in and out."""

from collections.abc import Sequence

from partita.log.edges import InEdge, OutEdge, Verdict
from partita.log.outbox import Outbox
from partita.log.port import Outgoing
from partita.matchers import streams
from partita.matchers.abc import Book
from partita.matchers.events import BookEvent
from partita.matchers.publish import feed_events
from partita.matchers.report import reports
from partita.matchers.snapshot import BookEdges, from_snapshot, to_snapshot
from partita.schemas import chain
from partita.schemas.codec import encode
from partita.schemas.digest import digest
from partita.schemas.enums import Line, Side
from partita.schemas.feed import Ticker
from partita.schemas.orders import OrderGroup
from partita.schemas.snapshots import BookSnapshot
from partita.schemas.topics import TICKERS, shard_of

# A level's size is the sum of any number of orders; a ticker's field is an Avro long.
_LONG_MAX = (1 << 63) - 1


class BookMachine:
    """One book with its edges: from each shard, to each shard, and to everyone."""

    def __init__(
        self, book: Book, partition: int, shards: int, line: Line, first_offset: int
    ) -> None:
        self.book = book
        # Where its listing stands: whoever speaks to it before that speaks to nobody.
        self.first_offset = first_offset
        self.position = 0  # records below this are in its state already
        self.taken = 0  # groups, rules and ticks that it was given; for telling an idle book
        self._partition = partition
        self._line = line
        self._from_shards = [InEdge() for _ in range(shards)]
        self._to_shards = [OutEdge() for _ in range(shards)]
        self._to_everyone = OutEdge()
        self._reports = streams.reports(line)
        self._feed = streams.feed(line)
        self._ticker_number = 0  # of the last feed event that a ticker has covered

    @property
    def name(self) -> str:
        """Its symbol."""
        return self.book.instrument.symbol

    def take(self, shard: int, group: OrderGroup, time_ms: int, outbox: Outbox) -> Verdict:
        """Judge a group from a shard, and apply what is new in it."""
        self.taken += 1
        edge = self._from_shards[shard]
        verdict, events = edge.take(chain.ORDERS, group.first, group.chain, group.events)
        for event in events:
            self._tell(self.book.apply(event, time_ms), outbox)
        return verdict

    def skip(self, shard: int, group: OrderGroup) -> None:
        """Take the numbers of a group, and nothing else of it."""
        self.taken += 1
        self._from_shards[shard].take(chain.ORDERS, group.first, group.chain, group.events)

    def advance(self, time_ms: int, outbox: Outbox) -> None:
        """Let time pass."""
        self.taken += 1
        self._tell(self.book.advance(time_ms), outbox)

    def announce(self, time_ms: int, outbox: Outbox) -> None:
        """Pass the rules in force to every shard and to everyone."""
        self.advance(time_ms, outbox)
        instrument = self.book.instrument
        for shard, edge in enumerate(self._to_shards):
            outbox.put(self._reports, shard, instrument.instrument_id, edge, instrument)
        self._publish(instrument, outbox)

    def _tell(self, events: Sequence[BookEvent], outbox: Outbox) -> None:
        instrument_id, shards = self.book.instrument.instrument_id, len(self._to_shards)
        for account, report in reports(events):
            shard = shard_of(account, shards)
            outbox.put(self._reports, shard, instrument_id, self._to_shards[shard], report)
        for event in feed_events(events):
            self._publish(event, outbox)

    def _publish(self, event: object, outbox: Outbox) -> None:
        outbox.put(
            self._feed,
            self._partition,
            self.book.instrument.instrument_id,
            self._to_everyone,
            event,
            self.book.time_ms,
        )

    def ticker(self) -> Outgoing | None:
        """Return the ticker; None when the feed has not moved since it was last returned."""
        # By number, not by content: a worker that starts again cuts its batches elsewhere, and a
        # ticker that it left out as nothing new could be the one that replaces its predecessor's.
        if self._ticker_number == self._to_everyone.number:
            return None
        self._ticker_number = self._to_everyone.number
        book = self.book
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        trade_id, last_price, last_size = book.last_trade
        ticker = Ticker(
            seal=b"",
            line=self._line,
            instrument_id=book.instrument.instrument_id,
            number=self._to_everyone.number,
            time_ms=book.time_ms,
            bid=bid.price if bid else 0,
            bid_size=min(bid.size, _LONG_MAX) if bid else 0,
            ask=ask.price if ask else 0,
            ask_size=min(ask.size, _LONG_MAX) if ask else 0,
            last_trade_id=trade_id,
            last_price=last_price,
            last_size=last_size,
        )
        key = book.instrument.symbol.encode()
        return Outgoing(TICKERS, self._partition, key, encode(ticker))

    @property
    def rows(self) -> int:
        """How many rows its state has, about: how long writing it down takes."""
        return self.book.rows

    def edges(self) -> BookEdges:
        """Return the ends of all edges."""
        return BookEdges(
            tuple(edge.state() for edge in self._from_shards),
            tuple(edge.state() for edge in self._to_shards),
            self._to_everyone.state(),
        )

    def snapshot(self) -> BookSnapshot:
        """Return the whole state as a record."""
        return to_snapshot(self.book.snapshot(), self.edges(), self.first_offset)

    def restore(self, snapshot: BookSnapshot, position: int) -> None:
        """Take the state of a record, at this position of the partition."""
        state, edges = from_snapshot(snapshot)
        self.book.restore(state)
        self._from_shards = [InEdge(end) for end in edges.from_shards]
        self._to_shards = [OutEdge(end) for end in edges.to_shards]
        self._to_everyone = OutEdge(edges.to_everyone)
        self.position = position

    def state_hash(self) -> bytes:
        """Return the digest of the book and its edges."""
        return digest((self.book.state_hash(), self.edges()))
