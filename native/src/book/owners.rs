//! From an account to its orders.

use super::index::{NONE, hash};
use super::orders::Orders;

const HEADS_MIN: usize = 1 << 8;

/// Lists of orders, youngest first, by a hash of their account.
///
/// Accounts whose hashes share a list are in it together, and who looks for one of them passes
/// over the others. So an order comes in and goes out without a search and without a branch, and
/// only cancelling all of an account, which is rare and walks over many orders anyway, pays.
#[derive(Clone, Debug)]
pub struct Owners {
    heads: Vec<u32>,
    shift: u32,
    count: usize,
}

impl Default for Owners {
    fn default() -> Self {
        Self::of_heads(HEADS_MIN)
    }
}

/// One of two, by arithmetic: which of them is as good as random, so a branch would be guessed
/// wrong often.
#[inline]
pub fn select(which: bool, yes: u32, no: u32) -> u32 {
    let mask = 0_u32.wrapping_sub(u32::from(which));
    (yes & mask) | (no & !mask)
}

impl Owners {
    fn of_heads(heads: usize) -> Self {
        assert!(heads.is_power_of_two() && heads.ilog2() <= 32, "lists");
        Self {
            heads: vec![NONE; heads],
            shift: 32 - heads.ilog2(),
            count: 0,
        }
    }

    #[inline]
    fn list_of(&self, account: i64) -> usize {
        (hash(account) >> self.shift) as usize
    }

    /// Put an order, the youngest of all, in front; return the one before it.
    #[inline]
    pub fn add(&mut self, orders: &mut Orders, slot: u32, account: i64) -> u32 {
        if self.count == self.heads.len() {
            self.grow(orders);
        }
        self.count += 1;
        let list = self.list_of(account);
        let older = self.heads[list];
        self.heads[list] = slot;
        orders.get_mut(older).younger = slot;
        older
    }

    /// Take an order out of its list.
    #[inline]
    pub fn remove(&mut self, orders: &mut Orders, slot: u32) {
        let order = orders.get(slot);
        let (before, after, account) = (order.older, order.younger, order.account);
        orders.get_mut(after).older = before;
        orders.get_mut(before).younger = after;
        let list = self.list_of(account);
        self.heads[list] = select(after == NONE, before, self.heads[list]);
        self.count -= 1;
    }

    /// The orders of an account, oldest first.
    pub fn of_account(&self, orders: &Orders, account: i64) -> Vec<u32> {
        let mut own: Vec<u32> = self
            .list(orders, self.list_of(account))
            .filter(|slot| orders.get(*slot).account == account)
            .collect();
        own.reverse();
        own
    }

    fn list<'a>(&self, orders: &'a Orders, list: usize) -> impl Iterator<Item = u32> + 'a {
        let some = |slot: u32| (slot != NONE).then_some(slot);
        std::iter::successors(some(self.heads[list]), move |slot| {
            some(orders.get(*slot).older)
        })
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, orders: &mut Orders) {
        let mut new = Self::of_heads(self.heads.len() * 4);
        for list in 0..self.heads.len() {
            // All of a new list come from one old list, so the oldest first keeps them in order.
            let mut slots: Vec<u32> = self.list(orders, list).collect();
            slots.reverse();
            for slot in slots {
                let before = new.add(orders, slot, orders.get(slot).account);
                let order = orders.get_mut(slot);
                (order.older, order.younger) = (before, NONE);
            }
        }
        *self = new;
    }

    /// Assert that each order is in its list, in order, and linked both ways; return their slots.
    pub fn check(&self, orders: &Orders) -> Vec<u32> {
        let mut all = Vec::new();
        for list in 0..self.heads.len() {
            let mut younger = NONE;
            for slot in self.list(orders, list) {
                let order = orders.get(slot);
                assert_eq!(order.younger, younger, "linked both ways");
                assert_eq!(self.list_of(order.account), list, "in the account's list");
                assert!(
                    younger == NONE || orders.terms(younger).arrival > orders.terms(slot).arrival,
                    "youngest first"
                );
                younger = slot;
                all.push(slot);
            }
        }
        assert_eq!(all.len(), self.count, "counted");
        all
    }
}
