//! A shard in use, with time, and names for commands without any formatting.

use partita_native::schemas::accounts::AccountEvent;
use partita_native::schemas::commands::{Cancel, Command, Place, Transfer};
use partita_native::schemas::enums::{
    InstrumentStatus, Liquidity, OrderType, Outcome, Reason, SelfTrade, Side, TimeInForce,
};
use partita_native::schemas::instrument::Instrument;
use partita_native::schemas::orders::OrderEvent;
use partita_native::schemas::reports::{Done, Filled, Opened, Report};
use partita_native::shard::{Shard, ShardOutput};
use std::hint::black_box;

pub const NOW: i64 = 1_700_000_000_000;
pub const BTC: i64 = 1;
pub const USD: i64 = 2;
pub const SHARDS: i64 = 2;

/// Takes what is told and forgets it.
#[derive(Default)]
pub struct Nobody {
    pub order_id: i64,
    pub refused: u64,
}

impl ShardOutput for Nobody {
    fn order(&mut self, _: &Instrument, event: &OrderEvent) {
        if let OrderEvent::NewOrder(order) = event {
            self.order_id = order.order_id;
        }
        black_box(event);
    }

    fn event(&mut self, event: &AccountEvent<'_>) {
        self.refused += u64::from(matches!(event, AccountEvent::Rejected(_)));
        black_box(event);
    }
}

/// A shard with time, and names for commands without any formatting.
pub struct Desk {
    pub shard: Shard,
    pub told: Nobody,
    pub time_ms: i64,
    id: [u8; 36],
    steps: i64,
}

fn rules() -> Instrument {
    Instrument {
        instrument_id: 1,
        version: 1,
        symbol: "BTC-USD".to_owned(),
        partition: 0,
        status: InstrumentStatus::Trading,
        base_asset_id: BTC,
        base_asset: "BTC".to_owned(),
        base_decimals: 8,
        quote_asset_id: USD,
        quote_asset: "USD".to_owned(),
        quote_decimals: 2,
        tick: 1,
        lot: 10_000,
        notional_unit: 1,
        min_size: 1,
        max_size: 1 << 40,
        max_price: 1 << 40,
        maker_fee_ppm: 1_000,
        taker_fee_ppm: 2_000,
    }
}

impl Desk {
    pub fn new() -> Self {
        let mut desk = Self {
            shard: Shard::new(0, SHARDS),
            told: Nobody::default(),
            time_ms: NOW,
            id: *b"01890a5d-ac96-774b-bcce-000000000000",
            steps: 0,
        };
        desk.bring_time();
        desk
    }

    /// Let the time come that it is, and nothing else.
    pub fn bring_time(&mut self) {
        let rules = Report::Instrument(Box::new(rules()));
        self.report(&rules);
    }

    pub fn report(&mut self, report: &Report) {
        self.shard.report(1, report, self.time_ms, &mut self.told);
    }

    /// The next command's identifier; a millisecond passes every 200.
    pub fn next_id(&mut self) -> [u8; 36] {
        self.steps += 1;
        self.time_ms += i64::from(self.steps % 200 == 0);
        for at in (24..36).rev() {
            if self.id[at] < b'9' {
                self.id[at] += 1;
                break;
            }
            self.id[at] = b'0';
        }
        self.id
    }

    pub fn transfer(&mut self, account: i64, asset_id: i64, amount: i64) {
        let id = self.next_id();
        let command = Command::Transfer(Transfer {
            account,
            command_id: text(&id),
            valid_until_ms: self.time_ms + 30_000,
            asset_id,
            amount,
        });
        self.shard.command(&command, self.time_ms, &mut self.told);
    }

    pub fn limit<'a>(&self, id: &'a [u8], account: i64, side: Side, price: i64) -> Place<'a> {
        Place {
            account,
            command_id: text(id),
            valid_until_ms: self.time_ms + 30_000,
            instrument_id: 1,
            side,
            r#type: OrderType::Limit,
            time_in_force: TimeInForce::Gtc,
            price,
            size: 10,
            funds: 0,
            post_only: false,
            self_trade: SelfTrade::Dc,
            expire_ms: 0,
        }
    }

    pub fn place(&mut self, account: i64, side: Side, price: i64) -> i64 {
        let id = self.next_id();
        let command = Command::Place(self.limit(&id, account, side, price));
        self.shard.command(&command, self.time_ms, &mut self.told);
        self.told.order_id
    }

    pub fn cancel(&mut self, account: i64, order_id: i64) {
        let id = self.next_id();
        let command = Command::Cancel(Cancel {
            account,
            command_id: text(&id),
            valid_until_ms: self.time_ms + 30_000,
            order_id,
            client_order_id: "",
        });
        self.shard.command(&command, self.time_ms, &mut self.told);
    }

    pub fn opened(&mut self, order_id: i64) {
        self.report(&Report::Opened(Opened {
            order_id,
            remaining: 10,
        }));
    }

    pub fn filled(&mut self, order_id: i64, price: i64) {
        self.report(&filled(order_id, price));
    }

    pub fn done(&mut self, order_id: i64, outcome: Outcome, remaining: i64, request: i64) {
        self.report(&done(order_id, outcome, remaining, request));
    }

    /// Accounts with both assets.
    pub fn funded(accounts: i64) -> Self {
        let mut desk = Self::new();
        for account in 1..=accounts {
            desk.transfer(account * SHARDS, BTC, 1 << 60);
            desk.transfer(account * SHARDS, USD, 1 << 60);
        }
        desk
    }
}

pub fn filled(order_id: i64, price: i64) -> Report {
    Report::Filled(Filled {
        order_id,
        trade_id: 1,
        price,
        size: 10,
        fee: price / 100,
        liquidity: Liquidity::Maker,
    })
}

pub fn done(order_id: i64, outcome: Outcome, remaining: i64, request: i64) -> Report {
    Report::Done(Done {
        order_id,
        outcome,
        reason: Reason::None,
        remaining,
        request,
    })
}

fn text(id: &[u8]) -> &str {
    std::str::from_utf8(id).expect("an identifier is ASCII")
}

/// An account of so many, scattered.
pub fn scattered(number: i64, accounts: i64) -> i64 {
    (number.wrapping_mul(0x9E37_79B9) & 0xFFFF_FFFF) % accounts * SHARDS + SHARDS
}
