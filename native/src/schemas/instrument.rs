//! The rules of a symbol.

use crate::schemas::enums::InstrumentStatus;

record! {
    /// The rules of a symbol.
    #[derive(Clone, Debug, PartialEq, Eq)]
    Instrument {
        /// Number of the instrument, 1 or more, never used again.
        instrument_id: i64,
        /// 1 at the listing, one more at each change.
        version: i64,
        /// Name of the instrument, BASE-QUOTE.
        symbol: String,
        /// Partition of `orders` and of the public topics.
        partition: i64,
        /// What is allowed now.
        status: InstrumentStatus,
        /// Number of the asset that is traded.
        base_asset_id: i64,
        /// Its name.
        base_asset: String,
        /// Decimals of its smallest unit, 0 to 10.
        base_decimals: i64,
        /// Number of the asset that is paid.
        quote_asset_id: i64,
        /// Its name.
        quote_asset: String,
        /// Decimals of its smallest unit, 0 to 10.
        quote_decimals: i64,
        /// Price increment: quote units per whole base.
        tick: i64,
        /// Size increment: base units.
        lot: i64,
        /// Quote units of one lot at one tick: tick * lot / 10^base_decimals, a whole number.
        notional_unit: i64,
        /// Smallest order, lots.
        min_size: i64,
        /// Largest order, lots.
        max_size: i64,
        /// Highest price, ticks.
        max_price: i64,
        /// Maker's fee, millionths of the notional, 0 or more.
        maker_fee_ppm: i64,
        /// Taker's fee, millionths of the notional, 0 or more.
        taker_fee_ppm: i64,
    }
}
