//! What is wrong with a command, by the first reason that holds.
//!
//! Each function is a stretch of the ladder of reasons and returns `Reason::None` at its end.

use crate::arithmetic::need_within;
use crate::limits::{AMOUNT_MAX, CLOCK_AHEAD_MS_MAX, NOTIONAL_MAX, VALID_UNTIL_AHEAD_MS_MAX};
use crate::schemas::commands::{Command, Place};
use crate::schemas::enums::{InstrumentStatus, OrderType, Reason, Side, TimeInForce};
use crate::schemas::instrument::Instrument;
use crate::shard::id::{Id, is_id};
use crate::shard::ledger::Head;

const AHEAD_MS_MAX: i64 = VALID_UNTIL_AHEAD_MS_MAX + CLOCK_AHEAD_MS_MAX;

/// Why a command may not even be remembered.
pub fn admission(head: &Head<'_>, time_ms: i64, shard: i64, shards: i64) -> Reason {
    if time_ms > head.valid_until_ms {
        return Reason::CommandExpired;
    }
    if head.valid_until_ms > time_ms.saturating_add(AHEAD_MS_MAX) {
        return Reason::ValidUntilTooFar;
    }
    identity(head, shard, shards)
}

/// What is wrong with the names on a command.
pub fn identity(head: &Head<'_>, shard: i64, shards: i64) -> Reason {
    if head.id == Id::NONE {
        return Reason::InvalidId;
    }
    let client_order_id = match head.command {
        Command::Cancel(cancel) => cancel.client_order_id,
        Command::Amend(amend) => amend.client_order_id,
        Command::Inquire(inquire) => inquire.client_order_id,
        Command::Place(_) | Command::CancelAll(_) | Command::Transfer(_) => "",
    };
    if !client_order_id.is_empty() && !is_id(client_order_id) {
        return Reason::InvalidId;
    }
    if head.account < 1 || head.account % shards != shard {
        return Reason::InvalidAccount;
    }
    Reason::None
}

/// Whether the order is named in one way and not in two.
pub fn names_one_order(order_id: i64, client_order_id: &str) -> bool {
    (order_id != 0) == client_order_id.is_empty()
}

/// What is wrong with a place whatever the state: `invalid_price` to `invalid_expiry`.
pub fn place_values(command: &Place<'_>, time_ms: i64) -> Reason {
    let market = command.r#type == OrderType::Market;
    let market_buy = market && command.side == Side::Buy;
    if (market && command.price != 0) || (!market && command.price < 1) {
        return Reason::InvalidPrice;
    }
    if command.size < 0 || (command.size == 0 && !(market_buy && command.funds != 0)) {
        return Reason::InvalidSize;
    }
    let funds_max = if market_buy { AMOUNT_MAX } else { 0 };
    if !(0..=funds_max).contains(&command.funds) {
        return Reason::InvalidFunds;
    }
    if !goes_together(command) {
        return Reason::InvalidCombination;
    }
    let expires = if command.time_in_force == TimeInForce::Gtt {
        command.expire_ms > time_ms
    } else {
        command.expire_ms == 0
    };
    if expires {
        Reason::None
    } else {
        Reason::InvalidExpiry
    }
}

fn goes_together(command: &Place<'_>) -> bool {
    match command.time_in_force {
        TimeInForce::Gtc | TimeInForce::Gtt => command.r#type == OrderType::Limit,
        TimeInForce::Ioc => !command.post_only,
        // All or nothing needs to know what all is.
        TimeInForce::Fok => !command.post_only && command.size != 0,
    }
}

/// What the instrument forbids: `not_trading` to `notional_too_large`; else what the price and size
/// come to, with the fee of a buy, in quote units.
///
/// For a market order the price is 0; for a market buy by funds alone the size, too.
pub fn limits(
    instrument: &Instrument,
    side: Side,
    price: i64,
    lots: i64,
    fee_ppm: i64,
) -> Result<i64, Reason> {
    if instrument.status == InstrumentStatus::Halted {
        return Err(Reason::NotTrading);
    }
    if price > instrument.max_price {
        return Err(Reason::PriceTooHigh);
    }
    if 0 < lots && lots < instrument.min_size {
        return Err(Reason::SizeTooSmall);
    }
    if lots > instrument.max_size {
        return Err(Reason::SizeTooLarge);
    }
    let rate_ppm = if side == Side::Buy { fee_ppm } else { 0 };
    let unit = instrument.notional_unit;
    let need = need_within(price, lots, unit, rate_ppm, NOTIONAL_MAX);
    if i128::from(lots) * i128::from(instrument.lot) > i128::from(AMOUNT_MAX) {
        return Err(Reason::NotionalTooLarge);
    }
    need.ok_or(Reason::NotionalTooLarge)
}
