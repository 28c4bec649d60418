//! What books say to shards, on `account-commands`.

use crate::schemas::enums::{Liquidity, Outcome, Reason};
use crate::schemas::instrument::Instrument;

record! {
    /// The order rests in the book.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Opened {
        /// The order.
        order_id: i64,
        /// Lots that rest.
        remaining: i64,
    }
}

record! {
    /// One party's view of a trade.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Filled {
        /// The order.
        order_id: i64,
        /// Number of the trade on this symbol.
        trade_id: i64,
        /// Ticks.
        price: i64,
        /// Lots.
        size: i64,
        /// Quote units, paid by this party.
        fee: i64,
        /// Maker or taker.
        liquidity: Liquidity,
    }
}

record! {
    /// The order was amended, or decreased by self-trade prevention.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Changed {
        /// The order.
        order_id: i64,
        /// New price, ticks.
        price: i64,
        /// New remaining size, lots.
        remaining: i64,
        /// The part of the hold that came with the amend and now belongs to the order; quote units (buy) or lots (sell).
        top_up: i64,
        /// The amend that asked, 0 for self-trade prevention.
        request: i64,
    }
}

record! {
    /// The order has ended.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Done {
        /// The order.
        order_id: i64,
        /// How.
        outcome: Outcome,
        /// Why, none when filled.
        reason: Reason,
        /// Lots that were not filled.
        remaining: i64,
        /// The cancel that asked, else 0.
        request: i64,
    }
}

record! {
    /// A cancel or amend was refused.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Refused {
        /// The order.
        order_id: i64,
        /// Why.
        reason: Reason,
        /// What the amend brought, given back.
        top_up: i64,
        /// The shard's number of the request, to be told back.
        request: i64,
    }
}

record! {
    /// All orders of the account were cancelled; a Done for each came before.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    OrdersCancelled {
        /// Whose.
        account: i64,
        /// How many.
        count: i64,
        /// The shard's number of the request, to be told back.
        request: i64,
    }
}

union! {
    /// What a book says to a shard.
    #[derive(Clone, Debug, PartialEq, Eq)]
    Report {
        Opened(Opened): 0,
        Filled(Filled): 1,
        Changed(Changed): 2,
        Done(Done): 3,
        Refused(Refused): 4,
        OrdersCancelled(OrdersCancelled): 5,
        Instrument(Box<Instrument>): 6,
    }
}
