"""From a shard with its edges to the record that stands on `ledger-changelog`, and back."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, cast

from partita.ledger.state import (
    AccountFunds,
    Answer,
    AssetFunds,
    ClearingFunds,
    KnownId,
    OrderRecord,
    RequestRecord,
    ShardState,
)
from partita.log.edges import EdgeState
from partita.schemas import accounts, snapshots
from partita.schemas.columns import columns, halves, members, places, whole
from partita.schemas.enums import OrderState, OrderType, Outcome, SelfTrade, Side, TimeInForce
from partita.schemas.identifiers import is_identifier
from partita.schemas.reasons import Reason

Ends = tuple[tuple[int, EdgeState], ...]  # (who is at the other end, this end)
Table = list[Any]  # columns

# Fields that are enums, whichever table they are in.
_ENUMS: dict[str, type[StrEnum]] = {
    "side": Side,
    "type": OrderType,
    "time_in_force": TimeInForce,
    "self_trade": SelfTrade,
    "state": OrderState,
    "outcome": Outcome,
    "reason": Reason,
}
CONTENT_BYTES = 16  # of what tells a repeat from other content
_NONE, _RECEIVED, _ACCEPTED, _REJECTED = range(4)  # kinds of answers
_KINDS: dict[type[Answer], int] = {
    accounts.Received: _RECEIVED,
    accounts.Accepted: _ACCEPTED,
    accounts.Rejected: _REJECTED,
}


class ShardEdges(NamedTuple):
    """The ends of all edges of a shard, by instrument_id."""

    from_books: Ends
    to_books: Ends
    to_accounts: EdgeState


def to_snapshot(state: ShardState, edges: ShardEdges) -> snapshots.ShardSnapshot:
    """Return the record of a state."""
    return snapshots.ShardSnapshot(
        shard=state.shard,
        shards=state.shards,
        time_ms=state.time_ms,
        order_count=state.order_count,
        request_count=state.request_count,
        instruments=state.instruments,
        from_books=_ends(edges.from_books),
        to_books=_ends(edges.to_books),
        to_accounts=_ends(((0, edges.to_accounts),)),
        accounts=_accounts(state.accounts),
        assets=tuple(map(snapshots.AssetFunds._make, state.assets)),
        clearing=tuple(map(snapshots.ClearingFunds._make, state.clearing)),
        orders=snapshots.Orders._make(_table(OrderRecord._fields, state.orders)),
        requests=snapshots.Requests._make(_table(RequestRecord._fields, state.requests)),
        ids=_ids(state.ids),
    )


def from_snapshot(snapshot: snapshots.ShardSnapshot) -> tuple[ShardState, ShardEdges]:
    """Return the state of a record. Raises ValueError, KeyError: it is not one of a shard."""
    for ids in (
        snapshot.orders.client_order_id,
        snapshot.requests.command_id,
        snapshot.ids.command_id,
    ):
        if not all(map(is_identifier, ids)):
            raise ValueError("an order or a command has no identifier")
    state = ShardState(
        shard=snapshot.shard,
        shards=snapshot.shards,
        time_ms=snapshot.time_ms,
        order_count=snapshot.order_count,
        request_count=snapshot.request_count,
        instruments=snapshot.instruments,
        accounts=tuple(_account_rows(snapshot.accounts)),
        assets=tuple(map(AssetFunds._make, snapshot.assets)),
        clearing=tuple(map(ClearingFunds._make, snapshot.clearing)),
        orders=tuple(map(OrderRecord._make, _rows(OrderRecord._fields, snapshot.orders))),
        requests=tuple(map(RequestRecord._make, _rows(RequestRecord._fields, snapshot.requests))),
        ids=tuple(_id_rows(snapshot.ids)),
    )
    (to_accounts,) = snapshot.to_accounts
    edges = ShardEdges(
        tuple((end.peer, EdgeState.checked(end.number, end.chain)) for end in snapshot.from_books),
        tuple((end.peer, EdgeState.checked(end.number, end.chain)) for end in snapshot.to_books),
        EdgeState.checked(to_accounts.number, to_accounts.chain),
    )
    return state, edges


def _ends(ends: Ends) -> tuple[snapshots.EdgeEnd, ...]:
    return tuple(snapshots.EdgeEnd(peer, *end) for peer, end in ends)


def _table(fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """Return rows as columns, enums as their places."""
    table: Table = list(columns(rows, len(fields)))
    for at, name in enumerate(fields):
        if name in _ENUMS:
            table[at] = places(table[at], _ENUMS[name])
    return table


def _rows(fields: Sequence[str], table: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Return columns as rows, enums as their members."""
    found: list[Iterable[Any]] = [
        members(column, _ENUMS[name]) if name in _ENUMS else column
        for name, column in zip(fields, table, strict=True)
    ]
    return zip(*found, strict=True)


def _accounts(rows: Sequence[AccountFunds]) -> snapshots.Accounts:
    account, asset_id, available, held = columns(rows, len(AccountFunds._fields))
    return snapshots.Accounts(account, asset_id, *halves(available), *halves(held))


def _account_rows(table: snapshots.Accounts) -> Iterator[AccountFunds]:
    available = whole(table.available_high, table.available_low)
    held = whole(table.held_high, table.held_low)
    rows = zip(table.account, table.asset_id, available, held, strict=True)
    return map(AccountFunds._make, rows)


def _ids(rows: Sequence[KnownId]) -> snapshots.Ids:
    # What an answer says of account and command is in the row already, and it is the first one.
    answers: dict[int, list[tuple[Any, ...]]] = {_RECEIVED: [], _ACCEPTED: [], _REJECTED: []}
    kinds = []
    for row in rows:
        kind = _KINDS[type(row.answer[0])] if row.answer else _NONE
        kinds.append(kind)
        if kind == _REJECTED:
            rejected = cast("accounts.Rejected", row.answer[0])
            answers[kind].append((rejected.reason, rejected.order_id))
        elif kind:
            answers[kind].append(row.answer[0][2:-1])
    account, command_id, content, keep_until_ms, pinned, _ = columns(rows, len(KnownId._fields))
    received = _table(snapshots.Received._fields, answers[_RECEIVED])
    accepted = _table(snapshots.Accepted._fields, answers[_ACCEPTED])
    rejected_table = _table(snapshots.Rejected._fields, answers[_REJECTED])
    return snapshots.Ids(
        account,
        command_id,
        content,
        keep_until_ms,
        pinned,
        tuple(kinds),
        snapshots.Received._make(received),
        snapshots.Accepted._make(accepted),
        snapshots.Rejected._make(rejected_table),
    )


def _id_rows(table: snapshots.Ids) -> Iterator[KnownId]:
    answers: dict[int, tuple[Callable[[Iterable[Any]], Answer], Iterator[tuple[Any, ...]]]] = {
        _RECEIVED: (accounts.Received._make, _rows(snapshots.Received._fields, table.received)),
        _ACCEPTED: (accounts.Accepted._make, _rows(snapshots.Accepted._fields, table.accepted)),
        _REJECTED: (accounts.Rejected._make, _rows(snapshots.Rejected._fields, table.rejected)),
    }
    for account, command_id, content, keep_until_ms, pinned, kind in zip(*table[:6], strict=True):
        if len(content) != CONTENT_BYTES and (content or kind != _RECEIVED):
            raise ValueError(f"the content of an id is {CONTENT_BYTES} bytes, or in its answer")
        answer: tuple[Answer, ...] = ()
        if kind in answers:
            make, rows = answers[kind]
            row = next(rows, None)
            if row is None:
                raise ValueError("an id's answer is missing")
            answer = (make((account, command_id, *row, False)),)
        yield KnownId(account, command_id, content, keep_until_ms, pinned, answer)
