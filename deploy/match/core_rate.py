"""A worker core, timed: decoding a batch of orders, matching it, encoding what follows."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from partita.deploy.match.rate import BookRate, Input, Rate, stopwatch
from partita.deploy.match.scale import Scale
from partita.ledger.streams import orders
from partita.log import native
from partita.log.core import Outputs, WorkerCore
from partita.log.edges import OutEdge
from partita.log.outbox import Outbox
from partita.log.port import Record
from partita.matchers.engines import ENGINES
from partita.matchers.partition import NewBook
from partita.matchers.rules import wrong_rules
from partita.matchers.snapshot import from_snapshot
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Line
from partita.schemas.instrument import Instrument
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.snapshots import BookSnapshot

ORDERS_MAX = 1_000  # of a record: what a busy shard puts into one
RECORDS_MAX = 500  # of a call: what a worker polls at most


class CoreRate:
    """Times a matcher's worker core: one shard's records of orders, made beforehand.

    A record's orders have one log time, so consecutive inputs of one time share a record: a tape
    without times gives full ones, and one with times is the harder for it.
    """

    def __init__(self, core: WorkerCore, new_book: NewBook) -> None:
        self.inputs = 0
        self.engine_s = 0.0
        self._core = core
        self._new_book = new_book
        self._offset = 0
        self._records = 0
        self._rules: dict[str, Instrument] = {}
        self._edges: dict[str, OutEdge] = {}
        self._stream = orders(0, Line.A)
        core.open(0)

    @property
    def timed(self) -> str:
        """What the seconds are of."""
        each = round(self.inputs / self._records) if self._records else 0
        return f"decoding, matching and encoding records of {each:,} orders"

    def open(self, instrument: Instrument) -> None:
        """Make the book of a symbol."""
        self._rules[instrument.symbol] = instrument
        self._edges[instrument.symbol] = OutEdge()
        _sound(self._core.apply([self._record(encode(instrument), 0)]))

    def apply(self, inputs: Sequence[Input]) -> None:
        """Apply a chunk of inputs; see Rate."""
        records = list(self._batches(inputs))
        answers: list[Outputs] = []
        for at in range(0, len(records), RECORDS_MAX):
            polled = records[at : at + RECORDS_MAX]
            with stopwatch() as passed_s:
                answers.append(self._core.apply(polled))
                self.engine_s += passed_s()
        for answer in answers:
            _sound(answer)
        self.inputs += len(inputs)
        self._records += len(records)

    def _batches(self, inputs: Iterable[Input]) -> Iterator[Record]:
        """Yield the records in which a shard would say this to the books."""
        outbox = Outbox()
        for time_ms, same in groupby(inputs, key=lambda given: given[2]):
            while part := list(islice(same, ORDERS_MAX)):
                for symbol, event, _ in part:
                    number = self._rules[symbol].instrument_id
                    outbox.put(self._stream, 0, number, self._edges[symbol], event)
                for outgoing in outbox.take():
                    yield self._record(outgoing.value, time_ms)

    def _record(self, value: bytes, time_ms: int) -> Record:
        record = Record(0, self._offset, time_ms, value)
        self._offset += 1
        return record

    def state_hash(self, symbol: str) -> bytes:
        """Return the hash of a book's state: of the book alone, without the core's edges."""
        snapshot = decode(self._core.snapshot(0, symbol), SNAPSHOT_BYTES_MAX)
        assert isinstance(snapshot, BookSnapshot), "a core of books"
        state, _ = from_snapshot(snapshot)
        book = self._new_book(state.instrument)
        book.restore(state)
        return book.state_hash()


def rate_of(name: str, scale: Scale) -> Rate:
    """Return how an engine is timed: by its worker core if it is native, else by its book.

    A book alone takes increments that no exchange could list, and a core does not.
    """
    engine = ENGINES[name]
    if name != native.NAME or wrong_rules(scale.instrument("A-B"), None, 0) is not None:
        return BookRate(engine.book)
    return CoreRate(engine.core(1, Line.A), engine.book)


def _sound(outputs: Outputs) -> None:
    wrong = [*outputs.alarms, *outputs.parked, *outputs.refused]
    assert not wrong, f"each record is applied: {wrong[0]}"
