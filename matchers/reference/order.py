"""An order inside the book, shared by all indexes, and the price level it stands on."""

from collections import OrderedDict

from partita.matchers.events import Done
from partita.matchers.state import RestingOrder
from partita.schemas.enums import OrderType, Outcome, TimeInForce
from partita.schemas.limits import NOTIONAL_MAX
from partita.schemas.orders import NewOrder
from partita.schemas.reasons import Reason

# Bound once: an attribute of an Enum class is a slow look-up on Python 3.11.
_LIMIT, _MARKET = OrderType.LIMIT, OrderType.MARKET
_GTC, _GTT = TimeInForce.GTC, TimeInForce.GTT

# The size of a market buy by funds alone: more lots than any funds buy.
_AS_MUCH_AS_FUNDS_BUY = NOTIONAL_MAX


class PriceLevel:
    """The orders of one price."""

    __slots__ = ("key", "orders", "price", "size")

    def __init__(self, key: int, price: int) -> None:
        self.key = key
        self.price = price
        self.size = 0  # lots, the sum of its orders
        # An OrderedDict and not a dict: looking up the first of a dict whose front was deleted
        # walks over the holes, which is quadratic in a long queue.
        self.orders: OrderedDict[int, Order] = OrderedDict()


class Order:
    """An incoming or resting order.

    The fields are those of NewOrder, and `remaining` (lots), `sized` (False: a market buy by funds
    alone), `budgeted` (True: `funds` bounds it, and holds what is left of them), `may_rest` (what
    it does not take at once waits in the book), `arrival` (its rank in time) and `level`, both
    given when it rests.
    """

    __slots__ = (
        "account",
        "arrival",
        "budgeted",
        "expire_ms",
        "funds",
        "level",
        "maker_fee_ppm",
        "may_rest",
        "order_id",
        "post_only",
        "price",
        "remaining",
        "self_trade",
        "side",
        "size",
        "sized",
        "taker_fee_ppm",
        "time_in_force",
        "type",
    )

    level: PriceLevel

    def __init__(self, new: NewOrder) -> None:
        (
            self.order_id,
            self.account,
            self.side,
            self.type,
            self.time_in_force,
            self.price,
            self.size,
            self.funds,
            self.post_only,
            self.self_trade,
            self.expire_ms,
            self.maker_fee_ppm,
            self.taker_fee_ppm,
        ) = new
        self.budgeted = self.funds > 0
        self.sized = self.size > 0
        if not self.sized:
            self.size = _AS_MUCH_AS_FUNDS_BUY
        self.remaining = self.size
        self.arrival = 0
        self.may_rest = self.type is _LIMIT and (
            self.time_in_force is _GTC or self.time_in_force is _GTT
        )

    @classmethod
    def from_resting(cls, resting: RestingOrder) -> "Order":
        """Return the order that a snapshot holds."""
        order = cls(
            NewOrder(
                order_id=resting.order_id,
                account=resting.account,
                side=resting.side,
                type=_LIMIT,
                time_in_force=resting.time_in_force,
                price=resting.price,
                size=resting.size,
                funds=0,
                post_only=resting.post_only,
                self_trade=resting.self_trade,
                expire_ms=resting.expire_ms,
                maker_fee_ppm=resting.maker_fee_ppm,
                taker_fee_ppm=resting.taker_fee_ppm,
            )
        )
        order.remaining = resting.remaining
        order.arrival = resting.arrival
        return order

    def to_resting(self) -> RestingOrder:
        """Return the order as a snapshot holds it."""
        return RestingOrder(
            order_id=self.order_id,
            account=self.account,
            side=self.side,
            time_in_force=self.time_in_force,
            price=self.price,
            size=self.size,
            remaining=self.remaining,
            post_only=self.post_only,
            self_trade=self.self_trade,
            expire_ms=self.expire_ms,
            maker_fee_ppm=self.maker_fee_ppm,
            taker_fee_ppm=self.taker_fee_ppm,
            arrival=self.arrival,
        )

    @property
    def is_market(self) -> bool:
        """Whether it takes at any price."""
        return self.type is _MARKET

    @property
    def filled(self) -> int:
        """Lots that were traded."""
        return self.size - self.remaining

    def decrease(self, lots: int) -> None:
        """Take lots off the order without a trade: they count neither as filled nor as left."""
        self.size -= lots
        self.remaining -= lots

    def done(self, outcome: Outcome, reason: Reason, was_open: bool, request: int = 0) -> Done:
        """Return the event of its end, as it is now."""
        left = self.remaining if self.sized else 0
        return Done(
            self.order_id,
            self.account,
            self.side,
            self.price,
            left,
            outcome,
            reason,
            request,
            was_open,
        )
