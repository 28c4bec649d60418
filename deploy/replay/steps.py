"""An instrument's increments as decimals."""

from decimal import Decimal

from partita.schemas.decimals import unit
from partita.schemas.instrument import Instrument


def price_step(rules: Instrument) -> Decimal:
    """Return one tick, in quote."""
    return rules.tick * unit(rules.quote_decimals)


def size_step(rules: Instrument) -> Decimal:
    """Return one lot, in base."""
    return rules.lot * unit(rules.base_decimals)
