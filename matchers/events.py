"""What a book answers: values from which reports, the public feed and the tickers are made."""

from typing import NamedTuple

from partita.schemas.enums import Outcome, Side
from partita.schemas.reasons import Reason


class Opened(NamedTuple):
    """An order rests, behind all others of its price."""

    order_id: int
    account: int
    side: Side
    price: int  # ticks
    size: int  # lots that rest


class Traded(NamedTuple):
    """Two orders met, at the resting order's price."""

    trade_id: int  # 1, 2, 3, ... per symbol
    maker_order_id: int
    maker_account: int
    taker_order_id: int
    taker_account: int
    taker_side: Side
    price: int  # ticks
    size: int  # lots
    maker_fee: int  # quote units
    taker_fee: int  # quote units


class Changed(NamedTuple):
    """An order was amended, or decreased by self-trade prevention (request 0)."""

    order_id: int
    account: int
    side: Side
    price: int  # new price, ticks
    size: int  # new remaining size, lots
    top_up: int  # what came with the amend and now belongs to the order
    request: int
    # False: it has left its place; what it takes as an incoming order follows, then an Opened with
    # what rests again, or a Done.
    kept_place: bool


class Done(NamedTuple):
    """An order has ended."""

    order_id: int
    account: int
    side: Side
    price: int  # ticks, 0 for a market order
    size: int  # lots that were not filled (0 for a market buy by funds alone)
    outcome: Outcome
    reason: Reason
    request: int  # the cancel that asked, else 0
    was_open: bool  # it was (or, amended, had been) resting: the public feed tells of its end


class Refused(NamedTuple):
    """A cancel or amend was refused; the order, if there is one, is as it was."""

    order_id: int
    account: int  # who asked
    reason: Reason
    top_up: int  # given back
    request: int


class OrdersCancelled(NamedTuple):
    """All orders of an account were cancelled; a Done for each came before, oldest first."""

    account: int
    # how many. (Shadows tuple.count.)
    count: int  # type: ignore[assignment]
    request: int


BookEvent = Opened | Traded | Changed | Done | Refused | OrdersCancelled
