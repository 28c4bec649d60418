"""Books as a matcher keeps them, and the records of `book` that it writes about them."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from books.flow import flow
from books.make import INSTRUMENT

from partita.log.edges import OutEdge
from partita.log.outbox import Outbox
from partita.log.port import Record
from partita.matchers.abc import Book
from partita.matchers.events import BookEvent
from partita.matchers.partition import BookPartition
from partita.matchers.reference import ReferenceBook
from partita.schemas.chain import ORDERS
from partita.schemas.enums import Line, Side
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderBatch, OrderEvent, OrderGroup
from partita.schemas.topics import BOOK

RULES = [INSTRUMENT, INSTRUMENT._replace(instrument_id=8, symbol="BBB-USD")]


class Told(ReferenceBook):
    """A book that remembers what it answered last."""

    answer: Sequence[BookEvent] = ()

    def apply(self, event: OrderEvent, time_ms: int) -> Sequence[BookEvent]:
        """Apply an event."""
        self.answer = super().apply(event, time_ms)
        return self.answer


class Matcher:
    """One partition of a matcher, told by one shard, and what it has written to `book`."""

    def __init__(self, rules: Sequence[Instrument] = RULES, line: Line = Line.A) -> None:
        self.partition = BookPartition(rules[0].partition, 1, line, Told)
        self.records: list[Record] = []
        self._outbox = Outbox()
        self._edges = {one.instrument_id: OutEdge() for one in rules}
        self._offset = 0
        for one in rules:
            self._apply(one, 1)

    def order(self, instrument_id: int, event: OrderEvent, time_ms: int) -> None:
        """Give an order to a book, at a time."""
        before = self._edges[instrument_id].put(ORDERS, event)
        group = OrderGroup(instrument_id, before.number + 1, before.chain, (event,))
        self._apply(OrderBatch(b"", Line.A, 0, (group,)), time_ms)

    def _apply(self, message: OrderBatch | Instrument, time_ms: int) -> None:
        self.partition.take(message, self._offset, time_ms, self._outbox)
        self._offset += 1

    def write(self) -> None:
        """Write what was told since the last time as a record."""
        for outgoing in self._outbox.take():
            if outgoing.topic == BOOK:
                self.records.append(Record(0, len(self.records), 1, outgoing.value))

    def book(self, instrument_id: int) -> Book:
        """Return a book."""
        return self.partition.books[instrument_id].book

    def number(self, instrument_id: int) -> int:
        """Return the number of the last event of a book's feed."""
        return self.partition.books[instrument_id].edges().to_everyone.number

    def levels(self, instrument_id: int) -> dict[Side, list[tuple[int, int, int]]]:
        """Return all levels of a book, best first: price, size, orders."""
        book = self.book(instrument_id)
        return {
            side: [(at.price, at.size, at.orders) for at in book.depth(side, 1 << 30)]
            for side in Side
        }

    def queue(self, instrument_id: int) -> list[tuple[int, Side, int, int]]:
        """Return all orders of a book by priority, bids first."""
        orders = list(self.book(instrument_id).snapshot().orders)
        bids = sorted(
            (o for o in orders if o.side is Side.BUY), key=lambda o: (-o.price, o.arrival)
        )
        asks = sorted(
            (o for o in orders if o.side is Side.SELL), key=lambda o: (o.price, o.arrival)
        )
        return [(o.order_id, o.side, o.price, o.remaining) for o in (*bids, *asks)]


def run(seed: int, steps: int, cuts: Random, rules: Sequence[Instrument] = RULES) -> Matcher:
    """Return a matcher after a flow to each of its books, its records cut at random."""
    matcher = Matcher(rules)
    flows = [flow(seed * 2 + at, steps) for at in range(len(rules))]
    for step in zip(*flows, strict=True):
        time_ms = max(one.time_ms for one in step)
        for its, one in zip(rules, step, strict=True):
            matcher.order(its.instrument_id, one.event, time_ms)
        if cuts.randrange(3) == 0:
            matcher.write()
    matcher.write()
    return matcher


def copies(lines: Mapping[Line, Sequence[Record]], random: Random) -> list[Record]:
    """Return the records of two lines as one partition may hold them: interleaved, with repeats."""
    at = dict.fromkeys(lines, 0)
    found: list[Record] = []
    while any(at[line] < len(records) for line, records in lines.items()):
        line = random.choice([line for line, records in lines.items() if at[line] < len(records)])
        start = max(0, at[line] - random.choice((0, 0, 0, 2)))  # what a restarted line repeats
        for record in lines[line][start : at[line] + random.randint(1, 4)]:
            found.append(record._replace(offset=len(found)))
        at[line] = max(at[line], start + 1) if start == at[line] else at[line] + 1
    return found


def chunks(records: Sequence[Record], random: Random) -> Iterator[Sequence[Record]]:
    """Yield records as polls may give them."""
    at = 0
    while at < len(records):
        size = random.choice((1, 1, 2, 5, 30))
        yield records[at : at + size]
        at += size
