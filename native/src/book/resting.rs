//! The orders that rest, and every way to find them: price, id, account, expiry.

use super::index::{Index, NONE, hash};
use super::orders::{Order, Orders, Terms};
use super::side::BookSide;
use crate::schemas::enums::Side;
use std::collections::BTreeMap;

/// All resting orders; an order is in each of the indexes or in none.
#[derive(Clone, Debug)]
pub struct Resting {
    pub orders: Orders,
    pub by_id: Index,
    /// The youngest order of each account; the others are linked to it.
    pub by_account: Index,
    pub bids: BookSide,
    pub asks: BookSide,
    /// Only orders that expire, by (expire_ms, arrival): the order in which they do.
    pub by_expiry: BTreeMap<(i64, i64), u32>,
    /// The last rank given.
    pub arrivals: i64,
}

impl Default for Resting {
    fn default() -> Self {
        Self {
            orders: Orders::default(),
            by_id: Index::default(),
            by_account: Index::default(),
            bids: BookSide::new(Side::Buy),
            asks: BookSide::new(Side::Sell),
            by_expiry: BTreeMap::new(),
            arrivals: 0,
        }
    }
}

impl Resting {
    #[inline]
    pub fn side(&self, side: Side) -> &BookSide {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    #[inline]
    pub fn side_mut(&mut self, side: Side) -> &mut BookSide {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// The side that an order of this side takes from.
    #[inline]
    pub fn opposite(&self, side: Side) -> &BookSide {
        match side {
            Side::Buy => &self.asks,
            Side::Sell => &self.bids,
        }
    }

    /// Whether a limit order would meet a resting one, of whichever account.
    #[inline]
    pub fn would_take(&self, side: Side, price: i64) -> bool {
        let opposite = self.opposite(side);
        opposite.meets(opposite.reach(Some(price)))
    }

    /// The order with this id.
    #[inline]
    pub fn find(&self, order_id: i64) -> Option<u32> {
        self.by_id.get(hash(order_id), |slot| {
            self.orders.get(slot).order_id == order_id
        })
    }

    /// Let an order rest, behind all others of its price; its terms say its rank.
    #[inline]
    pub fn insert(&mut self, order: Order, terms: Terms) {
        let (order_id, account) = (order.order_id, order.account);
        let slot = self.orders.add(order, terms);
        let orders = &self.orders;
        let same = self.by_id.put(hash(order_id), slot, |other| {
            orders.get(other).order_id == order_id
        });
        assert!(same.is_none(), "an order id is used once");
        self.own(slot, account);
        self.attach(slot);
    }

    /// Take an order out of all indexes; its values stay readable until the next is inserted.
    #[inline]
    pub fn close(&mut self, slot: u32) {
        self.detach(slot);
        self.forget(slot);
    }

    /// Take an order off its level and its expiry, to come back with another rank or to end.
    #[inline]
    pub fn detach(&mut self, slot: u32) {
        let order = self.orders.get(slot);
        let side = order.side;
        if order.marks.expires() {
            let terms = self.orders.terms(slot);
            self.by_expiry.remove(&(terms.expire_ms, terms.arrival));
        }
        match side {
            Side::Buy => self.bids.remove(&mut self.orders, slot),
            Side::Sell => self.asks.remove(&mut self.orders, slot),
        }
    }

    /// Put a detached order back, as the latest of all.
    pub fn reattach(&mut self, slot: u32) {
        self.arrivals += 1;
        self.orders.terms_mut(slot).arrival = self.arrivals;
        let order = self.orders.get(slot);
        if order.younger != NONE {
            let account = order.account;
            self.disown(slot);
            self.own(slot, account);
        }
        self.attach(slot);
    }

    /// Forget a detached order.
    #[inline]
    pub fn forget(&mut self, slot: u32) {
        let order_id = self.orders.get(slot).order_id;
        self.by_id.remove(hash(order_id), slot);
        self.disown(slot);
        self.orders.remove(slot);
    }

    #[inline]
    fn attach(&mut self, slot: u32) {
        let order = self.orders.get(slot);
        let side = order.side;
        if order.marks.expires() {
            let terms = self.orders.terms(slot);
            self.by_expiry
                .insert((terms.expire_ms, terms.arrival), slot);
        }
        match side {
            Side::Buy => self.bids.add(&mut self.orders, slot),
            Side::Sell => self.asks.add(&mut self.orders, slot),
        }
    }

    /// Make an order the youngest of its account.
    #[inline]
    fn own(&mut self, slot: u32, account: i64) {
        let orders = &self.orders;
        let older = self
            .by_account
            .put(hash(account), slot, |other| {
                orders.get(other).account == account
            })
            .unwrap_or(NONE);
        let order = self.orders.get_mut(slot);
        order.older = older;
        order.younger = NONE;
        if older != NONE {
            self.orders.get_mut(older).younger = slot;
        }
    }

    #[inline]
    fn disown(&mut self, slot: u32) {
        let order = self.orders.get(slot);
        let (older, younger, account) = (order.older, order.younger, order.account);
        if younger != NONE {
            self.orders.get_mut(younger).older = older;
        } else if older == NONE {
            self.by_account.remove(hash(account), slot);
        } else {
            self.by_account.replace(hash(account), slot, older);
        }
        if older != NONE {
            self.orders.get_mut(older).younger = younger;
        }
    }

    /// The oldest order of an account; from it `younger` leads through all.
    pub fn oldest_of(&self, account: i64) -> Option<u32> {
        let mut slot = self.by_account.get(hash(account), |slot| {
            self.orders.get(slot).account == account
        })?;
        loop {
            let older = self.orders.get(slot).older;
            if older == NONE {
                return Some(slot);
            }
            slot = older;
        }
    }

    /// The earliest expiry; None when nothing expires.
    pub fn next_expiry_ms(&self) -> Option<i64> {
        let ((expire_ms, _), _) = self.by_expiry.first_key_value()?;
        Some(*expire_ms)
    }
}
