"""Which records of the `instruments` topic count."""

from collections.abc import Mapping
from types import MappingProxyType

from partita.schemas.instrument import Instrument

# Of a record that covers a void one of its symbol, so that compaction removes that.
VOID_VERSION = 0


class Listing:
    """The instruments of an exchange, as the records of the topic, in their order, tell of them.

    Of one symbol the newest version counts, and of one version the first record. A number belongs
    to the first that has it: two operators who list at the same time can give a number twice, and a
    client that took both would send orders for the one symbol to the other's book. The later record
    is void; whoever wrote it lists the symbol again, under another number.
    """

    def __init__(self) -> None:
        self._instruments: dict[str, Instrument] = {}
        self._symbols: dict[int, str] = {}  # by instrument_id
        self._assets: dict[str, tuple[int, int]] = {}  # number and decimals, by name
        self._asset_names: dict[int, str] = {}  # by asset_id

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The rules that count, by symbol, in the order of their listing."""
        return MappingProxyType(self._instruments)

    def take(self, rules: Instrument) -> bool:
        """Take the next record; return whether it counts."""
        known = self._instruments.get(rules.symbol)
        if rules.version <= (VOID_VERSION if known is None else known.version):
            return False
        if not self._fits(rules):
            return False
        self._instruments[rules.symbol] = rules
        self._symbols[rules.instrument_id] = rules.symbol
        for asset_id, name, decimals in _assets(rules):
            self._assets[name] = asset_id, decimals
            self._asset_names[asset_id] = name
        return True

    def _fits(self, rules: Instrument) -> bool:
        known = self._instruments.get(rules.symbol)
        if known is not None and known.instrument_id != rules.instrument_id:
            return False
        return self._symbols.get(rules.instrument_id, rules.symbol) == rules.symbol and all(
            self._assets.get(name, (asset_id, decimals)) == (asset_id, decimals)
            and self._asset_names.get(asset_id, name) == name
            for asset_id, name, decimals in _assets(rules)
        )


def _assets(rules: Instrument) -> tuple[tuple[int, str, int], tuple[int, str, int]]:
    return (
        (rules.base_asset_id, rules.base_asset, rules.base_decimals),
        (rules.quote_asset_id, rules.quote_asset, rules.quote_decimals),
    )
