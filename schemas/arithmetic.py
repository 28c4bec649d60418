"""The integer arithmetic of money that ledger and book must do alike.

Everything is a whole number: prices in ticks, sizes in lots, amounts in the asset's smallest unit,
fee rates in millionths. A fee is rounded down, per fill. By floor(a + b) >= floor(a) + floor(b) a
reservation made for the whole covers every sequence of fills.
"""

PPM = 1_000_000


def fee(notional: int, rate_ppm: int) -> int:
    """Return the fee on a notional (quote units) at a rate (millionths), rounded down."""
    return notional * rate_ppm // PPM


def need(price: int, size: int, notional_unit: int, rate_ppm: int) -> int:
    """Return what a limit buy reserves: notional and fee at its highest rate, quote units."""
    notional = price * size * notional_unit
    return notional + notional * rate_ppm // PPM


def affordable(funds: int, price: int, notional_unit: int, rate_ppm: int) -> int:
    """Return the largest size (lots) whose notional and fee are within funds (quote units)."""
    each = price * notional_unit
    size = funds * PPM // (each * (PPM + rate_ppm))
    # The fee is rounded down, so a lot more may fit; more than one never does, because a lot costs
    # at least one unit and the rounding gives back less than one.
    return size + 1 if need(price, size + 1, notional_unit, rate_ppm) <= funds else size
