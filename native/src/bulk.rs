//! Many orders of a client at once: rows to the bytes of commands, and the private stream to what
//! became of each row, without a step of Python for any of them (`partita.producers.bulk`).

use hashbrown::HashMap;

use crate::avro::{Reader, Result, Value, put_bytes, put_length};
use crate::core::record::{self, ended, opened};
use crate::limits::{BATCH_COMMANDS_MAX, RECORD_BYTES_MAX};
use crate::schemas::accounts::AccountEvent;
use crate::schemas::commands::{Cancel, Command, Place};
use crate::schemas::enums::{OrderType, Reason, SelfTrade, Side, TimeInForce};
use crate::schemas::heads;

/// Digits of an index in a command id.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

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
    /// Not answered yet.
    Unanswered = 0,
    /// An order that is numbered and reserved, and neither rests nor is done yet.
    Received = 1,
    /// It rests (an order), or took effect (a cancel).
    Settled = 2,
    /// It is done.
    Done = 3,
    /// It was refused.
    Rejected = 4,
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

const UNANSWERED: Outcome = Outcome {
    state: State::Unanswered,
    reason: Reason::None,
    order_id: 0,
    heard_ns: 0,
};

/// The commands of one run, and what became of them.
#[derive(Debug)]
pub struct Bulk {
    prefix: Vec<u8>,
    shards: i64,
    rows: Vec<Row>,
    outcomes: Vec<Outcome>,
    indexes: HashMap<i64, u32, foldhash::fast::FixedState>, // by order, until it is settled
    numbers: Vec<Option<i64>>,                              // by shard, of the last event taken
    /// Commands that were answered.
    pub answered: usize,
    /// Commands of which nothing more is awaited.
    pub settled: usize,
    /// How often events never came.
    pub gaps: usize,
}

impl Bulk {
    /// Start a run whose command ids begin so; no other run of these accounts may use the prefix.
    #[must_use]
    pub fn new(prefix: &str, shards: usize) -> Self {
        Self {
            prefix: prefix.as_bytes().to_vec(),
            shards: i64::try_from(shards).expect("a count of shards"),
            rows: Vec::new(),
            outcomes: Vec::new(),
            indexes: HashMap::default(),
            numbers: vec![None; shards],
            answered: 0,
            settled: 0,
            gaps: 0,
        }
    }

    /// Take in a command; its index is how many there were before.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
        self.outcomes.push(UNANSWERED);
    }

    /// How many commands there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What became of each command, by index.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Return (shard, record) of the batches of some commands, in their order, without those that
    /// were answered.
    pub fn encode(
        &self,
        indexes: impl Iterator<Item = usize>,
        valid_until_ms: i64,
    ) -> Vec<(i64, Vec<u8>)> {
        let mut batches: Vec<Batch> = (0..self.shards).map(|_| Batch::default()).collect();
        let mut id = self.prefix.clone();
        let mut records = Vec::new();
        for index in indexes {
            if self.outcomes[index].state != State::Unanswered {
                continue;
            }
            id.truncate(self.prefix.len());
            put_index(index, &mut id);
            let command_id =
                std::str::from_utf8(&id).expect("a prefix is a text, digits are ASCII");
            let command = command(&self.rows[index], command_id, valid_until_ms);
            let account = account_of(&self.rows[index]);
            let shard = account.rem_euclid(self.shards);
            let batch = &mut batches[usize::try_from(shard).expect("a shard")];
            command.write(&mut batch.data);
            batch.count += 1;
            if batch.count == BATCH_COMMANDS_MAX {
                records.push((shard, std::mem::take(batch).record()));
            }
        }
        for (shard, batch) in (0..).zip(batches) {
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
        let (name, head, mut input) = opened(value, RECORD_BYTES_MAX)?;
        if head != heads::ACCOUNT_EVENT_BATCH {
            return record::undecodable(format!("a {name} does not belong on account-events"));
        }
        input.array(|input| input.long().map(drop))?; // the accounts
        input.bytes()?; // the seal
        input.long()?; // the line
        input.long()?; // the shard
        input.array(|input| self.take_group(shard, input, now_ns))?;
        ended(&input)
    }

    fn take_group(&mut self, shard: usize, input: &mut Reader<'_>, now_ns: i64) -> Result<()> {
        let mut number = input.long()?;
        input.long()?; // the chain: a client trusts the log
        input.long()?; // the time
        let known = self.numbers[shard];
        if known.is_some_and(|known| number > known.saturating_add(1)) {
            self.gaps += 1;
        }
        input.array(|input| {
            let event = AccountEvent::read(input)?;
            if known.is_none_or(|known| number > known) {
                self.hear(&event, now_ns);
            }
            number = number.saturating_add(1); // any number may stand there
            Ok(())
        })?;
        let last = number.saturating_sub(1);
        self.numbers[shard] = Some(known.map_or(last, |known| known.max(last)));
        Ok(())
    }

    fn hear(&mut self, event: &AccountEvent<'_>, now_ns: i64) {
        match event {
            AccountEvent::Received(event) => {
                if let Some(index) = self.index_of(event.command_id) {
                    let outcome = &mut self.outcomes[index];
                    if outcome.state == State::Unanswered {
                        outcome.state = State::Received;
                        outcome.order_id = event.order_id;
                        self.answered += 1;
                        let index = u32::try_from(index).expect("a run of below 2^32 commands");
                        self.indexes.insert(event.order_id, index);
                    }
                }
            }
            AccountEvent::Rejected(event) => {
                if let Some(index) = self.index_of(event.command_id) {
                    self.answer(index, State::Rejected, event.reason, now_ns);
                }
            }
            AccountEvent::Accepted(event) => {
                if let Some(index) = self.index_of(event.command_id) {
                    self.answer(index, State::Settled, Reason::None, now_ns);
                }
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

    fn answer(&mut self, index: usize, state: State, reason: Reason, now_ns: i64) {
        let outcome = &mut self.outcomes[index];
        if outcome.state == State::Unanswered {
            (outcome.state, outcome.reason, outcome.heard_ns) = (state, reason, now_ns);
            self.answered += 1;
            self.settled += 1;
        }
    }

    fn end(&mut self, order_id: i64, state: State, reason: Reason, now_ns: i64) {
        if let Some(index) = self.indexes.remove(&order_id) {
            let outcome = &mut self.outcomes[index as usize];
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
        (index < self.rows.len()).then_some(index)
    }
}

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

    #[test]
    fn an_index_is_read_as_it_was_written() {
        let mut bulk = Bulk::new("run-", 2);
        for account in 1..=70_000 {
            bulk.add(Row::Cancel {
                account,
                order_id: 1,
            });
        }
        for index in [0, 1, 61, 62, 63, 3_843, 3_844, 69_999] {
            let mut id = b"run-".to_vec();
            put_index(index, &mut id);
            assert_eq!(
                bulk.index_of(std::str::from_utf8(&id).unwrap()),
                Some(index)
            );
        }
        assert_eq!(bulk.index_of("run-zzzz"), None, "of no command");
        assert_eq!(bulk.index_of("other"), None, "of another run");
    }
}
