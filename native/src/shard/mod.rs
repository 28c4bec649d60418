//! One ledger shard (`partita.ledger.abc.Shard`): balances and orders of its accounts.
//!
//! The tables are blocks of plain values that refer to each other by their places, and the tables of
//! hashes are vectors too: a clone is a few hundred copies, and no id is an object of its own.

mod accounts;
mod ahead;
mod change;
mod check;
mod content;
mod due;
mod hash;
mod hear;
pub mod id;
mod inquire;
mod instruments;
mod journal;
mod ledger;
mod memory;
mod orders;
mod place;
mod recall;
mod restore;
mod settle;
mod slab;
mod snapshot;
pub mod state;
mod table;
#[cfg(test)]
mod tests;
mod transfer;
mod validate;

use crate::schemas::accounts::AccountEvent;
use crate::schemas::commands::Command;
use crate::schemas::enums::Reason;
use crate::schemas::instrument::Instrument;
use crate::schemas::orders::OrderEvent;
use crate::schemas::reports::Report;
use accounts::Accounts;
use instruments::Instruments;
use journal::Journal;
use ledger::{Head, Request};
use memory::Memory;
use orders::Orders;
use slab::Slab;
use table::{Numbered, Table};

/// Who is told what a shard answers.
pub trait ShardOutput {
    /// An event for the book of this instrument.
    fn order(&mut self, instrument: &Instrument, event: &OrderEvent);
    /// An event for an account.
    fn event(&mut self, event: &AccountEvent<'_>);
}

/// The balances and open orders of the accounts with account mod shards = shard.
///
/// A pure function of what is applied. Where the reference asserts it panics with the same words,
/// and must not be used any further.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names)] // they are those of ShardState
pub struct Shard {
    shard: i64,
    shards: i64,
    time_ms: i64,
    order_count: i64,
    request_count: i64,
    instruments: Instruments,
    accounts: Accounts,
    journal: Journal,
    orders: Orders,
    requests: Slab<Request>,
    by_request: Table<Numbered>,
    memory: Memory,
}

impl Shard {
    /// A shard that knows nothing yet.
    #[must_use]
    pub fn new(shard: i64, shards: i64) -> Self {
        Self {
            shard,
            shards,
            time_ms: 0,
            order_count: 0,
            request_count: 0,
            instruments: Instruments::default(),
            accounts: Accounts::default(),
            journal: Journal::default(),
            orders: Orders::new(shards),
            requests: Slab::default(),
            by_request: Table::default(),
            memory: Memory::default(),
        }
    }

    /// Its number, from 0.
    #[must_use]
    pub fn shard(&self) -> i64 {
        self.shard
    }

    /// How many there are, fixed when the cluster is made.
    #[must_use]
    pub fn shards(&self) -> i64 {
        self.shards
    }

    /// The largest log time of what was applied, milliseconds since 1970.
    #[must_use]
    pub fn time_ms(&self) -> i64 {
        self.time_ms
    }

    /// How many rows its state has, with room that is free: how long a copy of it takes.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.memory.known.places() + self.orders.rows.places() + self.accounts.funds.len()
    }

    /// The rules as last heard; None before the first.
    #[must_use]
    pub fn instrument(&self, instrument_id: i64) -> Option<&Instrument> {
        let at = self.instruments.find(instrument_id)?;
        Some(&self.instruments[at].rules)
    }

    /// Apply one command of a client, logged at `time_ms`.
    pub fn command(&mut self, command: &Command<'_>, time_ms: i64, told: &mut impl ShardOutput) {
        self.advance(time_ms);
        self.apply(&Head::of(command), told);
    }

    fn apply(&mut self, head: &Head<'_>, told: &mut impl ShardOutput) {
        if let Some(known) = self.memory.find(head) {
            return self.repeat(known, head, told);
        }
        let command = head.command;
        let reason = validate::admission(head, self.time_ms, self.shard, self.shards);
        if reason == Reason::ValidUntilTooFar && !matches!(command, Command::Inquire(_)) {
            return self.too_far(head, told);
        }
        if reason != Reason::None {
            return told.event(&ledger::unremembered(head, reason));
        }
        match command {
            Command::Place(place) => self.place(head, place, told),
            Command::Cancel(cancel) => self.cancel(head, cancel, told),
            Command::Amend(amend) => self.amend(head, amend, told),
            Command::CancelAll(cancel) => self.cancel_all(head, cancel, told),
            Command::Transfer(transfer) => self.transfer(head, transfer, told),
            Command::Inquire(inquire) => self.inquire(inquire, told),
        }
    }

    /// Apply one report of a book, logged at `time_ms`.
    pub fn report(
        &mut self,
        instrument_id: i64,
        report: &Report,
        time_ms: i64,
        told: &mut impl ShardOutput,
    ) {
        self.advance(time_ms);
        self.hear(instrument_id, report, told);
    }

    fn hear(&mut self, instrument_id: i64, report: &Report, told: &mut impl ShardOutput) {
        match report {
            Report::Opened(report) => self.opened(instrument_id, report, told),
            Report::Filled(report) => self.filled(instrument_id, report, told),
            Report::Changed(report) => self.changed(instrument_id, report, told),
            Report::Done(report) => self.done(instrument_id, report, told),
            Report::Refused(report) => self.refused(instrument_id, report, told),
            Report::OrdersCancelled(report) => self.orders_cancelled(instrument_id, report, told),
            Report::Instrument(rules) => self.hear_rules(instrument_id, rules),
        }
    }
}
