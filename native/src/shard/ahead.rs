//! Batches: what a few commands or reports will look up is fetched before they are applied.
//!
//! In a shard of many accounts nearly every look-up waits for memory, some 100 ns, and the next one
//! does not begin before. Reads that do not depend on each other wait together, so each is done
//! once beforehand for a stretch of the batch. Nothing is changed by it, and nothing remembered.

use crate::schemas::commands::Command;
use crate::schemas::reports::Report;
use crate::shard::ledger::Head;
use crate::shard::slab::NOWHERE;
use crate::shard::{Shard, ShardOutput};
use std::hint::black_box;

/// As many reads as a core has room for.
pub const STRETCH: usize = 16;

impl Shard {
    /// Apply a batch of commands of clients, logged at `time_ms`, as if one by one.
    pub fn commands(
        &mut self,
        commands: &[Command<'_>],
        time_ms: i64,
        told: &mut impl ShardOutput,
    ) {
        for stretch in commands.chunks(STRETCH) {
            self.advance(time_ms); // in here, for a batch of nothing does not let time pass
            let heads: [Option<Head<'_>>; STRETCH] =
                std::array::from_fn(|at| stretch.get(at).map(Head::of));
            let heads = || heads.iter().flatten();
            let mut seen = 0;
            for head in heads() {
                seen ^= self.memory.fetch(head.tag);
                seen ^= self.fetch_entry(head.command);
            }
            for head in heads() {
                seen ^= self.fetch_funds(head.command);
            }
            black_box(seen);
            for head in heads() {
                self.apply(head, told);
            }
        }
    }

    /// Apply a batch of reports of a book, logged at `time_ms`, as if one by one.
    pub fn reports<'a>(
        &mut self,
        instrument_id: i64,
        reports: impl IntoIterator<Item = &'a Report>,
        time_ms: i64,
        told: &mut impl ShardOutput,
    ) {
        let mut reports = reports.into_iter();
        loop {
            let stretch: [Option<&Report>; STRETCH] = std::array::from_fn(|_| reports.next());
            if stretch[0].is_none() {
                break;
            }
            self.advance(time_ms);
            let places = stretch.map(|report| self.place_of(report));
            let mut seen = 0;
            for at in places {
                seen ^= self.fetch_order(at);
            }
            black_box(seen);
            for report in stretch.into_iter().flatten() {
                self.hear(instrument_id, report, told);
            }
        }
    }

    fn fetch_entry(&self, command: &Command<'_>) -> u64 {
        match command {
            Command::Place(place) => match self.instruments.find(place.instrument_id) {
                Some(at) => {
                    let asset = self.instruments[at].held(place.side);
                    self.accounts.fetch(place.account, asset)
                }
                None => 0,
            },
            Command::Transfer(transfer) => match self.journal.find(transfer.asset_id) {
                Some(asset) => self.accounts.fetch(transfer.account, asset),
                None => 0,
            },
            Command::Cancel(cancel) => self.orders.fetch(cancel.order_id),
            Command::Amend(amend) => self.orders.fetch(amend.order_id),
            Command::CancelAll(_) | Command::Inquire(_) => 0,
        }
    }

    fn fetch_funds(&self, command: &Command<'_>) -> u64 {
        let found = match command {
            Command::Place(place) => {
                let Some(at) = self.instruments.find(place.instrument_id) else {
                    return 0;
                };
                let asset = self.instruments[at].held(place.side);
                self.accounts.find_funds(place.account, asset)
            }
            Command::Transfer(transfer) => {
                let asset = self.journal.find(transfer.asset_id);
                asset.and_then(|asset| self.accounts.find_funds(transfer.account, asset))
            }
            Command::Cancel(cancel) => return self.fetch_order(self.orders.find(cancel.order_id)),
            Command::Amend(amend) => return self.fetch_order(self.orders.find(amend.order_id)),
            Command::CancelAll(_) | Command::Inquire(_) => None,
        };
        found.map_or(0, |at| {
            let account = self.accounts.funds[at as usize].account;
            self.accounts.rows[account as usize].oldest.into()
        })
    }

    fn place_of(&self, report: Option<&Report>) -> Option<u32> {
        self.orders.find(match report? {
            Report::Opened(report) => report.order_id,
            Report::Filled(report) => report.order_id,
            Report::Changed(report) => report.order_id,
            Report::Done(report) => report.order_id,
            Report::Refused(report) => report.order_id,
            Report::OrdersCancelled(_) | Report::Instrument(_) => return None,
        })
    }

    fn fetch_order(&self, at: Option<u32>) -> u64 {
        let Some(at) = at else { return 0 };
        let order = &self.orders[at];
        let funds = &self.accounts.funds;
        let mut seen = funds[order.holds as usize].asset;
        if order.gets != NOWHERE {
            seen ^= funds[order.gets as usize].asset;
        }
        seen ^= self.accounts.rows[order.account as usize].open;
        seen ^= u32::from(self.memory.known[order.known].pinned);
        seen.into()
    }
}
