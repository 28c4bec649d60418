"""Slips: a day on which one event has one field, or one event is, not as it was.

Each row says what is found, which event it is (the first of its kind with these fields; `order` is
an order by its name), and what it becomes: other fields, nothing, or something more behind it.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from histories.day import BOB, DAN, DEPOSIT, EVE
from simulation.market import USD

from partita.schemas.accounts import (
    Accepted,
    AccountEvent,
    Answered,
    Balance,
    Changed,
    Done,
    Filled,
    Opened,
    OrderStatus,
    Received,
    Rejected,
)
from partita.schemas.enums import Outcome
from partita.schemas.reasons import Reason

NOTHING: Mapping[str, Any] = {}
Fields = Mapping[str, Any]
Behind = Callable[[Any], AccountEvent]


class Slip(NamedTuple):
    """See the module."""

    words: str
    kind: type
    fields: Fields
    change: Fields | Behind  # NOTHING: it is not told


SLIPS = (
    # Answers.
    Slip("order's id must be new", Received, {"command_id": "bid"}, {"order_id": 4}),
    Slip(
        "it must reserve 77794 units, and reserves 77793",
        Balance,
        {"account": DAN, "held": 77_794},
        {"held": 77_793, "available": 9_892_132},
    ),
    Slip("its funds must be 25000", Received, {"command_id": "by-funds"}, {"funds": 24_999}),
    Slip("nothing has happened to the order", Accepted, {"command_id": "out"}, {"order_id": 3}),
    Slip(
        "nothing like this was sent under its id",
        Opened,
        {"order": "missed"},
        lambda _: Accepted(EVE, "lost", 0, 0, repeated=False),
    ),
    Slip(
        "must be rejected: insufficient_funds",
        Rejected,
        {"command_id": "beyond"},
        lambda e: Accepted(e.account, e.command_id, 0, 0, repeated=False),
    ),
    Slip(
        "its id was used for nothing else",
        Rejected,
        {"command_id": "too-much"},
        {"reason": Reason.DUPLICATE_ID},
    ),
    Slip(
        "must be one of: invalid_size",
        Rejected,
        {"command_id": "no-size"},
        {"reason": Reason.INVALID_PRICE},
    ),
    Slip("it must be one of", Rejected, {"command_id": "late"}, {"order_id": 3}),
    Slip("nobody asked for what was told", Rejected, {"command_id": "again"}, {"order_id": 3}),
    Slip(
        "it must be one of", Rejected, {"command_id": "halted"}, {"reason": Reason.PRICE_TOO_HIGH}
    ),
    Slip("final state of an order is told", OrderStatus, {"order": "bid"}, NOTHING),
    Slip("belongs to another shard", Opened, {"order": "bid"}, {"account": EVE}),
    # Lives.
    Slip("what rests must be 8 lots", Opened, {"order": "bid"}, {"remaining": 7}),
    Slip("the order is another", Filled, {"order": "offer"}, {"instrument_id": 2}),
    Slip("4 lots remain", Filled, {"order": "better"}, {"size": 5, "trade_id": 99}),
    Slip("at its own price, 100", Filled, {"order": "offer"}, {"price": 99, "trade_id": 99}),
    Slip("beyond its limit, 103", Filled, {"order": "better"}, {"price": 104, "trade_id": 99}),
    Slip(
        "it costs 30075 units, of which 25000 are reserved",
        Filled,
        {"order": "by-funds"},
        {"size": 3, "fee": 75, "trade_id": 99},
    ),
    Slip("has no such order", Done, {"order": "better"}, {"order_id": 9_999}),
    Slip(
        "its owner never asked to cancel it",
        Done,
        {"order": "brief"},
        {"outcome": Outcome.CANCELLED, "reason": Reason.REQUESTED},
    ),
    Slip("no cancel of this order", Accepted, {"command_id": "first"}, {"command_id": "in-vain"}),
    Slip(
        "the order ended otherwise",
        Done,
        {"order": "to-amend"},
        {"reason": Reason.SELF_TRADE},
    ),
    Slip("it cannot end so", Done, {"order": "now"}, {"reason": Reason.NO_LIQUIDITY}),
    Slip("it cannot end so", Done, {"order": "brief"}, {"reason": Reason.NOT_TRADING}),
    Slip("2 orders were cancelled for it, not 3", Accepted, {"command_id": "sweep"}, {"count": 3}),
    # Changes.
    Slip("nothing remains is done", Changed, {"order": "bid"}, {"remaining": 0}),
    Slip("no amend to this was sent", Changed, {"order": "bid"}, {"price": 99}),
    Slip("no amend asked for it", Changed, {"order": "bid", "remaining": 2}, {"remaining": 9}),
    Slip(
        "it takes nothing more",
        Balance,
        {"account": DAN, "held": 68_771},
        {"available": 9_832_955, "held": 88_422},
    ),
    Slip(
        "19649 units are freed; 88421 were held and one of .0. brought, and it needs .68771.",
        Balance,
        {"account": DAN, "held": 68_771},
        {"available": 9_852_605, "held": 68_772},
    ),
    Slip(
        "59250 units are held that no order and no amend needs",
        Balance,
        {"account": DAN, "held": 88_421},
        {"available": 9_832_955, "held": 88_422},
    ),
    # Reads.
    Slip(
        "it must be Balance",
        Balance,
        {"account": BOB, "asset_id": USD, "available": DEPOSIT + 99_900, "skip": 1},
        {"available": DEPOSIT + 99_901},
    ),
    Slip("others' affairs", Answered, {"command_id": "balances-1"}, {"account": EVE}),
    Slip("1 events of an answer", Answered, {"command_id": "where-is-missed"}, {"count": 2}),
    Slip("no such order", OrderStatus, {"client_order_id": "missed"}, {"order_id": 9_999}),
    Slip(
        "it holds 8120, and from 0 to 0",
        OrderStatus,
        {"client_order_id": "missed"},
        {"hold": 8_121},
    ),
    Slip("it must be OrderStatus", OrderStatus, {"client_order_id": "missed"}, {"price": 82}),
    Slip(
        "no answer to what was asked",
        Answered,
        {"command_id": "balances-1"},
        {"command_id": "too-much"},
    ),
)
