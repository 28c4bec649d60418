"""The books of one partition of `orders`: edges in, matching, reports and the public feed out."""

from collections.abc import Callable, Mapping, Sequence

from partita.log.outbox import Outbox
from partita.log.port import Outgoing
from partita.log.reference_core import Judged, Machine, ReferenceCore
from partita.matchers.abc import Book
from partita.matchers.machine import BookMachine
from partita.matchers.rules import wrong_rules
from partita.schemas.converter import Message
from partita.schemas.enums import Line
from partita.schemas.errors import Undecodable, WrongPartitions
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderBatch, Tick
from partita.schemas.snapshots import BookSnapshot
from partita.schemas.topics import ORDERS, shard_name

NewBook = Callable[[Instrument], Book]


class BookPartition:
    """All books whose symbols are assigned to one partition: `Machines` of a worker core."""

    def __init__(self, partition: int, shards: int, line: Line, new_book: NewBook) -> None:
        self.partition = partition
        self.books: dict[int, BookMachine] = {}
        self._shards = shards
        self._line = line
        self._new_book = new_book
        # Those that may have a new ticker, in order.
        self._touched: dict[int, None] = {}

    def take(self, message: Message, offset: int, time_ms: int, outbox: Outbox) -> Sequence[Judged]:
        """Apply an order batch, the rules of an instrument, or a tick; see Machines."""
        if isinstance(message, OrderBatch):
            return self._take_orders(message, offset, time_ms, outbox)
        if isinstance(message, Instrument):
            self._take_rules(message, offset, time_ms, outbox)
        elif isinstance(message, Tick):
            for instrument_id, machine in self.books.items():
                if offset >= machine.position:
                    machine.advance(time_ms, outbox)
                    self._touched[instrument_id] = None
        else:
            raise Undecodable(f"a {type(message).__name__} does not belong on {ORDERS}")
        return ()

    def skip(self, message: Message, offset: int) -> None:
        """Take the numbers of a message's events; see Machines."""
        if not isinstance(message, OrderBatch):
            return
        self._check(message, offset)
        for group in message.groups:
            machine = self.books[group.instrument_id]
            if offset >= machine.position:
                machine.skip(message.shard, group)

    def _check(self, batch: OrderBatch, offset: int) -> None:
        """Look at all of a batch before anything is taken. Raises Undecodable."""
        # A shard speaks to a book only after it has heard of it, from the book itself.
        if not 0 <= batch.shard < self._shards:
            raise Undecodable(f"there is no shard {batch.shard}")
        for group in batch.groups:
            # Judged as on the first reading: a book that was restored may have been listed later.
            book = self.books.get(group.instrument_id)
            if book is None or offset < book.first_offset:
                raise Undecodable(f"no instrument {group.instrument_id} on this partition")

    def _take_orders(
        self, batch: OrderBatch, offset: int, time_ms: int, outbox: Outbox
    ) -> list[Judged]:
        self._check(batch, offset)
        judged = []
        for group in batch.groups:
            machine = self.books[group.instrument_id]
            if offset < machine.position:
                continue
            verdict = machine.take(batch.shard, group, time_ms, outbox)
            judged.append(Judged(verdict, shard_name(batch.shard), machine.name))
            self._touched[group.instrument_id] = None
        return judged

    def _take_rules(
        self, instrument: Instrument, offset: int, time_ms: int, outbox: Outbox
    ) -> None:
        machine = self.books.get(instrument.instrument_id)
        if machine is not None and offset < machine.position:
            return
        known = machine.book.instrument if machine else None
        if (wrong := wrong_rules(instrument, known, self.partition)) is not None:
            raise Undecodable(wrong)
        if machine is None:
            if any(instrument.symbol == other.name for other in self.books.values()):
                raise Undecodable(f"{instrument.symbol} is listed under another number")
            book = self._new_book(instrument)
            machine = BookMachine(book, self.partition, self._shards, self._line, offset)
            self.books[instrument.instrument_id] = machine
            machine.announce(time_ms, outbox)
        elif machine.book.change_rules(instrument):
            machine.announce(time_ms, outbox)
        self._touched[instrument.instrument_id] = None

    def latest(self) -> Sequence[Outgoing]:
        """Return the tickers of the books that moved since the last call."""
        tickers = [self.books[instrument_id].ticker() for instrument_id in self._touched]
        self._touched.clear()
        return [ticker for ticker in tickers if ticker is not None]

    def next_expiry_ms(self) -> int | None:
        """Return the earliest expiry of a resting order."""
        times = [machine.book.next_expiry_ms for machine in self.books.values()]
        return min((time for time in times if time is not None), default=None)

    def machines(self) -> Mapping[str, Machine]:
        """Return the books by symbol."""
        return {machine.name: machine for machine in self.books.values()}

    def restore(self, message: Message, position: int) -> None:
        """Make a book from its snapshot; see Machines."""
        if not isinstance(message, BookSnapshot):
            raise Undecodable(f"a {type(message).__name__} is not a snapshot of a book")
        instrument, shards = message.instrument, self._shards
        if not len(message.from_shards) == len(message.to_shards) == shards:
            raise WrongPartitions(
                f"the snapshot of {instrument.symbol} knows {len(message.from_shards)} shards, and"
                f" this exchange has {shards}; the number of shards is fixed when it is made"
            )
        machine = BookMachine(
            self._new_book(instrument), self.partition, shards, self._line, message.first_offset
        )
        machine.restore(message, position)
        self.books[instrument.instrument_id] = machine
        self._touched[instrument.instrument_id] = None

    def check(self) -> None:
        """Assert every invariant of every book."""
        for machine in self.books.values():
            machine.book.check()


def matcher_core(shards: int, line: Line, new_book: NewBook) -> ReferenceCore:
    """Return the reference worker core of a matcher."""
    return ReferenceCore(ORDERS, lambda partition: BookPartition(partition, shards, line, new_book))
