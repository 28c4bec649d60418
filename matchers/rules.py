"""What rules a book can take."""

from partita.schemas.instrument import Instrument
from partita.schemas.limits import AMOUNT_MAX, DECIMALS_MAX, FEE_PPM_MAX


def wrong_rules(new: Instrument, known: Instrument | None, partition: int) -> str | None:
    """Return what is wrong with the rules of a symbol; None when all can live by them.

    Tick, lot and scales never change: what is reserved is counted in them.
    """
    if new.instrument_id < 1 or new.version < 1:
        return "numbers of instruments and versions begin at 1"
    if new.partition != partition:
        return f"{new.symbol} is for partition {new.partition}"
    if not (0 <= new.base_decimals <= DECIMALS_MAX and 0 <= new.quote_decimals <= DECIMALS_MAX):
        return f"an asset has 0 to {DECIMALS_MAX} decimals"
    amounts = (new.tick, new.lot, new.notional_unit, new.min_size, new.max_size, new.max_price)
    if not all(1 <= amount <= AMOUNT_MAX for amount in amounts):
        return f"tick, lot, unit, sizes and prices are from 1 to {AMOUNT_MAX}"
    if new.notional_unit * 10**new.base_decimals != new.tick * new.lot:
        return "tick x lot is not a whole number of quote units"
    if not (0 <= new.maker_fee_ppm <= FEE_PPM_MAX and 0 <= new.taker_fee_ppm <= FEE_PPM_MAX):
        return f"a fee is from 0 to {FEE_PPM_MAX} millionths"
    if known is not None and _measures(new) != _measures(known):
        return f"{new.symbol}: name, assets, scales, tick and lot never change"
    return None


def _measures(rules: Instrument) -> tuple[str | int, ...]:
    return (
        rules.symbol,
        rules.base_asset_id,
        rules.base_asset,
        rules.base_decimals,
        rules.quote_asset_id,
        rules.quote_asset,
        rules.quote_decimals,
        rules.tick,
        rules.lot,
        rules.notional_unit,
    )
