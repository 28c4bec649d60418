"""From a book with its edges to the record that stands on `books-changelog`, and back."""

from collections.abc import Iterable
from typing import NamedTuple

from partita.log.edges import EdgeState
from partita.matchers.state import BookState, RestingOrder
from partita.schemas.columns import columns, members, places
from partita.schemas.enums import SelfTrade, Side, TimeInForce
from partita.schemas.snapshots import BookSnapshot, EdgeEnd, RestingOrders

_FIELDS = RestingOrder._fields
_SIDE, _TIME_IN_FORCE, _SELF_TRADE = (
    _FIELDS.index(name) for name in ("side", "time_in_force", "self_trade")
)
_ENUMS: tuple[tuple[int, type[Side | TimeInForce | SelfTrade]], ...] = (
    (_SIDE, Side),
    (_TIME_IN_FORCE, TimeInForce),
    (_SELF_TRADE, SelfTrade),
)


class BookEdges(NamedTuple):
    """The ends of all edges of a book."""

    from_shards: tuple[EdgeState, ...]
    to_shards: tuple[EdgeState, ...]
    to_everyone: EdgeState


def to_snapshot(state: BookState, edges: BookEdges, first_offset: int) -> BookSnapshot:
    """Return the record of a state."""
    table = columns(state.orders, len(_FIELDS))
    for at, kind in _ENUMS:
        table[at] = places(table[at], kind)
    return BookSnapshot(
        instrument=state.instrument,
        first_offset=first_offset,
        time_ms=state.time_ms,
        trade_id=state.trade_id,
        last_price=state.last_price,
        last_size=state.last_size,
        arrivals=state.arrivals,
        from_shards=_ends(edges.from_shards),
        to_shards=_ends(edges.to_shards),
        to_everyone=_ends((edges.to_everyone,)),
        orders=RestingOrders._make(table),
    )


def from_snapshot(snapshot: BookSnapshot) -> tuple[BookState, BookEdges]:
    """Return the state of a record. Raises ValueError, KeyError: it is not one of a book."""
    table: list[Iterable[object]] = list(snapshot.orders)
    for at, kind in _ENUMS:
        table[at] = members(snapshot.orders[at], kind)
    state = BookState(
        instrument=snapshot.instrument,
        time_ms=snapshot.time_ms,
        trade_id=snapshot.trade_id,
        last_price=snapshot.last_price,
        last_size=snapshot.last_size,
        arrivals=snapshot.arrivals,
        orders=tuple(map(RestingOrder._make, zip(*table, strict=True))),
    )
    (to_everyone,) = snapshot.to_everyone
    return state, BookEdges(
        tuple(EdgeState.checked(end.number, end.chain) for end in snapshot.from_shards),
        tuple(EdgeState.checked(end.number, end.chain) for end in snapshot.to_shards),
        EdgeState.checked(to_everyone.number, to_everyone.chain),
    )


def _ends(edges: Iterable[EdgeState]) -> tuple[EdgeEnd, ...]:
    return tuple(EdgeEnd(peer, *edge) for peer, edge in enumerate(edges))
