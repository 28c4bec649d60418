//! How fast a book is, by workload: `cargo bench --bench book [-- WORKLOAD|TAPE:DECIMALS:DECIMALS]...`
//!
//! A tape is named by its path and the decimals of its prices and sizes. Each figure is the median
//! of several runs over inputs made beforehand, each on a book of its own; only the calls of
//! `Book::apply` are timed, and what they tell is counted and hashed.

mod memory;
mod random;
mod tape;
mod workloads;

use partita_native::book::Book;
use partita_native::book::events::BookEvent;
use partita_native::schemas::instrument::Instrument;
use std::hint::black_box;
use std::time::Instant;
use tape::Input;
use workloads::Workload;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// How often each workload is run; the environment's RUNS may say.
fn runs() -> usize {
    let given = std::env::var("RUNS").ok();
    given.map_or(9, |runs| runs.parse().expect("RUNS is a number"))
}

/// Looks at what a book tells, at next to no cost.
#[derive(Default)]
struct Sink {
    count: u64,
    hash: i64,
}

impl Sink {
    #[inline]
    fn take(&mut self, event: &BookEvent) {
        self.count += 1;
        let seen = match event {
            BookEvent::Opened(opened) => opened.order_id ^ opened.price ^ opened.size,
            BookEvent::Traded(trade) => {
                trade.maker_order_id ^ trade.taker_order_id ^ trade.price ^ trade.size
            }
            BookEvent::Changed(changed) => changed.order_id ^ changed.price ^ changed.size,
            BookEvent::Done(done) => done.order_id ^ done.price ^ done.size ^ done.reason.place(),
            BookEvent::Refused(refused) => refused.order_id ^ refused.request,
            BookEvent::OrdersCancelled(cancelled) => cancelled.account ^ cancelled.count,
        };
        self.hash = self.hash.rotate_left(5) ^ seen;
    }
}

#[inline(never)]
fn apply(book: &mut Book, inputs: &[Input], sink: &mut Sink) {
    for (event, time_ms) in inputs {
        book.apply(event, *time_ms, &mut |told| sink.take(&told));
    }
}

/// The median and the least nanoseconds of the timed inputs, and how much one run told.
fn measure(instrument: &Instrument, workload: &Workload) -> ([u64; 2], u64) {
    let mut told = 0;
    let mut times: Vec<u64> = (0..runs())
        .map(|_| {
            let mut book = Book::new(instrument.clone());
            apply(&mut book, &workload.before, &mut Sink::default());
            let mut sink = Sink::default();
            let started = Instant::now();
            apply(&mut book, &workload.timed, &mut sink);
            let time = started.elapsed();
            black_box(sink.hash);
            told = sink.count;
            u64::try_from(time.as_nanos()).expect("a short time")
        })
        .collect();
    times.sort_unstable();
    ([times[times.len() / 2], times[0]], told)
}

fn report(name: &str, count: u64, what: &str, [ns, least]: [u64; 2]) {
    let [each, best] = [ns, least].map(|ns| ns / count.max(1));
    let rate = count * 1_000_000_000 / ns.max(1);
    println!(
        "{name:<32} {count:>9} {what:<8} {each:>6} ns each (best run {best}) {rate:>12} a second"
    );
}

fn run(name: &str, instrument: &Instrument, workload: &Workload, per_event: bool) {
    let (ns, told) = measure(instrument, workload);
    if per_event {
        report(name, told, "events", ns);
    } else {
        report(name, workload.timed.len() as u64, "messages", ns);
    }
}

fn run_tape(argument: &str) {
    let mut parts = argument.split(':');
    let path = parts.next().expect("a path");
    let mut decimals = parts.map(|part| part.parse().expect("decimals"));
    let (price, size) = (decimals.next().unwrap_or(0), decimals.next().unwrap_or(0));
    let tape = tape::read(path, price, size);
    let workload = Workload {
        before: Vec::new(),
        timed: tape.inputs,
    };
    let name = path.rsplit('/').next().expect("a name");
    run(name, &tape.instrument, &workload, false);
}

fn memory_of(instrument: &Instrument) {
    const ORDERS: i64 = 1_000_000;
    let inputs = workloads::places(&workloads::book_of(ORDERS, 100_000));
    let before = memory::allocated();
    let mut book = Book::new(instrument.clone());
    apply(&mut book, &inputs, &mut Sink::default());
    let each = (memory::allocated() - before) / inputs.len();
    println!("{:<32} {each:>9} bytes a resting order", "memory");
    black_box(book.time_ms());
}

fn snapshot_of(instrument: &Instrument) {
    let inputs = workloads::places(&workloads::book_of(100_000, 10_000));
    let mut book = Book::new(instrument.clone());
    apply(&mut book, &inputs, &mut Sink::default());
    let started = Instant::now();
    let state = black_box(book.snapshot());
    let snapshot = started.elapsed();
    let started = Instant::now();
    black_box(book.state_hash());
    let hash = started.elapsed();
    let started = Instant::now();
    black_box(Book::restore(state).time_ms());
    let restore = started.elapsed();
    println!(
        "{:<32} {:>9} orders   {snapshot:?}; hash {hash:?}; restore {restore:?}",
        "snapshot",
        inputs.len()
    );
}

fn main() {
    let rules = tape::instrument("X-Y", 0, 0);
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|one| one == name);
    for argument in arguments.iter().filter(|argument| argument.contains('.')) {
        run_tape(argument);
    }
    if wanted("deep") {
        run("deep", &rules, &workloads::deep(400_000), false);
    }
    if wanted("sweep") {
        run("sweep", &rules, &workloads::sweep(), true);
    }
    if wanted("cancel-storm") {
        run("cancel-storm", &rules, &workloads::cancel_storm(), false);
    }
    if wanted("cancel-accounts") {
        let workload = workloads::cancel_accounts();
        run("cancel-accounts", &rules, &workload, true);
    }
    if wanted("memory") {
        memory_of(&rules);
    }
    if wanted("snapshot") {
        snapshot_of(&rules);
    }
}
