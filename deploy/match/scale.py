"""Decimals of a tape to ticks and lots and back, for one tick and one lot."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from partita.schemas.decimals import from_steps, plain, to_steps
from partita.schemas.enums import InstrumentStatus
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument
from partita.schemas.limits import AMOUNT_MAX

# Prices and sizes repeat; the bound keeps a long tape of distinct ones from filling memory.
_CACHED = 1 << 16

_DIGITS_MAX = 18  # of an increment: all that is computed from two is exact

OFF_GRID = -1  # steps of a value that is no whole number of steps, or too many: always refused


class Scale:
    """The two increments of a tape, and the conversions that follow from them."""

    def __init__(self, tick: Decimal, lot: Decimal) -> None:
        """Take the price and the size increment.

        Raises:
            InvalidValue: an increment is not above zero, or too long.

        """
        for field, step in (("tick", tick), ("lot", lot)):
            if step <= 0 or max(len(step.as_tuple().digits), _decimals(step)) > _DIGITS_MAX:
                rule = f"must be above zero, of at most {_DIGITS_MAX} digits and decimals"
                raise InvalidValue(field, plain(step), rule)
        self.tick = tick
        self.lot = lot
        # A lot at a tick costs tick x lot, to the last decimal: funds are counted in that decimal.
        self.quote_unit = Decimal(1).scaleb(-_decimals(tick) - _decimals(lot))
        self.ticks = _stepper(tick)
        self.lots = _stepper(lot)
        self.quote_units = _stepper(self.quote_unit)
        self.price_text = _writer(tick)
        self.size_text = _writer(lot)

    def instrument(self, symbol: str, number: int = 1) -> Instrument:
        """Return rules that refuse nothing but what cannot be counted; fees are zero."""
        base, _, quote = symbol.partition("-")
        base_decimals, quote_decimals = _decimals(self.lot), -_exponent(self.quote_unit)
        return Instrument(
            instrument_id=number,
            version=1,
            symbol=symbol,
            partition=0,
            status=InstrumentStatus.TRADING,
            base_asset_id=1,
            base_asset=base,
            base_decimals=base_decimals,
            quote_asset_id=2,
            quote_asset=quote,
            quote_decimals=quote_decimals,
            tick=int(self.tick.scaleb(quote_decimals)),
            lot=int(self.lot.scaleb(base_decimals)),
            notional_unit=int((self.tick * self.lot).scaleb(quote_decimals)),
            min_size=1,
            max_size=AMOUNT_MAX,
            max_price=AMOUNT_MAX,
            maker_fee_ppm=0,
            taker_fee_ppm=0,
        )


def increment(decimals: int) -> Decimal:
    """Return the increment with so many decimals: 2 gives 0.01."""
    return Decimal(1).scaleb(-decimals)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "an increment is finite"
    return exponent


def _decimals(step: Decimal) -> int:
    return max(0, -_exponent(step))


def _stepper(step: Decimal) -> Callable[[Decimal | None], int]:
    """Return what counts steps: 0 for none given, OFF_GRID for what is no whole number of them."""

    @lru_cache(maxsize=_CACHED)
    def steps(value: Decimal | None) -> int:
        if value is None:
            return 0
        try:
            return to_steps(value, step, "value")
        except InvalidValue:
            return OFF_GRID

    return steps


def _writer(step: Decimal) -> Callable[[int], str]:
    @lru_cache(maxsize=_CACHED)
    def text(steps: int) -> str:
        return plain(from_steps(steps, step))

    return text
