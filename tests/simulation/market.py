"""What is traded in the simulation: four symbols on two partitions, with awkward fees."""

from partita.schemas.enums import InstrumentStatus
from partita.schemas.instrument import Instrument

USD, BTC, ETH, SOL = 1, 2, 3, 4
LOT = 10_000
UNIT = 100  # quote units of one lot at one tick
NAMES = {USD: "USD", BTC: "BTC", ETH: "ETH", SOL: "SOL"}


def _instrument(
    instrument_id: int, partition: int, base: int, quote: int, maker_ppm: int, taker_ppm: int
) -> Instrument:
    return Instrument(
        instrument_id=instrument_id,
        version=1,
        symbol=f"{NAMES[base]}-{NAMES[quote]}",
        partition=partition,
        status=InstrumentStatus.TRADING,
        base_asset_id=base,
        base_asset=NAMES[base],
        base_decimals=8,
        quote_asset_id=quote,
        quote_asset=NAMES[quote],
        quote_decimals=8,
        tick=1_000_000,
        lot=LOT,
        notional_unit=UNIT,
        min_size=1,
        max_size=1_000,
        max_price=10_000,
        maker_fee_ppm=maker_ppm,
        taker_fee_ppm=taker_ppm,
    )


# Rates that make uneven fees; one symbol without, one whose makers pay more.
INSTRUMENTS = (
    _instrument(1, 0, BTC, USD, 1_003, 2_507),
    _instrument(2, 0, ETH, USD, 0, 0),
    _instrument(3, 1, SOL, USD, 3_001, 1_009),
    _instrument(4, 1, ETH, BTC, 0, 4_999),
)
ACCOUNTS = (1, 2, 3, 4, 5, 6, 7, 8)
