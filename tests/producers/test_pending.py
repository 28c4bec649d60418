"""The window of unanswered commands, the age of the oldest, retries and giving up."""

import pytest
from producers_support.make import PLACE, Desk

from partita.producers.limits import ClientLimits
from partita.schemas.errors import InvalidValue, Overloaded
from partita.schemas.limits import VALID_UNTIL_AHEAD_MS_MAX


async def test_a_full_window_refuses_and_cancels_are_refused_last() -> None:
    """Window 2 and one more for cancels."""
    desk = Desk(ClientLimits(window=2, cancels_extra=1))
    for command_id in ("a", "b"):
        desk.pending.admit(0.0, last=False)
        desk.submit(PLACE._replace(command_id=command_id))
    with pytest.raises(Overloaded):
        desk.pending.admit(0.0, last=False)
    desk.pending.admit(0.0, last=True)
    desk.submit(PLACE._replace(command_id="c"))
    with pytest.raises(Overloaded):
        desk.pending.admit(0.0, last=True)


async def test_an_answer_makes_room() -> None:
    """What is answered is in the window no more."""
    desk = Desk(ClientLimits(window=1))
    desk.submit(PLACE)
    desk.pending.pop(PLACE.account, PLACE.command_id)
    desk.pending.admit(0.0, last=False)
    assert len(desk.pending) == 0


async def test_an_old_command_refuses_and_cancels_pass() -> None:
    """At 5,000 ms it may still wait, beyond that nothing is added but cancels."""
    desk = Desk(ClientLimits(oldest_ms=5_000))
    desk.submit(PLACE, now_s=10.0)
    desk.pending.admit(15.0, last=False)
    with pytest.raises(Overloaded):
        desk.pending.admit(15.1, last=False)
    desk.pending.admit(15.1, last=True)


async def test_the_oldest_is_the_oldest_that_is_unanswered() -> None:
    """An answer to the first command leaves the age of the second."""
    desk = Desk(ClientLimits(oldest_ms=5_000))
    desk.submit(PLACE._replace(command_id="a"), now_s=0.0)
    desk.submit(PLACE._replace(command_id="b"), now_s=4.0)
    desk.pending.pop(7, "a")
    desk.pending.admit(9.0, last=False)
    with pytest.raises(Overloaded):
        desk.pending.admit(9.1, last=False)


async def test_a_command_is_sent_again_as_often_as_said_and_then_given_up() -> None:
    """9 s and 2 retries: again at 3 s and 6 s, unchanged; given up at 9 s."""
    desk = Desk(ClientLimits(answer_timeout_ms=9_000, retries=2))
    desk.submit(PLACE)
    seen = []
    for now_s in range(1, 13):
        due = desk.pending.due(float(now_s))
        seen += [(now_s, "again", one.command) for one in due.again]
        seen += [(now_s, "given up", one.command) for one in due.given_up]
    assert [(3, "again", PLACE), (6, "again", PLACE), (9, "given up", PLACE)] == seen
    assert len(desk.pending) == 0


async def test_an_answered_command_is_never_sent_again() -> None:
    """Nor given up."""
    desk = Desk()
    desk.submit(PLACE)
    desk.pending.pop(7, "p1")
    assert desk.pending.due(100.0) == ([], [])


async def test_an_id_under_way_is_refused() -> None:
    """Its answer could not be told from the first one's; another account's is another id."""
    desk = Desk()
    desk.submit(PLACE)
    with pytest.raises(InvalidValue):
        desk.submit(PLACE)
    desk.submit(PLACE._replace(account=8))
    assert len(desk.pending) == 2


async def test_unanswered_commands_come_in_the_order_of_their_submits() -> None:
    """So that they can be sent again in that order."""
    desk = Desk()
    for command_id in "abcd":
        desk.submit(PLACE._replace(command_id=command_id))
    desk.pending.pop(7, "b")
    assert [one.command.command_id for one in desk.pending.unanswered()] == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("window", 0),
        ("oldest_ms", 0),
        ("answer_timeout_ms", 0),
        ("events_buffer", 0),
        ("cancels_extra", -1),
        ("retries", -1),
        ("valid_for_ms", 0),
        ("valid_for_ms", VALID_UNTIL_AHEAD_MS_MAX + 1),
    ],
)
def test_a_limit_out_of_bounds_is_refused(field: str, value: int) -> None:
    """When the limits are made, not when they are met."""
    with pytest.raises(InvalidValue) as refused:
        ClientLimits(**{field: value})
    assert field == refused.value.field
