"""Whether what is held is what the open orders hold, and ledger and books agree on every order."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from partita.deploy.audit.edges import Edge
from partita.deploy.audit.findings import Differences, Kind, Place
from partita.deploy.audit.flight import Flight
from partita.ledger.state import OrderRecord, ShardState
from partita.matchers.state import BookState, RestingOrder
from partita.schemas import reports
from partita.schemas.arithmetic import need
from partita.schemas.enums import OrderState, OrderType, Side
from partita.schemas.instrument import Instrument
from partita.schemas.topics import ACCOUNT_COMMANDS, shard_name, shard_of


def holds(state: ShardState, differences: Differences) -> None:
    """Check the held balances of a shard against its orders and pending amends."""
    rules = {symbol.instrument_id: symbol for symbol in state.instruments}
    orders = {order.order_id: order for order in state.orders}
    held: Counter[tuple[int, int]] = Counter()

    def hold(order: OrderRecord, amount: int) -> None:
        symbol = rules[order.instrument_id]
        if order.side is Side.SELL:
            held[order.account, symbol.base_asset_id] += amount * symbol.lot
        else:
            held[order.account, symbol.quote_asset_id] += amount

    for order in state.orders:
        hold(order, order.hold)
    for asked in state.requests:
        if asked.order_id:
            hold(orders[asked.order_id], asked.top_up)
    place = Place(ACCOUNT_COMMANDS, state.shard)
    for row in state.accounts:
        wanted = held.pop((row.account, row.asset_id), 0)
        if row.held != wanted:
            text = f"account {row.account}, asset {row.asset_id}: {row.held} units are held, and"
            differences.add(Kind.HOLD, f"{text} its open orders hold {wanted}", place)
    for (account, asset_id), amount in held.items():
        if amount:
            text = f"account {account}, asset {asset_id}: orders hold {amount} units, and it has"
            differences.add(Kind.HOLD, f"{text} no such balance", place)


_OF_AN_ORDER = (reports.Opened, reports.Filled, reports.Changed, reports.Done)


class _View(NamedTuple):
    """An order as a shard will know it when it has taken what is in flight."""

    record: OrderRecord
    changed: bool  # by what is in flight


def agreement(
    shards: Mapping[int, ShardState],
    books: Mapping[int, BookState],
    flight: Flight,
    differences: Differences,
) -> None:
    """Check that each open order of a shard rests in its book, alike, or is on its way there."""
    views = {
        order.order_id: _View(order, changed=False)
        for state in shards.values()
        for order in state.orders
        if order.state is not OrderState.DONE
    }
    lost = {report.order_id for _, report in flight.lost if isinstance(report, _OF_AN_ORDER)}
    _take([*flight.lost, *flight.reports], views, lost | flight.ahead.keys(), differences)
    resting = {order.order_id: (order, book) for book in books.values() for order in book.orders}
    for order_id, view in views.items():
        record = view.record
        place = Place(ACCOUNT_COMMANDS, shard_of(record.account, len(shards)))
        found = resting.pop(order_id, None)
        if order_id in flight.orders:
            if found is not None:
                text = f"order {order_id} rests in the book, which has not taken it: {found[0]}"
                differences.add(Kind.ORDER, text, place)
        elif found is None:
            text = f"order {order_id} is open in {shard_name(place.partition)}, and neither in its"
            differences.add(Kind.ORDER, f"{text} book nor on the way there: {record}", place)
        else:
            _compare(view, *found, place, differences)
    for order_id, (order, book) in resting.items():
        if order_id not in flight.ahead:
            place = Place(ACCOUNT_COMMANDS, shard_of(order.account, len(shards)))
            text = f"order {order_id} rests in {book.instrument.symbol}, and is not open in"
            differences.add(Kind.ORDER, f"{text} {shard_name(place.partition)}: {order}", place)


def _take(
    in_flight: Iterable[tuple[Edge, reports.Report]],
    views: dict[int, _View],
    excused: Collection[int],
    differences: Differences,
) -> None:
    """Let the shards' views of their orders take what is in flight to them.

    Of those excused the shard may know nothing, or something else.
    """
    for edge, report in in_flight:
        if not isinstance(report, reports.Opened | reports.Filled | reports.Changed | reports.Done):
            continue
        view = views.get(report.order_id)
        if view is None:
            if report.order_id not in excused:
                text = f"a report is under way to {shard_name(edge.receiver)}, which has no such"
                text += f" open order: {report}"
                differences.add(Kind.ORDER, text, Place(ACCOUNT_COMMANDS, edge.receiver))
            continue
        if isinstance(report, reports.Done):
            del views[report.order_id]
        else:
            views[report.order_id] = _View(_after(view.record, report), changed=True)


def _after(
    order: OrderRecord, report: reports.Opened | reports.Filled | reports.Changed
) -> OrderRecord:
    if isinstance(report, reports.Opened):
        return order._replace(state=OrderState.OPEN)
    if isinstance(report, reports.Changed):
        size = order.filled + report.remaining
        return order._replace(price=report.price, size=size, remaining=report.remaining)
    remaining = order.remaining - report.size if order.size else 0
    return order._replace(filled=order.filled + report.size, remaining=remaining)


def _compare(
    view: _View, rests: RestingOrder, book: BookState, place: Place, differences: Differences
) -> None:
    order, rules = view.record, book.instrument
    mine = (order.account, order.side, order.price, order.size, order.remaining, order.state)
    theirs = (rests.account, rests.side, rests.price, rests.size, rests.remaining, OrderState.OPEN)
    if mine != theirs or order.instrument_id != rules.instrument_id:
        text = f"order {order.order_id} of {rules.symbol}: ledger {_text(mine)},"
        differences.add(Kind.ORDER, f"{text} book {_text(theirs)}", place)
    elif not view.changed and order.hold != _needs(order, rules):
        text = f"order {order.order_id} of {rules.symbol} holds {order.hold}, and needs"
        differences.add(Kind.HOLD, f"{text} {_needs(order, rules)}: {order}", place)


def _needs(order: OrderRecord, rules: Instrument) -> int:
    assert order.type is OrderType.LIMIT, "only limit orders rest"
    if order.side is Side.SELL:
        return order.remaining
    return need(order.price, order.remaining, rules.notional_unit, order.fee_ppm)


def _text(fields: tuple[object, ...]) -> str:
    return "(" + ", ".join(map(str, fields)) + ")"
