"""The edges that leave a shard: orders to each book, and the private stream."""

from partita.log.outbox import Stream
from partita.schemas import chain
from partita.schemas.accounts import AccountEventBatch, AccountEventGroup
from partita.schemas.enums import Line
from partita.schemas.orders import OrderBatch, OrderGroup
from partita.schemas.topics import ACCOUNT_EVENTS, ORDERS


def orders(shard: int, line: Line) -> Stream:
    """Return the stream to the books; an edge is named by the book's instrument_id."""
    return Stream(
        ORDERS,
        shard,
        chain.ORDERS,
        lambda instrument_id, first, before, _time_ms, events: OrderGroup(
            instrument_id, first, before, events
        ),
        lambda groups: OrderBatch(b"", line, shard, groups),
    )


def account_events(shard: int, line: Line) -> Stream:
    """Return the private stream; a shard has one edge to its readers, named 0."""
    return Stream(
        ACCOUNT_EVENTS,
        shard,
        chain.ACCOUNT_EVENTS,
        lambda _edge_id, first, before, time_ms, events: AccountEventGroup(
            first, before, time_ms, events
        ),
        # The codec fills in the accounts.
        lambda groups: AccountEventBatch((), b"", line, shard, groups),
    )
