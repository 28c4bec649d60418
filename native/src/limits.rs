//! The limits of `partita.schemas.limits`; a test compares the two.

/// Declare the limits, and a list of all of them.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $value:expr;)+) => {
        $($(#[$doc])* pub const $name: $kind = $value;)+
        /// All limits by name.
        #[allow(clippy::cast_lossless, clippy::unnecessary_cast, trivial_numeric_casts)] // of every integer type
        pub const ALL: &[(&str, i128)] = &[$((stringify!($name), $name as i128)),+];
    };
}

limits! {
    /// Bytes of a record.
    RECORD_BYTES_MAX: usize = 1 << 20;
    /// Events that a sender puts into one batch.
    BATCH_EVENTS_MAX: usize = 8_000;
    /// Commands of a client's batch.
    BATCH_COMMANDS_MAX: usize = 2_000;
    /// Bytes of a snapshot put together.
    SNAPSHOT_BYTES_MAX: usize = 2 << 30;
    /// Bytes of a record that a dead letter keeps.
    DEAD_LETTER_BYTES_MAX: usize = 64 << 10;
    /// Characters of an identifier.
    ID_CHARACTERS_MAX: usize = 36;
    /// Largest account number.
    ACCOUNT_MAX: i64 = i64::MAX;
    /// Largest amount of an order, in whatever it is counted.
    AMOUNT_MAX: i64 = 1 << 62;
    /// Largest hold, fee included, in quote units.
    NOTIONAL_MAX: i64 = 1 << 62;
    /// Largest balance.
    BALANCE_MAX: i128 = i128::MAX;
    /// Decimals of an asset.
    DECIMALS_MAX: i64 = 10;
    /// Largest fee, millionths.
    FEE_PPM_MAX: i64 = 1_000_000;
    /// How far ahead of the log a command's life may end.
    VALID_UNTIL_AHEAD_MS_MAX: i64 = 60_000;
    /// How far a client's clock may be ahead of the log's.
    CLOCK_AHEAD_MS_MAX: i64 = 5_000;
    /// How long beyond its life an id is remembered.
    ID_MARGIN_MS: i64 = 10_000;
    /// How long an id is remembered at most that was rejected for its long life.
    LIFE_REMEMBERED_MS_MAX: i64 = 3_600_000;
    /// Orders of an account that are not done.
    OPEN_ORDERS_MAX: usize = 5_000;
    /// Open orders in one answer.
    OPEN_ORDERS_PAGE: usize = 100;
}
