//! Named workloads of one shard: nanoseconds per command and report, bytes per row, and how long a
//! copy takes. `cargo bench --bench shard [-- NAME]`.

use partita_native::schemas::accounts::AccountEvent;
use partita_native::schemas::commands::{Cancel, Command, Place, Transfer};
use partita_native::schemas::enums::{
    InstrumentStatus, Liquidity, OrderType, Outcome, Reason, SelfTrade, Side, TimeInForce,
};
use partita_native::schemas::instrument::Instrument;
use partita_native::schemas::orders::OrderEvent;
use partita_native::schemas::reports::{Done, Filled, Opened, Report};
use partita_native::shard::{Shard, ShardOutput};
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, and how many bytes it has given.
struct Counting;

#[expect(unsafe_code)] // an allocator is one by what it promises
// SAFETY: all is done by the system's allocator; counting does not touch what it gives.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATED.fetch_add(size, Relaxed);
        ALLOCATED.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOW: i64 = 1_700_000_000_000;
const BTC: i64 = 1;
const USD: i64 = 2;
const EACH: i64 = 400_000; // commands of a workload
const SHARDS: i64 = 2;

/// Takes what is told and forgets it.
#[derive(Default)]
struct Nobody {
    order_id: i64,
    refused: u64,
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
struct Desk {
    shard: Shard,
    told: Nobody,
    time_ms: i64,
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
    fn new() -> Self {
        let mut desk = Self {
            shard: Shard::new(0, SHARDS),
            told: Nobody::default(),
            time_ms: NOW,
            id: *b"01890a5d-ac96-774b-bcce-000000000000",
            steps: 0,
        };
        desk.report(&Report::Instrument(rules()));
        desk
    }

    fn report(&mut self, report: &Report) {
        self.shard.report(1, report, self.time_ms, &mut self.told);
    }

    /// The next command's identifier; a millisecond passes every 200.
    fn next_id(&mut self) -> [u8; 36] {
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

    fn transfer(&mut self, account: i64, asset_id: i64, amount: i64) {
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

    fn place(&mut self, account: i64, side: Side, price: i64) -> i64 {
        let id = self.next_id();
        let command = Command::Place(Place {
            account,
            command_id: text(&id),
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
        });
        self.shard.command(&command, self.time_ms, &mut self.told);
        self.told.order_id
    }

    fn cancel(&mut self, account: i64, order_id: i64) {
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

    fn opened(&mut self, order_id: i64) {
        self.report(&Report::Opened(Opened {
            order_id,
            remaining: 10,
        }));
    }

    fn filled(&mut self, order_id: i64, price: i64) {
        self.report(&Report::Filled(Filled {
            order_id,
            trade_id: 1,
            price,
            size: 10,
            fee: price / 100,
            liquidity: Liquidity::Maker,
        }));
    }

    fn done(&mut self, order_id: i64, outcome: Outcome, remaining: i64, request: i64) {
        self.report(&Report::Done(Done {
            order_id,
            outcome,
            reason: Reason::None,
            remaining,
            request,
        }));
    }

    /// Accounts with both assets.
    fn funded(accounts: i64) -> Self {
        let mut desk = Self::new();
        for account in 1..=accounts {
            desk.transfer(account * SHARDS, BTC, 1 << 60);
            desk.transfer(account * SHARDS, USD, 1 << 60);
        }
        desk
    }
}

fn text(id: &[u8]) -> &str {
    std::str::from_utf8(id).expect("an identifier is ASCII")
}

/// An account of so many, scattered.
fn scattered(number: i64, accounts: i64) -> i64 {
    (number.wrapping_mul(0x9E37_79B9) & 0xFFFF_FFFF) % accounts * SHARDS + SHARDS
}

fn tell(name: &str, count: i64, taken: Duration) {
    let count = u128::try_from(count).expect("a count is not negative");
    println!("{name:<44} {:>8} ns", taken.as_nanos() / count);
}

/// The best of some passes over memory that is there already: before each but the first all ids and
/// orders of the one before have been forgotten.
fn passes(name: &str, desk: &mut Desk, mut step: impl FnMut(&mut Desk, i64)) {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        desk.time_ms += 600_000;
        desk.cancel(SHARDS, 1); // brings the time
        desk.told.refused = 0;
        let begun = Instant::now();
        for number in 0..EACH {
            step(desk, number);
        }
        best = best.min(begun.elapsed());
    }
    tell(name, EACH, best);
}

fn side_of(number: i64) -> Side {
    if number % 2 == 0 {
        Side::Buy
    } else {
        Side::Sell
    }
}

/// Places that rest, then are cancelled: place, opened, cancel, done.
fn rest_and_cancel(accounts: i64) {
    let mut desk = Desk::funded(accounts);
    let mut request = 0;
    let mut open = VecDeque::new();
    let name = format!("rest_and_cancel_{accounts} (4 steps)");
    passes(&name, &mut desk, |desk, number| {
        let account = scattered(number, accounts);
        let order_id = desk.place(account, side_of(number), 10_000 + number % 100);
        desk.opened(order_id);
        open.push_back((account, order_id));
        if open.len() > 1_000 {
            let (account, order_id) = open.pop_front().expect("an open order");
            desk.cancel(account, order_id);
            request += 1;
            desk.done(order_id, Outcome::Cancelled, 10, request);
        }
    });
    assert_eq!(desk.told.refused, 0, "all is accepted");
}

fn place_and_fill(desk: &mut Desk, account: i64, side: Side) {
    let order_id = desk.place(account, side, 10_000);
    desk.filled(order_id, 10_000);
    desk.done(order_id, Outcome::Filled, 0, 0);
}

/// Places that fill: place, filled, done.
fn fill(accounts: i64) {
    let mut desk = Desk::funded(accounts);
    passes(
        &format!("fill_{accounts} (3 steps)"),
        &mut desk,
        |desk, number| {
            place_and_fill(desk, scattered(number, accounts), side_of(number));
        },
    );
    assert_eq!(desk.told.refused, 0, "all is accepted");
}

/// As much is forgotten as comes in: what an order costs for good.
fn fill_and_forget(accounts: i64) {
    let mut desk = Desk::funded(accounts);
    let name = format!("fill_and_forget_{accounts} (3 steps)");
    passes(&name, &mut desk, |desk, number| {
        // 90 s hold 180,000 places at two in a millisecond.
        desk.time_ms += number % 2;
        place_and_fill(desk, scattered(number, accounts), side_of(number));
    });
    assert_eq!(desk.told.refused, 0, "all is accepted");
}

/// Commands that are refused, and remembered.
fn rejected() {
    let mut desk = Desk::funded(1_000);
    passes("rejected", &mut desk, |desk, number| {
        desk.place(scattered(number, 1_000), Side::Buy, 0);
    });
}

/// Transfers, whose ids are kept for ever: the memory grows.
fn transfers() {
    let mut desk = Desk::funded(100_000);
    passes("transfer", &mut desk, |desk, number| {
        desk.transfer(scattered(number, 100_000), USD, 1);
    });
}

/// Bytes that something takes, by how often it is done.
fn bytes(name: &str, count: i64, desk: &mut Desk, mut step: impl FnMut(&mut Desk, i64)) {
    let before = ALLOCATED.load(Relaxed);
    for number in 0..count {
        step(desk, number);
    }
    let grown = ALLOCATED.load(Relaxed).saturating_sub(before);
    let count = usize::try_from(count).expect("a count is not negative");
    println!("{name:<44} {:>8} bytes", grown / count);
}

fn memory() {
    let count = 1_000_000;
    // The ids of transfers are kept for ever; here they are those of a restored snapshot.
    let mut state = Desk::funded(count / 2).shard.snapshot();
    state.ids.clear();
    let before = ALLOCATED.load(Relaxed);
    let restored = Shard::restore(state.clone());
    let grown = ALLOCATED.load(Relaxed) - before;
    println!(
        "{:<44} {:>8} bytes",
        "memory_account_asset",
        grown / 1_000_000
    );
    drop((restored, state));
    let mut desk = Desk::new();
    bytes(
        "memory_account_asset_with_transfer_id",
        count,
        &mut desk,
        |desk, number| {
            desk.transfer((number / 2 + 1) * SHARDS, BTC + number % 2, 1 << 40);
        },
    );
    bytes(
        "memory_open_order_with_id",
        count,
        &mut desk,
        |desk, number| {
            desk.place(scattered(number, count / 2), Side::Buy, 10_000);
        },
    );
    bytes("memory_remembered_id", count, &mut desk, |desk, number| {
        desk.place(scattered(number, count / 2), Side::Buy, 0);
    });
}

/// 100,000 accounts of 2 assets, 100,000 open orders, 200,000 ids but those of transfers.
fn copies() {
    let mut desk = Desk::funded(100_000);
    let mut state = desk.shard.snapshot();
    state.ids.clear();
    desk.shard = Shard::restore(state);
    for number in 0..100_000 {
        let order_id = desk.place(scattered(number, 100_000), Side::Buy, 10_000);
        desk.opened(order_id);
        desk.place(scattered(number, 100_000), Side::Buy, 0);
    }
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let begun = Instant::now();
        let copy = black_box(desk.shard.clone());
        best = best.min(begun.elapsed());
        drop(copy);
    }
    println!("{:<44} {:>8} us", "clone", best.as_micros());
    let begun = Instant::now();
    let state = black_box(desk.shard.snapshot());
    println!("{:<44} {:>8} us", "snapshot", begun.elapsed().as_micros());
    let begun = Instant::now();
    black_box(desk.shard.state_hash());
    println!("{:<44} {:>8} us", "state_hash", begun.elapsed().as_micros());
    let begun = Instant::now();
    black_box(Shard::restore(state));
    println!("{:<44} {:>8} us", "restore", begun.elapsed().as_micros());
}

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| !it.starts_with("--"))
        .collect();
    let workloads: [(&str, fn()); 9] = [
        ("rest_and_cancel", || rest_and_cancel(1_000)),
        ("rest_and_cancel_wide", || rest_and_cancel(100_000)),
        ("fill", || fill(1_000)),
        ("fill_wide", || fill(100_000)),
        ("fill_and_forget", || fill_and_forget(1_000)),
        ("rejected", rejected),
        ("transfer", transfers),
        ("memory", memory),
        ("copies", copies),
    ];
    for (name, workload) in workloads {
        if asked.is_empty() || asked.iter().any(|it| it == name) {
            workload();
        }
    }
}
