//! What shards tell clients, on `account-events`.

use crate::avro::{Buffer, Value as _};
use crate::schemas::enums::{
    Liquidity, OrderState, OrderType, Outcome, Reason, SelfTrade, Side, TimeInForce,
};

record! {
    /// A place was accepted: the funds are reserved and the order is on its way to the book.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Received <'a> {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The command that is answered.
        command_id: &'a str,
        /// Our identifier.
        order_id: i64,
        /// The instrument.
        instrument_id: i64,
        /// Buy or sell.
        side: Side,
        /// Limit or market.
        r#type: OrderType,
        /// How long.
        time_in_force: TimeInForce,
        /// Ticks, 0 for market.
        price: i64,
        /// Lots, 0 for a market buy by funds alone.
        size: i64,
        /// Quote units a market buy may spend, else 0.
        funds: i64,
        /// As placed.
        post_only: bool,
        /// As placed.
        self_trade: SelfTrade,
        /// As placed.
        expire_ms: i64,
        /// True when this answers a repeat; nothing happened anew.
        repeated: bool,
    }
}

record! {
    /// A transfer took place, or a cancel, amend or cancel-all took effect.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Accepted <'a> {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The command that is answered.
        command_id: &'a str,
        /// The order, 0 for none.
        order_id: i64,
        /// Orders that were cancelled; 1 for an amend, 0 for a transfer.
        count: i64,
        /// True when this answers a repeat; nothing happened anew.
        repeated: bool,
    }
}

record! {
    /// A command was refused; it had no effect.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Rejected <'a> {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The command that is answered.
        command_id: &'a str,
        /// Why.
        reason: Reason,
        /// The order it was about, 0 for none.
        order_id: i64,
        /// True when this answers a repeat; nothing happened anew.
        repeated: bool,
    }
}

record! {
    /// The order rests in the book.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Opened {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The order.
        order_id: i64,
        /// Lots that rest.
        remaining: i64,
    }
}

record! {
    /// The order was filled in part or whole, and the fill is settled.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Filled {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The order.
        order_id: i64,
        /// The instrument.
        instrument_id: i64,
        /// The order's side.
        side: Side,
        /// Number of the trade on this symbol.
        trade_id: i64,
        /// Ticks.
        price: i64,
        /// Lots.
        size: i64,
        /// Quote units.
        fee: i64,
        /// Maker or taker.
        liquidity: Liquidity,
    }
}

record! {
    /// The order has a new price or remaining size.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Changed {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The order.
        order_id: i64,
        /// Ticks.
        price: i64,
        /// Lots.
        remaining: i64,
    }
}

record! {
    /// The order has ended and the rest of its hold is released.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Done {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The order.
        order_id: i64,
        /// How.
        outcome: Outcome,
        /// Why, none when filled.
        reason: Reason,
        /// Lots filled in all.
        filled: i64,
        /// Lots not filled.
        remaining: i64,
    }
}

record! {
    /// A balance after the event before it, or as asked for; absolute.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Balance {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The asset.
        asset_id: i64,
        /// Smallest units that may be used.
        available: i128,
        /// Smallest units set aside for open orders.
        held: i128,
    }
}

record! {
    /// An order as the shard knows it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    OrderStatus <'a> {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The order.
        order_id: i64,
        /// The command_id it was placed with.
        client_order_id: &'a str,
        /// The instrument.
        instrument_id: i64,
        /// Buy or sell.
        side: Side,
        /// Limit or market.
        r#type: OrderType,
        /// How long.
        time_in_force: TimeInForce,
        /// Ticks.
        price: i64,
        /// Lots placed, or as amended: filled + remaining.
        size: i64,
        /// Lots.
        filled: i64,
        /// Lots.
        remaining: i64,
        /// Quote units (buy) or lots (sell) set aside.
        hold: i64,
        /// Received, open or done.
        state: OrderState,
        /// Meaningful when done.
        outcome: Outcome,
        /// Why it is done, else none.
        reason: Reason,
    }
}

record! {
    /// The end of the answer to an inquiry.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Answered <'a> {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The command that is answered.
        command_id: &'a str,
        /// Events of the answer before this.
        count: i64,
    }
}

record! {
    /// A shard's own sums for one asset; they add up to zero.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    Total {
        /// The account; on the wire its index in the batch's accounts.
        account: i64,
        /// The asset.
        asset_id: i64,
        /// Over all accounts, units.
        available: i128,
        /// Over all accounts, units.
        held: i128,
        /// The fees account, units.
        fees: i128,
        /// The clearing accounts of all symbols, units.
        clearing: i128,
        /// The external account: minus what was transferred in, plus what went out.
        external: i128,
    }
}

union! {
    /// What a shard tells an account.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    AccountEvent <'a> {
        Received(Received<'a>): 0,
        Accepted(Accepted<'a>): 1,
        Rejected(Rejected<'a>): 2,
        Opened(Opened): 3,
        Filled(Filled): 4,
        Changed(Changed): 5,
        Done(Done): 6,
        Balance(Balance): 7,
        OrderStatus(OrderStatus<'a>): 8,
        Answered(Answered<'a>): 9,
        Total(Total): 10,
    }
}

impl AccountEvent<'_> {
    /// The account that it is for.
    #[must_use]
    pub fn account(&self) -> i64 {
        match self {
            Self::Received(event) => event.account,
            Self::Accepted(event) => event.account,
            Self::Rejected(event) => event.account,
            Self::Opened(event) => event.account,
            Self::Filled(event) => event.account,
            Self::Changed(event) => event.account,
            Self::Done(event) => event.account,
            Self::Balance(event) => event.account,
            Self::OrderStatus(event) => event.account,
            Self::Answered(event) => event.account,
            Self::Total(event) => event.account,
        }
    }

    /// Append it with the place of its account among the batch's accounts; return its bytes.
    #[inline]
    pub fn write_at(&self, place: i64, out: &mut Buffer) -> usize {
        macro_rules! placed {
            ($($variant:ident = $tag:literal),+) => {
                match self {
                    $(Self::$variant(event) => out.append(1 + event.room(), |slot| {
                        slot.plain([$tag << 1]);
                        slot.long(place);
                        event.put_rest(slot);
                    }),)+
                }
            };
        }
        placed!(
            Received = 0,
            Accepted = 1,
            Rejected = 2,
            Opened = 3,
            Filled = 4,
            Changed = 5,
            Done = 6,
            Balance = 7,
            OrderStatus = 8,
            Answered = 9,
            Total = 10
        )
    }
}
