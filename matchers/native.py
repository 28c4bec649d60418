"""The native book alone behind the Book contract: for tests and tapes, not for speed.

Each value is converted on its way, which costs more than the book. A worker uses the native core,
where the books are inside.
"""

from collections.abc import Sequence
from typing import Any

import partita_native

from partita.log.edges import EdgeState
from partita.matchers.abc import Level
from partita.matchers.events import (
    BookEvent,
    Changed,
    Done,
    Opened,
    OrdersCancelled,
    Refused,
    Traded,
)
from partita.matchers.snapshot import BookEdges, from_snapshot, to_snapshot
from partita.matchers.state import BookState
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Outcome, Side
from partita.schemas.instrument import Instrument
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.orders import OrderEvent
from partita.schemas.reasons import Reason

_NO_EDGES = BookEdges((), (), EdgeState(0, 0))

_SIDE = {str(member): member for member in Side}
_OUTCOME = {str(member): member for member in Outcome}
_REASON = {str(member): member for member in Reason}


def _event(kind: str, fields: tuple[Any, ...]) -> BookEvent:
    match kind:
        case "Opened":
            order_id, account, side, *amounts = fields
            return Opened(order_id, account, _SIDE[side], *amounts)
        case "Traded":
            *orders, side, price, size, maker_fee, taker_fee = fields
            return Traded._make((*orders, _SIDE[side], price, size, maker_fee, taker_fee))
        case "Changed":
            order_id, account, side, *rest = fields
            return Changed(order_id, account, _SIDE[side], *rest)
        case "Done":
            order_id, account, side, price, size, outcome, reason, *rest = fields
            how, why = _OUTCOME[outcome], _REASON[reason]
            return Done(order_id, account, _SIDE[side], price, size, how, why, *rest)
        case "Refused":
            order_id, account, reason, *rest = fields
            return Refused(order_id, account, _REASON[reason], *rest)
        case _:
            return OrdersCancelled(*fields)


class NativeBook:
    """The orders of one symbol (partita.matchers.abc.Book), in Rust."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._book = partita_native.Book(encode(instrument))

    @property
    def instrument(self) -> Instrument:
        """The rules in force."""
        return self._instrument

    @property
    def time_ms(self) -> int:
        """The largest log time of what was applied, milliseconds since 1970."""
        return self._book.time_ms()

    @property
    def next_expiry_ms(self) -> int | None:
        """The earliest expiry of a resting order; None when none expires."""
        return self._book.next_expiry_ms()

    @property
    def rows(self) -> int:
        """How many rows its state has, about: how long writing it down takes."""
        return self._book.rows()

    @property
    def last_trade(self) -> tuple[int, int, int]:
        """Trade id, price (ticks) and size (lots) of the last trade; zeros before the first."""
        return self._book.last_trade()

    def apply(self, event: OrderEvent, time_ms: int) -> Sequence[BookEvent]:
        """Expire what is due at time_ms, then apply one event; return what happened, in order."""
        told = self._book.apply(type(event).__name__, event, time_ms)
        return [_event(kind, fields) for kind, fields in told]

    def advance(self, time_ms: int) -> Sequence[BookEvent]:
        """Let time pass: expire what is due by time_ms, earliest first, then by arrival."""
        return [_event(kind, fields) for kind, fields in self._book.advance(time_ms)]

    def change_rules(self, instrument: Instrument) -> bool:
        """Take rules of a newer version; return whether they were newer."""
        newer = self._book.change_rules(encode(instrument))
        if newer:
            self._instrument = instrument
        return newer

    def best(self, side: Side) -> Level | None:
        """Return the best level of a side."""
        level = self._book.best(side)
        return None if level is None else Level(*level)

    def depth(self, side: Side, count: int) -> list[Level]:
        """Return at most count levels of a side, best first."""
        return [Level(*level) for level in self._book.depth(side, count)]

    def snapshot(self) -> BookState:
        """Return the whole state as a value, canonical: equal states give equal values."""
        state, _ = from_snapshot(decode(self._book.snapshot(), SNAPSHOT_BYTES_MAX))
        return state

    def restore(self, state: BookState) -> None:
        """Take the state of a snapshot in place of the own one."""
        self._book.restore(encode(to_snapshot(state, _NO_EDGES, 0)))
        self._instrument = state.instrument

    def state_hash(self) -> bytes:
        """Return the digest of the snapshot (partita.schemas.digest)."""
        return self._book.state_hash()

    def check(self) -> None:
        """Assert every invariant of the book."""
        self._book.check()
