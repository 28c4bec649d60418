//! Both worker cores with records between them as on the log, in one process: what each costs an
//! order, decoding and encoding included.
//!
//! `cargo bench --bench core -- [ORDERS] [ORDERS A BATCH]`

use std::time::{Duration, Instant};

use partita_native::avro::Value;
use partita_native::bulk::{Bulk, Row, State, Terms};
use partita_native::core::books::matcher_core;
use partita_native::core::ledger::ledger_core;
use partita_native::core::record::Record;
use partita_native::outbox::{Outgoing, Topic};
use partita_native::schemas::commands::{Command, Transfer};
use partita_native::schemas::enums::{
    InstrumentStatus, Line, OrderType, SelfTrade, Side, TimeInForce,
};
use partita_native::schemas::heads;
use partita_native::schemas::instrument::Instrument;

const ACCOUNTS: u64 = 1_000;
const NOW_MS: i64 = 1_000_000;

/// A small pseudo-random source: the same flow each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: u64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % count).unwrap()
    }
}

fn instrument(id: i64) -> Instrument {
    Instrument {
        instrument_id: id,
        version: 1,
        symbol: format!("C{id}-USD"),
        partition: 0,
        status: InstrumentStatus::Trading,
        base_asset_id: id + 1,
        base_asset: format!("C{id}"),
        base_decimals: 8,
        quote_asset_id: 1,
        quote_asset: "USD".to_owned(),
        quote_decimals: 6,
        tick: 10_000,
        lot: 1_000_000,
        notional_unit: 100,
        min_size: 1,
        max_size: 1 << 40,
        max_price: 1 << 40,
        maker_fee_ppm: 1_000,
        taker_fee_ppm: 2_000,
    }
}

/// One exchange in one process: a shard, a partition, and what each has cost.
struct Exchange {
    ledger: partita_native::core::Core<partita_native::core::ledger::Ledger>,
    matcher: partita_native::core::Core<partita_native::core::books::Books>,
    bulk: Bulk,
    offsets: [i64; 2],
    spent: [Duration; 5],
    bytes: [usize; 4],
}

impl Exchange {
    fn new() -> Self {
        let mut new = Self {
            ledger: ledger_core(1, Line::A),
            matcher: matcher_core(1, Line::A),
            bulk: Bulk::new("bench-id", vec![0]),
            offsets: [0; 2],
            spent: [Duration::ZERO; 5],
            bytes: [0; 4],
        };
        new.ledger.open(0, &[]).unwrap();
        new.matcher.open(0, &[]).unwrap();
        for id in 1..=4 {
            let mut listing = heads::INSTRUMENT.to_vec();
            instrument(id).write(&mut listing);
            new.orders(&[listing]);
        }
        for asset_id in 1..=5 {
            let mut batch = heads::COMMAND_BATCH.to_vec();
            batch.push(0);
            partita_native::avro::put_long(i64::try_from(ACCOUNTS).unwrap(), &mut batch);
            for account in 1..=i64::try_from(ACCOUNTS).unwrap() {
                Command::Transfer(Transfer {
                    account,
                    command_id: &format!("fund-{account}-{asset_id}"),
                    valid_until_ms: NOW_MS + 10_000,
                    asset_id,
                    amount: 1 << 60,
                })
                .write(&mut batch);
            }
            batch.push(0);
            new.commands(&[batch]);
        }
        new
    }

    /// Put records on `account-commands`, and let follow what follows.
    fn commands(&mut self, records: &[Vec<u8>]) {
        let first = self.offsets[0];
        self.offsets[0] += i64::try_from(records.len()).unwrap();
        let given = (first..).zip(records).map(|(offset, value)| Record {
            partition: 0,
            offset,
            time_ms: NOW_MS,
            value,
        });
        let started = Instant::now();
        let outputs = self.ledger.apply(given);
        self.spent[0] += started.elapsed();
        assert!(
            outputs.alarms.is_empty() && outputs.parked.is_empty(),
            "{outputs:?}"
        );
        self.follow(outputs.records);
    }

    /// Put records on `orders`, and let follow what follows.
    fn orders(&mut self, records: &[Vec<u8>]) {
        let first = self.offsets[1];
        self.offsets[1] += i64::try_from(records.len()).unwrap();
        let given = (first..).zip(records).map(|(offset, value)| Record {
            partition: 0,
            offset,
            time_ms: NOW_MS,
            value,
        });
        let started = Instant::now();
        let outputs = self.matcher.apply(given);
        self.spent[1] += started.elapsed();
        assert!(
            outputs.alarms.is_empty() && outputs.parked.is_empty(),
            "{outputs:?}"
        );
        self.follow(outputs.records);
    }

    fn follow(&mut self, records: Vec<Outgoing>) {
        let (mut orders, mut reports) = (Vec::new(), Vec::new());
        for record in records {
            match record.topic {
                Topic::Orders => {
                    self.bytes[1] += record.value.len();
                    orders.push(record.value);
                }
                Topic::AccountCommands => {
                    self.bytes[0] += record.value.len();
                    reports.push(record.value);
                }
                Topic::AccountEvents => {
                    self.bytes[2] += record.value.len();
                    let started = Instant::now();
                    self.bulk.take(0, &record.value, 1).unwrap();
                    self.spent[3] += started.elapsed();
                }
                _ => self.bytes[3] += record.value.len(),
            }
        }
        if !orders.is_empty() {
            self.orders(&orders);
        }
        if !reports.is_empty() {
            let before = self.spent[0];
            self.commands(&reports);
            self.spent[4] += self.spent[0].saturating_sub(before);
        }
    }
}

fn main() {
    let mut given = std::env::args()
        .skip(1)
        .filter_map(|given| given.parse::<usize>().ok());
    let (count, per_batch) = (
        given.next().unwrap_or(1_000_000),
        given.next().unwrap_or(1_000),
    );
    let (mut exchange, mut chance) = (Exchange::new(), Chance(7));
    let terms = Terms {
        r#type: OrderType::Limit,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        self_trade: SelfTrade::Dc,
        expire_ms: 0,
    };
    for _ in 0..count {
        let side = if chance.below(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        };
        let lean = if side == Side::Buy { -4 } else { 4 };
        exchange.bulk.add(Row::Place {
            account: 1 + chance.below(ACCOUNTS),
            instrument_id: 1 + chance.below(4),
            side,
            price: 10_000 + lean + chance.below(33) - 16,
            size: 1 + chance.below(100),
            terms,
        });
    }
    (exchange.spent, exchange.bytes) = Default::default();
    for first in (0..count).step_by(per_batch) {
        let started = Instant::now();
        let end = count.min(first + per_batch);
        let records = exchange.bulk.encode(first..end, NOW_MS + 10_000);
        exchange.spent[2] += started.elapsed();
        for (_, record) in records {
            exchange.bytes[0] += record.len();
            exchange.commands(&[record]);
        }
    }
    let settled = exchange
        .bulk
        .outcomes(0..count)
        .filter(|one| one.state >= State::Settled)
        .count();
    let done = exchange
        .bulk
        .outcomes(0..count)
        .filter(|one| one.state == State::Done)
        .count();
    println!("{count} orders, {per_batch} a batch: {settled} settled, {done} of them done");
    let each = |spent: Duration| spent.as_nanos() / count as u128;
    let [ledger, matcher, encode, take, reports] = exchange.spent.map(each);
    println!("ledger          {ledger:5} ns an order, of which reports {reports}");
    println!("matcher         {matcher:5} ns an order");
    println!("client encodes  {encode:5} ns an order");
    println!("client takes    {take:5} ns an order");
    let [commands, orders, events, feed] = exchange.bytes.map(|all| all / count);
    println!(
        "bytes an order: {commands} account-commands, {orders} orders, {events} account-events, {feed} book"
    );
}
