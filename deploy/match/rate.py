"""The engine alone, timed.

An amend on a tape names a remaining size, a book wants the total, and what was filled is known only
when the book has answered what came before. So inputs cannot all be made beforehand, and a clock
around each single call would measure the clock. Instead each input, once made for the book that
answers, goes in chunks to a second book, and only its work is timed: the same inputs, ready made,
in a tight loop that keeps the answers of the chunk. Nothing of the tape's decoding, of conversion
or of writing is inside.

What is timed depends on the engine. Of one written in Python it is the calls of its book
(BookRate). One in another language is never called an order at a time: of that it is the worker
core, given the records that a shard would have sent (partita.deploy.match.core_rate).

Python's collector of cycles runs as ever, but looks only at what the chunk makes: else it would
walk through all that the driver keeps, and the figure would be the driver's.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Protocol

from partita.matchers.abc import Book
from partita.matchers.events import BookEvent
from partita.matchers.partition import NewBook
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderEvent

CHUNK = 5_000  # inputs; long against the clock's cost, short against memory

Input = tuple[str, OrderEvent, int]  # symbol, event, time (milliseconds since 1970)


class Rate(Protocol):
    """Gives inputs to an engine of its own and adds up the time in its calls."""

    inputs: int
    engine_s: float

    @property
    def timed(self) -> str:
        """What the seconds are of, for people."""

    def open(self, instrument: Instrument) -> None:
        """Make the book of a symbol."""

    def apply(self, inputs: Sequence[Input]) -> None:
        """Apply a chunk of inputs; all that takes time but the engine itself is not counted."""

    def state_hash(self, symbol: str) -> bytes:
        """Return the hash of a book's state."""


class BookRate:
    """Times the calls of books, one for each input."""

    timed = "each call of a book"

    def __init__(self, engine: NewBook) -> None:
        self._engine = engine
        self._books: dict[str, Book] = {}
        self.inputs = 0
        self.engine_s = 0.0

    def open(self, instrument: Instrument) -> None:
        """Make the book of a symbol."""
        self._books[instrument.symbol] = self._engine(instrument)

    def apply(self, inputs: Sequence[Input]) -> None:
        """Apply a chunk of inputs; see Rate."""
        calls = [(self._books[symbol].apply, event, time_ms) for symbol, event, time_ms in inputs]
        answers: list[Sequence[BookEvent]] = []
        keep = answers.append
        with stopwatch() as passed_s:
            for apply, event, time_ms in calls:
                keep(apply(event, time_ms))
            self.engine_s += passed_s()
        self.inputs += len(calls)

    def state_hash(self, symbol: str) -> bytes:
        """Return the hash of a book's state."""
        return self._books[symbol].state_hash()


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Start a clock, with all that is older out of the collector's way; yield what reads it."""
    gc.freeze()
    started_s = perf_counter()
    try:
        yield lambda: perf_counter() - started_s
    finally:
        gc.unfreeze()
