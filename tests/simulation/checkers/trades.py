"""Trades: numbered densely, told alike to both parties and to everyone, at fair prices and fees."""

from typing import NamedTuple

from simulation.checkers.base import Checker
from simulation.market import UNIT
from simulation.sightings import Seen
from simulation.venue import Venue

from partita.schemas import feed, reports
from partita.schemas.arithmetic import fee
from partita.schemas.enums import Liquidity, OrderType, Side
from partita.schemas.orders import NewOrder
from partita.schemas.topics import BOOK


class _Party(NamedTuple):
    """One report of a trade."""

    order: NewOrder
    fill: reports.Filled
    limit: int  # ticks, at the time; 0 for a market order


class Trades(Checker):
    """Every trade from three sides: maker, taker, public."""

    name = "trades"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self._orders: dict[int, NewOrder] = {}
        self._prices: dict[int, int] = {}  # limits as amended
        self._public: dict[int, list[feed.Traded]] = {}
        self._parties: dict[tuple[int, int], dict[Liquidity, _Party]] = {}

    def see(self, seen: Seen) -> None:
        """Follow orders, prices, reports and the feed."""
        event = seen.event
        match event:
            case NewOrder():
                self._orders[event.order_id] = event
                self._prices[event.order_id] = event.price
            case reports.Changed():
                self._prices[event.order_id] = event.price
            case reports.Filled():
                self._fill(seen.edge.sender, event)
            case feed.Traded() if seen.edge.topic == BOOK:
                trades = self._public.setdefault(seen.edge.sender, [])
                trades.append(event)
                numbered = event.trade_id == len(trades)
                self.require(numbered, f"trade {len(trades)} of {seen.edge.sender} is {event}")

    def _fill(self, instrument_id: int, fill: reports.Filled) -> None:
        order = self._orders.get(fill.order_id)
        if order is None:
            self.fail(f"no book was given the order of {fill}")
        limit = self._prices[fill.order_id]
        parties = self._parties.setdefault((instrument_id, fill.trade_id), {})
        self.require(fill.liquidity not in parties, f"a party is told twice of {fill}")
        parties[fill.liquidity] = _Party(order, fill, limit)
        maker = fill.liquidity is Liquidity.MAKER
        rate_ppm = order.maker_fee_ppm if maker else order.taker_fee_ppm
        due = fee(fill.price * fill.size * UNIT, rate_ppm)
        self.require(fill.fee == due, f"the fee of {fill} is {due}")
        if maker:
            self.require(fill.price == limit, f"{fill} is not at the resting order's {limit}")
            self.require(order.type is OrderType.LIMIT, f"a market order rested: {order}")
        elif limit:
            better = fill.price <= limit if order.side is Side.BUY else fill.price >= limit
            self.require(better, f"{fill} is worse than the limit {limit}")
            self.require(not order.post_only, f"a post-only order took: {fill}")

    def at_rest(self) -> None:
        """Check that all three sides of each trade agree."""
        public = {
            (book, trade.trade_id): trade for book, all_ in self._public.items() for trade in all_
        }
        missing = public.keys() ^ self._parties.keys()
        self.require(not missing, f"known to some only: {sorted(missing)}")
        for key, trade in public.items():
            parties = self._parties[key]
            self.require(len(parties) == 2, f"one party was never told of {trade}")
            maker, taker = parties[Liquidity.MAKER], parties[Liquidity.TAKER]
            told = {(p.fill.price, p.fill.size) for p in (maker, taker)}
            self.require(told == {(trade.price, trade.size)}, f"{trade} was told as {told}")
            ids = maker.order.order_id, taker.order.order_id
            public_ids = trade.maker_order_id, trade.taker_order_id
            self.require(ids == public_ids, f"{trade} was told to {ids}")
            sides = {maker.order.side, taker.order.side}
            self.require(len(sides) == 2, f"{trade} is between two orders of one side")
            self.require(trade.taker_side is taker.order.side, f"the taker's side of {trade}")
            own = maker.order.account == taker.order.account
            self.require(not own, f"account {maker.order.account} traded with itself: {trade}")
