"""From the ledger's answer to what a command returns.

Each says its position: whoever asks a store for a view at least that new sees what the command did.
"""

from partita.producers.pending import Answer
from partita.producers.views import (
    Amended,
    Cancelled,
    CancelledAll,
    Placed,
    Position,
    Transferred,
)
from partita.schemas.accounts import Accepted, Received


def _with_balance(answer: Answer, *, repeated: bool) -> Position:
    """Return the position of an answer that the balance it changed is told behind, if it is new."""
    shard, number, _, _ = answer.last
    return Position(shard, number if repeated else number + 1)


def placed(answer: Answer) -> Placed:
    """Return what a place is answered with."""
    event = answer.last.event
    assert isinstance(event, Received), "a place is answered by Received or Rejected"
    position = _with_balance(answer, repeated=event.repeated)
    return Placed(event.order_id, event.command_id, position)


def _accepted(answer: Answer) -> tuple[Accepted, Position]:
    shard, number, _, event = answer.last
    assert isinstance(event, Accepted), "answered by Accepted or Rejected"
    return event, Position(shard, number)


def cancelled(answer: Answer) -> Cancelled:
    """Return what a cancel is answered with: all that it did was told before."""
    event, position = _accepted(answer)
    return Cancelled(event.order_id, position)


def amended(answer: Answer) -> Amended:
    """Return what an amend is answered with: all that it did was told before."""
    event, position = _accepted(answer)
    return Amended(event.order_id, position)


def cancelled_all(answer: Answer) -> CancelledAll:
    """Return what a cancel-all is answered with."""
    event, position = _accepted(answer)
    return CancelledAll(event.count, position)


def transferred(answer: Answer) -> Transferred:
    """Return what a transfer is answered with."""
    event, _ = _accepted(answer)
    return Transferred(_with_balance(answer, repeated=event.repeated))
