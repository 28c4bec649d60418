//! The integer arithmetic of money that ledger and book must do alike
//! (`partita.schemas.arithmetic`). What does not fit 127 bits is a broken invariant and panics,
//! but for `need_within`, which is asked about numbers that a client made up.

/// Millionths in one.
pub const PPM: i128 = 1_000_000;

/// The fee on a notional (quote units) at a rate (millionths), rounded down.
#[inline]
#[must_use]
pub fn fee(notional: i128, rate_ppm: i64) -> i128 {
    // A 128-bit division is a call of some 30 ns; nearly all fees fit 64 bits.
    if let (Ok(small), Ok(rate)) = (u64::try_from(notional), u64::try_from(rate_ppm))
        && let Some(product) = small.checked_mul(rate)
    {
        return i128::from(product / 1_000_000);
    }
    (notional * i128::from(rate_ppm)).div_euclid(PPM)
}

/// Quote units of so many lots at a price (ticks).
#[inline]
#[must_use]
pub fn notional(price: i64, size: i64, notional_unit: i64) -> i128 {
    let lots = i128::from(price) * i128::from(size);
    // The product of two 64-bit numbers is one instruction, and fits.
    if let Ok(small) = i64::try_from(lots) {
        return i128::from(small) * i128::from(notional_unit);
    }
    lots.checked_mul(i128::from(notional_unit))
        .expect("a notional fits 127 bits")
}

/// What a limit buy reserves: notional and fee at its highest rate, quote units.
#[inline]
#[must_use]
pub fn need(price: i64, size: i64, notional_unit: i64, rate_ppm: i64) -> i128 {
    let notional = notional(price, size, notional_unit);
    notional + fee(notional, rate_ppm)
}

/// As `need`; None when it is above `max`, or does not fit.
#[must_use]
pub fn need_within(
    price: i64,
    size: i64,
    notional_unit: i64,
    rate_ppm: i64,
    max: i64,
) -> Option<i64> {
    let lots = i128::from(price).checked_mul(i128::from(size))?;
    let notional = lots.checked_mul(i128::from(notional_unit))?;
    if notional > i128::from(max) {
        return None;
    }
    let need = notional + fee(notional, rate_ppm);
    i64::try_from(need).ok().filter(|need| *need <= max)
}

/// The largest size (lots) whose notional and fee are within funds (quote units).
#[must_use]
pub fn affordable(funds: i64, price: i64, notional_unit: i64, rate_ppm: i64) -> i64 {
    let each = i128::from(price) * i128::from(notional_unit);
    let rate = PPM + i128::from(rate_ppm);
    // Were the product too large, not one lot would be within funds.
    let Some(product) = each.checked_mul(rate) else {
        return 0;
    };
    let size = (i128::from(funds) * PPM).div_euclid(product);
    let size = i64::try_from(size).expect("a size that funds of 63 bits buy");
    // The fee is rounded down, so a lot more may fit; more than one never does.
    let more = notional(price, size + 1, notional_unit);
    if more + fee(more, rate_ppm) <= i128::from(funds) {
        size + 1
    } else {
        size
    }
}

/// How many of the lots that are wanted are within funds, fee included.
///
/// The same as the lesser of `wanted` and `affordable`, without a division in most cases: nearly
/// always the funds buy all that is wanted of one order.
#[inline]
#[must_use]
pub fn buys(funds: i64, wanted: i64, price: i64, notional_unit: i64, rate_ppm: i64) -> i64 {
    match need_within(price, wanted, notional_unit, rate_ppm, funds) {
        Some(_) => wanted,
        None => wanted.min(affordable(funds, price, notional_unit, rate_ppm)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_fee_and_a_wide_one_are_the_same_arithmetic() {
        for notional in [
            0,
            1,
            999_999,
            1_000_000,
            i128::from(u64::MAX / 7),
            1 << 62,
            1 << 82,
        ] {
            for rate in [0, 1, 250, 999_999, 1_000_000] {
                let wide = notional * i128::from(rate) / PPM;
                assert_eq!(fee(notional, rate), wide, "{notional} at {rate}");
            }
        }
    }

    #[test]
    fn what_is_affordable_is_the_largest_size_within_funds() {
        for funds in 0..400 {
            for (price, unit, rate) in [
                (1, 1, 0),
                (3, 1, 250_000),
                (7, 3, 999_999),
                (1, 1, 1_000_000),
            ] {
                let size = affordable(funds, price, unit, rate);
                assert!(need(price, size, unit, rate) <= i128::from(funds));
                assert!(need(price, size + 1, unit, rate) > i128::from(funds));
                for wanted in [1, 2, size.max(1), size + 1, size + 100, 1 << 62] {
                    assert_eq!(buys(funds, wanted, price, unit, rate), wanted.min(size));
                }
            }
        }
    }
}
