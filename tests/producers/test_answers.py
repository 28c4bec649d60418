"""From sequences of events to answers."""

import pytest
from producers_support.make import BALANCE, PLACE, RECEIVED, STATUS, Desk, raws

from partita.producers.pending import Answer
from partita.schemas.accounts import (
    Accepted,
    Answered,
    Balance,
    Done,
    Opened,
    Rejected,
    Total,
)
from partita.schemas.commands import Cancel, Inquire
from partita.schemas.enums import OrderState, Outcome, Question
from partita.schemas.errors import Rejected as RejectedError
from partita.schemas.reasons import Reason

INQUIRE = Inquire(7, "i1", 20_000, Question.BALANCES, 0, "")
CANCEL = Cancel(7, "c1", 20_000, 40, "")
BTC = Balance(account=7, asset_id=1, available=3, held=0)
DONE = Done(7, 40, Outcome.CANCELLED, Reason.REQUESTED, 5, 15)


async def test_a_place_is_answered_by_received() -> None:
    """And the client has heard of its shard up to there."""
    desk = Desk()
    future = desk.submit(PLACE)
    (event,) = raws(RECEIVED, first=12)
    desk.answers.take([event])
    assert Answer(event, ()) == future.result()
    assert {0: 12} == desk.answers.positions


async def test_an_answer_to_another_account_or_client_changes_nothing() -> None:
    """The same id of another account, another id of this one."""
    desk = Desk()
    future = desk.submit(PLACE)
    others = (RECEIVED._replace(account=8), RECEIVED._replace(command_id="p2"))
    desk.answers.take(raws(*others))
    assert not future.done()


async def test_a_repeated_answer_counts_as_the_answer() -> None:
    """The first one may have been lost with a broken connection."""
    desk = Desk()
    future = desk.submit(PLACE)
    (event,) = raws(RECEIVED._replace(repeated=True))
    desk.answers.take([event])
    assert Answer(event, ()) == future.result()


async def test_a_second_answer_changes_nothing() -> None:
    """That of a retry, when both came through."""
    desk = Desk()
    future = desk.submit(PLACE)
    first, second = raws(RECEIVED, RECEIVED._replace(repeated=True))
    desk.answers.take([first, second])
    assert Answer(first, ()) == future.result()


async def test_a_rejection_is_raised_with_its_reason_and_time() -> None:
    """Without a detail where there is none."""
    desk = Desk()
    future = desk.submit(PLACE)
    desk.answers.take(raws(Rejected(7, "p1", Reason.INSUFFICIENT_FUNDS, 0, repeated=False)))
    with pytest.raises(RejectedError) as rejected:
        future.result()
    error = rejected.value
    assert (Reason.INSUFFICIENT_FUNDS, "p1", 1_000, "") == (
        error.reason,
        error.command_id,
        error.time_ms,
        error.detail,
    )


async def test_a_late_cancel_is_told_the_final_state() -> None:
    """It stands right before the rejection."""
    desk = Desk()
    future = desk.submit(CANCEL)
    status = STATUS._replace(state=OrderState.DONE)
    rejected = Rejected(7, "c1", Reason.ORDER_DONE, 40, repeated=False)
    desk.answers.take(raws(BALANCE, status, rejected))
    with pytest.raises(RejectedError) as error:
        future.result()
    assert error.value.detail == "filled 5"


async def test_the_state_of_another_order_is_no_detail() -> None:
    """Nor is one that does not stand right before."""
    for events in (
        (STATUS._replace(order_id=41), Rejected(7, "c1", Reason.ORDER_DONE, 40, repeated=False)),
        (STATUS, BTC, Rejected(7, "c1", Reason.ORDER_DONE, 40, repeated=False)),
    ):
        desk = Desk()
        future = desk.submit(CANCEL)
        desk.answers.take(raws(*events))
        with pytest.raises(RejectedError) as error:
            future.result()
        assert not error.value.detail


async def test_an_inquiry_is_answered_by_the_events_right_before() -> None:
    """As many as it says; a balance that changed before is none of them."""
    desk = Desk()
    future = desk.submit(INQUIRE)
    events = raws(BALANCE, BTC, BALANCE, Answered(7, "i1", 2))
    desk.answers.take(events)
    assert Answer(events[3], events[1:3]) == future.result()


async def test_an_answer_cut_into_many_hand_overs_is_one() -> None:
    """Records are cut anywhere, and other shards come in between."""
    desk = Desk()
    future = desk.submit(INQUIRE)
    events = raws(BTC, BALANCE, Answered(7, "i1", 2))
    for event in events:
        desk.answers.take([event])
        desk.answers.take(raws(BALANCE, first=event.number, shard=1))
    assert Answer(events[2], events[:2]) == future.result()


async def test_an_empty_answer_is_an_answer() -> None:
    """No open orders."""
    desk = Desk()
    future = desk.submit(INQUIRE)
    (event,) = raws(Answered(7, "i1", 0))
    desk.answers.take([event])
    assert Answer(event, []) == future.result()


async def test_an_answer_with_a_hole_leaves_the_question_open() -> None:
    """It is asked again rather than answered in part."""
    desk = Desk()
    future = desk.submit(INQUIRE)
    events = raws(BTC, BALANCE, BTC, Answered(7, "i1", 3))
    desk.answers.take([events[0], *events[2:]])
    assert not future.done()
    again = raws(BTC, BALANCE, BTC, Answered(7, "i1", 3), first=5)
    desk.answers.take(again)
    assert Answer(again[3], again[:3]) == future.result()


async def test_totals_are_parts_of_an_answer() -> None:
    """As balances and orders are."""
    desk = Desk()
    future = desk.submit(INQUIRE._replace(question=Question.TOTALS))
    events = raws(Total(7, 1, 5, 0, 0, 0, -5), Answered(7, "i1", 1))
    desk.answers.take(events)
    assert Answer(events[1], events[:1]) == future.result()


async def test_a_cancelled_wait_harms_nobody() -> None:
    """The caller may be gone when the answer comes, be it yes or no."""
    desk = Desk()
    place, cancel = desk.submit(PLACE), desk.submit(CANCEL)
    place.cancel()
    cancel.cancel()
    events = raws(RECEIVED, Accepted(7, "c1", 40, 1, repeated=False))
    desk.answers.take(events)
    assert len(desk.pending) == 0


async def test_an_order_is_known_from_received_to_done() -> None:
    """By both of its names, to its own account alone."""
    desk = Desk()
    desk.submit(PLACE)
    desk.answers.take(raws(RECEIVED))
    order = desk.answers.order_named(7, (40, ""))
    assert order is not None
    assert order.instrument_id == 1
    assert order is desk.answers.order_named(7, (0, "p1"))
    assert desk.answers.order_named(8, (40, "")) is None
    desk.answers.take(raws(DONE, first=2))
    assert desk.answers.order_named(7, (40, "")) is None
    assert desk.answers.order_named(7, (0, "p1")) is None


async def test_what_others_place_is_not_remembered() -> None:
    """They may place any number, in bulk."""
    desk = Desk()
    desk.answers.take(raws(RECEIVED))
    assert desk.answers.order_named(7, (40, "")) is None
    assert not desk.answers.orders


@pytest.mark.parametrize("event", [Opened(7, 40, 20), DONE])
async def test_an_order_settles_when_it_rests_or_is_done(event: Opened | Done) -> None:
    """All that wait for it hear."""
    desk = Desk()
    waiting = [desk.answers.settling(40), desk.answers.settling(40), desk.answers.settling(41)]
    desk.answers.take(raws(RECEIVED, event))
    assert [one.done() for one in waiting] == [True, True, False]
    assert desk.answers.has_settling
    desk.answers.forget_settling(41, waiting[2])
    assert not desk.answers.has_settling
