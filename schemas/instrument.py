"""The rules of a symbol."""

from typing import NamedTuple

from partita.schemas.enums import InstrumentStatus


class Instrument(NamedTuple):
    """The rules of a symbol.

    One record on the symbol's partition of `orders` is the rule; the book takes it when its version
    is newer and passes it to every shard on its edges. The `instruments` topic holds the same
    record for clients, by symbol.
    """

    instrument_id: int  # number of the instrument, 1 or more, never used again
    version: int  # 1 at the listing, one more at each change
    symbol: str  # name of the instrument, BASE-QUOTE
    partition: int  # partition of `orders` and of the public topics
    status: InstrumentStatus  # what is allowed now
    base_asset_id: int  # number of the asset that is traded
    base_asset: str  # its name
    base_decimals: int  # decimals of its smallest unit, 0 to 10
    quote_asset_id: int  # number of the asset that is paid
    quote_asset: str  # its name
    quote_decimals: int  # decimals of its smallest unit, 0 to 10
    tick: int  # price increment: quote units per whole base
    lot: int  # size increment: base units
    # quote units of one lot at one tick: tick * lot / 10^base_decimals, a whole number
    notional_unit: int
    min_size: int  # smallest order, lots
    max_size: int  # largest order, lots
    max_price: int  # highest price, ticks
    maker_fee_ppm: int  # maker's fee, millionths of the notional, 0 or more
    taker_fee_ppm: int  # taker's fee, millionths of the notional, 0 or more
