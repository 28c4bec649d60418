"""Invariant 10: ledger and book agree on each order, and held is what the open orders need."""

from collections import Counter

from simulation.checkers.base import Checker
from simulation.market import INSTRUMENTS, LOT, UNIT
from simulation.stations import SHARDS

from partita.ledger.state import OrderRecord, ShardState
from partita.matchers.state import RestingOrder
from partita.schemas.arithmetic import need
from partita.schemas.enums import OrderState, Side
from partita.schemas.topics import shard_of

_ASSETS_OF = {i.instrument_id: (i.base_asset_id, i.quote_asset_id) for i in INSTRUMENTS}


class Agreement(Checker):
    """Each open order of a ledger against the book's, and holds against both."""

    name = "agreement"

    def at_rest(self) -> None:
        """Compare every ledger with every book."""
        for matcher in self.matchers():
            for partition in matcher.partitions:
                for instrument_id, machine in matcher.books[partition].books.items():
                    resting = machine.book.snapshot().orders
                    for ledger in self.ledgers():
                        for shard in ledger.partitions:
                            state = ledger.shards[shard].shard.snapshot()
                            self._compare(instrument_id, resting, state)
        for ledger in self.ledgers():
            for shard in ledger.partitions:
                self._check_held(ledger.shards[shard].shard.snapshot())

    def _compare(
        self, instrument_id: int, resting: tuple[RestingOrder, ...], state: ShardState
    ) -> None:
        theirs = {o.order_id: o for o in resting if shard_of(o.account, SHARDS) == state.shard}
        mine = {
            order.order_id: order
            for order in state.orders
            if order.instrument_id == instrument_id and order.state is not OrderState.DONE
        }
        odd = theirs.keys() ^ mine.keys()
        self.require(not odd, f"orders {sorted(odd)} of {instrument_id}: in one, not in the other")
        for order_id, order in mine.items():
            self._compare_order(order, theirs[order_id])

    def _compare_order(self, mine: OrderRecord, theirs: RestingOrder) -> None:
        ledger = (mine.account, mine.side, mine.price, mine.size, mine.remaining)
        book = (theirs.account, theirs.side, theirs.price, theirs.size, theirs.remaining)
        self.require(ledger == book, f"order {mine.order_id}: ledger {ledger}, book {book}")
        self.require(mine.state is OrderState.OPEN, f"it rests, but the ledger has {mine}")
        rate_ppm = max(theirs.maker_fee_ppm, theirs.taker_fee_ppm)
        needed = theirs.remaining
        if theirs.side is Side.BUY:
            needed = need(theirs.price, theirs.remaining, UNIT, rate_ppm)
        self.require(mine.hold == needed, f"it needs {needed}: {mine}")

    def _check_held(self, state: ShardState) -> None:
        self.require(not state.requests, f"at rest nothing is pending: {state.requests}")
        held: Counter[tuple[int, int]] = Counter()
        for order in state.orders:
            base, quote = _ASSETS_OF[order.instrument_id]
            if order.side is Side.SELL:
                held[order.account, base] += order.hold * LOT
            else:
                held[order.account, quote] += order.hold
        for row in state.accounts:
            expected = held[row.account, row.asset_id]
            self.require(row.held == expected, f"open orders need {expected}: {row}")
