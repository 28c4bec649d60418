//! The orders of a shard: those received or open, and those done whose id has not been dropped.

use crate::schemas::accounts::OrderStatus;
use crate::schemas::enums::{OrderState, OrderType, Outcome, Reason, SelfTrade, Side, TimeInForce};
use crate::shard::accounts::{Account, Accounts};
use crate::shard::ahead::STRETCH;
use crate::shard::slab::{NOWHERE, Row, Slab};
use crate::shard::table::{Numbered, Table};
use std::hint::black_box;
use std::ops::{Index, IndexMut};

/// An order as the shard knows it, two cache lines: what changes, what it was placed with (for a
/// repeat), and its place in the list of its account's orders that are not done.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
#[expect(clippy::struct_field_names)] // they are those of OrderRecord
pub struct Order {
    /// Our identifier; 0: a free place.
    pub order_id: i64,
    /// The owner's number.
    pub number: i64,
    /// Ticks, 0 for market.
    pub price: i64,
    /// Lots: filled + remaining; 0: market buy by funds alone.
    pub size: i64,
    /// Lots.
    pub filled: i64,
    /// Quote units (buy) or lots (sell), without what pending amends brought.
    pub hold: i64,
    /// What pending amends brought, in the units of the hold.
    pub top_up: i64,
    /// The rate that a buy reserves by.
    pub fee_ppm: i64,
    /// As placed.
    pub placed_size: i64,
    /// As placed: the price of a limit order, the funds of a market order.
    pub placed_amount: i64,
    /// As placed.
    pub expire_ms: i64,
    /// The place of its instrument.
    pub instrument: u32,
    /// The place of its account.
    pub account: u32,
    /// The place of the id it was placed with.
    pub known: u32,
    /// The place of the account's balance that it holds from.
    pub holds: u32,
    /// The place of the other one; nowhere until something was filled.
    pub gets: u32,
    /// Cancels and amends of it that the book has not answered.
    pub requests: u32,
    /// The one before it; for `Orders` alone.
    pub older: u32,
    /// The one after it.
    pub newer: u32,
    /// Buy or sell.
    pub side: Side,
    /// Limit or market.
    pub r#type: OrderType,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Received, open or done.
    pub state: OrderState,
    /// Meaningful when done.
    pub outcome: Outcome,
    /// Why it is done, else none.
    pub reason: Reason,
    /// As placed.
    pub post_only: bool,
    /// As placed.
    pub self_trade: SelfTrade,
}

impl Order {
    /// Lots that are left, 0 for a market buy by funds alone.
    #[inline]
    pub fn remaining(&self) -> i64 {
        if self.size == 0 {
            0
        } else {
            self.size - self.filled
        }
    }

    /// It as its owner is told.
    pub fn status<'a>(
        &self,
        account: i64,
        client_order_id: &'a str,
        instrument_id: i64,
    ) -> OrderStatus<'a> {
        OrderStatus {
            account,
            order_id: self.order_id,
            client_order_id,
            instrument_id,
            side: self.side,
            r#type: self.r#type,
            time_in_force: self.time_in_force,
            price: self.price,
            size: self.size,
            filled: self.filled,
            remaining: self.remaining(),
            hold: self.hold + self.top_up,
            state: self.state,
            outcome: self.outcome,
            reason: self.reason,
        }
    }
}

impl Row for Order {
    const FREE: Self = Self {
        order_id: 0,
        number: 0,
        price: 0,
        size: 0,
        filled: 0,
        hold: 0,
        top_up: 0,
        fee_ppm: 0,
        placed_size: 0,
        placed_amount: 0,
        expire_ms: 0,
        instrument: NOWHERE,
        account: NOWHERE,
        known: NOWHERE,
        holds: NOWHERE,
        gets: NOWHERE,
        requests: 0,
        older: NOWHERE,
        newer: NOWHERE,
        side: Side::Buy,
        r#type: OrderType::Limit,
        time_in_force: TimeInForce::Gtc,
        state: OrderState::Received,
        outcome: Outcome::Filled,
        reason: Reason::None,
        post_only: false,
        self_trade: SelfTrade::Dc,
    };

    fn is_free(&self) -> bool {
        self.order_id == 0
    }
}

/// Orders by id, and by account those that are not done.
#[derive(Clone, Debug)]
pub struct Orders {
    /// The orders by place.
    pub rows: Slab<Order>,
    by_id: Table<Numbered>,
    shards: i64,
}

impl Orders {
    /// No orders. Ids are so far apart.
    pub fn new(shards: i64) -> Self {
        Self {
            rows: Slab::default(),
            by_id: Table::default(),
            shards,
        }
    }

    // Ids far apart have different tags, those given in turn have tags in turn.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    #[inline]
    fn tag(&self, order_id: i64) -> u32 {
        order_id.div_euclid(self.shards) as u32
    }

    /// Take in an order, of a larger id than any before it.
    pub fn add(&mut self, accounts: &mut Accounts, order: Order) -> u32 {
        let tag = self.tag(order.order_id);
        let at = self.rows.insert(order);
        self.by_id.insert(tag, at);
        if order.state != OrderState::Done {
            // Ids are given in ascending order, so an account's orders stand in order of id.
            let mine = &mut accounts.rows[order.account as usize];
            let newest = std::mem::replace(&mut mine.newest, at);
            mine.open += 1;
            if newest == NOWHERE {
                mine.oldest = at;
            } else {
                self.rows[newest].newer = at;
            }
            self.rows[at].older = newest;
        }
        at
    }

    /// The place of an order, whether or not its id has ended.
    #[inline]
    pub fn find(&self, order_id: i64) -> Option<u32> {
        let is_it = |at| self.rows[at].order_id == order_id;
        self.by_id.find(self.tag(order_id), is_it)
    }

    /// Something that stands where this order is looked for.
    #[inline]
    pub fn fetch(&self, order_id: i64) -> u64 {
        self.by_id.fetch(self.tag(order_id))
    }

    /// The places of an account's orders that are not done, by id.
    pub fn open_of(&self, account: &Account) -> impl Iterator<Item = u32> {
        let mut at = account.oldest;
        std::iter::from_fn(move || {
            let found = (at != NOWHERE).then_some(at)?;
            at = self.rows[found].newer;
            Some(found)
        })
    }

    /// Take an order that has just been done from its account's open ones.
    pub fn close(&mut self, accounts: &mut Accounts, at: u32) {
        let Order {
            account,
            older,
            newer,
            ..
        } = self.rows[at];
        let mine = &mut accounts.rows[account as usize];
        mine.open -= 1;
        if older == NOWHERE {
            mine.oldest = newer;
        } else {
            self.rows[older].newer = newer;
        }
        if newer == NOWHERE {
            mine.newest = older;
        } else {
            self.rows[newer].older = older;
        }
    }

    /// Drop done orders, a stretch at most.
    pub fn forget(&mut self, places: &[u32]) {
        // They are looked up together: see `ahead`.
        let mut tags = [0; STRETCH];
        let mut seen = 0;
        for (found, at) in tags.iter_mut().zip(places) {
            *found = self.tag(self.rows[*at].order_id);
            seen ^= self.by_id.fetch(*found);
        }
        black_box(seen);
        for (tag, at) in tags.into_iter().zip(places) {
            let order = self.rows.remove(*at);
            assert!(order.state == OrderState::Done, "an open order is kept");
            self.by_id.remove(tag, *at);
        }
    }

    /// Assert that the accounts' open orders are just those that are not done.
    pub fn check(&self, accounts: &Accounts) {
        let mut undone = Vec::new();
        for (at, order) in self.rows.iter() {
            assert_eq!(
                self.find(order.order_id),
                Some(at),
                "an order is found by its id"
            );
            if order.state != OrderState::Done {
                undone.push(at);
            }
        }
        let mut listed = Vec::new();
        for (number, account) in (0..).zip(&accounts.rows) {
            let mine: Vec<u32> = self.open_of(account).collect();
            assert_eq!(mine.len(), account.open as usize, "open orders are counted");
            let ids = mine.iter().map(|at| self.rows[*at].order_id);
            assert!(ids.is_sorted(), "an account's orders stand in order of id");
            let own = |at: &u32| self.rows[*at].account == number;
            assert!(mine.iter().all(own), "and are its own");
            listed.extend(mine);
        }
        listed.sort_unstable();
        assert_eq!(listed, undone, "every open order is listed");
        assert_eq!(
            self.rows.len(),
            self.by_id.len(),
            "every order is found by its id"
        );
    }
}

impl Index<u32> for Orders {
    type Output = Order;

    #[inline]
    fn index(&self, at: u32) -> &Order {
        &self.rows[at]
    }
}

impl IndexMut<u32> for Orders {
    #[inline]
    fn index_mut(&mut self, at: u32) -> &mut Order {
        &mut self.rows[at]
    }
}
