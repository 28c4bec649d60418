//! What books tell everyone, on `book`.

use crate::schemas::enums::{Outcome, Side};
use crate::schemas::instrument::Instrument;

record! {
    /// An order rests, behind all others of its price.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Opened {
        /// The order.
        order_id: i64,
        /// Buy or sell.
        side: Side,
        /// Ticks.
        price: i64,
        /// Lots.
        size: i64,
    }
}

record! {
    /// Two orders met.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Traded {
        /// Number of the trade on this symbol, 1 or more, no gaps.
        trade_id: i64,
        /// The resting order.
        maker_order_id: i64,
        /// The incoming order.
        taker_order_id: i64,
        /// Side of the incoming order.
        taker_side: Side,
        /// Ticks: the resting order's.
        price: i64,
        /// Lots.
        size: i64,
    }
}

record! {
    /// A resting order has a new price or size.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Changed {
        /// The order.
        order_id: i64,
        /// Ticks.
        price: i64,
        /// Remaining lots.
        size: i64,
    }
}

record! {
    /// A resting order has left the book.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Done {
        /// The order.
        order_id: i64,
        /// How.
        outcome: Outcome,
        /// Lots that were left.
        size: i64,
    }
}

union! {
    /// What a book tells everyone.
    #[derive(Clone, Debug, PartialEq, Eq)]
    FeedEvent {
        Opened(Opened): 0,
        Traded(Traded): 1,
        Changed(Changed): 2,
        Done(Done): 3,
        Instrument(Box<Instrument>): 4,
    }
}
