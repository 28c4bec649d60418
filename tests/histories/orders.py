"""One order as it must be, followed from the event that received it to the one that ends it."""

from partita.schemas.accounts import OrderStatus, Received
from partita.schemas.arithmetic import PPM
from partita.schemas.enums import OrderState, OrderType, Outcome, Side, TimeInForce
from partita.schemas.instrument import Instrument
from partita.schemas.reasons import Reason

Rates = tuple[int, int]  # of a maker, of a taker; millionths
LASTING = (TimeInForce.GTC, TimeInForce.GTT)


def cost_with_fee(cost: int, rate_ppm: int) -> int:
    """Return a cost and the fee on it, rounded down; quote units."""
    return cost + cost * rate_ppm // PPM


class Order:
    """See the module. Prices in ticks, sizes in lots, the hold in quote units (buy) or lots."""

    __slots__ = (
        "filled",
        "hold",
        "known_until_ms",
        "opened",
        "outcome",
        "price",
        "rates",
        "reason",
        "received",
        "remaining",
        "rules",
        "size",
        "state",
        "taking",
    )

    def __init__(
        self, received: Received, rules: Instrument, rates: list[Rates], hold: int
    ) -> None:
        self.received = received
        self.rules = rules  # only what never changes of them is used: assets and units
        self.rates = rates  # what it may have been reserved under; all of them give this hold
        self.hold = hold
        self.price = received.price
        self.size = received.size  # as amended and decreased
        self.remaining = received.size
        self.filled = 0
        self.opened = False
        self.taking = True  # it comes in, or comes in again after an amend
        self.state = OrderState.RECEIVED
        self.outcome = Outcome.FILLED
        self.reason = Reason.NONE
        self.known_until_ms = 0  # how long the shard must know it, once it is done

    @property
    def is_buy(self) -> bool:
        """Whether it pays in quote."""
        return self.received.side is Side.BUY

    @property
    def is_market(self) -> bool:
        """Whether it takes at any price."""
        return self.received.type is OrderType.MARKET

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.state is OrderState.DONE

    @property
    def hold_asset(self) -> int:
        """The asset in which it holds."""
        return self.rules.quote_asset_id if self.is_buy else self.rules.base_asset_id

    def units(self, hold: int) -> int:
        """Return a hold in units of its asset."""
        return hold if self.is_buy else hold * self.rules.lot

    def cost(self, price: int, size: int) -> int:
        """Return what some lots cost without the fee, quote units."""
        return price * size * self.rules.notional_unit

    def need(self, price: int, remaining: int, rates: Rates) -> int:
        """Return what the order must hold with this price and remainder, under these rates.

        A market buy holds its budget, whatever is left to buy.
        """
        if not self.is_buy:
            return remaining
        if self.is_market:
            return self.hold
        return cost_with_fee(self.cost(price, remaining), max(rates))

    def status(self, hold: int) -> OrderStatus:
        """Return what the owner must be told of it, if that is what it holds with top-ups."""
        placed = self.received
        return OrderStatus(
            account=placed.account,
            order_id=placed.order_id,
            client_order_id=placed.command_id,
            instrument_id=placed.instrument_id,
            side=placed.side,
            type=placed.type,
            time_in_force=placed.time_in_force,
            price=self.price,
            size=self.size,
            filled=self.filled,
            remaining=self.remaining,
            hold=hold,
            state=self.state,
            outcome=self.outcome,
            reason=self.reason,
        )
