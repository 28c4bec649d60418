"""What books say to shards, on `account-commands`."""

from typing import NamedTuple

from partita.schemas.enums import Line, Liquidity, Outcome
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason


class Opened(NamedTuple):
    """The order rests in the book."""

    order_id: int  # the order
    remaining: int  # lots that rest


class Filled(NamedTuple):
    """One party's view of a trade."""

    order_id: int  # the order
    trade_id: int  # number of the trade on this symbol
    price: int  # ticks
    size: int  # lots
    fee: int  # quote units, paid by this party
    liquidity: Liquidity  # maker or taker


class Changed(NamedTuple):
    """The order was amended, or decreased by self-trade prevention."""

    order_id: int  # the order
    price: int  # new price, ticks
    remaining: int  # new remaining size, lots
    # the part of the hold that came with the amend and now belongs to the order; quote units (buy)
    # or lots (sell)
    top_up: int
    request: int  # the amend that asked, 0 for self-trade prevention


class Done(NamedTuple):
    """The order has ended. What is left of its hold is free."""

    order_id: int  # the order
    outcome: Outcome  # how
    reason: Reason  # why, none when filled
    remaining: int  # lots that were not filled
    request: int  # the cancel that asked, else 0


class Refused(NamedTuple):
    """A cancel or amend was refused. The order is as it was."""

    order_id: int  # the order
    reason: Reason  # why
    top_up: int  # what the amend brought, given back
    request: int  # the shard's number of the request, to be told back


class OrdersCancelled(NamedTuple):
    """All orders of the account were cancelled; a Done for each came before."""

    account: int  # whose
    # how many. (Shadows tuple.count.)
    count: int  # type: ignore[assignment]
    request: int  # the shard's number of the request, to be told back


Report = Opened | Filled | Changed | Done | Refused | OrdersCancelled | Instrument


class ReportGroup(NamedTuple):
    """Consecutive events of one edge, a book to a shard."""

    instrument_id: int  # the book
    first: int  # number of the first event on this edge, 1 or more; the others follow without gaps
    chain: int  # unsigned CRC-32 over all events of the edge before the first
    events: tuple[Report, ...]  # the events


class ReportBatch(NamedTuple):
    """What books say to one shard: a record on account-commands."""

    seal: bytes  # keyed hash over body and destination; empty while seals are off
    line: Line  # which copy of the sender wrote this
    groups: tuple[ReportGroup, ...]  # one for each book that speaks
