"""An incoming order takes from the opposite side: by price, then by arrival."""

from enum import Enum

from partita.matchers.events import BookEvent, Traded
from partita.matchers.reference.order import Order
from partita.matchers.reference.resting import RestingOrders
from partita.matchers.reference.self_trade import prevent
from partita.schemas.arithmetic import PPM, affordable
from partita.schemas.enums import Outcome
from partita.schemas.reasons import Reason


class Ending(Enum):
    """Why an incoming order stopped taking."""

    FILLED = "nothing of it is left to fill"
    UNMET = "nothing in the book meets its price any more"
    SPENT = "its funds do not buy all that it wants"
    PREVENTED = "self-trade prevention ended it"


# Bound once: an attribute of an Enum class is a slow look-up on Python 3.11.
_FILLED, _UNMET, _SPENT, _PREVENTED = Ending
_OUTCOME_FILLED, _NO_REASON = Outcome.FILLED, Reason.NONE


class Matching:
    """The trades of one book."""

    __slots__ = ("last_price", "last_size", "notional_unit", "resting", "trade_id")

    def __init__(self, resting: RestingOrders, notional_unit: int) -> None:
        self.resting = resting
        self.notional_unit = notional_unit  # quote units of one lot at one tick
        self.trade_id = 0
        self.last_price = 0
        self.last_size = 0

    def take(self, taker: Order, events: list[BookEvent]) -> Ending:
        """Let an incoming order meet what it reaches; append what happened; return why it stopped.

        A taker bounded by funds meets each resting order once: when its funds buy less than both
        want, that is its last trade, though the rounding of fees may leave a lot's worth over.
        """
        opposite = self.resting.opposite(taker.side)
        reach = opposite.reach(taker)
        while opposite.best_key <= reach:
            maker = opposite.first()
            wanted = min(taker.remaining, maker.remaining)
            size = wanted
            if taker.budgeted:
                size = min(wanted, self._buys(taker, maker.price))
                if size == 0:
                    return self._spent(taker)
            if maker.account == taker.account:
                cost = self._cost(taker, maker.price, size) if taker.budgeted else 0
                if prevent(self.resting, taker, maker, size, cost, events):
                    return _PREVENTED
                continue
            self._trade(taker, maker, size, events)
            if taker.remaining == 0:
                return _FILLED
            if taker.budgeted and (size < wanted or taker.funds == 0):
                return self._spent(taker)
        return _UNMET

    def _buys(self, taker: Order, price: int) -> int:
        return affordable(taker.funds, price, self.notional_unit, taker.taker_fee_ppm)

    def _cost(self, taker: Order, price: int, size: int) -> int:
        notional = price * size * self.notional_unit
        return notional + notional * taker.taker_fee_ppm // PPM

    def _spent(self, taker: Order) -> Ending:
        # By funds alone it wanted what they buy, and has it.
        return _SPENT if taker.sized or taker.filled == 0 else _FILLED

    def _trade(self, taker: Order, maker: Order, size: int, events: list[BookEvent]) -> None:
        price = maker.price
        notional = price * size * self.notional_unit
        taker_fee = notional * taker.taker_fee_ppm // PPM
        self.trade_id += 1
        self.last_price = price
        self.last_size = size
        events.append(
            Traded(
                self.trade_id,
                maker.order_id,
                maker.account,
                taker.order_id,
                taker.account,
                taker.side,
                price,
                size,
                notional * maker.maker_fee_ppm // PPM,
                taker_fee,
            )
        )
        taker.remaining -= size
        if taker.budgeted:
            taker.funds -= notional + taker_fee
        self._fill_maker(maker, size, events)

    def _fill_maker(self, maker: Order, size: int, events: list[BookEvent]) -> None:
        resting = self.resting
        if size < maker.remaining:
            resting.side(maker.side).reduce(maker, size)
            maker.remaining -= size
            return
        resting.close(maker)
        maker.remaining = 0
        events.append(maker.done(_OUTCOME_FILLED, _NO_REASON, True))
