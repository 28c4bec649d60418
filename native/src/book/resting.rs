//! The orders that rest, and every way to find them: price, id, account, expiry.

use super::index::{Index, NONE, hash};
use super::orders::{Order, Orders, Terms};
use super::owners::Owners;
use super::side::BookSide;
use crate::schemas::enums::Side;
use std::collections::BTreeMap;

/// All resting orders; an order is in each of the indexes or in none.
#[derive(Clone, Debug)]
pub struct Resting {
    pub orders: Orders,
    pub by_id: Index,
    pub owners: Owners,
    sides: [BookSide; 2],
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
            owners: Owners::default(),
            sides: [BookSide::new(Side::Buy), BookSide::new(Side::Sell)],
            by_expiry: BTreeMap::new(),
            arrivals: 0,
        }
    }
}

impl Resting {
    #[inline]
    pub fn side(&self, side: Side) -> &BookSide {
        &self.sides[side as usize]
    }

    #[inline]
    pub fn side_mut(&mut self, side: Side) -> &mut BookSide {
        &mut self.sides[side as usize]
    }

    /// The side that an order of this side takes from.
    #[inline]
    pub fn opposite(&self, side: Side) -> &BookSide {
        &self.sides[1 - side as usize]
    }

    /// Whether a limit order would meet a resting one, of whichever account.
    #[inline]
    pub fn would_take(&self, side: Side, price: i64) -> bool {
        let opposite = self.opposite(side);
        opposite.meets(opposite.key(price))
    }

    /// The index's cell and the slot of the order with this id; else the cell for it.
    #[inline]
    pub fn find(&self, order_id: i64) -> Result<(usize, u32), usize> {
        self.by_id.find(hash(order_id), |slot| {
            self.orders.get(slot).order_id == order_id
        })
    }

    /// The index's cell for a new order.
    #[inline]
    pub fn find_vacant(&self, order_id: i64) -> usize {
        let found = self.find(order_id);
        found.expect_err("an order id is used once")
    }

    /// Let an order rest, behind all others of its price; its terms say its rank.
    #[inline]
    pub fn insert(&mut self, cell: usize, mut order: Order, terms: Terms) {
        let slot = self.orders.take_slot();
        self.by_id.put(cell, hash(order.order_id), slot);
        order.older = self.owners.add(&mut self.orders, slot, order.account);
        if order.marks.expires() {
            self.by_expiry
                .insert((terms.expire_ms, terms.arrival), slot);
        }
        let side = &mut self.sides[order.side as usize];
        (order.level, order.previous) =
            side.add(&mut self.orders, slot, order.price, order.remaining);
        self.orders.put(slot, order, terms);
    }

    /// Take an order out of all indexes; its values stay readable until the next is inserted.
    #[inline]
    pub fn close(&mut self, slot: u32) {
        let cell = self.by_id.cell(hash(self.orders.get(slot).order_id), slot);
        self.close_at(cell, slot);
    }

    /// As `close`, when the index's cell is known.
    #[inline]
    pub fn close_at(&mut self, cell: usize, slot: u32) {
        self.detach(slot);
        self.forget_at(cell, slot);
    }

    /// Take an order off its level and its expiry, to come back with another rank or to end.
    #[inline]
    pub fn detach(&mut self, slot: u32) {
        let order = *self.orders.get(slot);
        if order.marks.expires() {
            let terms = self.orders.terms(slot);
            self.by_expiry.remove(&(terms.expire_ms, terms.arrival));
        }
        self.sides[order.side as usize].remove(&mut self.orders, &order);
    }

    /// Put a detached order back, as the latest of all.
    #[inline]
    pub fn reattach(&mut self, slot: u32) {
        self.arrivals += 1;
        let mut order = *self.orders.get(slot);
        let mut terms = *self.orders.terms(slot);
        terms.arrival = self.arrivals;
        if order.younger != NONE {
            self.owners.remove(&mut self.orders, slot);
            order.older = self.owners.add(&mut self.orders, slot, order.account);
            order.younger = NONE;
        }
        if order.marks.expires() {
            self.by_expiry
                .insert((terms.expire_ms, terms.arrival), slot);
        }
        let side = &mut self.sides[order.side as usize];
        (order.level, order.previous) =
            side.add(&mut self.orders, slot, order.price, order.remaining);
        order.next = NONE;
        self.orders.put(slot, order, terms);
    }

    /// Forget a detached order.
    pub fn forget(&mut self, slot: u32) {
        let cell = self.by_id.cell(hash(self.orders.get(slot).order_id), slot);
        self.forget_at(cell, slot);
    }

    #[inline]
    fn forget_at(&mut self, cell: usize, slot: u32) {
        self.by_id.remove(cell);
        self.owners.remove(&mut self.orders, slot);
        self.orders.free(slot);
    }

    /// The earliest expiry; None when nothing expires.
    pub fn next_expiry_ms(&self) -> Option<i64> {
        let ((expire_ms, _), _) = self.by_expiry.first_key_value()?;
        Some(*expire_ms)
    }
}
