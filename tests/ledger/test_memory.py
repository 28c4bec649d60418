"""The memory of command ids over time."""

import pytest
from ledger_support.world import (
    AMEND,
    CANCEL,
    CANCEL_ALL,
    INQUIRE,
    NOW,
    PLACE,
    TRANSFER,
    USD,
    Desk,
    typed,
)

from partita.ledger.abc import ShardOutput
from partita.schemas.accounts import Accepted, OrderStatus, Received, Rejected
from partita.schemas.commands import Command, Place
from partita.schemas.limits import ID_MARGIN_MS, LIFE_REMEMBERED_MS_MAX
from partita.schemas.reasons import Reason
from partita.schemas.reports import OrdersCancelled, Refused

pytestmark = pytest.mark.usefixtures("shard_engine")

_UNTIL = NOW + 30_000
_NOTHING = ShardOutput((), ())
_DUPLICATE = Rejected(2, "p1", Reason.DUPLICATE_ID, 0, repeated=False)


def _desk() -> Desk:
    desk = Desk()
    desk.fund(amount=100_000)
    return desk


def test_repeated_place_gets_the_first_answer_and_nothing_happens() -> None:
    """No second order, no second hold."""
    desk = _desk()
    received = desk.run(PLACE).events[0]
    assert isinstance(received, Received)
    before = desk.shard.state_hash()
    assert typed((received._replace(repeated=True),)) == typed(desk.events(PLACE))
    assert before == desk.shard.state_hash()


def test_repeated_transfer_gets_the_first_answer() -> None:
    """The money arrives once."""
    desk = _desk()
    desk.events(TRANSFER)
    assert typed((Accepted(2, "t1", 0, 0, repeated=True),)) == typed(desk.events(TRANSFER))
    assert desk.balance(2, USD) == (1_100_000, 0)


def test_repeated_rejection_stays_one() -> None:
    """Even when the command would be accepted by now."""
    desk = Desk()
    rejected = Rejected(2, "p1", Reason.UNKNOWN_ACCOUNT, 0, repeated=False)
    assert typed((rejected,)) == typed(desk.events(PLACE))
    desk.fund()
    assert typed((rejected._replace(repeated=True),)) == typed(desk.events(PLACE))


def test_rejected_cancel_of_a_done_order_repeats_without_the_state() -> None:
    """The first answer is the rejection."""
    desk = _desk()
    order_id = desk.opened(PLACE)
    desk.cancelled(order_id, 10)
    cancel = CANCEL._replace(order_id=order_id)
    assert isinstance(desk.events(cancel)[0], OrderStatus)
    repeat = Rejected(2, "c1", Reason.ORDER_DONE, order_id, repeated=True)
    assert typed((repeat,)) == typed(desk.events(cancel))


@pytest.mark.parametrize(
    "command", [CANCEL._replace(order_id=2), AMEND._replace(order_id=2, size=12), CANCEL_ALL]
)
def test_repeat_while_the_book_has_it_says_nothing(command: Command) -> None:
    """The answer will come once, and a repeat after it gets it again."""
    desk = _desk()
    desk.opened(PLACE)
    asked = desk.asks(command)
    assert desk.run(command) == _NOTHING
    if command is CANCEL_ALL:
        answer = desk.report(OrdersCancelled(2, 0, request=1))[-1]
    else:
        top_up = getattr(asked, "top_up", 0)
        answer = desk.report(Refused(2, Reason.NOT_TRADING, top_up, request=1))[-1]
    assert isinstance(answer, Accepted | Rejected)
    assert typed((answer._replace(repeated=True),)) == typed(desk.events(command))


@pytest.mark.parametrize(
    "other",
    [
        PLACE._replace(size=11),
        PLACE._replace(post_only=True),
        CANCEL._replace(command_id="p1", order_id=2),
        INQUIRE._replace(command_id="p1", order_id=2),
        TRANSFER._replace(command_id="p1"),
    ],
)
def test_an_id_with_other_content_is_rejected_and_the_first_stays(other: Command) -> None:
    """The rejection does not disturb the memory."""
    desk = _desk()
    received = desk.run(PLACE).events[0]
    assert isinstance(received, Received)
    assert typed((_DUPLICATE,)) == typed(desk.events(other))
    assert typed((received._replace(repeated=True),)) == typed(desk.events(PLACE))


@pytest.mark.parametrize("later_ms", [1, ID_MARGIN_MS // 2])
def test_repeat_with_a_later_life_gets_the_first_answer_and_is_remembered_as_long(
    later_ms: int,
) -> None:
    """A caller that starts anew names the same command; a late copy of that finds it, too."""
    desk = Desk()
    first = Rejected(2, "p1", Reason.UNKNOWN_ACCOUNT, 0, repeated=False)
    desk.events(PLACE)
    again = PLACE._replace(valid_until_ms=_UNTIL + later_ms)
    desk.time_ms = again.valid_until_ms
    assert typed((first._replace(repeated=True),)) == typed(desk.events(again))
    desk.time_ms = again.valid_until_ms + ID_MARGIN_MS
    desk.shard.check()
    assert typed((first._replace(repeated=True),)) == typed(desk.events(PLACE))
    desk.time_ms += 1
    desk.events(CANCEL._replace(order_id=99))  # expired itself, so not remembered
    assert () == desk.shard.snapshot().ids


def test_what_was_rejected_as_valid_for_too_long_never_becomes_acceptable() -> None:
    """The same command again, when time has come nearer, gets the first answer."""
    desk = _desk()
    far = PLACE._replace(valid_until_ms=desk.time_ms + 66_000)
    (rejected,) = desk.events(far)
    assert isinstance(rejected, Rejected)
    assert Reason.VALID_UNTIL_TOO_FAR == rejected.reason
    for later_ms in (2_000, 66_000 + ID_MARGIN_MS):
        desk.time_ms = far.valid_until_ms - 66_000 + later_ms
        assert typed((rejected._replace(repeated=True),)) == typed(desk.events(far))


def test_an_absurd_life_does_not_fill_the_memory() -> None:
    """It is remembered for an hour and the margin."""
    desk = _desk()
    known = len(desk.shard.snapshot().ids)
    desk.events(PLACE._replace(valid_until_ms=1 << 62))
    desk.time_ms += LIFE_REMEMBERED_MS_MAX + ID_MARGIN_MS
    desk.events(CANCEL._replace(order_id=99))
    assert known + 1 == len(desk.shard.snapshot().ids)
    desk.time_ms += 1
    desk.events(CANCEL._replace(order_id=99))
    assert known == len(desk.shard.snapshot().ids)


def test_an_id_of_any_length_is_refused_in_a_few_bytes() -> None:
    """What is said of a record never outgrows it."""
    (rejected,) = _desk().events(PLACE._replace(command_id="x" * 1_000_000))
    assert isinstance(rejected, Rejected)
    assert (Reason.INVALID_ID, "x" * 36) == (rejected.reason, rejected.command_id)


def test_ids_belong_to_accounts() -> None:
    """Another account may use the same id."""
    desk = _desk()
    desk.fund(account=4)
    desk.placed(PLACE)
    desk.placed(PLACE._replace(account=4))


def test_repeat_after_valid_until_gets_the_first_answer() -> None:
    """As long as the memory lasts: to the margin, not a millisecond longer."""
    desk = Desk()
    rejected = Rejected(2, "p1", Reason.UNKNOWN_ACCOUNT, 0, repeated=False)
    desk.events(PLACE)
    desk.time_ms = _UNTIL + ID_MARGIN_MS
    assert typed((rejected._replace(repeated=True),)) == typed(desk.events(PLACE))
    desk.time_ms += 1
    expired = rejected._replace(reason=Reason.COMMAND_EXPIRED)
    assert typed((expired,)) == typed(desk.events(PLACE))
    assert desk.shard.snapshot().ids == ()


def test_a_command_logged_after_valid_until_is_rejected_for_good() -> None:
    """At valid_until it is in time; a millisecond later it is not, by the machine's time."""
    desk = _desk()
    desk.time_ms = _UNTIL
    desk.placed(PLACE)
    desk.time_ms += 1
    late = PLACE._replace(command_id="p2")
    expired = Rejected(2, "p2", Reason.COMMAND_EXPIRED, 0, repeated=False)
    assert (expired,) == desk.events(late)
    desk.time_ms = NOW  # a record may be logged earlier; the time of the machine stands
    assert (expired,) == desk.events(late)
    assert desk.shard.time_ms == _UNTIL + 1


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (PLACE._replace(valid_until_ms=NOW - 1), Reason.COMMAND_EXPIRED),
        (PLACE._replace(command_id=""), Reason.INVALID_ID),
        (PLACE._replace(account=3, valid_until_ms=NOW + 65_001), Reason.VALID_UNTIL_TOO_FAR),
        (PLACE._replace(account=3), Reason.INVALID_ACCOUNT),
    ],
)
def test_what_could_not_be_remembered_is_not(command: Place, reason: Reason) -> None:
    """A second attempt is judged anew."""
    desk = _desk()
    before = desk.shard.snapshot().ids
    for _ in range(2):
        rejected = Rejected(command.account, command.command_id, reason, order_id=0, repeated=False)
        assert (rejected,) == desk.events(command)
    assert before == desk.shard.snapshot().ids


def test_place_is_remembered_while_its_order_is_open_and_a_margin_longer() -> None:
    """So that client_order_id finds it, open or recently done."""
    desk = _desk()
    order_id = desk.opened(PLACE)
    desk.time_ms = NOW + 10 * ID_MARGIN_MS
    inquire = INQUIRE._replace(client_order_id="p1", valid_until_ms=NOW + 12 * ID_MARGIN_MS)
    soon = inquire._replace(valid_until_ms=desk.time_ms + 1)
    assert isinstance(desk.events(soon)[0], OrderStatus)
    assert Received is type(desk.events(PLACE)[0])
    desk.cancelled(order_id, 10)
    desk.time_ms += ID_MARGIN_MS
    assert isinstance(desk.events(inquire)[0], OrderStatus)
    desk.time_ms += 1
    unknown = Rejected(2, "i1", Reason.UNKNOWN_ORDER, 0, repeated=False)
    late = inquire._replace(valid_until_ms=desk.time_ms)
    assert (unknown,) == desk.events(late)
    assert (unknown,) == desk.events(late._replace(client_order_id="", order_id=order_id))
    assert desk.shard.snapshot().orders == ()


def test_done_order_is_kept_while_a_request_about_it_is_pending() -> None:
    """The book's refusal finds it, however late; the margin runs from then."""
    desk = _desk()
    order_id = desk.opened(PLACE)
    desk.asks(CANCEL._replace(order_id=order_id))
    desk.cancelled(order_id, 10)
    desk.time_ms = NOW + 10 * ID_MARGIN_MS
    status, rejected = desk.report(Refused(order_id, Reason.UNKNOWN_ORDER, 0, request=1))
    assert isinstance(status, OrderStatus)
    assert Rejected(2, "c1", Reason.ORDER_DONE, order_id, repeated=False) == rejected
    desk.time_ms += ID_MARGIN_MS
    desk.fund(amount=1)
    assert [order_id] == [order.order_id for order in desk.shard.snapshot().orders]
    desk.time_ms += 1
    desk.fund(amount=1)
    assert desk.shard.snapshot().orders == ()


def test_transfer_ids_are_never_forgotten() -> None:
    """A year later a repeat still gets the first answer."""
    desk = Desk()
    desk.events(TRANSFER)
    desk.time_ms = NOW + 366 * 86_400_000
    assert typed((Accepted(2, "t1", 0, 0, repeated=True),)) == typed(desk.events(TRANSFER))
    assert desk.balance(2, USD) == (1_000_000, 0)


def test_memory_does_not_grow_with_what_has_passed() -> None:
    """After valid_until and margin only the transfers are left."""
    desk = _desk()
    for number in range(20):
        order_id = desk.opened(PLACE._replace(command_id=f"p-{number}", size=2))
        desk.cancelled(order_id, 2)
        desk.events(CANCEL._replace(command_id=f"c-{number}", order_id=order_id))
    assert len(desk.shard.snapshot().ids) == 41
    desk.time_ms = _UNTIL + ID_MARGIN_MS + 1
    desk.fund(amount=1)
    assert [known.pinned for known in desk.shard.snapshot().ids] == 2 * [True]
