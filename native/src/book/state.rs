//! A book as a value: what a snapshot holds (`partita.matchers.state`).

use crate::schemas::enums::{SelfTrade, Side, TimeInForce};
use crate::schemas::instrument::Instrument;

/// An order in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestingOrder {
    /// Our identifier.
    pub order_id: i64,
    /// The owner.
    pub account: i64,
    /// Buy or sell.
    pub side: Side,
    /// GTC or GTT.
    pub time_in_force: TimeInForce,
    /// Ticks.
    pub price: i64,
    /// Lots in all: filled + remaining, as amended or decreased.
    pub size: i64,
    /// Lots.
    pub remaining: i64,
    /// As placed.
    pub post_only: bool,
    /// As placed.
    pub self_trade: SelfTrade,
    /// 0: never.
    pub expire_ms: i64,
    /// Millionths.
    pub maker_fee_ppm: i64,
    /// Millionths.
    pub taker_fee_ppm: i64,
    /// Rank in time: the book's own counter, larger is later.
    pub arrival: i64,
}

/// A whole book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookState {
    /// The rules in force.
    pub instrument: Instrument,
    /// Largest log time of what was applied.
    pub time_ms: i64,
    /// Of the last trade.
    pub trade_id: i64,
    /// Ticks.
    pub last_price: i64,
    /// Lots.
    pub last_size: i64,
    /// The last rank given.
    pub arrivals: i64,
    /// In order of arrival.
    pub orders: Vec<RestingOrder>,
}
