"""The invariants of a shard, computed anew from all that it knows."""

from collections import Counter

from partita.ledger.reference.ledger import Ledger
from partita.ledger.reference.orders import Order
from partita.schemas.accounts import Accepted, Received
from partita.schemas.arithmetic import need
from partita.schemas.enums import OrderState, OrderType, Side
from partita.schemas.limits import OPEN_ORDERS_MAX


def check(ledger: Ledger) -> None:
    """Assert every invariant of the shard."""
    ledger.journal.check()
    ledger.orders.check()
    ledger.memory.check(ledger.time_ms)
    assets = {rules.base_asset_id for rules in ledger.instruments.values()}
    assets |= {rules.quote_asset_id for rules in ledger.instruments.values()}
    assert [asset_id for asset_id, _ in ledger.journal.sums()] == sorted(assets), "assets are known"
    for order in ledger.orders.all():
        _check_order(ledger, order)
    _check_held(ledger)
    _check_requests(ledger)
    _check_ids(ledger)


def _check_order(ledger: Ledger, order: Order) -> None:
    assert order.order_id % ledger.shards == ledger.shard, f"the id is the shard's own: {order}"
    assert order.order_id // ledger.shards <= ledger.order_count, f"the id was given: {order}"
    sized = order.size > 0
    total = order.filled + order.remaining
    assert total == order.size if sized else order.remaining == 0, f"the size adds up: {order}"
    assert ledger.orders.open_count(order.account) <= OPEN_ORDERS_MAX, "open orders are capped"
    if order.state is OrderState.DONE:
        assert order.hold == 0, f"a done order holds nothing: {order}"
    elif order.side is Side.SELL:
        assert order.hold == order.remaining, f"a sale holds what remains: {order}"
    elif order.type is OrderType.LIMIT:
        unit = ledger.instruments[order.instrument_id].notional_unit
        needs = need(order.price, order.remaining, unit, order.fee_ppm)
        assert order.hold == needs, f"a purchase holds what it needs: {order}"
    else:
        assert order.hold >= 0, f"no hold is negative: {order}"


def _check_held(ledger: Ledger) -> None:
    held: Counter[tuple[int, int]] = Counter()
    for order in ledger.orders.all():
        rules = ledger.instruments[order.instrument_id]
        hold = order.hold + order.top_up
        if order.side is Side.SELL:
            held[order.account, rules.base_asset_id] += hold * rules.lot
        else:
            held[order.account, rules.quote_asset_id] += hold
    for row in ledger.journal.account_funds():
        assert row.account % ledger.shards == ledger.shard, f"the account is the shard's: {row}"
        orders_hold = held.pop((row.account, row.asset_id), 0)
        assert row.held == orders_hold, f"held is what the orders hold, {orders_hold}: {row}"
    assert not any(held.values()), "every hold is of an account"


def _check_requests(ledger: Ledger) -> None:
    count: Counter[int] = Counter()
    top_up: Counter[int] = Counter()
    for request, asked in ledger.requests.items():
        assert asked.request == request <= ledger.request_count, f"it was numbered: {asked}"
        known = ledger.memory.find(asked.account, asked.command_id)
        assert known is not None, f"its command is remembered: {asked}"
        assert known.pinned, f"and pinned: {asked}"
        assert known.answer is None, f"and not answered: {asked}"
        if asked.order_id:
            count[asked.order_id] += 1
            top_up[asked.order_id] += asked.top_up
    for order in ledger.orders.all():
        assert order.requests == count.pop(order.order_id, 0), f"requests are counted: {order}"
        assert order.top_up == top_up.pop(order.order_id, 0), f"top-ups add up: {order}"
    assert not count, "every request is about an order that is known"


def _check_ids(ledger: Ledger) -> None:
    pending = {(asked.account, asked.command_id) for asked in ledger.requests.values()}
    orders = {order.order_id: order for order in ledger.orders.all()}
    for row in ledger.memory.ids():
        answer = row.answer[0] if row.answer else None
        if answer is None:
            pending.remove((row.account, row.command_id))
        elif isinstance(answer, Received):
            order = orders.pop(answer.order_id)
            assert order.account == row.account, f"the order is the account's: {row}"
            assert order.client_order_id == row.command_id, f"the order has its id: {row}"
            needed = order.state is not OrderState.DONE or order.requests > 0
            assert row.pinned == needed, f"pinned while the order may be asked for: {row}"
        else:
            assert isinstance(answer, Accepted) or not row.pinned, f"a rejection passes: {row}"
    for answer in ledger.memory.ended():
        if isinstance(answer, Received):
            order = orders.pop(answer.order_id)
            assert not ledger.remembers(order), f"an order ends with its id: {order}"
            assert order.state is OrderState.DONE, f"an open order is kept: {order}"
    assert not pending, "every request has its id"
    assert not orders, "every order has its id"
