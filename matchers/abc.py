"""The Book contract: what a book is, whichever engine it is written in."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from partita.matchers.events import BookEvent
from partita.matchers.state import BookState
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderEvent


class Level(NamedTuple):
    """One price of one side."""

    price: int  # ticks
    size: int  # lots, the sum of its orders
    orders: int  # how many


class Book(Protocol):
    """The orders of one symbol, matched by price, then by arrival.

    A pure function of what is applied: it reads no clock, and equal inputs give equal events and
    equal hashes in every engine. It never raises for what a client can cause; a broken assertion
    means that the program is wrong, and the state must not be used any further.
    """

    @property
    def instrument(self) -> Instrument:
        """The rules in force."""

    @property
    def time_ms(self) -> int:
        """The largest log time of what was applied, milliseconds since 1970."""

    @property
    def next_expiry_ms(self) -> int | None:
        """The earliest expiry of a resting order; None when none expires."""

    @property
    def rows(self) -> int:
        """How many rows its state has, about: how long writing it down takes."""

    def apply(self, event: OrderEvent, time_ms: int) -> Sequence[BookEvent]:
        """Expire what is due at time_ms, then apply one event; return what happened, in order."""

    def advance(self, time_ms: int) -> Sequence[BookEvent]:
        """Let time pass: expire what is due by time_ms, earliest first, then by arrival."""

    def change_rules(self, instrument: Instrument) -> bool:
        """Take rules of a newer version; return whether they were newer."""

    def best(self, side: Side) -> Level | None:
        """Return the best level of a side."""

    def depth(self, side: Side, count: int) -> list[Level]:
        """Return at most count levels of a side, best first."""

    @property
    def last_trade(self) -> tuple[int, int, int]:
        """Trade id, price (ticks) and size (lots) of the last trade; zeros before the first."""

    def snapshot(self) -> BookState:
        """Return the whole state as a value, canonical: equal states give equal values."""

    def restore(self, state: BookState) -> None:
        """Take the state of a snapshot in place of the own one."""

    def state_hash(self) -> bytes:
        """Return the digest of the snapshot (partita.schemas.digest)."""

    def check(self) -> None:
        """Assert every invariant of the book."""
