"""What became of the rows of a table, in columns."""

from array import array
from collections import Counter
from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from partita.schemas.reasons import Reason

_REASONS = tuple(Reason)


class RowState(IntEnum):
    """How far a row is."""

    UNSENT = 0  # never sent: it has had no effect, and will have none
    UNANSWERED = 1  # sent, and not answered: its outcome is unknown
    RECEIVED = 2  # numbered and reserved; it neither rests nor is done yet
    SETTLED = 3  # an order that rests, a cancel that took effect
    DONE = 4  # an order that is done
    REJECTED = 5  # refused; `reasons` says why
    FORGOTTEN = 6  # by `Bulk.forget`


class Outcomes(NamedTuple):
    """What became of some rows, by their places in the table."""

    rows: range  # their indexes in the bulk: `Bulk.command_id`
    states: bytes  # of RowState
    reasons: bytes  # places in Reason: why rejected, or done
    order_ids: "array[int]"  # 0 where there is none
    heard_ns: "array[int]"  # when settled, done or rejected was heard (time.perf_counter_ns)

    def counts(self) -> Mapping[RowState, int]:
        """Return how many rows are in each state."""
        return {RowState(state): count for state, count in Counter(self.states).items()}

    def reason(self, row: int) -> Reason:
        """Return why a row was rejected, or its order is done."""
        return _REASONS[self.reasons[row]]


def outcomes(
    rows: range, states: bytes, reasons: bytes, order_ids: bytes, heard_ns: bytes
) -> Outcomes:
    """Return columns that are the bytes of 64-bit integers as such."""
    return Outcomes(rows, states, reasons, array("q", order_ids), array("q", heard_ns))
