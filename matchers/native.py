"""The native book alone behind the Book contract: for tests and tapes, not for speed.

Values cross as the bytes of records, so each call pays the codec. A worker uses the native core,
where books and shards are inside.
"""

from collections.abc import Callable, Sequence
from typing import Any

import partita_native

from partita.log.edges import EdgeState
from partita.matchers import events
from partita.matchers.abc import Level
from partita.matchers.events import BookEvent
from partita.matchers.snapshot import BookEdges, from_snapshot, to_snapshot
from partita.matchers.state import BookState
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Line, Outcome, Side
from partita.schemas.instrument import Instrument
from partita.schemas.limits import SNAPSHOT_BYTES_MAX
from partita.schemas.orders import OrderBatch, OrderEvent, OrderGroup
from partita.schemas.reasons import Reason

_NO_EDGES = BookEdges((), (), EdgeState(0, 0))

_ENUMS: dict[str, Callable[[str], Any]] = {
    "side": Side,
    "taker_side": Side,
    "outcome": Outcome,
    "reason": Reason,
}


def _event(kind: str, fields: tuple[Any, ...]) -> BookEvent:
    of: Any = getattr(events, kind)
    event: BookEvent = of(
        *(
            _ENUMS[name](value) if name in _ENUMS else value
            for name, value in zip(of._fields, fields, strict=True)
        )
    )
    return event


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
    def last_trade(self) -> tuple[int, int, int]:
        """Trade id, price (ticks) and size (lots) of the last trade; zeros before the first."""
        return self._book.last_trade()

    def apply(self, event: OrderEvent, time_ms: int) -> Sequence[BookEvent]:
        """Expire what is due at time_ms, then apply one event; return what happened, in order."""
        record = encode(OrderBatch(b"", Line.A, 0, (OrderGroup(0, 1, 0, (event,)),)))
        return [_event(*told) for told in self._book.apply(record, time_ms)]

    def advance(self, time_ms: int) -> Sequence[BookEvent]:
        """Let time pass: expire what is due by time_ms, earliest first, then by arrival."""
        return [_event(*told) for told in self._book.advance(time_ms)]

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
