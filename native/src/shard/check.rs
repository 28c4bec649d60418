//! The invariants of a shard, computed anew from all that it knows.

use crate::arithmetic::need;
use crate::limits::OPEN_ORDERS_MAX;
use crate::schemas::enums::{OrderState, OrderType, Side};
use crate::shard::Shard;
use crate::shard::memory::Said;
use crate::shard::orders::Order;
use crate::shard::slab::NOWHERE;
use std::collections::{BTreeMap, BTreeSet};

impl Shard {
    /// Panic unless every invariant of the shard holds.
    pub fn check(&self) {
        self.check_sums();
        self.orders.check(&self.accounts);
        self.memory.check(self.time_ms);
        self.check_assets();
        for (_, order) in self.orders.rows.iter() {
            self.check_order(order);
        }
        self.check_held();
        self.check_requests();
        self.check_ids();
    }

    /// The sums are right, each asset sums to zero, and nothing is negative.
    fn check_sums(&self) {
        let mut anew = BTreeMap::new();
        for row in self.account_funds() {
            // Above BALANCE_MAX no 128-bit number is.
            assert!(row.available >= 0, "available is within bounds: {row:?}");
            assert!(row.held >= 0, "held is within bounds: {row:?}");
            let sums = anew.entry(row.asset_id).or_insert((0, 0, 0));
            sums.0 += row.available;
            sums.1 += row.held;
        }
        for row in self.clearing_funds() {
            anew.entry(row.asset_id).or_insert((0, 0, 0)).2 += row.amount;
        }
        for kept in &self.journal.assets {
            let asset_id = kept.asset_id;
            let sums = anew.remove(&asset_id).unwrap_or((0, 0, 0));
            assert!(
                kept.available == sums.0,
                "available of asset {asset_id} adds up"
            );
            assert!(kept.held == sums.1, "held of asset {asset_id} adds up");
            assert!(
                kept.clearing == sums.2,
                "clearing of asset {asset_id} adds up"
            );
            assert!(kept.fees >= 0, "fees of asset {asset_id} are not negative");
            let total = kept.available + kept.held + kept.fees + kept.clearing + kept.external;
            assert!(total == 0, "asset {asset_id} sums to zero");
        }
        assert!(anew.is_empty(), "assets are known");
    }

    fn check_assets(&self) {
        let mut assets = BTreeSet::new();
        for listed in &self.instruments.listed {
            let rules = &listed.rules;
            assets.extend([rules.base_asset_id, rules.quote_asset_id]);
            let at = [listed.base, listed.quote];
            let ids = at.map(|at| self.journal.assets[at as usize].asset_id);
            let own = ids == [rules.base_asset_id, rules.quote_asset_id];
            assert!(own, "a symbol knows its assets: {rules:?}");
            let found = self.instruments.find(rules.instrument_id);
            assert!(found.is_some(), "a symbol is found by its id: {rules:?}");
        }
        let known = self.journal.sorted();
        assert!(
            known.iter().map(|sums| sums.asset_id).eq(assets),
            "assets are known"
        );
    }

    fn check_order(&self, order: &Order) {
        assert!(
            order.order_id % self.shards == self.shard,
            "the id is the shard's own: {order:?}"
        );
        assert!(
            order.order_id / self.shards <= self.order_count,
            "the id was given: {order:?}"
        );
        let account = &self.accounts.rows[order.account as usize];
        assert!(
            account.open as usize <= OPEN_ORDERS_MAX,
            "open orders are capped"
        );
        self.check_places(order);
        if order.state == OrderState::Done {
            assert!(order.hold == 0, "a done order holds nothing: {order:?}");
        } else if order.side == Side::Sell {
            assert!(
                order.hold == order.remaining(),
                "a sale holds what remains: {order:?}"
            );
        } else if order.r#type == OrderType::Limit {
            let unit = self.instruments[order.instrument].rules.notional_unit;
            let needs = need(order.price, order.remaining(), unit, order.fee_ppm);
            assert!(
                i128::from(order.hold) == needs,
                "a purchase holds what it needs: {order:?}"
            );
        } else {
            assert!(order.hold >= 0, "no hold is negative: {order:?}");
        }
    }

    /// The places that an order names are those of its account and its assets.
    fn check_places(&self, order: &Order) {
        let listed = &self.instruments[order.instrument];
        let other = match order.side {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        };
        let sides = [(order.holds, order.side), (order.gets, other)];
        for (at, side) in sides {
            if at != NOWHERE {
                let funds = &self.accounts.funds[at as usize];
                let own = (funds.number, funds.account) == (order.number, order.account)
                    && funds.asset == listed.held(side);
                assert!(own, "an order knows its balances: {order:?}");
            }
        }
    }

    fn check_held(&self) {
        let mut held = BTreeMap::new();
        for (_, order) in self.orders.rows.iter() {
            let listed = &self.instruments[order.instrument];
            let account = &self.accounts.rows[order.account as usize];
            let rules = &listed.rules;
            let asset_id = match order.side {
                Side::Sell => rules.base_asset_id,
                Side::Buy => rules.quote_asset_id,
            };
            let units = listed.units(order.side, order.hold + order.top_up);
            *held.entry((account.number, asset_id)).or_insert(0) += units;
        }
        for row in self.account_funds() {
            assert!(
                row.account % self.shards == self.shard,
                "the account is the shard's: {row:?}"
            );
            let orders_hold = held.remove(&(row.account, row.asset_id)).unwrap_or(0);
            assert!(
                row.held == orders_hold,
                "held is what the orders hold, {orders_hold}: {row:?}"
            );
        }
        assert!(
            held.values().all(|units| *units == 0),
            "every hold is of an account"
        );
    }

    fn check_requests(&self) {
        let mut counts = BTreeMap::new();
        for (_, asked) in self.requests.iter() {
            assert!(
                asked.number <= self.request_count,
                "it was numbered: {asked:?}"
            );
            let known = &self.memory.known[asked.known];
            assert!(known.pinned, "and pinned: {asked:?}");
            assert!(known.said() == Said::Nothing, "and not answered: {asked:?}");
            if asked.order != NOWHERE {
                let count = counts.entry(asked.order).or_insert((0, 0));
                count.0 += 1;
                count.1 += asked.top_up;
            }
        }
        for (at, order) in self.orders.rows.iter() {
            let count = counts.remove(&at).unwrap_or((0, 0));
            assert!(order.requests == count.0, "requests are counted: {order:?}");
            assert!(order.top_up == count.1, "top-ups add up: {order:?}");
        }
        assert!(
            counts.is_empty(),
            "every request is about an order that is known"
        );
        assert!(
            self.requests.len() == self.by_request.len(),
            "every request is found by its number"
        );
    }

    fn check_ids(&self) {
        let requests = self.requests.iter().map(|(_, asked)| asked.known);
        let mut pending: BTreeSet<u32> = requests.collect();
        let mut orders: BTreeSet<u32> = self.orders.rows.iter().map(|(at, _)| at).collect();
        for (at, known) in self.memory.known.iter() {
            match known.said() {
                Said::Nothing => assert!(pending.remove(&at), "every request has its id"),
                Said::Received(place) => {
                    assert!(orders.remove(&place), "every order has its id");
                    let order = &self.orders[place];
                    let account = &self.accounts.rows[order.account as usize];
                    assert!(
                        account.number == known.account,
                        "the order is the account's: {known:?}"
                    );
                    assert!(order.known == at, "the order has its id: {known:?}");
                    let needed = order.state != OrderState::Done || order.requests > 0;
                    assert!(
                        known.pinned == needed,
                        "pinned while the order may be asked for: {known:?}"
                    );
                }
                Said::Accepted(_) | Said::Counted(_) => {}
                Said::Rejected(..) => assert!(!known.pinned, "a rejection passes: {known:?}"),
            }
        }
        assert!(pending.is_empty(), "every request has its id");
        assert!(orders.is_empty(), "every order has its id");
    }
}
