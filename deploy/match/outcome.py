"""What became of a row: a book's answer in the words of the events file."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from partita.matchers.events import BookEvent, Changed, Done, Refused, Traded
from partita.schemas.enums import Outcome, Side
from partita.schemas.orders import NewOrder, OrderEvent
from partita.schemas.reasons import Reason


class Kind(StrEnum):
    """The events of the events file. That an order was filled shows in its trades."""

    ACCEPTED = "accepted"
    TRADE = "trade"
    CANCELLED = "cancelled"
    AMENDED = "amended"
    REJECTED = "rejected"


class Event(NamedTuple):
    """A line of the events file, orders still by number; 0 is for none."""

    kind: Kind
    side: Side | None  # a trade's is the taker's; None: a refused cancel or amend
    number: int  # the order; 0 for a trade, and for a rejection: the row names its order
    price: int  # ticks
    size: int  # lots; of a cancelled order what was left, of an amended one what remains
    maker: int
    taker: int
    reason: Reason


def outcome(event: OrderEvent, answer: Sequence[BookEvent]) -> Iterator[Event]:
    """Yield what an order event did, in order; a refused order is rejected and nothing else."""
    if not isinstance(event, NewOrder):
        for told in answer:
            yield from _told(told)
        return
    refused = _refused(event.order_id, answer)
    accepted = False
    for told in answer:
        # Expiries come before the order: time passes first.
        if not accepted and not _is_expiry(told):
            accepted = True
            if refused is not Reason.NONE:
                yield _rejected(event.side, refused)
                return
            number, price, size = event.order_id, event.price, event.size
            yield Event(Kind.ACCEPTED, event.side, number, price, size, 0, 0, Reason.NONE)
        yield from _told(told)


def _told(told: BookEvent) -> Iterator[Event]:
    none = Reason.NONE
    if isinstance(told, Traded):
        maker, taker = told.maker_order_id, told.taker_order_id
        yield Event(Kind.TRADE, told.taker_side, 0, told.price, told.size, maker, taker, none)
    elif isinstance(told, Done):
        if told.outcome is not Outcome.FILLED:
            number, price, size = told.order_id, told.price, told.size
            yield Event(Kind.CANCELLED, told.side, number, price, size, 0, 0, told.reason)
    elif isinstance(told, Changed):
        reason = none if told.request else Reason.SELF_TRADE
        yield Event(Kind.AMENDED, told.side, told.order_id, told.price, told.size, 0, 0, reason)
    elif isinstance(told, Refused):
        yield _rejected(None, told.reason)


def _rejected(side: Side | None, reason: Reason) -> Event:
    return Event(Kind.REJECTED, side, 0, 0, 0, 0, 0, reason)


def _is_expiry(told: BookEvent) -> bool:
    return isinstance(told, Done) and told.outcome is Outcome.EXPIRED


def _refused(order_id: int, answer: Sequence[BookEvent]) -> Reason:
    """Return why the order had no effect at all, else NONE."""
    last = answer[-1]
    if not isinstance(last, Done) or last.order_id != order_id:
        return Reason.NONE
    # A fill-or-kill order that cannot be filled is refused, whatever its end is called.
    killed = last.reason is Reason.FILL_OR_KILL_UNFILLABLE
    return last.reason if killed or last.outcome is Outcome.REJECTED else Reason.NONE
