"""From the ledger's answer to what a command returns."""

from partita.producers.pending import Answer
from partita.producers.views import Placed, Position
from partita.schemas.accounts import Accepted, Received


def placed(answer: Answer) -> Placed:
    """Return what a place is answered with."""
    shard, number, _, event = answer.last
    assert isinstance(event, Received), "a place is answered by Received or Rejected"
    return Placed(event.order_id, event.command_id, Position(shard, number))


def _accepted(answer: Answer) -> Accepted:
    assert isinstance(answer.last.event, Accepted), "answered by Accepted or Rejected"
    return answer.last.event


def order_id(answer: Answer) -> int:
    """Return the order that a cancel or an amend was about."""
    return _accepted(answer).order_id


def count(answer: Answer) -> int:
    """Return how many orders a cancel-all took out."""
    return _accepted(answer).count


def nothing(answer: Answer) -> None:
    """Check that a transfer took place."""
    _accepted(answer)
