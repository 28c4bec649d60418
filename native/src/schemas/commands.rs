//! What clients say to the ledger, on `account-commands`.

use crate::schemas::enums::{OrderType, Question, SelfTrade, Side, TimeInForce};

record! {
    /// Put an order in.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Place <'a> {
        /// Account that commands, 1 or more.
        account: i64,
        /// The client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within its life gets the first answer.
        command_id: &'a str,
        /// Log time after which the command is rejected, milliseconds since 1970.
        valid_until_ms: i64,
        /// The instrument.
        instrument_id: i64,
        /// Buy or sell.
        side: Side,
        /// Limit or market.
        r#type: OrderType,
        /// How long; IOC or FOK for market orders.
        time_in_force: TimeInForce,
        /// Limit price, ticks; 0 for a market order.
        price: i64,
        /// Size, lots; 0 for a market buy by funds alone.
        size: i64,
        /// Most quote units a market buy may cost, fees included; 0: not given.
        funds: i64,
        /// Reject rather than take.
        post_only: bool,
        /// What happens when it meets an order of its own account.
        self_trade: SelfTrade,
        /// Log time at which a GTT order expires, else 0.
        expire_ms: i64,
    }
}

record! {
    /// Take an order out.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Cancel <'a> {
        /// Account that commands, 1 or more.
        account: i64,
        /// The client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within its life gets the first answer.
        command_id: &'a str,
        /// Log time after which the command is rejected, milliseconds since 1970.
        valid_until_ms: i64,
        /// The order, 0 when named by client_order_id.
        order_id: i64,
        /// The order by the command_id it was placed with, empty when named by order_id.
        client_order_id: &'a str,
    }
}

record! {
    /// Change an open limit order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Amend <'a> {
        /// Account that commands, 1 or more.
        account: i64,
        /// The client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within its life gets the first answer.
        command_id: &'a str,
        /// Log time after which the command is rejected, milliseconds since 1970.
        valid_until_ms: i64,
        /// The order, 0 when named by client_order_id.
        order_id: i64,
        /// The order by the command_id it was placed with, empty when named by order_id.
        client_order_id: &'a str,
        /// New price, ticks.
        price: i64,
        /// New total size, lots: what was filled counts.
        size: i64,
    }
}

record! {
    /// Take out all orders of the account on one instrument.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    CancelAll <'a> {
        /// Account that commands, 1 or more.
        account: i64,
        /// The client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within its life gets the first answer.
        command_id: &'a str,
        /// Log time after which the command is rejected, milliseconds since 1970.
        valid_until_ms: i64,
        /// The instrument.
        instrument_id: i64,
    }
}

record! {
    /// Move money in from outside (positive) or out (negative).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Transfer <'a> {
        /// Account that commands, 1 or more.
        account: i64,
        /// The client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within its life gets the first answer.
        command_id: &'a str,
        /// Log time after which the command is rejected, milliseconds since 1970.
        valid_until_ms: i64,
        /// The asset.
        asset_id: i64,
        /// Smallest units; positive in, negative out.
        amount: i64,
    }
}

record! {
    /// Ask the shard, in its turn on the log.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Inquire <'a> {
        /// Account that commands, 1 or more.
        account: i64,
        /// The client's identifier of this command, 1 to 36 printable ASCII characters; a repeat within its life gets the first answer.
        command_id: &'a str,
        /// Log time after which the command is rejected, milliseconds since 1970.
        valid_until_ms: i64,
        /// What is asked.
        question: Question,
        /// The order, 0 when named by client_order_id.
        order_id: i64,
        /// The order by the command_id it was placed with, empty when named by order_id.
        client_order_id: &'a str,
    }
}

union! {
    /// What a client says.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Command <'a> {
        Place(Place<'a>): 0,
        Cancel(Cancel<'a>): 1,
        Amend(Amend<'a>): 2,
        CancelAll(CancelAll<'a>): 3,
        Transfer(Transfer<'a>): 4,
        Inquire(Inquire<'a>): 5,
    }
}
