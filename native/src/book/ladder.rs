//! The levels of a side by their keys, in order.

use super::index::NONE;
use std::collections::BTreeMap;

const KEYS: usize = 64;
const KEY_BITS: u32 = KEYS.ilog2();
const HINTS: usize = 64;
/// No block: what no key is in.
const NO_BLOCK: i64 = i64::MIN;
/// No key: below every key there is.
pub const NO_KEY: i64 = i64::MIN;

/// Levels of keys that follow each other.
#[derive(Clone, Debug)]
struct Block {
    number: i64,
    /// Which of the keys have a level.
    used: u64,
    levels: [u32; KEYS],
}

/// A sorted map from keys to levels, of which the largest key is at hand.
///
/// Keys are prices, and prices crowd: so they are kept in blocks of 64 that follow each other, a
/// bit and a place each, and adding or taking away a level is setting a bit, with nothing to
/// search and nothing to move. Blocks are found through a small table of those last seen, and are
/// sorted in a tree, which is touched only when a block is made or given up.
#[derive(Clone, Debug)]
pub struct Ladder {
    best_key: i64,
    best_level: u32,
    blocks: Vec<Block>,
    free: Vec<u32>,
    sorted: BTreeMap<i64, u32>,
    hints: Box<[u32; HINTS]>,
}

impl Default for Ladder {
    fn default() -> Self {
        Self {
            best_key: NO_KEY,
            best_level: NONE,
            blocks: Vec::new(),
            free: Vec::new(),
            sorted: BTreeMap::new(),
            hints: Box::new([NONE; HINTS]),
        }
    }
}

#[inline]
fn number_of(key: i64) -> i64 {
    key >> KEY_BITS
}

#[inline]
#[allow(clippy::cast_sign_loss)] // masked
fn place_of(key: i64) -> usize {
    (key & (KEYS as i64 - 1)) as usize
}

#[inline]
#[allow(clippy::cast_sign_loss)] // masked
fn hint_of(number: i64) -> usize {
    (number & (HINTS as i64 - 1)) as usize
}

impl Ladder {
    /// The largest key; NO_KEY when there is none.
    #[inline]
    pub fn best_key(&self) -> i64 {
        self.best_key
    }

    /// The level of the largest key; NONE when there is none.
    #[inline]
    pub fn best_level(&self) -> u32 {
        self.best_level
    }

    /// The level of a key; if there is none, the one that `make` gives.
    #[inline]
    pub fn get_or_insert(&mut self, key: i64, make: impl FnOnce() -> u32) -> u32 {
        let number = number_of(key);
        let at = self.find(number).unwrap_or_else(|| self.make(number));
        let block = &mut self.blocks[at as usize];
        let place = place_of(key);
        if block.used & (1 << place) != 0 {
            return block.levels[place];
        }
        let level = make();
        block.used |= 1 << place;
        block.levels[place] = level;
        if key > self.best_key {
            self.best_key = key;
            self.best_level = level;
        }
        level
    }

    /// Take out a key that is there.
    #[inline]
    pub fn remove(&mut self, key: i64) {
        let number = number_of(key);
        let at = self.find(number).expect("a key that is there");
        let block = &mut self.blocks[at as usize];
        block.used &= !(1 << place_of(key));
        if block.used == 0 {
            self.give_up(at);
        } else if key == self.best_key {
            self.set_best(at);
        }
    }

    #[inline]
    fn find(&mut self, number: i64) -> Option<u32> {
        let hint = self.hints[hint_of(number)];
        match self.blocks.get(hint as usize) {
            Some(block) if block.number == number => Some(hint),
            _ => self.search(number),
        }
    }

    #[inline(never)]
    fn search(&mut self, number: i64) -> Option<u32> {
        let at = *self.sorted.get(&number)?;
        self.hints[hint_of(number)] = at;
        Some(at)
    }

    #[inline(never)]
    fn make(&mut self, number: i64) -> u32 {
        let at = self.free.pop().unwrap_or_else(|| {
            let at = u32::try_from(self.blocks.len()).expect("blocks are counted in 32 bits");
            self.blocks.push(Block {
                number: NO_BLOCK,
                used: 0,
                levels: [NONE; KEYS],
            });
            at
        });
        self.blocks[at as usize].number = number;
        self.sorted.insert(number, at);
        self.hints[hint_of(number)] = at;
        at
    }

    #[inline(never)]
    fn give_up(&mut self, at: u32) {
        let number = self.blocks[at as usize].number;
        self.blocks[at as usize].number = NO_BLOCK;
        self.sorted.remove(&number);
        self.free.push(at);
        if number == number_of(self.best_key) {
            match self.sorted.last_key_value() {
                Some((_, best)) => self.set_best(*best),
                None => (self.best_key, self.best_level) = (NO_KEY, NONE),
            }
        }
    }

    #[inline]
    fn set_best(&mut self, at: u32) {
        let block = &self.blocks[at as usize];
        let place = block.used.ilog2();
        self.best_key = (block.number << KEY_BITS) | i64::from(place);
        self.best_level = block.levels[place as usize];
    }

    /// All keys and their levels, the largest key first.
    pub fn best_first(&self) -> impl Iterator<Item = (i64, u32)> {
        self.sorted.iter().rev().flat_map(|(number, at)| {
            let block = &self.blocks[*at as usize];
            (0..KEYS)
                .rev()
                .filter(|place| block.used & (1 << place) != 0)
                .zip(std::iter::repeat((number, block)))
                .map(|(place, (number, block))| {
                    ((number << KEY_BITS) | place as i64, block.levels[place])
                })
        })
    }
}

impl Ladder {
    /// Assert that blocks, their order, the hints and the best agree.
    pub fn check(&self) {
        let keys: Vec<i64> = self.best_first().map(|(key, _)| key).collect();
        assert!(keys.windows(2).all(|pair| pair[0] > pair[1]), "best first");
        let best = self.best_first().next().unwrap_or((NO_KEY, NONE));
        assert_eq!((self.best_key, self.best_level), best, "the best is known");
        for (number, at) in &self.sorted {
            let block = &self.blocks[*at as usize];
            assert_eq!(block.number, *number, "a block is under its number");
            assert!(block.used != 0, "no empty block");
        }
        let blocks = self.sorted.len() + self.free.len();
        assert_eq!(blocks, self.blocks.len(), "a block is used or free");
    }
}
