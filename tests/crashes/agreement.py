"""What must hold between the machines of an exchange at rest, from their states alone."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from partita.ledger.state import OrderRecord, ShardState
from partita.matchers.state import BookState, RestingOrder
from partita.schemas.arithmetic import need
from partita.schemas.enums import OrderState, Side
from partita.schemas.instrument import Instrument
from partita.schemas.topics import shard_of


def disagreements(shards: Sequence[ShardState], books: Sequence[BookState]) -> Iterator[str]:
    """Give all that is wrong: open orders, holds, sums per asset, clearing."""
    rules = {book.instrument.instrument_id: book.instrument for book in books}
    for shard in shards:
        for book in books:
            yield from _orders(shard, book)
        yield from _holds(shard, rules)
        if shard.requests:
            yield f"shard {shard.shard}: never answered: {shard.requests}"
    yield from _sums(shards)


def _orders(shard: ShardState, book: BookState) -> Iterator[str]:
    instrument = book.instrument
    resting = {
        o.order_id: o for o in book.orders if shard_of(o.account, shard.shards) == shard.shard
    }
    opened = {
        order.order_id: order
        for order in shard.orders
        if order.instrument_id == instrument.instrument_id and order.state is not OrderState.DONE
    }
    for order_id in sorted(resting.keys() ^ opened.keys()):
        where = "the book" if order_id in resting else "the ledger"
        yield f"order {order_id} of {instrument.symbol} is open in {where} only"
    for order_id in resting.keys() & opened.keys():
        yield from _order(opened[order_id], resting[order_id], instrument)


def _order(mine: OrderRecord, theirs: RestingOrder, instrument: Instrument) -> Iterator[str]:
    ledger = (mine.account, mine.side, mine.price, mine.size, mine.remaining)
    book = (theirs.account, theirs.side, theirs.price, theirs.size, theirs.remaining)
    if ledger != book or mine.state is not OrderState.OPEN:
        yield f"order {mine.order_id}: the ledger has {mine}, the book {theirs}"
    needed = theirs.remaining
    if theirs.side is Side.BUY:
        rate_ppm = max(theirs.maker_fee_ppm, theirs.taker_fee_ppm)
        needed = need(theirs.price, theirs.remaining, instrument.notional_unit, rate_ppm)
    if mine.hold != needed:
        yield f"order {mine.order_id} needs {needed}: {mine}"


def _holds(shard: ShardState, rules: Mapping[int, Instrument]) -> Iterator[str]:
    """Held is what the open orders need, and nothing is negative."""
    held: Counter[tuple[int, int]] = Counter()
    for order in shard.orders:
        instrument = rules[order.instrument_id]
        if order.side is Side.SELL:
            held[order.account, instrument.base_asset_id] += order.hold * instrument.lot
        else:
            held[order.account, instrument.quote_asset_id] += order.hold
    for row in shard.accounts:
        if row.held != held[row.account, row.asset_id] or row.available < 0:
            yield f"open orders need {held[row.account, row.asset_id]}: {row}"


def _sums(shards: Sequence[ShardState]) -> Iterator[str]:
    """Each shard's entries sum to zero per asset; nothing is in flight, so clearing does too."""
    clearing: Counter[tuple[int, int]] = Counter()
    for shard in shards:
        sums: Counter[int] = Counter()
        for row in shard.accounts:
            sums[row.asset_id] += row.available + row.held
        for asset in shard.assets:
            sums[asset.asset_id] += asset.fees + asset.external
        for one in shard.clearing:
            sums[one.asset_id] += one.amount
            clearing[one.instrument_id, one.asset_id] += one.amount
        yield from (
            f"shard {shard.shard}: asset {asset_id} sums to {over}, not to 0"
            for asset_id, over in sorted(sums.items())
            if over
        )
    yield from (
        f"clearing of instrument {instrument_id} in asset {asset_id} is {over} at rest, not 0"
        for (instrument_id, asset_id), over in sorted(clearing.items())
        if over
    )
