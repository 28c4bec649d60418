"""The engine alone, timed.

An amend on a tape names a remaining size, a book wants the total, and what was filled is known only
when the book has answered what came before. So inputs cannot all be made beforehand, and a clock
around each single call would measure the clock. Instead each input, once made for the book that
answers, goes in chunks to a second book, and only its calls are timed: the same inputs, ready made,
in a tight loop that keeps the answers of the chunk. Nothing of the tape's decoding, of conversion
or of writing is inside.

Python's collector of cycles runs as ever, but looks only at what the chunk makes: else it would
walk through all that the driver keeps, and the figure would be the driver's.
"""

import gc
from collections.abc import Sequence
from time import perf_counter

from partita.matchers.abc import Book
from partita.matchers.events import BookEvent
from partita.matchers.partition import NewBook
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderEvent

CHUNK = 5_000  # inputs; long against the clock's cost, short against memory

Input = tuple[str, OrderEvent, int]  # symbol, event, time (milliseconds since 1970)


class Rate:
    """Applies inputs to books of its own and adds up the time in their calls."""

    def __init__(self, engine: NewBook) -> None:
        self._engine = engine
        self._books: dict[str, Book] = {}
        self.inputs = 0
        self.engine_s = 0.0

    def open(self, instrument: Instrument) -> None:
        """Make the book of a symbol."""
        self._books[instrument.symbol] = self._engine(instrument)

    def apply(self, inputs: list[Input]) -> None:
        """Apply a chunk of inputs; all that takes time but `apply` itself is done before."""
        calls = [(self._books[symbol].apply, event, time_ms) for symbol, event, time_ms in inputs]
        answers: list[Sequence[BookEvent]] = []
        keep = answers.append
        gc.freeze()
        started_s = perf_counter()
        for apply, event, time_ms in calls:
            keep(apply(event, time_ms))
        self.engine_s += perf_counter() - started_s
        gc.unfreeze()
        self.inputs += len(calls)

    def state_hash(self, symbol: str) -> bytes:
        """Return the hash of a book's state."""
        return self._books[symbol].state_hash()
