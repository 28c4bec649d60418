"""The instruments of an exchange as the commands need them: found by symbol."""

from partita.deploy.listing import listed_instruments
from partita.schemas.errors import InvalidValue
from partita.schemas.instrument import Instrument


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
