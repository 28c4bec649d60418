//! A shard in use, whose invariants are checked after every step.

use crate::schemas::accounts::{AccountEvent, Balance};
use crate::schemas::commands::{Amend, Cancel, Command, Place, Transfer};
use crate::schemas::enums::{
    InstrumentStatus, Liquidity, OrderType, Outcome, Reason, SelfTrade, Side, TimeInForce,
};
use crate::schemas::instrument::Instrument;
use crate::schemas::orders::OrderEvent;
use crate::schemas::reports::{Done, Filled, Opened, Report};
use crate::shard::{Shard, ShardOutput};

pub const NOW: i64 = 1_700_000_000_000;
pub const UNTIL: i64 = NOW + 30_000;
pub const BTC: i64 = 1;
pub const USD: i64 = 2;
pub const ACCOUNT: i64 = 2;

/// What was told last: orders as they are, events as they print.
#[derive(Default)]
pub struct Told {
    pub orders: Vec<(i64, OrderEvent)>,
    pub events: Vec<String>,
}

impl ShardOutput for Told {
    fn order(&mut self, instrument: &Instrument, event: &OrderEvent) {
        self.orders.push((instrument.instrument_id, *event));
    }

    fn event(&mut self, event: &AccountEvent<'_>) {
        self.events.push(format!("{event:?}"));
    }
}

/// A lot is 10 units of BTC; a lot at a tick costs 3 units of USD. Fees: 0.1 % and 0.2 %.
pub fn rules(instrument_id: i64) -> Instrument {
    Instrument {
        instrument_id,
        version: 1,
        symbol: "BTC-USD".to_owned(),
        partition: 0,
        status: InstrumentStatus::Trading,
        base_asset_id: BTC,
        base_asset: "BTC".to_owned(),
        base_decimals: 1,
        quote_asset_id: USD,
        quote_asset: "USD".to_owned(),
        quote_decimals: 2,
        tick: 3,
        lot: 10,
        notional_unit: 3,
        min_size: 2,
        max_size: 1 << 62,
        max_price: 1 << 40,
        maker_fee_ppm: 1_000,
        taker_fee_ppm: 2_000,
    }
}

pub const PLACE: Place<'static> = Place {
    account: ACCOUNT,
    command_id: "p1",
    valid_until_ms: UNTIL,
    instrument_id: 1,
    side: Side::Buy,
    r#type: OrderType::Limit,
    time_in_force: TimeInForce::Gtc,
    price: 1_000,
    size: 10,
    funds: 0,
    post_only: false,
    self_trade: SelfTrade::Dc,
    expire_ms: 0,
};

pub const CANCEL: Cancel<'static> = Cancel {
    account: ACCOUNT,
    command_id: "c1",
    valid_until_ms: UNTIL,
    order_id: 0,
    client_order_id: "",
};

pub const AMEND: Amend<'static> = Amend {
    account: ACCOUNT,
    command_id: "a1",
    valid_until_ms: UNTIL,
    order_id: 0,
    client_order_id: "",
    price: 1_000,
    size: 10,
};

pub const TRANSFER: Transfer<'static> = Transfer {
    account: ACCOUNT,
    command_id: "t1",
    valid_until_ms: UNTIL,
    asset_id: USD,
    amount: 1_000_000,
};

pub struct Desk {
    pub shard: Shard,
    pub time_ms: i64,
    funded: usize,
}

impl Desk {
    pub fn new() -> Self {
        let mut desk = Self {
            shard: Shard::new(0, 2),
            time_ms: NOW,
            funded: 0,
        };
        assert!(
            desk.report(&Report::Instrument(Box::new(rules(1))))
                .is_empty()
        );
        desk
    }

    /// With 100,000 of both assets.
    pub fn funded() -> Self {
        let mut desk = Self::new();
        for asset_id in [BTC, USD] {
            desk.fund(asset_id, 100_000);
        }
        desk
    }

    pub fn fund(&mut self, asset_id: i64, amount: i64) {
        self.funded += 1;
        self.run(&Command::Transfer(Transfer {
            command_id: &format!("fund-{}", self.funded),
            valid_until_ms: self.time_ms + 1_000,
            asset_id,
            amount,
            ..TRANSFER
        }));
    }

    pub fn run(&mut self, command: &Command<'_>) -> Told {
        let mut told = Told::default();
        self.shard.command(command, self.time_ms, &mut told);
        self.shard.check();
        told
    }

    pub fn report(&mut self, report: &Report) -> Vec<String> {
        let mut told = Told::default();
        self.shard.report(1, report, self.time_ms, &mut told);
        self.shard.check();
        assert!(told.orders.is_empty());
        told.events
    }

    pub fn opened(&mut self, place: Place<'_>) -> i64 {
        let told = self.run(&Command::Place(place));
        let [(_, OrderEvent::NewOrder(order))] = told.orders[..] else {
            panic!("not placed: {:?}", told.events);
        };
        self.report(&Report::Opened(Opened {
            order_id: order.order_id,
            remaining: place.size,
        }));
        order.order_id
    }

    pub fn fill(&mut self, order_id: i64, price: i64, size: i64, fee: i64) -> Vec<String> {
        self.report(&Report::Filled(Filled {
            order_id,
            trade_id: 7,
            price,
            size,
            fee,
            liquidity: Liquidity::Maker,
        }))
    }

    pub fn cancelled(&mut self, order_id: i64, remaining: i64, request: i64) -> Vec<String> {
        self.report(&Report::Done(Done {
            order_id,
            outcome: Outcome::Cancelled,
            reason: Reason::Requested,
            remaining,
            request,
        }))
    }

    /// Let time pass, by a command of which nothing comes.
    pub fn wait_until(&mut self, time_ms: i64) {
        self.time_ms = time_ms;
        let late = Cancel {
            valid_until_ms: 0,
            ..CANCEL
        };
        self.run(&Command::Cancel(late));
    }
}

pub fn balance(asset_id: i64, available: i128, held: i128) -> String {
    let account = ACCOUNT;
    let balance = Balance {
        account,
        asset_id,
        available,
        held,
    };
    format!("{:?}", AccountEvent::Balance(balance))
}

pub fn rejected(command_id: &str, reason: Reason, order_id: i64, repeated: bool) -> String {
    format!(
        "Rejected(Rejected {{ account: 2, command_id: {command_id:?}, reason: {reason:?}, \
         order_id: {order_id}, repeated: {repeated} }})"
    )
}

pub fn accepted(command_id: &str, order_id: i64, count: i64) -> String {
    format!(
        "Accepted(Accepted {{ account: 2, command_id: {command_id:?}, order_id: {order_id}, \
         count: {count}, repeated: false }})"
    )
}
