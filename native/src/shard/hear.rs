//! What books report of requests and rules: refused, orders cancelled, an instrument.

use crate::schemas::accounts::AccountEvent;
use crate::schemas::enums::{OrderState, Reason};
use crate::schemas::instrument::Instrument;
use crate::schemas::reports::{OrdersCancelled, Refused};
use crate::shard::instruments::Listed;
use crate::shard::memory::Said;
use crate::shard::slab::NOWHERE;
use crate::shard::{Shard, ShardOutput};

impl Shard {
    /// Give back what an amend brought, and answer the request with the book's reason.
    pub(super) fn refused(
        &mut self,
        instrument_id: i64,
        report: &Refused,
        told: &mut impl ShardOutput,
    ) {
        let found = self.find_order(report.order_id);
        let at = found.expect("an order outlives the requests about it");
        let asked = self.take_request(report.request, instrument_id, at);
        assert!(
            asked.top_up == report.top_up,
            "the book gives back what the ledger sent"
        );
        if asked.top_up != 0 {
            let balance = self.move_hold(at, -asked.top_up);
            told.event(&AccountEvent::Balance(balance));
        }
        let mut reason = report.reason;
        if reason == Reason::UnknownOrder {
            let state = self.orders[at].state;
            assert!(state == OrderState::Done, "a book knows its orders");
            told.event(&AccountEvent::OrderStatus(self.status(at)));
            reason = Reason::OrderDone;
        }
        self.answer(&asked, Said::Rejected(reason, report.order_id), told);
    }

    /// Answer a cancel-all.
    pub(super) fn orders_cancelled(
        &mut self,
        instrument_id: i64,
        report: &OrdersCancelled,
        told: &mut impl ShardOutput,
    ) {
        let asked = self.take_request(report.request, instrument_id, NOWHERE);
        assert!(
            self.memory.known[asked.known].account == report.account,
            "a request is answered for its account"
        );
        self.answer(&asked, Said::Counted(report.count), told);
    }

    /// Take newer rules of a symbol; its assets become known.
    pub(super) fn hear_rules(&mut self, instrument_id: i64, rules: &Instrument) {
        assert!(
            rules.instrument_id == instrument_id,
            "a book speaks of its own rules"
        );
        let Some(at) = self.instruments.find(instrument_id) else {
            return self.list(rules.clone());
        };
        let known = &mut self.instruments[at].rules;
        if rules.version > known.version {
            assert!(
                measures(rules) == measures(known),
                "assets and units never change"
            );
            known.clone_from(rules);
        }
    }

    /// Take in the rules of a new symbol.
    pub(super) fn list(&mut self, rules: Instrument) {
        let listed = Listed {
            base: self.journal.open_asset(rules.base_asset_id),
            quote: self.journal.open_asset(rules.quote_asset_id),
            clearing_base: 0,
            clearing_quote: 0,
            rules,
        };
        self.instruments.add(listed);
    }
}

/// What holds are counted in: with other measures they would be other amounts.
fn measures(rules: &Instrument) -> [i64; 7] {
    [
        rules.base_asset_id,
        rules.base_decimals,
        rules.quote_asset_id,
        rules.quote_decimals,
        rules.tick,
        rules.lot,
        rules.notional_unit,
    ]
}
