//! The limits of `partita.schemas.limits`; a test compares the two.

/// Bytes of a record.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// Events that a sender puts into one batch.
pub const BATCH_EVENTS_MAX: usize = 8_000;
/// Commands of a client's batch.
pub const BATCH_COMMANDS_MAX: usize = 2_000;
/// Bytes of a snapshot put together.
pub const SNAPSHOT_BYTES_MAX: usize = 2 << 30;
/// Bytes of a record that a dead letter keeps.
pub const DEAD_LETTER_BYTES_MAX: usize = 64 << 10;
/// Characters of an identifier.
pub const ID_CHARACTERS_MAX: usize = 36;
/// Largest account number.
pub const ACCOUNT_MAX: i64 = i64::MAX;
/// Largest amount of an order, in whatever it is counted.
pub const AMOUNT_MAX: i64 = 1 << 62;
/// Largest hold, fee included, in quote units.
pub const NOTIONAL_MAX: i64 = 1 << 62;
/// Largest balance.
pub const BALANCE_MAX: i128 = i128::MAX;
/// Decimals of an asset.
pub const DECIMALS_MAX: i64 = 10;
/// Largest fee, millionths.
pub const FEE_PPM_MAX: i64 = 1_000_000;
/// How far ahead of the log a command's life may end.
pub const VALID_UNTIL_AHEAD_MS_MAX: i64 = 60_000;
/// How far a client's clock may be ahead of the log's.
pub const CLOCK_AHEAD_MS_MAX: i64 = 5_000;
/// How long beyond its life an id is remembered.
pub const ID_MARGIN_MS: i64 = 10_000;
/// How long an id is remembered at most that was rejected for its long life.
pub const LIFE_REMEMBERED_MS_MAX: i64 = 3_600_000;
/// Orders of an account that are not done.
pub const OPEN_ORDERS_MAX: usize = 5_000;
/// Open orders in one answer.
pub const OPEN_ORDERS_PAGE: usize = 100;
