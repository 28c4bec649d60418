//! A shard as a value: what a snapshot holds (`partita.ledger.state`).

use crate::schemas::enums::{OrderState, OrderType, Outcome, Reason, SelfTrade, Side, TimeInForce};
use crate::schemas::instrument::Instrument;
use crate::shard::id::Id;

/// One account's balance of one asset. An account is open when it has one, be it of zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountFunds {
    /// The account.
    pub account: i64,
    /// The asset.
    pub asset_id: i64,
    /// Units.
    pub available: i128,
    /// Units.
    pub held: i128,
}

/// The shard's own accounts of one asset, but clearing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetFunds {
    /// The asset.
    pub asset_id: i64,
    /// Units.
    pub fees: i128,
    /// Units: minus what was transferred in, plus what went out.
    pub external: i128,
}

/// The clearing account of one symbol in one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClearingFunds {
    /// The symbol.
    pub instrument_id: i64,
    /// The asset.
    pub asset_id: i64,
    /// Units, never 0.
    pub amount: i128,
}

/// An order that is received or open, or was until not long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// Our identifier.
    pub order_id: i64,
    /// The owner.
    pub account: i64,
    /// The command_id it was placed with.
    pub client_order_id: Id,
    /// The instrument.
    pub instrument_id: i64,
    /// Buy or sell.
    pub side: Side,
    /// Limit or market.
    pub r#type: OrderType,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Ticks, 0 for market.
    pub price: i64,
    /// Lots: filled + remaining, as amended or decreased; 0: market buy by funds alone.
    pub size: i64,
    /// Lots.
    pub filled: i64,
    /// Lots, 0 for a market buy by funds alone.
    pub remaining: i64,
    /// Quote units (buy) or lots (sell), without what pending amends brought.
    pub hold: i64,
    /// The higher of the order's two rates, which a buy reserves by.
    pub fee_ppm: i64,
    /// Received, open or done.
    pub state: OrderState,
    /// Meaningful when done.
    pub outcome: Outcome,
    /// Why it is done, else none.
    pub reason: Reason,
}

/// A cancel, amend or cancel-all that the book has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// The shard's number of it.
    pub request: i64,
    /// Who asked.
    pub account: i64,
    /// By which command.
    pub command_id: Id,
    /// The book that was asked.
    pub instrument_id: i64,
    /// The order, 0: all.
    pub order_id: i64,
    /// What an amend brought on top of the order's hold; quote units (buy), lots (sell).
    pub top_up: i64,
}

/// A first answer, without what the id it belongs to says already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the fields are those of partita.schemas.accounts
pub enum Answer {
    Received {
        order_id: i64,
        instrument_id: i64,
        side: Side,
        r#type: OrderType,
        time_in_force: TimeInForce,
        price: i64,
        size: i64,
        funds: i64,
        post_only: bool,
        self_trade: SelfTrade,
        expire_ms: i64,
    },
    Accepted {
        order_id: i64,
        count: i64,
    },
    Rejected {
        reason: Reason,
        order_id: i64,
    },
}

/// A command id and what was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownId {
    /// Who commanded.
    pub account: i64,
    /// The client's identifier.
    pub command_id: Id,
    /// What tells a repeat from other content; None where the answer to a place says all.
    pub content: Option<[u8; 16]>,
    /// Remembered at least until then.
    pub keep_until_ms: i64,
    /// Not to be forgotten for now.
    pub pinned: bool,
    /// The first answer; None while the book has not given it.
    pub answer: Option<Answer>,
}

impl KnownId {
    /// The bytes of its content.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        self.content.as_ref().map_or(&[], |content| &content[..])
    }
}

/// A whole shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardState {
    /// Its number, from 0.
    pub shard: i64,
    /// How many there are.
    pub shards: i64,
    /// Largest log time of what was applied.
    pub time_ms: i64,
    /// Orders numbered so far.
    pub order_count: i64,
    /// Requests numbered so far.
    pub request_count: i64,
    /// Rules as last heard, by instrument_id.
    pub instruments: Vec<Instrument>,
    /// By account, asset_id.
    pub accounts: Vec<AccountFunds>,
    /// By asset_id: all that the instruments have.
    pub assets: Vec<AssetFunds>,
    /// By instrument_id, asset_id.
    pub clearing: Vec<ClearingFunds>,
    /// By order_id.
    pub orders: Vec<OrderRecord>,
    /// By request.
    pub requests: Vec<RequestRecord>,
    /// By account, command_id.
    pub ids: Vec<KnownId>,
}
