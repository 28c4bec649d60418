"""A book as a candidate of tracebook-conformance; run it as a program.

tracebook's own data classes frame the protocol; what is matched, and in which order, is the book's
answer alone. Its words become ours so: reduce is an amend to less at the same price, replace is an
amend, except for less at the same price, where an amend would keep the place that a replace loses:
then it is a cancel and a new order. Without a self-trade policy every order has its own account.
"""

import sys
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import count

from tracebook.conformance import (
    BookSnapshot,
    BookState,
    ConformanceConfig,
    EngineMetadata,
    Observation,
    Outcome,
    TradeFill,
    canonical_decimal,
    serve_stdio,
)
from tracebook.conformance import RestingOrder as RestingSource
from tracebook.core.order import NO_OWNER, OrderSide, OrderType, SelfTradePolicy
from tracebook.events import MarketEvent

from partita.deploy.match.scale import Scale, increment
from partita.log.engines import engine_name
from partita.matchers.abc import Book
from partita.matchers.engines import ENGINES, engine
from partita.matchers.events import Traded
from partita.matchers.state import RestingOrder
from partita.schemas import enums
from partita.schemas.limits import AMOUNT_MAX
from partita.schemas.orders import AmendOrder, CancelOrder, NewOrder, OrderEvent

_TIME_IN_FORCE = {
    OrderType.LIMIT: enums.TimeInForce.GTC,
    OrderType.MARKET: enums.TimeInForce.IOC,
    OrderType.IOC: enums.TimeInForce.IOC,
    OrderType.FOK: enums.TimeInForce.FOK,
}
_SELF_TRADE = {
    SelfTradePolicy.NONE: enums.SelfTrade.DC,  # never met: accounts are all different
    SelfTradePolicy.CANCEL_RESTING: enums.SelfTrade.CO,
    SelfTradePolicy.CANCEL_INCOMING: enums.SelfTrade.CN,
}
_OWN_ACCOUNT = 1 << 62  # accounts from here on belong to one order each; owners are below


class Refusal(Exception):
    """The event is rejected, with the protocol's reason."""


class _Symbol:
    """One book, and the protocol's names for its orders."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.sources: dict[int, MarketEvent] = {}  # by order id: the event that placed it
        self.open: dict[int, RestingOrder] = {}  # by the protocol's order id
        self.trades: list[Traded] = []  # of the last event

    def apply(self, event: OrderEvent) -> None:
        answer = self.book.apply(event, 0)
        self.trades += [told for told in answer if isinstance(told, Traded)]
        self.book.check()
        resting = self.book.snapshot().orders
        self.open = {self.source_id(order.order_id): order for order in resting}

    def source_id(self, order_id: int) -> int:
        source_id = self.sources[order_id].order_id
        assert source_id is not None, "only orders with an id were placed"
        return source_id

    def resting(self, source_id: int | None) -> RestingOrder:
        order = self.open.get(source_id) if source_id is not None else None
        if order is None:
            raise Refusal("ORDER_NOT_ACTIVE")
        return order


class Adapter:
    """An engine in tracebook's terms."""

    def __init__(self, config: ConformanceConfig) -> None:
        if config.matching_algorithm != "fifo":
            raise ValueError(f"no {config.matching_algorithm} matching here: price, then time")
        self.metadata = EngineMetadata(f"partita-{engine_name(ENGINES)}", "0", "Python")
        self._scale = Scale(
            Decimal(canonical_decimal(config.tick_size)), increment(config.quantity_decimal_places)
        )
        self._config = config
        self._symbols: dict[str, _Symbol] = {}
        self._order_ids = count(1)

    def apply(self, event: MarketEvent, index: int) -> Observation:
        """Apply one event and say what came of it."""
        name = event.symbol
        if name not in self._symbols and event.op in ("new", "clear"):
            self._symbols[name] = _Symbol(engine()(self._scale.instrument(name)))
        try:
            fills = self._applied(event)
            outcome = Outcome("applied")
        except Refusal as refusal:
            outcome, fills = Outcome("rejected", str(refusal)), ()
        state = self.snapshot()
        return Observation(index, outcome, fills, state.digest(), state.order_count)

    def snapshot(self) -> BookState:
        """Return all resting orders, by symbol, side and priority."""
        return BookState(
            tuple(
                BookSnapshot(
                    name,
                    self._side(symbol, enums.Side.BUY),
                    self._side(symbol, enums.Side.SELL),
                )
                for name, symbol in sorted(self._symbols.items())
            )
        )

    def close(self) -> None:
        """Nothing is held open."""

    def _applied(self, event: MarketEvent) -> tuple[TradeFill, ...]:
        symbol = self._symbols.get(event.symbol)
        if symbol is None:
            raise Refusal("ORDER_NOT_ACTIVE")
        symbol.trades.clear()
        apply = {
            "new": self._new,
            "cancel": self._cancel,
            "reduce": self._reduce,
            "replace": self._replace,
            "clear": self._clear,
        }[event.op]
        apply(symbol, event)
        return tuple(self._fill(symbol, trade) for trade in symbol.trades)

    def _new(self, symbol: _Symbol, event: MarketEvent) -> None:
        if event.order_id in symbol.open:
            raise Refusal("DUPLICATE_ORDER_ID")
        market = event.order_type is OrderType.MARKET
        price = 0 if market else self._ticks(event.price)
        size = self._lots(event.quantity)
        if size < 1 or (price < 1 and not market):
            raise Refusal("INVALID_ORDER")
        self._place(symbol, event, price, size)

    def _cancel(self, symbol: _Symbol, event: MarketEvent) -> None:
        order = symbol.resting(event.order_id)
        symbol.apply(CancelOrder(order.order_id, order.account, 1))

    def _reduce(self, symbol: _Symbol, event: MarketEvent) -> None:
        order = symbol.resting(event.order_id)
        less = self._lots(event.quantity)
        if not 0 < less <= order.remaining:
            raise Refusal("INVALID_ORDER")
        if less == order.remaining:
            self._cancel(symbol, event)
        else:
            self._amend(symbol, order, order.price, order.remaining - less)

    def _replace(self, symbol: _Symbol, event: MarketEvent) -> None:
        order = symbol.resting(event.order_id)
        price = order.price if event.price is None else self._ticks(event.price)
        size = order.remaining if event.quantity is None else self._lots(event.quantity)
        if price < 1 or size < 1:
            raise Refusal("INVALID_REPLACEMENT")
        if price == order.price and size < order.remaining:
            placed = symbol.sources[order.order_id]
            self._cancel(symbol, event)
            self._place(symbol, placed, price, size)
        else:
            self._amend(symbol, order, price, size)

    def _clear(self, symbol: _Symbol, _event: MarketEvent) -> None:
        for order in list(symbol.open.values()):
            symbol.apply(CancelOrder(order.order_id, order.account, 1))

    def _place(self, symbol: _Symbol, event: MarketEvent, price: int, size: int) -> None:
        order_id = next(self._order_ids)
        anonymous = event.owner == NO_OWNER
        apart = anonymous or self._config.self_trade_policy is SelfTradePolicy.NONE
        buying = event.side is OrderSide.BUY
        market = event.order_type is OrderType.MARKET
        symbol.sources[order_id] = event
        symbol.apply(
            NewOrder(
                order_id=order_id,
                account=_OWN_ACCOUNT + order_id if apart else event.owner,
                side=enums.Side.BUY if buying else enums.Side.SELL,
                type=enums.OrderType.MARKET if market else enums.OrderType.LIMIT,
                time_in_force=_TIME_IN_FORCE[event.order_type],
                price=price,
                size=size,
                funds=AMOUNT_MAX if market and buying else 0,
                post_only=False,
                self_trade=_SELF_TRADE[self._config.self_trade_policy],
                expire_ms=0,
                maker_fee_ppm=0,
                taker_fee_ppm=0,
            )
        )

    def _amend(self, symbol: _Symbol, order: RestingOrder, price: int, remaining: int) -> None:
        total = order.size - order.remaining + remaining
        amend = AmendOrder(order.order_id, order.account, price, total, AMOUNT_MAX, 1)
        symbol.apply(amend)

    def _ticks(self, price: float | None) -> int:
        # The protocol snaps a price to the nearest tick; below half a tick nothing is left of it.
        return round(Decimal(str(price)) / self._scale.tick)

    def _lots(self, quantity: float | None) -> int:
        lots = Decimal(str(quantity)) / self._scale.lot
        return int(lots.to_integral_value(ROUND_HALF_EVEN))

    def _side(self, symbol: _Symbol, side: enums.Side) -> tuple[RestingSource, ...]:
        towards = -1 if side is enums.Side.BUY else 1
        orders = [order for order in symbol.book.snapshot().orders if order.side is side]
        orders.sort(key=lambda order: (towards * order.price, order.arrival))
        return tuple(
            RestingSource(
                order_id=symbol.source_id(order.order_id),
                price=canonical_decimal(self._scale.price_text(order.price)),
                remaining_quantity=canonical_decimal(self._scale.size_text(order.remaining)),
                owner=symbol.sources[order.order_id].owner,
            )
            for order in orders
        )

    def _fill(self, symbol: _Symbol, trade: Traded) -> TradeFill:
        taker, maker = trade.taker_order_id, trade.maker_order_id
        buying = trade.taker_side is enums.Side.BUY
        return TradeFill(
            symbol=symbol.book.instrument.symbol,
            buy_order_id=symbol.source_id(taker if buying else maker),
            sell_order_id=symbol.source_id(maker if buying else taker),
            price=canonical_decimal(self._scale.price_text(trade.price)),
            quantity=canonical_decimal(self._scale.size_text(trade.size)),
        )


if __name__ == "__main__":
    sys.exit(serve_stdio(Adapter))
