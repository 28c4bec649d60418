"""A line of a tape as a value."""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from partita.schemas.enums import OrderType, SelfTrade, Side, TimeInForce


class Op(StrEnum):
    """What a line asks for."""

    PLACE = "place"
    CANCEL = "cancel"
    AMEND = "amend"


class TapeRow(NamedTuple):
    """One command. Numbers are as written: not yet ticks and lots, and not yet judged."""

    seq: int  # 0-based row of the tape, the header and empty lines not counted
    op: Op
    id: str  # client order id: of the order placed, or of the one to cancel or amend
    account: int
    symbol: str
    side: Side | None  # None only where op is not place
    type: OrderType
    time_in_force: TimeInForce
    price: Decimal | None  # None: none for a place, unchanged for an amend
    size: Decimal | None  # as price; an amend's is the new remaining size
    funds: Decimal | None  # quote, fees included
    post_only: bool
    self_trade: SelfTrade
    expire_ms: int  # 0: never
    time_ms: int  # 0: not given
