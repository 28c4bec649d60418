"""From a shard to its snapshot and back."""

from partita.ledger.reference.journal import Journal
from partita.ledger.reference.ledger import Ledger
from partita.ledger.reference.memory import Memory
from partita.ledger.reference.orders import Order
from partita.ledger.state import ShardState


def snapshot(ledger: Ledger) -> ShardState:
    """Return the whole state as a value, everything in a fixed order."""
    return ShardState(
        shard=ledger.shard,
        shards=ledger.shards,
        time_ms=ledger.time_ms,
        order_count=ledger.order_count,
        request_count=ledger.request_count,
        instruments=tuple(rules for _, rules in sorted(ledger.instruments.items())),
        accounts=ledger.journal.account_funds(),
        assets=ledger.journal.asset_funds(),
        clearing=ledger.journal.clearing_funds(),
        orders=tuple(order.record() for order in ledger.orders.all() if ledger.remembers(order)),
        requests=tuple(asked for _, asked in sorted(ledger.requests.items())),
        ids=ledger.memory.ids(),
    )


def restored(state: ShardState) -> Ledger:
    """Return the shard that a snapshot was taken of."""
    ledger = Ledger(
        shard=state.shard,
        shards=state.shards,
        time_ms=state.time_ms,
        order_count=state.order_count,
        request_count=state.request_count,
        instruments={rules.instrument_id: rules for rules in state.instruments},
        journal=Journal.restored(state.accounts, state.assets, state.clearing),
        requests={asked.request: asked for asked in state.requests},
        memory=Memory.restored(state.ids, state.time_ms),
    )
    for record in state.orders:
        ledger.orders.add(Order(**record._asdict()))
    for asked in state.requests:
        if asked.order_id:
            order = ledger.orders.find(asked.order_id)
            assert order is not None, "a request is about an order that is known"
            order.requests += 1
            order.top_up += asked.top_up
    return ledger
