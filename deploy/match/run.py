"""Run a tape through one engine. One book a symbol; time is the tape's time_ms."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from partita.deploy.match.intake import Intake
from partita.deploy.match.orders import TapeOrders
from partita.deploy.match.outcome import Event, Kind, outcome
from partita.deploy.match.rate import CHUNK, BookRate, Input, Rate
from partita.deploy.match.scale import Scale
from partita.deploy.tape.row import Op, TapeRow
from partita.matchers.abc import Book
from partita.matchers.partition import NewBook
from partita.schemas.reasons import Reason

# What is done with each event: the row, the event, and the tape's ids of the orders by number.
OnEvent = Callable[[TapeRow, Event, Callable[[int], str]], None]


class MatchResult(NamedTuple):
    """What came of a tape."""

    messages: int  # rows
    trades: int
    rejections: Mapping[Reason, int]  # how many rows, by reason, most first
    inputs: int  # rows that went to a book; the others were refused before
    timed: str  # what engine_s is of, for people
    engine_s: float  # seconds in the calls of the engine, and in nothing else
    books: Mapping[str, Book]  # by symbol, in order of appearance
    state_hashes: Mapping[str, bytes]  # of the books: equal for every engine that does it right

    @property
    def messages_per_s(self) -> int:
        """Inputs per second of the engine alone."""
        return round(self.inputs / self.engine_s) if self.engine_s else 0


def run_tape(
    rows: Iterable[TapeRow],
    engine: NewBook,
    scale: Scale,
    on_event: OnEvent | None = None,
    on_progress: Callable[[int], None] | None = None,
    rate: Rate | None = None,
) -> MatchResult:
    """Run the rows of a tape through an engine, timed as `rate` does it: by its book if not given.

    on_event gets every event of the events file as it happens; on_progress now and then the number
    of rows done since. Memory is bounded by the ids and open orders, not by the events.
    """
    run = _Run(engine, scale, on_event, rate or BookRate(engine))
    for row in rows:
        run.take(row)
        if len(run.inputs) == CHUNK:
            run.measure()
        if on_progress is not None and run.messages % CHUNK == 0:
            on_progress(CHUNK)
    run.measure()
    return run.result()


class _Run:
    """A run in progress."""

    def __init__(self, engine: NewBook, scale: Scale, on_event: OnEvent | None, rate: Rate) -> None:
        self._engine = engine
        self._scale = scale
        self._on_event = on_event
        self._orders = TapeOrders()
        self._intake = Intake(scale, self._orders)
        self._rate = rate
        self._books: dict[str, Book] = {}
        self._trades = 0
        self._rejections: Counter[Reason] = Counter()
        self.messages = 0
        self.inputs: list[Input] = []

    def take(self, row: TapeRow) -> None:
        self.messages += 1
        symbol = self._symbol(row)
        book = self._books.get(symbol)
        if book is None:
            if row.op is not Op.PLACE:
                self._reject(row, Reason.UNKNOWN_ORDER)
                return
            book = self._open(symbol)
        time_ms = max(row.time_ms, book.time_ms)
        event = self._intake.take(row, time_ms)
        if isinstance(event, Reason):
            self._reject(row, event)
            return
        self.inputs.append((symbol, event, time_ms))
        answer = book.apply(event, time_ms)
        self._orders.follow(answer)
        for told in outcome(event, answer):
            self._tell(row, told)

    def measure(self) -> None:
        self._rate.apply(self.inputs)
        self.inputs.clear()

    def result(self) -> MatchResult:
        hashes = {symbol: book.state_hash() for symbol, book in self._books.items()}
        for symbol, state_hash in hashes.items():
            assert self._rate.state_hash(symbol) == state_hash, "equal inputs, equal states"
        return MatchResult(
            messages=self.messages,
            trades=self._trades,
            rejections=dict(self._rejections.most_common()),
            inputs=self._rate.inputs,
            timed=self._rate.timed,
            engine_s=self._rate.engine_s,
            books=self._books,
            state_hashes=hashes,
        )

    def _symbol(self, row: TapeRow) -> str:
        """Return where a row goes: a cancel or amend to its order, which knows its symbol."""
        if row.op is Op.PLACE:
            return row.symbol
        order = self._orders.live(row.account, row.id)
        return row.symbol if order is None else order.symbol

    def _open(self, symbol: str) -> Book:
        instrument = self._scale.instrument(symbol, len(self._books) + 1)
        book = self._books[symbol] = self._engine(instrument)
        self._rate.open(instrument)
        return book

    def _reject(self, row: TapeRow, reason: Reason) -> None:
        side = row.side if row.op is Op.PLACE else None
        self._tell(row, Event(Kind.REJECTED, side, 0, 0, 0, 0, 0, reason))

    def _tell(self, row: TapeRow, event: Event) -> None:
        if event.kind is Kind.TRADE:
            self._trades += 1
        elif event.kind is Kind.REJECTED:
            self._rejections[event.reason] += 1
        if self._on_event is not None:
            self._on_event(row, event, self._orders.client_id)
