"""What a run writes: the events as CSV, and the final depth as CSV."""

import csv
from collections.abc import Callable, Mapping
from typing import TextIO

from partita.deploy.match.outcome import Event, Kind
from partita.deploy.match.scale import Scale
from partita.deploy.tape.row import TapeRow
from partita.matchers.abc import Book
from partita.schemas.enums import Side
from partita.schemas.limits import AMOUNT_MAX
from partita.schemas.reasons import Reason

EVENT_COLUMNS = ("seq", "event", "side", "id", "price", "size", "maker", "taker", "reason")
BOOK_COLUMNS = ("side", "price", "size", "orders")


class EventsFile:
    """Writes events in the tape's units and ids; a cell that means nothing is empty."""

    def __init__(self, file: TextIO, scale: Scale) -> None:
        self._write = csv.writer(file, lineterminator="\n").writerow
        self._price = scale.price_text
        self._size = scale.size_text
        self._write(EVENT_COLUMNS)

    def add(self, row: TapeRow, event: Event, client_id: Callable[[int], str]) -> None:
        """Write one event of a row."""
        kind, side, number, price, size, maker, taker, reason = event
        self._write(
            (
                row.seq,
                kind,
                side or "",
                row.id if kind is Kind.REJECTED else client_id(number),
                # A market order has no price, and bought by funds alone no size.
                self._price(price) if price else "",
                self._size(size) if size else "",
                client_id(maker),
                client_id(taker),
                "" if reason is Reason.NONE else reason,
            )
        )


def write_book(file: TextIO, books: Mapping[str, Book], scale: Scale) -> None:
    """Write the depth: bids and then asks, best first; of several symbols with a symbol column."""
    write = csv.writer(file, lineterminator="\n").writerow
    several = len(books) > 1
    write((*BOOK_COLUMNS, "symbol") if several else BOOK_COLUMNS)
    for symbol, book in books.items():
        for side in Side:
            for level in book.depth(side, AMOUNT_MAX):
                price, size = scale.price_text(level.price), scale.size_text(level.size)
                cells = (side, price, size, level.orders)
                write((*cells, symbol) if several else cells)
