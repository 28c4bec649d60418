//! What shards say to books, on `orders`.

use crate::schemas::enums::{OrderType, SelfTrade, Side, TimeInForce};

record! {
    /// An order whose funds are reserved.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    NewOrder {
        /// Our identifier, unique over the exchange.
        order_id: i64,
        /// The owner.
        account: i64,
        /// Buy or sell.
        side: Side,
        /// Limit or market.
        r#type: OrderType,
        /// How long.
        time_in_force: TimeInForce,
        /// Limit price, ticks; 0 for market.
        price: i64,
        /// Size, lots; 0 for a market buy by funds alone.
        size: i64,
        /// Quote units a market buy may spend, fees included: its hold; 0 for all others.
        funds: i64,
        /// Reject rather than take.
        post_only: bool,
        /// Self-trade prevention.
        self_trade: SelfTrade,
        /// Log time of expiry for GTT, else 0.
        expire_ms: i64,
        /// The order's maker rate for life, millionths.
        maker_fee_ppm: i64,
        /// The order's taker rate for life, millionths.
        taker_fee_ppm: i64,
    }
}

record! {
    /// Cancel one order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    CancelOrder {
        /// The order.
        order_id: i64,
        /// Who asks; only the owner may.
        account: i64,
        /// The shard's number of the request, to be told back.
        request: i64,
    }
}

record! {
    /// Amend one order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    AmendOrder {
        /// The order.
        order_id: i64,
        /// Who asks; only the owner may.
        account: i64,
        /// New price, ticks.
        price: i64,
        /// New total size, lots.
        size: i64,
        /// Quote units (buy) or lots (sell) that the shard added to the hold for this amend.
        top_up: i64,
        /// The shard's number of the request, to be told back.
        request: i64,
    }
}

record! {
    /// Cancel all orders of an account on this instrument.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    CancelOrders {
        /// Whose.
        account: i64,
        /// The shard's number of the request, to be told back.
        request: i64,
    }
}

union! {
    /// What a shard says to a book.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    OrderEvent {
        NewOrder(NewOrder): 0,
        CancelOrder(CancelOrder): 1,
        AmendOrder(AmendOrder): 2,
        CancelOrders(CancelOrders): 3,
    }
}
