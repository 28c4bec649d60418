//! What a book answers (`partita.matchers.events`).

use crate::schemas::enums::{Outcome, Reason, Side};

/// An order rests, behind all others of its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The order.
    pub order_id: i64,
    /// Its owner.
    pub account: i64,
    /// Its side.
    pub side: Side,
    /// Ticks.
    pub price: i64,
    /// Lots that rest.
    pub size: i64,
}

/// Two orders met, at the resting order's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traded {
    /// 1, 2, 3, ... per symbol.
    pub trade_id: i64,
    /// The resting order.
    pub maker_order_id: i64,
    /// Its owner.
    pub maker_account: i64,
    /// The incoming order.
    pub taker_order_id: i64,
    /// Its owner.
    pub taker_account: i64,
    /// The incoming order's side.
    pub taker_side: Side,
    /// Ticks.
    pub price: i64,
    /// Lots.
    pub size: i64,
    /// Quote units.
    pub maker_fee: i64,
    /// Quote units.
    pub taker_fee: i64,
}

/// An order was amended, or decreased by self-trade prevention (request 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The order.
    pub order_id: i64,
    /// Its owner.
    pub account: i64,
    /// Its side.
    pub side: Side,
    /// New price, ticks.
    pub price: i64,
    /// New remaining size, lots.
    pub size: i64,
    /// What came with the amend and now belongs to the order.
    pub top_up: i64,
    /// The amend that asked.
    pub request: i64,
    /// False: it has left its place; what it takes as an incoming order follows, then an `Opened`
    /// with what rests again, or a `Done`.
    pub kept_place: bool,
}

/// An order has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The order.
    pub order_id: i64,
    /// Its owner.
    pub account: i64,
    /// Its side.
    pub side: Side,
    /// Ticks, 0 for a market order.
    pub price: i64,
    /// Lots that were not filled (0 for a market buy by funds alone).
    pub size: i64,
    /// How.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The cancel that asked, else 0.
    pub request: i64,
    /// It was (or, amended, had been) resting: the public feed tells of its end.
    pub was_open: bool,
}

/// A cancel or amend was refused; the order, if there is one, is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The order.
    pub order_id: i64,
    /// Who asked.
    pub account: i64,
    /// Why.
    pub reason: Reason,
    /// Given back.
    pub top_up: i64,
    /// Which request.
    pub request: i64,
}

/// All orders of an account were cancelled; a `Done` for each came before, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrdersCancelled {
    /// Whose.
    pub account: i64,
    /// How many.
    pub count: i64,
    /// Which request.
    pub request: i64,
}

/// What a book answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is named as what it holds
pub enum BookEvent {
    Opened(Opened),
    Traded(Traded),
    Changed(Changed),
    Done(Done),
    Refused(Refused),
    OrdersCancelled(OrdersCancelled),
}
