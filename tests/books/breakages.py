"""Ways to break the reference book on purpose; the suite must find each (reliability.md)."""

from collections.abc import Callable
from typing import NamedTuple

from partita.matchers.events import BookEvent, Traded
from partita.matchers.reference import amend, book
from partita.matchers.reference.book import ReferenceBook
from partita.matchers.reference.matching import Ending, Matching
from partita.matchers.reference.order import Order
from partita.matchers.reference.resting import RestingOrders
from partita.matchers.reference.side import BookSide
from partita.schemas.enums import OrderType
from partita.schemas.orders import AmendOrder, NewOrder
from partita.schemas.reasons import Reason


class Breakage(NamedTuple):
    """One attribute of one class or module, replaced by something wrong."""

    target: object
    attribute: str
    wrong: Callable[..., object]


def _last_in_first_out(self: BookSide) -> Order:
    return next(reversed(self.levels[self.best_key].orders.values()))


_trade = Matching._trade  # noqa: SLF001 - breaking the inside is the point


def _takers_price(
    self: Matching, taker: Order, maker: Order, size: int, events: list[BookEvent]
) -> None:
    at = len(events)
    _trade(self, taker, maker, size, events)
    traded = events[at]
    assert isinstance(traded, Traded)
    events[at] = traded._replace(price=taker.price or traded.price)


_order_init = Order.__init__


def _ioc_rests(self: Order, new: NewOrder) -> None:
    _order_init(self, new)
    self.may_rest = self.type is OrderType.LIMIT


def _keeps_place_when_larger(order: Order, amend: AmendOrder) -> bool:
    return amend.price == order.price


def _keeps_place_when_equal(order: Order, amend: AmendOrder) -> bool:
    return amend.price == order.price and amend.size <= order.size


def _fills_or_not(*_: object) -> bool:
    return True


_take = Matching.take


def _trades_with_itself(self: Matching, taker: Order, events: list[BookEvent]) -> Ending:
    account, taker.account = taker.account, -1
    at = len(events)
    ending = _take(self, taker, events)
    taker.account = account
    for index, event in enumerate(events[at:], at):
        if isinstance(event, Traded):
            events[index] = event._replace(taker_account=account)
    return ending


_pass_time = ReferenceBook._pass_time  # noqa: SLF001 - as above


def _expires_late(self: ReferenceBook, time_ms: int, events: list[BookEvent]) -> None:
    _pass_time(self, time_ms - 1, events)
    self._time_ms = time_ms


_refusal = amend.refusal


def _amends_beyond_its_hold(order: Order, amend: AmendOrder, notional_unit: int) -> Reason:
    reason = _refusal(order, amend, notional_unit)
    return Reason.NONE if reason is Reason.TOP_UP_TOO_SMALL else reason


def _takes_though_post_only(*_: object) -> bool:
    return False


def _level_keeps_its_size(*_: object) -> None:
    return None


BREAKAGES = {
    "last in, first out": Breakage(BookSide, "first", _last_in_first_out),
    "the taker's price": Breakage(Matching, "_trade", _takers_price),
    "IOC rests": Breakage(Order, "__init__", _ioc_rests),
    "a larger amend keeps its place": Breakage(book, "keeps_place", _keeps_place_when_larger),
    "an equal amend keeps its place": Breakage(book, "keeps_place", _keeps_place_when_equal),
    "FOK fills in part": Breakage(book, "can_fill", _fills_or_not),
    "self-trade prevention is ignored": Breakage(Matching, "take", _trades_with_itself),
    "expiry is a millisecond late": Breakage(ReferenceBook, "_pass_time", _expires_late),
    "an amend goes beyond its hold": Breakage(book, "refusal", _amends_beyond_its_hold),
    "post-only takes": Breakage(RestingOrders, "would_take", _takes_though_post_only),
    "a level's size is not reduced": Breakage(BookSide, "reduce", _level_keeps_its_size),
}

# What the auditor alone cannot know: it does not know the holds.
ORACLE_ONLY = {"an amend goes beyond its hold"}
