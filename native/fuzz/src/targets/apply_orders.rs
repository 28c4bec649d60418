//! A partition of books under all that shards could say to it, and rubbish in between.

use std::collections::BTreeMap;

use partita_native::arithmetic::need_within;
use partita_native::avro::Value as _;
use partita_native::core::books::{Books, matcher_core};
use partita_native::edges::OutEdge;
use partita_native::limits::{AMOUNT_MAX, FEE_PPM_MAX, NOTIONAL_MAX};
use partita_native::outbox::{Outbox, Stream, Topic};
use partita_native::schemas::enums::{
    InstrumentStatus, Line, OrderType, SelfTrade, Side, TimeInForce,
};
use partita_native::schemas::heads;
use partita_native::schemas::instrument::Instrument;
use partita_native::schemas::orders::{
    AmendOrder, CancelOrder, CancelOrders, NewOrder, OrderEvent,
};

use super::choices::Choices;
use super::cores::{NOW_MS, SHARDS, Twins, rules};

/// Steps of one input: longer ones show no more, and take longer.
const STEPS_MAX: usize = 400;

/// All shards of an exchange, as far as books hear of them.
struct Shards {
    edges: BTreeMap<(i64, i64), OutEdge>, // by shard and instrument
    outbox: Outbox,
    listed: [Instrument; 2],
    orders: Vec<(i64, i64, i64)>, // instrument, order, account
    count: i64,
    requests: i64,
    time_ms: i64,
    said: Vec<Vec<u8>>, // all records so far
    given: usize,       // of them
}

/// Apply the records that the bytes decide on.
pub fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let mut shards = Shards::new(&mut choices);
    let mut books = Twins::new(
        || matcher_core(usize::try_from(SHARDS).expect("a few"), Line::A),
        1,
    );
    for at in 0..2 {
        shards.announce(at);
    }
    shards.flush(&mut books);
    for _ in 0..STEPS_MAX {
        if choices.are_over() {
            break;
        }
        step(&mut choices, &mut shards, &mut books);
    }
    shards.flush(&mut books);
    books.restore();
}

fn step(choices: &mut Choices<'_>, shards: &mut Shards, books: &mut Twins<Books>) {
    match choices.below(32) {
        0..=13 => shards.place(choices),
        14..=16 => shards.cancel(choices),
        17..=20 => shards.amend(choices),
        21 => shards.cancel_all(choices),
        22..=24 => shards.flush(books),
        25 => {
            shards.time_ms += choices.number().clamp(-1_000_000, 1 << 40);
            shards.time_ms = shards.time_ms.clamp(0, 1 << 50);
        }
        26 => {
            let tick = [&heads::TICK[..], &[0]].concat();
            books.apply(0, shards.time_ms, &tick);
        }
        27 => shards.change_rules(choices),
        28 => shards.repeat(choices, books),
        29 => books.restore(),
        30 => {
            let at = usize::from(choices.byte());
            let record = shards.said[at % shards.said.len()].clone();
            books.disturb(0, shards.time_ms, &choices.mutated(&record));
        }
        _ => {
            let mut record = heads::ALL[usize::from(choices.byte()) % heads::ALL.len()]
                .1
                .to_vec();
            record.extend_from_slice(choices.bytes());
            books.disturb(0, shards.time_ms, &record);
        }
    }
}

impl Shards {
    fn new(choices: &mut Choices<'_>) -> Self {
        let mut listed = [rules(1), rules(2)];
        if choices.below(4) == 3 {
            // What a lot at a tick costs is within bounds, and that is all.
            let unit = 1_i64 << choices.below(63);
            for rules in &mut listed {
                (rules.base_decimals, rules.tick, rules.lot) = (0, unit, 1);
                rules.notional_unit = unit;
            }
        }
        Self {
            edges: BTreeMap::new(),
            outbox: Outbox::new(),
            listed,
            orders: Vec::new(),
            count: 0,
            requests: 0,
            time_ms: NOW_MS,
            said: Vec::new(),
            given: 0,
        }
    }

    fn say(&mut self, shard: i64, instrument_id: i64, event: &OrderEvent) {
        let stream = Stream {
            topic: Topic::Orders,
            sender: shard,
            line: Line::A,
        };
        let edge = self.edges.entry((shard, instrument_id)).or_default();
        self.outbox.begin();
        self.outbox.put(stream, 0, instrument_id, edge, event, 0);
    }

    /// Give the books what was said.
    fn flush(&mut self, books: &mut Twins<Books>) {
        let mut records = Vec::new();
        self.outbox.take(&mut records);
        for record in records {
            self.said.push(record.value);
        }
        for record in &self.said[self.given..] {
            books.apply(0, self.time_ms, record);
        }
        self.given = self.said.len();
    }

    fn place(&mut self, choices: &mut Choices<'_>) {
        let shard = choices.below(SHARDS);
        let rules = &self.listed[usize::from(choices.byte() % 2)];
        let mut new = NewOrder {
            order_id: 0,
            account: account(choices, shard),
            side: choices.of(Side::ALL),
            r#type: OrderType::Limit,
            time_in_force: choices.of(TimeInForce::ALL),
            price: 1 + choices.below(8),
            size: 1 + choices.below(8),
            funds: 0,
            post_only: false,
            self_trade: choices.of(SelfTrade::ALL),
            expire_ms: 0,
            maker_fee_ppm: rules.maker_fee_ppm,
            taker_fee_ppm: rules.taker_fee_ppm,
        };
        match choices.below(8) {
            0 => (new.price, new.size) = within(choices, rules, new.side),
            1 | 2 => become_market(choices, &mut new),
            _ if !fits(rules, new.side, new.price, new.size) => return,
            _ => {}
        }
        match new.time_in_force {
            TimeInForce::Gtt => {
                let ahead_ms = choices.number().max(1);
                new.expire_ms = self.time_ms.saturating_add(ahead_ms);
            }
            TimeInForce::Gtc => {}
            TimeInForce::Ioc | TimeInForce::Fok => {
                return self.placed(rules.instrument_id, shard, new);
            }
        }
        new.post_only = choices.below(4) == 3;
        self.placed(rules.instrument_id, shard, new);
    }

    fn placed(&mut self, instrument_id: i64, shard: i64, mut new: NewOrder) {
        self.count += 1;
        new.order_id = self.count * SHARDS + shard;
        self.orders.push((instrument_id, new.order_id, new.account));
        self.say(shard, instrument_id, &OrderEvent::NewOrder(new));
    }

    /// An order that was placed, be it open or not.
    fn any(&self, choices: &mut Choices<'_>) -> Option<(i64, i64, i64)> {
        let back = 1 + usize::from(choices.byte() % 32);
        self.orders
            .get(self.orders.len().checked_sub(back)?)
            .copied()
    }

    fn cancel(&mut self, choices: &mut Choices<'_>) {
        let Some((instrument_id, order_id, account)) = self.any(choices) else {
            return;
        };
        self.requests += 1;
        let event = OrderEvent::CancelOrder(CancelOrder {
            order_id,
            account,
            request: self.requests,
        });
        self.say(account % SHARDS, instrument_id, &event);
    }

    fn amend(&mut self, choices: &mut Choices<'_>) {
        let Some((instrument_id, order_id, account)) = self.any(choices) else {
            return;
        };
        let rules = &self.listed[usize::try_from(instrument_id - 1).expect("1 or 2")];
        let (mut price, mut size) = (1 + choices.below(8), 1 + choices.below(16));
        if choices.below(8) == 0 {
            (price, size) = within(choices, rules, Side::Buy);
        }
        if !fits(rules, Side::Buy, price, size) {
            return;
        }
        let top_up = choices.number().clamp(0, NOTIONAL_MAX);
        self.requests += 1;
        let event = OrderEvent::AmendOrder(AmendOrder {
            order_id,
            account,
            price,
            size,
            top_up,
            request: self.requests,
        });
        self.say(account % SHARDS, instrument_id, &event);
    }

    fn cancel_all(&mut self, choices: &mut Choices<'_>) {
        let shard = choices.below(SHARDS);
        self.requests += 1;
        let event = OrderEvent::CancelOrders(CancelOrders {
            account: account(choices, shard),
            request: self.requests,
        });
        self.say(shard, 1 + choices.below(2), &event);
    }

    fn change_rules(&mut self, choices: &mut Choices<'_>) {
        let at = usize::from(choices.byte() % 2);
        let rules = &mut self.listed[at];
        rules.version += choices.below(2);
        rules.status = choices.of(InstrumentStatus::ALL);
        rules.maker_fee_ppm = choices.number().clamp(0, FEE_PPM_MAX);
        rules.taker_fee_ppm = choices.number().clamp(0, FEE_PPM_MAX);
        self.announce(at);
    }

    fn announce(&mut self, at: usize) {
        let mut record = heads::INSTRUMENT.to_vec();
        self.listed[at].write(&mut record);
        self.said.push(record);
    }

    /// Say again what was said, from some record on: a shard that has started again.
    fn repeat(&mut self, choices: &mut Choices<'_>, books: &mut Twins<Books>) {
        self.flush(books);
        let back = usize::from(choices.byte()).min(self.said.len());
        let count = 1 + usize::from(choices.byte() % 8);
        let from = self.said.len() - back;
        for record in self.said[from..].iter().take(count) {
            books.apply(0, self.time_ms, record);
        }
    }
}

/// An account of a shard.
fn account(choices: &mut Choices<'_>, shard: i64) -> i64 {
    let number = match choices.below(8) {
        7 => choices.number().clamp(1, 1 << 60),
        few => 1 + few % 4,
    };
    number * SHARDS + shard
}

/// Whether a ledger would let an order of this size and price pass.
fn fits(rules: &Instrument, side: Side, price: i64, size: i64) -> bool {
    let rate = match side {
        // Of whatever version: the order's own rates are those it was placed with.
        Side::Buy => FEE_PPM_MAX,
        Side::Sell => 0,
    };
    need_within(price, size, rules.notional_unit, rate, NOTIONAL_MAX).is_some()
        && i128::from(size) * i128::from(rules.lot) <= i128::from(AMOUNT_MAX)
}

/// Any price and size that a ledger would let pass.
fn within(choices: &mut Choices<'_>, rules: &Instrument, side: Side) -> (i64, i64) {
    let (mut price, mut size) = (
        choices.number().clamp(1, AMOUNT_MAX),
        choices.number().clamp(1, AMOUNT_MAX),
    );
    while !fits(rules, side, price, size) && (price > 1 || size > 1) {
        if price > size {
            price = (price / 2).max(1);
        } else {
            size /= 2;
        }
    }
    (price, size)
}

fn become_market(choices: &mut Choices<'_>, new: &mut NewOrder) {
    new.r#type = OrderType::Market;
    new.price = 0;
    new.time_in_force = choices.of(&[TimeInForce::Ioc, TimeInForce::Fok]);
    if new.side == Side::Sell {
        return;
    }
    new.funds = match choices.below(2) {
        0 => 1 + choices.below(100),
        _ => choices.number().clamp(1, NOTIONAL_MAX),
    };
    if choices.below(2) == 1 {
        (new.size, new.time_in_force) = (0, TimeInForce::Ioc);
    }
}
