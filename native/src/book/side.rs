//! One side of the book: price levels, and in each the orders by arrival.

use super::index::NONE;
use super::ladder::{Ladder, NO_KEY, place_of};
use super::orders::{Order, Orders};
use super::owners::select;
use crate::schemas::enums::Side;

/// The key up to which a market order takes: every level has a larger one or the same.
const ANY_KEY: i64 = NO_KEY + 1;

/// The orders of one price, in a list.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct PriceLevel {
    /// Lots, the sum of its orders, of which there may be any number.
    pub size: i128,
    pub key: i64,
    pub first: u32,
    /// The last order; of a free level, which has count 0 and size 0, the next free one.
    pub last: u32,
    pub count: u32,
    /// The ladder's node that the key is in.
    node: u32,
}

const FREE: PriceLevel = PriceLevel {
    size: 0,
    key: 0,
    first: NONE,
    last: NONE,
    count: 0,
    node: NONE,
};

/// The bids or the asks.
///
/// Both sides are the same code by one idea: levels are kept by a key that is larger for a better
/// price, the price of a bid and minus the price of an ask. Which side an order is on, and whether
/// it has its level for itself, nobody can guess: so neither is a branch.
#[derive(Clone, Debug)]
pub struct BookSide {
    sign: i64,
    ladder: Ladder,
    levels: Vec<PriceLevel>,
    free: u32,
}

impl BookSide {
    pub fn new(of: Side) -> Self {
        Self {
            sign: match of {
                Side::Buy => 1,
                Side::Sell => -1,
            },
            ladder: Ladder::default(),
            levels: vec![FREE],
            free: NONE,
        }
    }

    #[inline]
    pub fn key(&self, price: i64) -> i64 {
        self.sign * price
    }

    #[inline]
    pub fn price(&self, key: i64) -> i64 {
        self.sign * key
    }

    /// The key up to which an order of the other side takes here; None: at any price.
    #[inline]
    pub fn reach(&self, price: Option<i64>) -> i64 {
        price.map_or(ANY_KEY, |price| self.key(price))
    }

    /// Whether an order with this reach meets anything.
    #[inline]
    pub fn meets(&self, reach: i64) -> bool {
        self.ladder.best_key() >= reach
    }

    /// The order with the highest priority; the side must not be empty.
    #[inline]
    pub fn first(&self) -> u32 {
        self.levels[self.ladder.best_level() as usize].first
    }

    /// Put an order behind all others of its price; return its level and the one before it.
    #[inline]
    pub fn add(
        &mut self,
        orders: &mut Orders,
        slot: u32,
        price: i64,
        remaining: i64,
    ) -> (u32, u32) {
        if self.free == NONE {
            self.extend();
        }
        let (key, place) = (self.key(price), place_of(self.key(price)));
        let node_at = self.ladder.node_for(key);
        let node = self.ladder.node(node_at);
        let is_there = node.has(place);
        let at = select(is_there, node.at(place), self.free);
        node.put(place, at);
        let level = &mut self.levels[at as usize];
        self.free = select(is_there, self.free, level.last);
        let previous = select(is_there, level.last, NONE);
        level.first = select(is_there, level.first, slot);
        level.last = slot;
        level.count += 1;
        level.size += i128::from(remaining);
        level.key = key;
        level.node = node_at;
        orders.get_mut(previous).next = slot;
        (at, previous)
    }

    /// Take an order out, and its level when it was the last one there.
    #[inline]
    pub fn remove(&mut self, orders: &mut Orders, order: &Order) {
        let (previous, next) = (order.previous, order.next);
        orders.get_mut(previous).next = next;
        orders.get_mut(next).previous = previous;
        let level = &mut self.levels[order.level as usize];
        level.size -= i128::from(order.remaining);
        level.count -= 1;
        let is_empty = level.count == 0;
        level.first = select(previous == NONE, next, level.first);
        let last = select(next == NONE, previous, level.last);
        level.last = select(is_empty, self.free, last);
        self.free = select(is_empty, order.level, self.free);
        self.ladder.remove_if(is_empty, level.node, level.key);
    }

    /// Take lots off the level of an order; the order keeps its place.
    #[inline]
    pub fn reduce(&mut self, level: u32, lots: i64) {
        self.levels[level as usize].size -= i128::from(lots);
    }

    /// The levels by their places, best first.
    pub fn best_first(&self) -> impl Iterator<Item = (u32, &PriceLevel)> {
        self.ladder
            .best_first()
            .map(|(_, at)| (at, &self.levels[at as usize]))
    }

    /// The orders up to a key by priority.
    pub fn within<'a>(&'a self, orders: &'a Orders, reach: i64) -> impl Iterator<Item = u32> + 'a {
        self.best_first()
            .take_while(move |(_, level)| level.key >= reach)
            .flat_map(move |(_, level)| queue(orders, level))
    }

    /// Assert that ladder and levels agree, but for the orders.
    pub fn check(&self) {
        self.ladder.check();
        for (key, at) in self.ladder.best_first() {
            assert_eq!(
                self.levels[at as usize].key, key,
                "a level is under its key"
            );
        }
        let mut free = self.free;
        let mut unused = 1;
        while free != NONE {
            let level = &self.levels[free as usize];
            assert_eq!((level.count, level.size), (0, 0), "a free level is empty");
            free = level.last;
            unused += 1;
        }
        let levels = self.ladder.best_first().count() + unused;
        assert_eq!(levels, self.levels.len(), "a level is used or free");
    }

    #[cold]
    #[inline(never)]
    fn extend(&mut self) {
        let at = u32::try_from(self.levels.len()).expect("levels are counted in 32 bits");
        self.levels.push(FREE);
        self.free = at;
    }
}

/// The orders of a level, first come first.
pub fn queue<'a>(orders: &'a Orders, level: &PriceLevel) -> impl Iterator<Item = u32> + 'a {
    let some = |slot: u32| (slot != NONE).then_some(slot);
    std::iter::successors(some(level.first), move |at| some(orders.get(*at).next))
}
