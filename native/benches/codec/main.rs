//! The codec alone: records to messages and back, nanoseconds a message.
//!
//! `cargo bench --bench codec -- KIND=FILE...`: each file holds one record of a kind (commands,
//! orders, reports, account-events, feed). What is encoded again must be the same bytes.
//! Accounts of account events stay what they are on the wire: places in the record's head.

use std::hint::black_box;
use std::time::Instant;

use partita_native::avro::{Reader, Result, Value, put_bytes, put_length, put_long};
use partita_native::core::record::opened;
use partita_native::limits::RECORD_BYTES_MAX;
use partita_native::schemas::accounts::AccountEvent;
use partita_native::schemas::commands::Command;
use partita_native::schemas::feed::FeedEvent;
use partita_native::schemas::heads::Head;
use partita_native::schemas::orders::OrderEvent;
use partita_native::schemas::reports::Report;

const ROUNDS: usize = 15;
const MESSAGES: usize = 200_000; // of a round

/// How many numbers stand where in a record of a kind.
#[derive(Clone, Copy)]
struct Layout {
    accounts: bool, // a list of them before all else
    sender: usize,  // behind the seal: the line, the shard
    group: usize,   // before a group's events: book, first, chain, time; 0: there are no groups
}

/// A record, read.
struct Batch<'a, E> {
    head: Head,
    accounts: Vec<i64>,
    seal: &'a [u8],
    sender: Vec<i64>,
    groups: Vec<(Vec<i64>, Vec<E>)>,
}

fn longs(input: &mut Reader<'_>, count: usize) -> Result<Vec<i64>> {
    (0..count).map(|_| input.long()).collect()
}

impl<'a, E: Value<'a>> Batch<'a, E> {
    fn read(layout: Layout, value: &'a [u8]) -> Self {
        let (_, head, mut input) = opened(value, RECORD_BYTES_MAX).expect("a record");
        let found = Self::read_body(layout, head, &mut input).expect("a body");
        assert_eq!(input.left(), 0, "nothing is left over");
        found
    }

    fn read_body(layout: Layout, head: Head, input: &mut Reader<'a>) -> Result<Self> {
        let mut groups = Vec::new();
        let accounts = if layout.accounts {
            input.items()?
        } else {
            Vec::new()
        };
        let seal = input.bytes()?;
        let sender = longs(input, layout.sender)?;
        if layout.group == 0 {
            groups.push((Vec::new(), input.items()?));
        } else {
            input.array(|input| {
                groups.push((longs(input, layout.group)?, input.items()?));
                Ok(())
            })?;
        }
        Ok(Self {
            head,
            accounts,
            seal,
            sender,
            groups,
        })
    }

    fn write(&self, layout: Layout) -> Vec<u8> {
        let mut out = self.head.to_vec();
        if layout.accounts {
            put_array(&self.accounts, &mut out);
        }
        put_bytes(self.seal, &mut out);
        put_longs(&self.sender, &mut out);
        if layout.group == 0 {
            put_array(&self.groups[0].1, &mut out);
            return out;
        }
        put_length(self.groups.len(), &mut out);
        for (numbers, events) in &self.groups {
            put_longs(numbers, &mut out);
            put_array(events, &mut out);
        }
        put_length(0, &mut out);
        out
    }
}

fn put_longs(numbers: &[i64], out: &mut Vec<u8>) {
    for number in numbers {
        put_long(*number, out);
    }
}

fn put_array<'a, T: Value<'a>>(items: &[T], out: &mut Vec<u8>) {
    put_length(items.len(), out);
    for item in items {
        item.write(out);
    }
    put_length(0, out);
}

/// Picoseconds a message: the median of rounds.
fn timed(messages: usize, mut step: impl FnMut()) -> u128 {
    let times = MESSAGES.div_ceil(messages);
    let mut rounds: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            (0..times).for_each(|_| step());
            begun.elapsed().as_nanos() * 1_000 / (times * messages) as u128
        })
        .collect();
    rounds.sort_unstable();
    rounds[ROUNDS / 2]
}

fn measure<'a, E: Value<'a>>(kind: &str, layout: Layout, value: &'a [u8]) {
    let batch = Batch::<E>::read(layout, value);
    assert!(
        batch.write(layout) == value,
        "{kind}: the same bytes come back"
    );
    let messages = batch.groups.iter().map(|(_, events)| events.len()).sum();
    let decode = timed(messages, || {
        black_box(Batch::<E>::read(layout, black_box(value)));
    });
    let encode = timed(messages, || {
        black_box(black_box(&batch).write(layout));
    });
    println!("{kind:<16} {messages:>6} messages  decode {decode:>8} ps  encode {encode:>8} ps");
}

fn main() {
    for given in std::env::args().skip(1) {
        let Some((kind, path)) = given.split_once('=') else {
            continue; // cargo's own words
        };
        let value = std::fs::read(path).expect(path);
        let layout = |accounts, sender, group| Layout {
            accounts,
            sender,
            group,
        };
        match kind {
            "commands" => measure::<Command<'_>>(kind, layout(false, 0, 0), &value),
            "orders" => measure::<OrderEvent>(kind, layout(false, 2, 3), &value),
            "reports" => measure::<Report>(kind, layout(false, 1, 3), &value),
            "account-events" => measure::<AccountEvent<'_>>(kind, layout(true, 2, 3), &value),
            "feed" => measure::<FeedEvent>(kind, layout(false, 1, 4), &value),
            _ => panic!("no such kind of record: {kind}"),
        }
    }
}
