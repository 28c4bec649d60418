//! From a snapshot to its shard.

use crate::schemas::enums::OrderType;
use crate::shard::Shard;
use crate::shard::ledger::Request;
use crate::shard::memory::{Known, Memory, Said};
use crate::shard::orders::Order;
use crate::shard::recall::Form;
use crate::shard::slab::{NOWHERE, Row};
use crate::shard::state::{
    AccountFunds, Answer, ClearingFunds, KnownId, OrderRecord, RequestRecord, ShardState,
};

impl Shard {
    /// The shard that a snapshot was taken of. Panics on a value that is of none.
    #[must_use]
    pub fn restore(state: ShardState) -> Self {
        let mut shard = Self::new(state.shard, state.shards);
        shard.time_ms = state.time_ms;
        shard.order_count = state.order_count;
        shard.request_count = state.request_count;
        shard.memory = Memory::new(state.time_ms);
        for row in &state.assets {
            let at = shard.journal.open_asset(row.asset_id);
            let sums = &mut shard.journal.assets[at as usize];
            (sums.fees, sums.external) = (row.fees, row.external);
        }
        for rules in state.instruments {
            shard.list(rules);
        }
        for row in &state.accounts {
            shard.restore_funds(row);
        }
        for row in &state.clearing {
            shard.restore_clearing(row);
        }
        for row in &state.orders {
            shard.restore_order(row);
        }
        for row in &state.ids {
            shard.restore_id(row);
        }
        for row in &state.requests {
            shard.restore_request(row);
        }
        shard.check_orders_ids(&state.orders);
        shard
    }

    /// Assert that the orders, restored in this order, have the ids that they were placed with.
    fn check_orders_ids(&self, orders: &[OrderRecord]) {
        for ((_, order), row) in self.orders.rows.iter().zip(orders) {
            assert!(order.known != NOWHERE, "every order has its id: {row:?}");
            let known = &self.memory.known[order.known];
            assert!(
                known.account == row.account && known.id == row.client_order_id,
                "an order is its owner's, under the id it was placed with: {row:?}"
            );
        }
    }

    fn restore_funds(&mut self, row: &AccountFunds) {
        let found = self.accounts.find(row.account);
        let account = found.unwrap_or_else(|| self.accounts.open(row.account));
        let asset = self.journal.find(row.asset_id).expect("assets are known");
        let at = self.accounts.funds_of(account, asset);
        let funds = &mut self.accounts.funds[at as usize];
        (funds.available, funds.held) = (row.available, row.held);
        let sums = &mut self.journal.assets[asset as usize];
        sums.available += row.available;
        sums.held += row.held;
    }

    fn restore_clearing(&mut self, row: &ClearingFunds) {
        let asset = self.journal.find(row.asset_id).expect("assets are known");
        self.journal.assets[asset as usize].clearing += row.amount;
        let at = self.instruments.find(row.instrument_id);
        let listed = &mut self.instruments[at.expect("clearing is of a symbol that is known")];
        if asset == listed.base {
            listed.clearing_base = row.amount;
        } else {
            assert!(
                asset == listed.quote,
                "clearing is in an asset of the symbol"
            );
            listed.clearing_quote = row.amount;
        }
    }

    fn restore_order(&mut self, row: &OrderRecord) {
        let instrument = self.instruments.find(row.instrument_id);
        let instrument = instrument.expect("an order is of a symbol that is known");
        let asset = self.instruments[instrument].held(row.side);
        let holds = self.accounts.find_funds(row.account, asset);
        let holds = holds.expect("every hold is of an account");
        let order = Order {
            order_id: row.order_id,
            number: row.account,
            price: row.price,
            size: row.size,
            filled: row.filled,
            hold: row.hold,
            fee_ppm: row.fee_ppm,
            instrument,
            account: self.accounts.funds[holds as usize].account,
            holds,
            side: row.side,
            r#type: row.r#type,
            time_in_force: row.time_in_force,
            state: row.state,
            outcome: row.outcome,
            reason: row.reason,
            ..Order::FREE
        };
        assert!(
            order.remaining() == row.remaining,
            "the size adds up: {row:?}"
        );
        self.orders.add(&mut self.accounts, order);
    }

    fn restore_id(&mut self, row: &KnownId) {
        let mut known = Known::new(row.account, row.command_id, row.content.unwrap_or_default());
        if row.content.is_none() {
            known.form = Form::Place;
        }
        known.keep_until_ms = row.keep_until_ms;
        known.pinned = row.pinned;
        let Some(answer) = row.answer else {
            self.memory.restore(known, Said::Nothing);
            return;
        };
        match answer {
            Answer::Rejected { reason, order_id } => {
                self.memory.restore(known, Said::Rejected(reason, order_id));
            }
            Answer::Accepted { order_id, count: 1 } if order_id != 0 => {
                self.memory.restore(known, Said::Accepted(order_id));
            }
            Answer::Accepted { order_id, count } => {
                assert!(order_id == 0, "one command changes one order: {row:?}");
                self.memory.restore(known, Said::Counted(count));
            }
            Answer::Received { order_id, .. } => self.restore_received(known, order_id, &answer),
        }
    }

    fn restore_received(&mut self, known: Known, order_id: i64, answer: &Answer) {
        let found = self.orders.find(order_id);
        let at = found.expect("the order of an id that is remembered");
        let id = self.memory.restore(known, Said::Received(at));
        let order = &mut self.orders[at];
        order.known = id;
        let Answer::Received {
            price,
            size,
            funds,
            post_only,
            self_trade,
            expire_ms,
            ..
        } = *answer
        else {
            return;
        };
        let market = order.r#type == OrderType::Market;
        order.placed_size = size;
        order.placed_amount = if market { funds } else { price };
        order.post_only = post_only;
        order.self_trade = self_trade;
        order.expire_ms = expire_ms;
        let again = self.received_answer(&self.orders[at]);
        assert!(
            again == *answer,
            "the answer is about its order: {answer:?}"
        );
    }

    fn restore_request(&mut self, row: &RequestRecord) {
        let known = self.memory.find_text(row.account, row.command_id.as_str());
        let instrument = self.instruments.find(row.instrument_id);
        let order = if row.order_id == 0 {
            NOWHERE
        } else {
            let found = self.orders.find(row.order_id);
            let at = found.expect("a request is about an order that is known");
            let order = &mut self.orders[at];
            order.requests += 1;
            order.top_up += row.top_up;
            at
        };
        self.add_request(Request {
            number: row.request,
            top_up: row.top_up,
            instrument: instrument.expect("a request is to a book that is known"),
            order,
            known: known.expect("its command is remembered"),
        });
    }
}
