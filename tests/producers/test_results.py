"""What an acknowledgement says: above all the position at which a view has all that it did."""

from producers_support.make import RECEIVED, raws

from partita.producers import Position, results
from partita.producers.pending import Answer
from partita.schemas.accounts import Accepted

MOVED = Accepted(7, "t1", order_id=0, count=0, repeated=False)
DONE = Accepted(7, "c1", order_id=40, count=1, repeated=False)


def answer(event: object) -> Answer:
    """Return an answer that stands at number 12."""
    (raw,) = raws(event, first=12)  # type: ignore[arg-type]  # any event
    return Answer(raw, ())


def test_what_changes_a_balance_right_behind_its_answer_has_the_position_of_the_balance() -> None:
    """A view at the answer alone would not have the money yet."""
    shard = answer(RECEIVED).last.shard

    assert Position(shard, 13) == results.placed(answer(RECEIVED)).position
    assert Position(shard, 13) == results.transferred(answer(MOVED)).position


def test_a_repeated_answer_has_its_own_position() -> None:
    """What it tells of was long before it, and nothing need follow."""
    shard = answer(RECEIVED).last.shard
    received, moved = RECEIVED._replace(repeated=True), MOVED._replace(repeated=True)

    assert Position(shard, 12) == results.placed(answer(received)).position
    assert Position(shard, 12) == results.transferred(answer(moved)).position


def test_what_is_answered_last_has_the_position_of_its_answer() -> None:
    """All that a cancel or an amend did was told before."""
    at = Position(answer(DONE).last.shard, 12)

    assert (40, at) == results.cancelled(answer(DONE))
    assert (40, at) == results.amended(answer(DONE))
    assert (1, at) == results.cancelled_all(answer(DONE))
