//! An incoming order.

use super::events::{BookEvent, Changed, Done, Opened};
use super::orders::{Order, Terms};
use crate::limits::NOTIONAL_MAX;
use crate::schemas::enums::{OrderType, Outcome, Reason, SelfTrade, Side, TimeInForce};
use crate::schemas::orders::NewOrder;

/// The size of a market buy by funds alone: more lots than any funds buy.
const AS_MUCH_AS_FUNDS_BUY: i64 = NOTIONAL_MAX;

/// An order that takes: a new one, or one that an amend took off its place.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_field_names)] // named as in the messages
#[allow(clippy::struct_excessive_bools)] // each says one thing of its own
pub struct Taker {
    pub order_id: i64,
    pub account: i64,
    pub price: i64,
    pub size: i64,
    pub remaining: i64,
    /// Quote units left to spend, when `budgeted`.
    pub funds: i64,
    pub taker_fee_ppm: i64,
    pub side: Side,
    pub self_trade: SelfTrade,
    pub is_market: bool,
    /// False: a market buy by funds alone.
    pub sized: bool,
    /// True: `funds` bounds it.
    pub budgeted: bool,
    /// What it does not take at once waits in the book.
    pub may_rest: bool,
}

impl Taker {
    #[inline]
    pub fn new(new: &NewOrder) -> Self {
        let sized = new.size > 0;
        let size = if sized {
            new.size
        } else {
            AS_MUCH_AS_FUNDS_BUY
        };
        let is_market = new.r#type == OrderType::Market;
        Self {
            order_id: new.order_id,
            account: new.account,
            price: new.price,
            size,
            remaining: size,
            funds: new.funds,
            taker_fee_ppm: new.taker_fee_ppm,
            side: new.side,
            self_trade: new.self_trade,
            is_market,
            sized,
            budgeted: new.funds > 0,
            may_rest: !is_market
                && matches!(new.time_in_force, TimeInForce::Gtc | TimeInForce::Gtt),
        }
    }

    pub fn amended(order: &Order, terms: &Terms) -> Self {
        Self {
            order_id: order.order_id,
            account: order.account,
            price: order.price,
            size: order.size,
            remaining: order.remaining,
            funds: 0,
            taker_fee_ppm: terms.taker_fee_ppm,
            side: order.side,
            self_trade: order.self_trade,
            is_market: false,
            sized: true,
            budgeted: false,
            may_rest: true,
        }
    }

    /// The price that bounds what it takes; None: it takes at any price.
    #[inline]
    pub fn limit(&self) -> Option<i64> {
        (!self.is_market).then_some(self.price)
    }

    #[inline]
    pub fn filled(&self) -> i64 {
        self.size - self.remaining
    }

    /// Take lots off without a trade: they count neither as filled nor as left.
    pub fn decrease(&mut self, lots: i64) {
        self.size -= lots;
        self.remaining -= lots;
    }

    #[inline]
    pub fn opened(&self) -> BookEvent {
        BookEvent::Opened(Opened {
            order_id: self.order_id,
            account: self.account,
            side: self.side,
            price: self.price,
            size: self.remaining,
        })
    }

    pub fn decreased(&self) -> BookEvent {
        BookEvent::Changed(Changed {
            order_id: self.order_id,
            account: self.account,
            side: self.side,
            price: self.price,
            size: self.remaining,
            top_up: 0,
            request: 0,
            kept_place: false,
        })
    }

    #[inline]
    pub fn done(&self, outcome: Outcome, reason: Reason, was_open: bool) -> BookEvent {
        BookEvent::Done(Done {
            order_id: self.order_id,
            account: self.account,
            side: self.side,
            price: self.price,
            size: if self.sized { self.remaining } else { 0 },
            outcome,
            reason,
            request: 0,
            was_open,
        })
    }
}

impl Order {
    /// The event of its end, as it is now.
    #[inline]
    pub fn done(&self, outcome: Outcome, reason: Reason, request: i64) -> BookEvent {
        BookEvent::Done(Done {
            order_id: self.order_id,
            account: self.account,
            side: self.side,
            price: self.price,
            size: self.remaining,
            outcome,
            reason,
            request,
            was_open: true,
        })
    }
}
