//! The levels of a side by their keys, in order.

use super::index::NONE;
use std::collections::BTreeMap;

/// Bits of a place in a node.
const FAN_BITS: u32 = 6;
const FAN: usize = 1 << FAN_BITS;
const HINTS: usize = 64;
/// A node that is never used, and has the number of no key: what a hint names before the first.
const UNSEEN: u32 = 1;
/// Below every key there is: what the best key of an empty ladder is.
pub const NO_KEY: i64 = i64::MIN;

/// 64 places that follow each other, of keys or of nodes of keys.
#[derive(Clone, Debug)]
pub struct Node {
    /// What the numbers of its places have in common: all but the last six bits.
    number: i64,
    /// Which of the places are used.
    used: u64,
    above: u32,
    places: [u32; FAN],
}

impl Node {
    fn new(number: i64, above: u32) -> Self {
        Self {
            number,
            used: 0,
            above,
            places: [NONE; FAN],
        }
    }

    #[inline]
    fn last(&self) -> u32 {
        self.used.ilog2()
    }

    #[inline]
    fn key(&self, place: u32) -> i64 {
        (self.number << FAN_BITS) | i64::from(place)
    }

    #[inline]
    pub fn has(&self, place: usize) -> bool {
        self.used & (1 << place) != 0
    }

    #[inline]
    pub fn at(&self, place: usize) -> u32 {
        self.places[place]
    }

    #[inline]
    pub fn put(&mut self, place: usize, what: u32) {
        self.used |= 1 << place;
        self.places[place] = what;
    }

    fn best_first(&self) -> impl Iterator<Item = (i64, u32)> {
        (0..u64::BITS)
            .rev()
            .filter(|place| self.has(*place as usize))
            .map(|place| (self.key(place), self.places[place as usize]))
    }
}

#[derive(Clone, Debug)]
struct Nodes {
    nodes: Vec<Node>,
    free: Vec<u32>,
}

impl Nodes {
    /// One node below all others, that is never taken out, and one that is never used. No price
    /// comes near the lowest: prices are at most `AMOUNT_MAX`, half of what would fit.
    fn new() -> Self {
        let mut lowest = Node::new(NO_KEY >> FAN_BITS, NONE);
        lowest.put(0, NONE);
        Self {
            nodes: vec![lowest, Node::new(NO_KEY, NONE)],
            free: Vec::new(),
        }
    }

    fn add(&mut self, number: i64, above: u32) -> u32 {
        if let Some(at) = self.free.pop() {
            let node = &mut self.nodes[at as usize];
            (node.number, node.above) = (number, above);
            return at;
        }
        let at = u32::try_from(self.nodes.len()).expect("nodes are counted in 32 bits");
        self.nodes.push(Node::new(number, above));
        at
    }

    fn remove(&mut self, at: u32) {
        self.nodes[at as usize].number = NO_KEY;
        self.free.push(at);
    }
}

/// A sorted map from keys to levels, of which the largest key is at hand.
///
/// Keys are prices, and prices crowd. So they are kept in nodes of 64 that follow each other, a
/// bit and a place each, and adding or taking away a level is setting a bit, with nothing to
/// search and nothing to move. 64 nodes that follow each other are under one node again; these, of
/// 4,096 keys, are in a tree, for keys may lie anywhere. A small table knows the nodes last seen.
#[derive(Clone, Debug)]
pub struct Ladder {
    best: u32,
    lower: Nodes,
    upper: Nodes,
    sorted: BTreeMap<i64, u32>,
    hints: Box<[u32; HINTS]>,
}

impl Default for Ladder {
    fn default() -> Self {
        Self {
            best: NONE,
            lower: Nodes::new(),
            upper: Nodes::new(),
            sorted: BTreeMap::new(),
            hints: Box::new([UNSEEN; HINTS]),
        }
    }
}

/// Where in its node a key is.
#[inline]
pub fn place_of(key: i64) -> usize {
    masked(key, FAN)
}

#[inline]
fn hint_of(number: i64) -> usize {
    masked(number, HINTS)
}

#[inline]
#[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation)] // only low bits are kept
fn masked(number: i64, bound: usize) -> usize {
    number as usize & (bound - 1)
}

impl Ladder {
    /// The largest key; NO_KEY when there is none.
    #[inline]
    pub fn best_key(&self) -> i64 {
        let node = &self.lower.nodes[self.best as usize];
        node.key(node.last())
    }

    /// The level of the largest key; NONE when there is none.
    #[inline]
    pub fn best_level(&self) -> u32 {
        let node = &self.lower.nodes[self.best as usize];
        node.places[node.last() as usize]
    }

    /// The node that a key is to be put into, which must be done.
    #[inline]
    pub fn node_for(&mut self, key: i64) -> u32 {
        let number = key >> FAN_BITS;
        let hint = self.hints[hint_of(number)];
        if self.lower.nodes[hint as usize].number == number {
            hint
        } else {
            self.find_or_make(number)
        }
    }

    #[inline]
    pub fn node(&mut self, at: u32) -> &mut Node {
        &mut self.lower.nodes[at as usize]
    }

    /// Take a key out of its node, if it is empty.
    #[inline]
    pub fn remove_if(&mut self, empty: bool, at: u32, key: i64) {
        let node = &mut self.lower.nodes[at as usize];
        node.used &= !(u64::from(empty) << place_of(key));
        if node.used == 0 {
            self.give_up(at);
        }
    }

    #[inline(never)]
    fn find_or_make(&mut self, number: i64) -> u32 {
        assert!(number > NO_KEY >> FAN_BITS, "a price is within its bounds");
        let above = self.upper_for(number >> FAN_BITS);
        let upper = &mut self.upper.nodes[above as usize];
        let place = place_of(number);
        let at = if upper.has(place) {
            upper.at(place)
        } else {
            let at = self.lower.add(number, above);
            upper.put(place, at);
            if number > self.lower.nodes[self.best as usize].number {
                self.best = at;
            }
            at
        };
        self.hints[hint_of(number)] = at;
        at
    }

    fn upper_for(&mut self, number: i64) -> u32 {
        let best = self.lower.nodes[self.best as usize].above;
        if self.upper.nodes[best as usize].number == number {
            return best;
        }
        *self
            .sorted
            .entry(number)
            .or_insert_with(|| self.upper.add(number, NONE))
    }

    #[inline(never)]
    fn give_up(&mut self, at: u32) {
        let node = &self.lower.nodes[at as usize];
        let (number, above) = (node.number, node.above);
        self.lower.remove(at);
        let upper = &mut self.upper.nodes[above as usize];
        upper.used &= !(1 << place_of(number));
        if upper.used == 0 {
            self.sorted.remove(&(number >> FAN_BITS));
            self.upper.remove(above);
        }
        if at == self.best {
            self.best = self.find_best(above);
        }
    }

    fn find_best(&self, above: u32) -> u32 {
        let mut upper = &self.upper.nodes[above as usize];
        if upper.used == 0 {
            let last = self.sorted.last_key_value().map_or(NONE, |(_, at)| *at);
            upper = &self.upper.nodes[last as usize];
        }
        upper.places[upper.last() as usize]
    }

    /// All keys and their levels, the largest key first.
    pub fn best_first(&self) -> impl Iterator<Item = (i64, u32)> {
        let uppers = self.sorted.values().rev();
        uppers
            .flat_map(|at| self.upper.nodes[*at as usize].best_first())
            .flat_map(|(_, at)| self.lower.nodes[at as usize].best_first())
    }

    /// Assert that the nodes, their order and the best agree.
    pub fn check(&self) {
        let keys: Vec<i64> = self.best_first().map(|(key, _)| key).collect();
        assert!(keys.windows(2).all(|pair| pair[0] > pair[1]), "best first");
        let best = self.best_first().next().unwrap_or((NO_KEY, NONE));
        let known = (self.best_key(), self.best_level());
        assert_eq!(known, best, "the best is known");
        let mut lower = 2;
        for (number, at) in &self.sorted {
            let upper = &self.upper.nodes[*at as usize];
            assert_eq!(upper.number, *number, "a node is under its number");
            assert!(upper.used != 0, "no empty node");
            for (number, below) in upper.best_first() {
                let node = &self.lower.nodes[below as usize];
                assert_eq!((node.number, node.above), (number, *at), "in its place");
                assert!(node.used != 0, "no empty node");
                lower += 1;
            }
        }
        lower += self.lower.free.len();
        assert_eq!(lower, self.lower.nodes.len(), "a node is used or free");
        let upper = self.sorted.len() + self.upper.free.len() + 2;
        assert_eq!(upper, self.upper.nodes.len(), "a node is used or free");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::AMOUNT_MAX;

    fn put(ladder: &mut Ladder, key: i64, level: u32) -> u32 {
        let at = ladder.node_for(key);
        ladder.node(at).put(place_of(key), level);
        ladder.check();
        at
    }

    #[test]
    fn the_largest_prices_of_both_sides_are_in_order_found_by_hint_or_not() {
        // Bids are their price, asks minus theirs: the largest ask is the lowest key there is.
        let keys = [
            AMOUNT_MAX,
            AMOUNT_MAX - 1,
            1,
            -1,
            1 - AMOUNT_MAX,
            -AMOUNT_MAX,
        ];
        let mut ladder = Ladder::default();
        let mut nodes = Vec::new();
        for (level, key) in (1..).zip(keys) {
            nodes.push((put(&mut ladder, key, level), key));
        }
        let found: Vec<i64> = ladder.best_first().map(|(key, _)| key).collect();
        assert_eq!(found, keys);
        for (at, key) in &nodes {
            assert_eq!(ladder.node_for(*key), *at, "the same node, by hint");
        }
        for (at, key) in nodes {
            assert_eq!(ladder.best_key(), key);
            ladder.remove_if(true, at, key);
            ladder.check();
        }
        assert_eq!(ladder.best_key(), NO_KEY);
        for (level, key) in (1..).zip(keys.into_iter().rev()) {
            put(&mut ladder, key, level); // into nodes that were given up, which hints still name
            assert_eq!(ladder.best_key(), key);
        }
    }

    #[test]
    #[should_panic(expected = "a price is within its bounds")]
    fn no_key_gets_into_the_lowest_node_by_a_hint() {
        Ladder::default().node_for(NO_KEY + 1);
    }
}
