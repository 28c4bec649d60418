"""The instruments of an exchange as the commands need them: found by symbol, with their steps."""

from decimal import Decimal
from typing import NamedTuple

from partita.deploy.listing import listed_instruments
from partita.schemas.decimals import from_steps, price_step, size_step
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument


class Increments(NamedTuple):
    """An instrument's ticks and lots as decimals."""

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


def find_instrument(bootstrap: str, symbol: str) -> Instrument:
    """Return an instrument that is listed.

    Raises:
        InvalidValue: there is no such symbol.
        LogUnavailable: no broker answers.
    """
    found = listed_instruments(bootstrap).get(symbol)
    if found is None:
        raise InvalidValue("symbol", symbol, "is not listed; see `partita instruments`")
    return found
