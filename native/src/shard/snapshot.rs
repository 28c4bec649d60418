//! From a shard to its snapshot.

use crate::schemas::enums::OrderType;
use crate::shard::Shard;
use crate::shard::ledger::Request;
use crate::shard::memory::{Known, Said};
use crate::shard::orders::Order;
use crate::shard::recall::Form;
use crate::shard::slab::NOWHERE;
use crate::shard::state::{
    AccountFunds, Answer, AssetFunds, ClearingFunds, KnownId, OrderRecord, RequestRecord,
    ShardState,
};

impl Shard {
    /// The whole state as a value, canonical: equal states give equal values.
    #[must_use]
    pub fn snapshot(&self) -> ShardState {
        ShardState {
            orders: self.order_records().collect(),
            ids: self.known_ids().collect(),
            ..self.without_orders_and_ids()
        }
    }

    /// The state without what there may be millions of: orders and ids.
    pub(crate) fn without_orders_and_ids(&self) -> ShardState {
        let listed = self.instruments.listed.iter();
        let mut instruments: Vec<_> = listed.map(|listed| listed.rules.clone()).collect();
        instruments.sort_unstable_by_key(|rules| rules.instrument_id);
        let mut requests: Vec<_> = self.requests.iter().map(|(_, it)| self.asked(it)).collect();
        requests.sort_unstable_by_key(|asked| asked.request);
        let sums = self.journal.sorted().into_iter();
        ShardState {
            shard: self.shard,
            shards: self.shards,
            time_ms: self.time_ms,
            order_count: self.order_count,
            request_count: self.request_count,
            instruments,
            accounts: self.account_funds(),
            assets: sums
                .map(|sums| AssetFunds {
                    asset_id: sums.asset_id,
                    fees: sums.fees,
                    external: sums.external,
                })
                .collect(),
            clearing: self.clearing_funds(),
            orders: Vec::new(),
            requests,
            ids: Vec::new(),
        }
    }

    /// The orders by their ids, each made when it comes.
    pub(crate) fn order_records(&self) -> impl ExactSizeIterator<Item = OrderRecord> {
        let rows = self.orders.rows.iter();
        let mut sorted: Vec<_> = rows
            .filter(|(_, it)| self.remembers(it))
            .map(|(at, it)| (it.order_id, at))
            .collect();
        sorted.sort_unstable();
        sorted
            .into_iter()
            .map(|(_, at)| self.record(&self.orders[at]))
    }

    pub(super) fn account_funds(&self) -> Vec<AccountFunds> {
        let rows = self.accounts.funds.iter().map(|funds| AccountFunds {
            account: funds.number,
            asset_id: self.journal.assets[funds.asset as usize].asset_id,
            available: funds.available,
            held: funds.held,
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_unstable_by_key(|row| (row.account, row.asset_id));
        rows
    }

    pub(super) fn clearing_funds(&self) -> Vec<ClearingFunds> {
        let mut rows = Vec::new();
        for listed in &self.instruments.listed {
            let mut put = |asset_id, amount| {
                if amount != 0 {
                    rows.push(ClearingFunds {
                        instrument_id: listed.rules.instrument_id,
                        asset_id,
                        amount,
                    });
                }
            };
            if listed.base == listed.quote {
                let amount = listed.clearing_base + listed.clearing_quote;
                put(listed.rules.base_asset_id, amount);
            } else {
                put(listed.rules.base_asset_id, listed.clearing_base);
                put(listed.rules.quote_asset_id, listed.clearing_quote);
            }
        }
        rows.sort_unstable_by_key(|row| (row.instrument_id, row.asset_id));
        rows
    }

    fn record(&self, order: &Order) -> OrderRecord {
        let known = &self.memory.known[order.known];
        OrderRecord {
            order_id: order.order_id,
            account: known.account,
            client_order_id: known.id,
            instrument_id: self.instruments[order.instrument].rules.instrument_id,
            side: order.side,
            r#type: order.r#type,
            time_in_force: order.time_in_force,
            price: order.price,
            size: order.size,
            filled: order.filled,
            remaining: order.remaining(),
            hold: order.hold,
            fee_ppm: order.fee_ppm,
            state: order.state,
            outcome: order.outcome,
            reason: order.reason,
        }
    }

    fn asked(&self, asked: &Request) -> RequestRecord {
        let known = &self.memory.known[asked.known];
        RequestRecord {
            request: asked.number,
            account: known.account,
            command_id: known.id,
            instrument_id: self.instruments[asked.instrument].rules.instrument_id,
            order_id: self.asked_order_id(asked),
            top_up: asked.top_up,
        }
    }

    pub(super) fn asked_order_id(&self, asked: &Request) -> i64 {
        if asked.order == NOWHERE {
            0
        } else {
            self.orders[asked.order].order_id
        }
    }

    /// The ids by account and text, each made when it comes.
    pub(crate) fn known_ids(&self) -> impl ExactSizeIterator<Item = KnownId> {
        let known = &self.memory.known;
        // Sorted by what stands here: a look at the rows themselves waits for memory each time.
        let mut sorted: Vec<_> = known
            .iter()
            .filter(|(_, row)| !row.has_ended(self.time_ms))
            .map(|(at, row)| (row.account, row.id.begins(), at))
            .collect();
        sorted.sort_unstable_by(|one, two| {
            let begin = (one.0, one.1).cmp(&(two.0, two.1));
            begin.then_with(|| known[one.2].id.cmp(&known[two.2].id))
        });
        let mut text = Vec::new();
        sorted.into_iter().map(move |(_, _, at)| {
            let known = &known[at];
            KnownId {
                account: known.account,
                command_id: known.id,
                content: (known.form != Form::Place).then(|| self.content_of(known, &mut text)),
                keep_until_ms: known.keep_until_ms,
                pinned: known.pinned,
                answer: self.answer_of(known),
            }
        })
    }

    fn answer_of(&self, known: &Known) -> Option<Answer> {
        Some(match known.said() {
            Said::Nothing => return None,
            Said::Received(order) => self.received_answer(&self.orders[order]),
            Said::Accepted(order_id) => Answer::Accepted { order_id, count: 1 },
            Said::Counted(count) => Answer::Accepted { order_id: 0, count },
            Said::Rejected(reason, order_id) => Answer::Rejected { reason, order_id },
        })
    }

    pub(super) fn received_answer(&self, order: &Order) -> Answer {
        let market = order.r#type == OrderType::Market;
        Answer::Received {
            order_id: order.order_id,
            instrument_id: self.instruments[order.instrument].rules.instrument_id,
            side: order.side,
            r#type: order.r#type,
            time_in_force: order.time_in_force,
            price: if market { 0 } else { order.placed_amount },
            size: order.placed_size,
            funds: if market { order.placed_amount } else { 0 },
            post_only: order.post_only,
            self_trade: order.self_trade,
            expire_ms: order.expire_ms,
        }
    }
}
