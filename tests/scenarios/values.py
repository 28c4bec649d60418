"""What a scenario says, as values; the text form is described in scenarios.parser."""

from typing import NamedTuple

from partita.schemas.enums import (
    InstrumentStatus,
    OrderType,
    Outcome,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.reasons import Reason


class Place(NamedTuple):
    """Put an order in."""

    account: str
    name: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: int  # 0 for market
    size: int  # 0: by funds alone
    funds: int  # 0: not given
    post_only: bool
    self_trade: SelfTrade
    live_ms: int  # GTT: milliseconds to live, else 0


class Amend(NamedTuple):
    """Change an order."""

    account: str
    name: str
    size: int  # new total
    price: int


class Cancel(NamedTuple):
    """Take an order out."""

    account: str
    name: str


class CancelAll(NamedTuple):
    """Take all orders of an account out."""

    account: str


class Wait(NamedTuple):
    """Let time pass."""

    ms: int


class SetStatus(NamedTuple):
    """The operator halts or resumes trading."""

    status: InstrumentStatus


Action = Place | Amend | Cancel | CancelAll | Wait | SetStatus


class Opened(NamedTuple):
    """It rests."""

    name: str
    size: int
    price: int


class Traded(NamedTuple):
    """Two orders met."""

    maker: str
    taker: str
    size: int
    price: int


class Changed(NamedTuple):
    """It was amended or decreased."""

    name: str
    size: int  # left
    price: int


class Done(NamedTuple):
    """It has ended."""

    name: str
    outcome: Outcome
    size: int  # left
    reason: Reason


class Refused(NamedTuple):
    """A cancel or amend was refused."""

    name: str
    reason: Reason


class OrdersCancelled(NamedTuple):
    """The answer to cancel all."""

    orders: int  # how many


Expected = Opened | Traded | Changed | Done | Refused | OrdersCancelled


class Step(NamedTuple):
    """One action and all that comes of it."""

    line: int
    action: Action
    expected: tuple[Expected, ...]


class BookLine(NamedTuple):
    """A price level."""

    price: int
    size: int
    orders: int


class Scenario(NamedTuple):
    """A title, what happens, and the book at the end."""

    title: str
    source: str  # file and line
    maker_fee_ppm: int
    taker_fee_ppm: int
    steps: tuple[Step, ...]
    bids: tuple[BookLine, ...]
    asks: tuple[BookLine, ...]
