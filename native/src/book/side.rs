//! One side of the book: price levels, and in each the orders by arrival.

use super::index::NONE;
use super::ladder::{Ladder, NO_KEY};
use super::orders::Orders;
use crate::schemas::enums::Side;

/// The key up to which a market order takes: every level has a larger one or the same.
const ANY_KEY: i64 = NO_KEY + 1;

/// The orders of one price, in a list.
#[derive(Clone, Copy, Debug)]
pub struct PriceLevel {
    /// Lots, the sum of its orders, of which there may be any number.
    pub size: i128,
    pub key: i64,
    pub first: u32,
    pub last: u32,
    pub count: u32,
}

/// The bids or the asks.
///
/// Both sides are the same code by one idea: levels are kept by a key that is larger for a better
/// price, the price of a bid and minus the price of an ask.
#[derive(Clone, Debug)]
pub struct BookSide {
    of: Side,
    ladder: Ladder,
    levels: Vec<PriceLevel>,
    free: u32,
}

impl BookSide {
    pub fn new(of: Side) -> Self {
        Self {
            of,
            ladder: Ladder::default(),
            levels: Vec::new(),
            free: NONE,
        }
    }

    #[inline]
    pub fn key(&self, price: i64) -> i64 {
        match self.of {
            Side::Buy => price,
            Side::Sell => -price,
        }
    }

    #[inline]
    pub fn price(&self, key: i64) -> i64 {
        self.key(key)
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

    /// Put an order behind all others of its price.
    #[inline]
    pub fn add(&mut self, orders: &mut Orders, slot: u32) {
        let order = orders.get(slot);
        let (key, remaining) = (self.key(order.price), order.remaining);
        let (levels, free) = (&mut self.levels, &mut self.free);
        let at = self
            .ladder
            .get_or_insert(key, || new_level(levels, free, key));
        let level = &mut self.levels[at as usize];
        let last = level.last;
        level.last = slot;
        level.size += i128::from(remaining);
        level.count += 1;
        if last == NONE {
            level.first = slot;
        } else {
            orders.get_mut(last).next = slot;
        }
        let order = orders.get_mut(slot);
        order.level = at;
        order.previous = last;
        order.next = NONE;
    }

    /// Take an order out, and its level when it was the last one there.
    #[inline]
    pub fn remove(&mut self, orders: &mut Orders, slot: u32) {
        let order = orders.get_mut(slot);
        let (at, previous, next) = (order.level, order.previous, order.next);
        let remaining = order.remaining;
        order.level = NONE;
        let level = &mut self.levels[at as usize];
        level.count -= 1;
        if level.count == 0 {
            let key = level.key;
            // A free level has none; its list goes on to the next free one.
            level.first = self.free;
            self.free = at;
            self.ladder.remove(key);
            return;
        }
        level.size -= i128::from(remaining);
        if previous == NONE {
            level.first = next;
        } else {
            orders.get_mut(previous).next = next;
        }
        if next == NONE {
            level.last = previous;
        } else {
            orders.get_mut(next).previous = previous;
        }
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

    /// Keys and level places, and the best of them, as the ladder has them.
    pub fn ladder(&self) -> &Ladder {
        &self.ladder
    }
}

/// The orders of a level, first come first.
pub fn queue<'a>(orders: &'a Orders, level: &PriceLevel) -> impl Iterator<Item = u32> + 'a {
    let slot = |slot: u32| (slot != NONE).then_some(slot);
    std::iter::successors(slot(level.first), move |at| slot(orders.get(*at).next))
}

#[inline]
fn new_level(levels: &mut Vec<PriceLevel>, free: &mut u32, key: i64) -> u32 {
    let level = PriceLevel {
        size: 0,
        key,
        first: NONE,
        last: NONE,
        count: 0,
    };
    let at = *free;
    if at == NONE {
        levels.push(level);
        return u32::try_from(levels.len() - 1).expect("levels are counted in 32 bits");
    }
    *free = levels[at as usize].first;
    levels[at as usize] = level;
    at
}
