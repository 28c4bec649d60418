//! Many orders of a client at once: rows to the bytes of commands, and the private stream to what
//! became of each row, without a step of Python for any of them (`partita.producers.bulk`).

use std::collections::VecDeque;
use std::ops::Range;

use hashbrown::HashMap;

use crate::avro::{Reader, Result, Value, int128, put_bytes, put_length};
use crate::core::record::{self, ended, opened};
use crate::limits::{BATCH_COMMANDS_MAX, RECORD_BYTES_MAX};
use crate::schemas::accounts::AccountEvent;
use crate::schemas::commands::{Cancel, Command, Place};
use crate::schemas::enums::{Liquidity, OrderType, Reason, SelfTrade, Side, TimeInForce};
use crate::schemas::heads;

/// Digits of an index in a command id.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Room that a run without entries keeps for the next ones.
const ENTRIES_KEPT: usize = 1 << 16;

/// What all orders of one table have in common.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Limit or market.
    pub r#type: OrderType,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Reject rather than take.
    pub post_only: bool,
    /// What happens when it meets an order of its own account.
    pub self_trade: SelfTrade,
    /// Log time at which a GTT order expires, else 0.
    pub expire_ms: i64,
}

/// One command of a client.
#[derive(Clone, Copy, Debug)]
pub enum Row {
    /// Put an order in.
    Place {
        /// Who commands.
        account: i64,
        /// On which instrument.
        instrument_id: i64,
        /// Buy or sell.
        side: Side,
        /// Ticks, 0 for a market order.
        price: i64,
        /// Lots.
        size: i64,
        /// The rest.
        terms: Terms,
    },
    /// Take an order out.
    Cancel {
        /// Who commands.
        account: i64,
        /// Which order.
        order_id: i64,
    },
}

/// How far a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Taken in, and never encoded.
    Unsent = 0,
    /// Not answered yet.
    Unanswered = 1,
    /// An order that is numbered and reserved, and neither rests nor is done yet.
    Received = 2,
    /// It rests (an order), or took effect (a cancel).
    Settled = 3,
    /// It is done.
    Done = 4,
    /// It was refused.
    Rejected = 5,
    /// Its owner asked to forget it.
    Forgotten = 6,
}

/// What became of a command.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// How far it is.
    pub state: State,
    /// Why it was rejected, or is done; none else.
    pub reason: Reason,
    /// The order, 0 while unknown.
    pub order_id: i64,
    /// When it was heard that it is settled, done or rejected, by the clock of who tells.
    pub heard_ns: i64,
}

impl Outcome {
    const fn new(state: State) -> Self {
        Self {
            state,
            reason: Reason::None,
            order_id: 0,
            heard_ns: 0,
        }
    }
}

#[derive(Debug)]
struct Entry {
    row: Row,
    valid_until_ms: i64, // of its first encoding: a repeat is the same command
    outcome: Outcome,
}

/// The commands of one run, and what became of them.
#[derive(Debug)]
pub struct Bulk {
    prefix: Vec<u8>,
    entries: VecDeque<Entry>, // those from `base` on
    base: usize,              // below it all is forgotten
    indexes: HashMap<i64, usize, foldhash::fast::FixedState>, // by order, until it is settled
    numbers: Vec<i64>,        // by shard, of the last event taken
    /// Commands that were answered.
    pub answered: usize,
    /// Commands of which nothing more is awaited.
    pub settled: usize,
    /// How often events never came.
    pub gaps: usize,
}

impl Bulk {
    /// Start a run whose command ids begin so, where these numbers, one a shard, are the last ones
    /// that are history; no other run of these accounts may use the prefix.
    #[must_use]
    pub fn new(prefix: &str, numbers: Vec<i64>) -> Self {
        Self {
            prefix: prefix.as_bytes().to_vec(),
            entries: VecDeque::new(),
            base: 0,
            indexes: HashMap::default(),
            numbers,
            answered: 0,
            settled: 0,
            gaps: 0,
        }
    }

    /// Take in a command; its index is how many there were before.
    pub fn add(&mut self, row: Row) {
        self.entries.push_back(Entry {
            row,
            valid_until_ms: 0,
            outcome: Outcome::new(State::Unsent),
        });
    }

    /// How many commands there were, forgotten ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.base + self.entries.len()
    }

    /// Whether there were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those of some commands that are not forgotten, as places in the entries.
    fn kept(&self, commands: Range<usize>) -> Range<usize> {
        let place = |index: usize| index.saturating_sub(self.base).min(self.entries.len());
        let first = place(commands.start);
        first..place(commands.end).max(first)
    }

    /// What became of each of some commands.
    pub fn outcomes(&self, commands: Range<usize>) -> impl Iterator<Item = Outcome> {
        let gone = commands.end.min(self.base).saturating_sub(commands.start);
        let kept = self.entries.range(self.kept(commands));
        let forgotten = std::iter::repeat_n(Outcome::new(State::Forgotten), gone);
        forgotten.chain(kept.map(|entry| entry.outcome))
    }

    /// Return the first of some commands that is not as far as this; their end when all are.
    #[must_use]
    pub fn waiting(&self, commands: Range<usize>, state: u8) -> usize {
        let kept = self.kept(commands.clone());
        let first = self.base + kept.start;
        let mut kept = self.entries.range(kept);
        kept.position(|entry| (entry.outcome.state as u8) < state)
            .map_or(commands.end, |at| first + at)
    }

    /// Forget some commands; return how many of them are under way, unanswered. The memory is free
    /// when all before them are forgotten, too.
    pub fn forget(&mut self, commands: Range<usize>) -> usize {
        let mut unanswered = 0;
        let kept = self.kept(commands);
        for entry in self.entries.range_mut(kept) {
            match entry.outcome.state {
                State::Unanswered => unanswered += 1,
                State::Received => {
                    self.indexes.remove(&entry.outcome.order_id);
                }
                _ => {}
            }
            entry.outcome = Outcome::new(State::Forgotten);
        }
        let gone = |entry: &Entry| entry.outcome.state == State::Forgotten;
        while self.entries.front().is_some_and(gone) {
            self.entries.pop_front();
            self.base += 1;
        }
        if self.entries.is_empty() {
            self.entries.shrink_to(ENTRIES_KEPT);
        }
        unanswered
    }

    /// Return (shard, record) of the batches of some commands, in their order, without those that
    /// were answered. One that is encoded for the first time is valid until then.
    pub fn encode(&mut self, commands: Range<usize>, valid_until_ms: i64) -> Vec<(usize, Vec<u8>)> {
        let shards = i64::try_from(self.numbers.len()).expect("a count of shards");
        let mut batches: Vec<Batch> = self.numbers.iter().map(|_| Batch::default()).collect();
        let mut id = self.prefix.clone();
        let mut records = Vec::new();
        let kept = self.kept(commands);
        let first = self.base + kept.start;
        for (index, entry) in (first..).zip(self.entries.range_mut(kept)) {
            if entry.outcome.state == State::Unsent {
                entry.outcome.state = State::Unanswered;
                entry.valid_until_ms = valid_until_ms;
            }
            if entry.outcome.state != State::Unanswered {
                continue;
            }
            id.truncate(self.prefix.len());
            put_index(index, &mut id);
            let command_id =
                std::str::from_utf8(&id).expect("a prefix is a text, digits are ASCII");
            let command = command(&entry.row, command_id, entry.valid_until_ms);
            let shard = account_of(&entry.row).rem_euclid(shards);
            let shard = usize::try_from(shard).expect("a shard");
            let batch = &mut batches[shard];
            command.write(&mut batch.data);
            batch.count += 1;
            if batch.count == BATCH_COMMANDS_MAX {
                records.push((shard, std::mem::take(batch).record()));
            }
        }
        for (shard, batch) in batches.into_iter().enumerate() {
            if batch.count > 0 {
                records.push((shard, batch.record()));
            }
        }
        records
    }

    /// Take a record of a shard's private stream, heard at this time.
    ///
    /// # Errors
    /// It is not one.
    pub fn take(&mut self, shard: usize, value: &[u8], now_ns: i64) -> record::Result<()> {
        let mut input = groups(value)?;
        input.array(|input| self.take_group(shard, input, now_ns))?;
        ended(&input)
    }

    fn take_group(&mut self, shard: usize, input: &mut Reader<'_>, now_ns: i64) -> Result<()> {
        let mut number = input.long()?;
        input.long()?; // the chain: a client trusts the log
        input.long()?; // the time
        let known = self.numbers[shard];
        if number > known.saturating_add(1) {
            self.gaps += 1;
        }
        input.array(|input| {
            if !pass(input)? {
                let event = AccountEvent::read(input)?;
                if number > known {
                    self.hear(&event, now_ns);
                }
            }
            number = number.saturating_add(1); // any number may stand there
            Ok(())
        })?;
        self.numbers[shard] = known.max(number.saturating_sub(1));
        Ok(())
    }

    fn hear(&mut self, event: &AccountEvent<'_>, now_ns: i64) {
        match event {
            AccountEvent::Received(event) => {
                if let Some(index) = self.index_of(event.command_id) {
                    let outcome = &mut self.entries[index - self.base].outcome;
                    if outcome.state == State::Unanswered {
                        outcome.state = State::Received;
                        outcome.order_id = event.order_id;
                        self.answered += 1;
                        self.indexes.insert(event.order_id, index);
                    }
                }
            }
            AccountEvent::Rejected(event) => {
                self.answer(event.command_id, State::Rejected, event.reason, now_ns);
            }
            AccountEvent::Accepted(event) => {
                self.answer(event.command_id, State::Settled, Reason::None, now_ns);
            }
            AccountEvent::Opened(event) => {
                self.end(event.order_id, State::Settled, Reason::None, now_ns);
            }
            AccountEvent::Done(event) => {
                self.end(event.order_id, State::Done, event.reason, now_ns);
            }
            _ => {}
        }
    }

    fn answer(&mut self, command_id: &str, state: State, reason: Reason, now_ns: i64) {
        let Some(index) = self.index_of(command_id) else {
            return;
        };
        let outcome = &mut self.entries[index - self.base].outcome;
        if outcome.state == State::Unanswered {
            (outcome.state, outcome.reason, outcome.heard_ns) = (state, reason, now_ns);
            self.answered += 1;
            self.settled += 1;
        }
    }

    fn end(&mut self, order_id: i64, state: State, reason: Reason, now_ns: i64) {
        if let Some(index) = self.indexes.remove(&order_id) {
            let outcome = &mut self.entries[index - self.base].outcome;
            (outcome.state, outcome.reason, outcome.heard_ns) = (state, reason, now_ns);
            self.settled += 1;
        }
    }

    fn index_of(&self, command_id: &str) -> Option<usize> {
        let digits = command_id.as_bytes().strip_prefix(&self.prefix[..])?;
        let mut index = 0_usize;
        for digit in digits {
            let value = DIGITS.binary_search(digit).ok()?;
            index = index.checked_mul(62)?.checked_add(value)?;
        }
        (self.base..self.len()).contains(&index).then_some(index)
    }
}

/// Begin to read a record of a private stream, at its groups.
fn groups(value: &[u8]) -> record::Result<Reader<'_>> {
    let (name, head, mut input) = opened(value, RECORD_BYTES_MAX)?;
    if head != heads::ACCOUNT_EVENT_BATCH {
        return record::undecodable(format!("a {name} does not belong on account-events"));
    }
    input.array(|input| input.long().map(drop))?; // the accounts
    input.bytes()?; // the seal
    input.long()?; // the line
    input.long()?; // the shard
    Ok(input)
}

/// Whether a record of a private stream has an event with a number above this one.
///
/// # Errors
/// It is no such record.
pub fn has_news(value: &[u8], known: i64) -> record::Result<bool> {
    let mut input = groups(value)?;
    let mut news = false;
    input.array(|input| {
        let mut number = input.long()?;
        input.long()?; // the chain: a client trusts the log
        input.long()?; // the time
        input.array(|input| {
            if !pass(input)? {
                AccountEvent::read(input)?;
            }
            news |= number > known;
            number = number.saturating_add(1); // any number may stand there
            Ok(())
        })
    })?;
    ended(&input)?;
    Ok(news)
}

/// Go past the next event if it is one of the frequent kinds of which a bulk takes nothing; return
/// whether it was. What a reader would refuse is refused here.
#[inline]
fn pass(input: &mut Reader<'_>) -> Result<bool> {
    let mut after = input.clone();
    match after.byte()? {
        FILLED => {
            after.skip_longs(3)?; // account, order, instrument
            Side::read(&mut after)?;
            after.skip_longs(4)?; // trade, price, size, fee
            Liquidity::read(&mut after)?;
        }
        BALANCE => {
            after.skip_longs(2)?; // account, asset
            int128(&mut after)?;
            int128(&mut after)?;
        }
        _ => return Ok(false),
    }
    *input = after;
    Ok(true)
}

// The places of these kinds in the union of account events, as they are written.
const FILLED: u8 = 4 << 1;
const BALANCE: u8 = 7 << 1;

#[derive(Default)]
struct Batch {
    count: usize,
    data: Vec<u8>,
}

impl Batch {
    fn record(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data.len() + 24);
        out.extend_from_slice(&heads::COMMAND_BATCH);
        put_bytes(b"", &mut out); // no seal
        put_length(self.count, &mut out);
        out.extend_from_slice(&self.data);
        put_length(0, &mut out);
        out
    }
}

fn put_index(mut index: usize, id: &mut Vec<u8>) {
    let from = id.len();
    loop {
        id.push(DIGITS[index % 62]);
        index /= 62;
        if index == 0 {
            break;
        }
    }
    id[from..].reverse();
}

fn account_of(row: &Row) -> i64 {
    match row {
        Row::Place { account, .. } | Row::Cancel { account, .. } => *account,
    }
}

fn command<'c>(row: &Row, command_id: &'c str, valid_until_ms: i64) -> Command<'c> {
    match *row {
        Row::Place {
            account,
            instrument_id,
            side,
            price,
            size,
            terms,
        } => Command::Place(Place {
            account,
            command_id,
            valid_until_ms,
            instrument_id,
            side,
            r#type: terms.r#type,
            time_in_force: terms.time_in_force,
            price,
            size,
            funds: 0,
            post_only: terms.post_only,
            self_trade: terms.self_trade,
            expire_ms: terms.expire_ms,
        }),
        Row::Cancel { account, order_id } => Command::Cancel(Cancel {
            account,
            command_id,
            valid_until_ms,
            order_id,
            client_order_id: "",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(commands: i64) -> Bulk {
        let mut bulk = Bulk::new("run-", vec![0, 0]);
        for account in 1..=commands {
            bulk.add(Row::Cancel {
                account,
                order_id: 1,
            });
        }
        bulk
    }

    #[test]
    fn an_index_is_read_as_it_was_written() {
        let bulk = run(70_000);
        for index in [0, 1, 61, 62, 63, 3_843, 3_844, 69_999] {
            let mut id = b"run-".to_vec();
            put_index(index, &mut id);
            let id = std::str::from_utf8(&id).unwrap();
            assert_eq!(bulk.index_of(id), Some(index));
        }
        assert_eq!(bulk.index_of("run-zzzz"), None, "of no command");
        assert_eq!(bulk.index_of("other"), None, "of another run");
    }

    #[test]
    fn what_is_forgotten_is_free_and_its_index_not_used_again() {
        let mut bulk = run(100);
        bulk.encode(0..100, 1);
        assert_eq!(bulk.forget(10..20), 10, "they were under way");
        assert_eq!(
            bulk.entries.len(),
            100,
            "some before them are not forgotten"
        );
        assert_eq!(bulk.forget(0..15), 10);
        assert_eq!(bulk.entries.len(), 80);
        assert_eq!(bulk.index_of("run-J"), None, "19");
        assert_eq!(bulk.index_of("run-K"), Some(20));
        assert_eq!(bulk.waiting(0..100, State::Received as u8), 20);
        let states: Vec<State> = bulk.outcomes(18..22).map(|one| one.state).collect();
        assert_eq!(states[..2], [State::Forgotten; 2]);
        assert_eq!(states[2..], [State::Unanswered; 2]);
        assert_eq!(bulk.len(), 100);
    }
}
