"""The increments of a symbol, by which raw values become exact decimals."""

from decimal import Decimal
from typing import NamedTuple

from partita.schemas.decimals import from_steps, price_step, size_step
from partita.schemas.instrument import Instrument


class Steps(NamedTuple):
    """One tick and one lot."""

    price_step: Decimal
    size_step: Decimal

    @classmethod
    def of(cls, instrument: Instrument) -> "Steps":
        """Return the increments of an instrument; they never change."""
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
