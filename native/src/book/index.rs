//! From a number (an order id, an account) to the slot of an order.

/// No slot.
pub const NONE: u32 = u32::MAX;

const EMPTY: u64 = u64::MAX;
const CELLS_MIN: usize = 64;

/// An open-addressing table of slots by a hash of their number.
///
/// A cell is the hash (upper half) and the slot (lower half); the number itself stands in the
/// order, which is looked at only when all 32 bits of the hash agree. Cells are probed one after
/// the other from the place that the hash's upper bits name, and a removal moves those behind it
/// up: there are no tombstones, so a table is as good after a billion orders as it was when new.
#[derive(Clone, Debug)]
pub struct Index {
    cells: Vec<u64>,
    shift: u32,
    count: usize,
}

/// The hash of a number: the upper half of a product with 2^64 / phi, which spreads numbers that
/// follow each other at any stride (ids do) more evenly than chance would. The shift lets the
/// upper half count as much as the lower one.
#[inline]
#[allow(clippy::cast_sign_loss)] // any bits are as good
pub fn hash(number: i64) -> u32 {
    let bits = number as u64;
    let mixed = (bits ^ (bits >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

#[inline]
fn cell(hash: u32, slot: u32) -> u64 {
    (u64::from(hash) << 32) | u64::from(slot)
}

#[inline]
fn hash_of(cell: u64) -> u32 {
    (cell >> 32) as u32
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // the lower half is meant
fn slot_of(cell: u64) -> u32 {
    cell as u32
}

impl Default for Index {
    fn default() -> Self {
        Self::of_cells(CELLS_MIN)
    }
}

impl Index {
    fn of_cells(cells: usize) -> Self {
        assert!(cells.is_power_of_two() && cells.ilog2() <= 32, "a table");
        Self {
            cells: vec![EMPTY; cells],
            shift: 32 - cells.ilog2(),
            count: 0,
        }
    }

    /// How many slots it holds.
    pub fn len(&self) -> usize {
        self.count
    }

    /// All slots, in no order that means anything.
    pub fn slots(&self) -> impl Iterator<Item = u32> {
        self.cells
            .iter()
            .filter(|cell| **cell != EMPTY)
            .map(|cell| slot_of(*cell))
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        (u64::from(hash) >> self.shift) as usize
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.cells.len() - 1)
    }

    /// The slot with this hash that is the one meant.
    #[inline]
    pub fn get(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            let cell = self.cells[at];
            if cell == EMPTY {
                return None;
            }
            if hash_of(cell) == hash && is_it(slot_of(cell)) {
                return Some(slot_of(cell));
            }
            at = self.after(at);
        }
    }

    /// Put a slot in place of the one meant, which is returned, or as a new one.
    #[inline]
    pub fn put(&mut self, hash: u32, slot: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            let there = self.cells[at];
            if there == EMPTY {
                break;
            }
            if hash_of(there) == hash && is_it(slot_of(there)) {
                self.cells[at] = cell(hash, slot);
                return Some(slot_of(there));
            }
            at = self.after(at);
        }
        self.cells[at] = cell(hash, slot);
        self.count += 1;
        // At most half full: a search then looks at one or two cells.
        if self.count * 2 > self.cells.len() {
            self.resize(self.cells.len() * 2);
        }
        None
    }

    /// Put another slot in place of one that is there.
    #[inline]
    pub fn replace(&mut self, hash: u32, old: u32, new: u32) {
        let at = self.place(hash, old);
        self.cells[at] = cell(hash, new);
    }

    /// Take out a slot that is there.
    #[inline]
    pub fn remove(&mut self, hash: u32, slot: u32) {
        let mut hole = self.place(hash, slot);
        let mut at = hole;
        loop {
            at = self.after(at);
            let cell = self.cells[at];
            if cell == EMPTY {
                break;
            }
            // It may move up to the hole unless its home lies behind the hole.
            let mask = self.cells.len() - 1;
            let from_home = at.wrapping_sub(self.home(hash_of(cell))) & mask;
            if from_home >= at.wrapping_sub(hole) & mask {
                self.cells[hole] = cell;
                hole = at;
            }
        }
        self.cells[hole] = EMPTY;
        self.count -= 1;
        if self.count * 16 < self.cells.len() && self.cells.len() > CELLS_MIN {
            self.resize(self.cells.len() / 4);
        }
    }

    #[inline]
    fn place(&self, hash: u32, slot: u32) -> usize {
        let cell = cell(hash, slot);
        let mut at = self.home(hash);
        while self.cells[at] != cell {
            assert!(self.cells[at] != EMPTY, "what is removed is there");
            at = self.after(at);
        }
        at
    }

    #[cold]
    #[inline(never)]
    fn resize(&mut self, cells: usize) {
        let mut new = Self::of_cells(cells.max(CELLS_MIN));
        for cell in &self.cells {
            if *cell != EMPTY {
                let mut at = new.home(hash_of(*cell));
                while new.cells[at] != EMPTY {
                    at = new.after(at);
                }
                new.cells[at] = *cell;
            }
        }
        new.count = self.count;
        *self = new;
    }
}
