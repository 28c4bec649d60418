//! Bytes per row, and how long a copy of a shard takes.

use crate::desk::{BTC, Desk, SHARDS, scattered};
use partita_native::schemas::enums::Side;
use partita_native::shard::Shard;
use std::alloc::{GlobalAlloc, Layout, System};
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

/// A million of each.
pub fn memory() {
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
pub fn copies() {
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
