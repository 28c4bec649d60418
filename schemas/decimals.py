"""Exact decimals at the rim: the only place where a price or size is not an integer.

Inside, a price is a number of ticks and a size a number of lots. A decimal that is not a whole
number of steps is refused, never rounded.
"""

import re
from decimal import Context, Decimal
from typing import NamedTuple

from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument
from partita.schemas.limits import AMOUNT_MAX

# Digits enough for 2^127 units of 10^-10; a wider number is refused before this.
_EXACT = Context(prec=60)
_PLAIN = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)

Number = str | int | Decimal


def exact(value: Number, field: str) -> Decimal:
    """Return a plain decimal; refuse NaN, infinities, exponents, floats and all that is no number.

    Raises:
        InvalidValue: names the field, the value and the rule.

    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise InvalidValue(field, value, "must be a string, an int or a Decimal (floats round)")
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > len(str(AMOUNT_MAX)) * 2:
            raise InvalidValue(field, value, "must be a finite number of a sane size")
        text = f"{value:f}"
    else:
        # int: str() refuses to convert absurdly long ones, so bound before converting.
        if isinstance(value, int) and value.bit_length() > 128:
            raise InvalidValue(field, value.bit_length(), "has too many bits")
        text = str(value)
    if not _PLAIN.fullmatch(text):
        raise InvalidValue(field, value, "must be a plain decimal such as 12.5, without exponent")
    return Decimal(text)


def to_steps(value: Number, step: Decimal, field: str) -> int:
    """Return how many steps a value is, exactly; 0.05 at a step of 0.01 gives 5.

    Raises:
        InvalidValue: not a plain decimal, not a whole number of steps, or beyond 2^62 steps.

    """
    steps = _EXACT.divide(exact(value, field), step)
    if abs(steps) > AMOUNT_MAX:
        raise InvalidValue(field, value, f"is beyond the largest amount, {AMOUNT_MAX} steps")
    whole = int(steps)
    if whole != steps:
        raise InvalidValue(field, value, f"must be a multiple of {plain(step)}")
    return whole


def from_steps(steps: int, step: Decimal) -> Decimal:
    """Return steps as a decimal with the step's number of decimals; 5 at 0.01 gives 0.05."""
    return _EXACT.multiply(Decimal(steps), step)


def plain(value: Decimal) -> str:
    """Return a decimal without exponent, with the decimals it has."""
    return f"{value:f}"


def unit(decimals: int) -> Decimal:
    """Return the smallest unit of an asset with so many decimals; 2 give 0.01."""
    return Decimal(1).scaleb(-decimals)


def price_step(instrument: Instrument) -> Decimal:
    """Return an instrument's tick as a decimal, with the decimals it needs and no more."""
    return _shortest(from_steps(instrument.tick, unit(instrument.quote_decimals)))


def size_step(instrument: Instrument) -> Decimal:
    """Return an instrument's lot as a decimal, with the decimals it needs and no more."""
    return _shortest(from_steps(instrument.lot, unit(instrument.base_decimals)))


def _shortest(step: Decimal) -> Decimal:
    short = step.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


class Increments(NamedTuple):
    """An instrument's ticks and lots as decimals; they never change."""

    price_step: Decimal
    size_step: Decimal

    @classmethod
    def of(cls, instrument: Instrument) -> "Increments":
        """Return the increments of an instrument."""
        return cls(price_step(instrument), size_step(instrument))

    def price(self, ticks: int) -> Decimal:
        """Return ticks as a price."""
        return from_steps(ticks, self.price_step)

    def size(self, lots: int) -> Decimal:
        """Return lots as a size."""
        return from_steps(lots, self.size_step)

    def notional(self, ticks_lots: int) -> Decimal:
        """Return a sum of price x size, in ticks x lots, as an amount of the quote asset."""
        return from_steps(ticks_lots, self.price_step * self.size_step)
