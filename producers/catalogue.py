"""The instruments and assets a client knows, and the steps their decimals go in."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from partita.schemas.decimals import price_step, size_step, unit
from partita.schemas.errors import InvalidValue, NoAnswer
from partita.schemas.instrument import Instrument
from partita.schemas.listing import Listing


class Asset(NamedTuple):
    """An asset and its smallest unit."""

    asset_id: int
    name: str
    unit: Decimal


class Listed(NamedTuple):
    """An instrument with its increments as decimals."""

    instrument: Instrument
    price_step: Decimal  # one tick
    size_step: Decimal  # one lot
    quote_unit: Decimal

    @classmethod
    def of(cls, instrument: Instrument) -> "Listed":
        """Return an instrument with its increments."""
        return cls(
            instrument,
            price_step(instrument),
            size_step(instrument),
            unit(instrument.quote_decimals),
        )


class Catalogue:
    """What is listed. Replaced as a whole at each change, so that any thread may read it."""

    def __init__(self) -> None:
        self.instruments: Mapping[str, Instrument] = MappingProxyType({})
        self._listing = Listing()
        self._symbols: dict[str, Listed] = {}
        self._ids: dict[int, Listed] = {}
        self._assets: dict[str, Asset] = {}
        self._asset_ids: dict[int, Asset] = {}

    def take(self, instruments: Iterable[Instrument]) -> None:
        """Take in rules; which count, Listing says."""
        symbols = dict(self._symbols)
        for new in instruments:
            if self._listing.take(new):
                symbols[new.symbol] = Listed.of(new)
        assets = {}
        for listed in symbols.values():
            rules = listed.instrument
            base = Asset(rules.base_asset_id, rules.base_asset, unit(rules.base_decimals))
            quote = Asset(rules.quote_asset_id, rules.quote_asset, unit(rules.quote_decimals))
            assets[base.name], assets[quote.name] = base, quote
        self._symbols = symbols
        self._ids = {listed.instrument.instrument_id: listed for listed in symbols.values()}
        self._assets = assets
        self._asset_ids = {asset.asset_id: asset for asset in assets.values()}
        self.instruments = MappingProxyType({s: found.instrument for s, found in symbols.items()})

    def listed(self, symbol: str) -> Listed:
        """Return an instrument by its symbol.

        Raises:
            InvalidValue: there is none.
        """
        # What is no string may not even be a key.
        found = self._symbols.get(symbol) if isinstance(symbol, str) else None
        if found is None:
            raise InvalidValue("symbol", symbol, "is not listed on this exchange")
        return found

    def knows(self, instrument_id: int) -> bool:
        """Return whether an instrument of this number is listed."""
        return instrument_id in self._ids

    def by_id(self, instrument_id: int) -> Listed:
        """Return an instrument by its number.

        Raises:
            NoAnswer: the `instruments` topic has not told of it.
        """
        found = self._ids.get(instrument_id)
        if found is None:
            raise NoAnswer(f"instrument {instrument_id} is not on the `instruments` topic")
        return found

    def asset(self, name: str) -> Asset:
        """Return an asset by its name.

        Raises:
            InvalidValue: no instrument has it.
        """
        found = self._assets.get(name) if isinstance(name, str) else None
        if found is None:
            raise InvalidValue("asset", name, "is no asset of a listed instrument")
        return found

    def asset_by_id(self, asset_id: int) -> Asset:
        """Return an asset by its number.

        Raises:
            NoAnswer: the `instruments` topic has not told of it.
        """
        found = self._asset_ids.get(asset_id)
        if found is None:
            raise NoAnswer(f"asset {asset_id} is not on the `instruments` topic")
        return found
