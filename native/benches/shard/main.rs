//! Named workloads of one shard: nanoseconds per command and its reports, bytes per row, and how
//! long a copy takes. `cargo bench --bench shard [-- NAME...]`.

mod desk;
mod memory;

use desk::{Desk, SHARDS, USD, done, filled, scattered};
use memory::{copies, memory};
use partita_native::schemas::commands::Command;
use partita_native::schemas::enums::{Outcome, Side};
use std::collections::VecDeque;
use std::time::Instant;

const EACH: i64 = 400_000; // commands of a pass
const BATCH: usize = 200;
const BLOCK: i64 = 10_000; // commands that time is taken of

/// Some passes over memory that is there already: before each but the first all ids and orders of
/// the one before have been forgotten. Told is the lower quartile of blocks of commands, which
/// other work on the machine disturbs least.
fn passes(name: &str, desk: &mut Desk, mut step: impl FnMut(&mut Desk, i64)) {
    let mut taken = Vec::new();
    for pass in 0..5 {
        desk.time_ms += 600_000;
        for _ in 0..EACH / 16 {
            desk.bring_time(); // each drops some of what has ended
        }
        desk.told.refused = 0;
        let mut begun = Instant::now();
        for number in 0..EACH {
            step(desk, number);
            if (number + 1) % BLOCK == 0 {
                if pass > 0 {
                    taken.push(begun.elapsed());
                }
                begun = Instant::now();
            }
        }
    }
    taken.sort_unstable();
    let block = taken[taken.len() / 4].as_nanos();
    println!(
        "{name:<44} {:>8} ns",
        block / u128::from(BLOCK.unsigned_abs())
    );
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

/// The same in batches of 200: places, then what a book answers.
fn fill_in_batches(accounts: i64) {
    let mut desk = Desk::funded(accounts);
    let mut ids: Vec<[u8; 36]> = Vec::new();
    let mut reports = Vec::new();
    passes(
        &format!("fill_{accounts}_in_batches (3 steps)"),
        &mut desk,
        |desk, number| {
            ids.push(desk.next_id());
            if ids.len() < BATCH {
                return;
            }
            let first = number - number % 200;
            let places: Vec<Command<'_>> = (first..)
                .zip(&ids)
                .map(|(number, id)| {
                    Command::Place(desk.limit(
                        id,
                        scattered(number, accounts),
                        side_of(number),
                        10_000,
                    ))
                })
                .collect();
            desk.shard.commands(&places, desk.time_ms, &mut desk.told);
            reports.clear();
            let mut order_id = desk.told.order_id - SHARDS * (200 - 1);
            for _ in 0..BATCH {
                reports.push(filled(order_id, 10_000));
                reports.push(done(order_id, Outcome::Filled, 0, 0));
                order_id += SHARDS;
            }
            desk.shard
                .reports(1, &reports, desk.time_ms, &mut desk.told);
            ids.clear();
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

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| !it.starts_with("--"))
        .collect();
    let workloads: [(&str, fn()); 11] = [
        ("rest_and_cancel", || rest_and_cancel(1_000)),
        ("rest_and_cancel_wide", || rest_and_cancel(100_000)),
        ("fill", || fill(1_000)),
        ("fill_wide", || fill(100_000)),
        ("fill_in_batches", || fill_in_batches(1_000)),
        ("fill_in_batches_wide", || fill_in_batches(100_000)),
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
