//! From an order id to the slot of the order.

/// No slot. Slot 0 exists, holds nothing and takes the writes that a list's ends would make.
pub const NONE: u32 = 0;

/// What no cell with a slot is.
const EMPTY: u64 = 0;
const CELLS_MIN: usize = 1 << 8;
/// Up to here a cell in four is used, and beyond it one in two: a search that looks at one cell is
/// one that the processor guesses right, and a small table can afford it.
const SPARSE_CELLS: usize = 1 << 16;

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
        (hash >> self.shift) as usize
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.cells.len() - 1)
    }

    /// The cell and the slot with this hash that is the one meant; else the cell to put it into,
    /// as long as the table does not change.
    #[inline]
    pub fn find(
        &self,
        hash: u32,
        mut is_it: impl FnMut(u32) -> bool,
    ) -> Result<(usize, u32), usize> {
        let mut at = self.home(hash);
        loop {
            let cell = self.cells[at];
            if cell == EMPTY {
                return Err(at);
            }
            if hash_of(cell) == hash && is_it(slot_of(cell)) {
                return Ok((at, slot_of(cell)));
            }
            at = self.after(at);
        }
    }

    /// The cell of a slot that is there.
    #[inline]
    pub fn cell(&self, hash: u32, slot: u32) -> usize {
        let found = self.find(hash, |other| other == slot);
        found.expect("what is looked for is there").0
    }

    /// Put a slot into an empty cell.
    #[inline]
    pub fn put(&mut self, at: usize, hash: u32, slot: u32) {
        self.cells[at] = cell(hash, slot);
        self.count += 1;
        let cells = self.cells.len();
        if self.count * 2 > cells || (self.count * 4 > cells && cells < SPARSE_CELLS) {
            self.resize(cells * 2);
        }
    }

    /// Take out the slot of a cell.
    #[inline]
    pub fn remove(&mut self, cell: usize) {
        let mut hole = cell;
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
        if self.count * 32 < self.cells.len() && self.cells.len() > CELLS_MIN {
            self.resize(self.cells.len() / 4);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The most cells that a search for one of these looks at.
    fn longest(numbers: impl Iterator<Item = i64>) -> usize {
        let mut index = Index::default();
        for (slot, number) in (1..).zip(numbers) {
            let cell = index.find(hash(number), |_| false).expect_err("a new one");
            index.put(cell, hash(number), slot);
        }
        let mask = index.cells.len() - 1;
        let cells = index.cells.iter().enumerate();
        let used = cells.filter(|(_, cell)| **cell != EMPTY);
        used.map(|(at, cell)| at.wrapping_sub(index.home(hash_of(*cell))) & mask)
            .max()
            .map_or(0, |away| away + 1)
    }

    #[test]
    fn no_stride_of_ids_makes_searches_long() {
        for stride in (0..48).flat_map(|power| [1_i64 << power, 3 << power, (1 << power) - 1]) {
            for first in [1, -70_000, 1 << 40] {
                let numbers = (0..10_000_i64).map(|number| first + number * stride.max(1));
                let longest = longest(numbers);
                assert!(
                    longest < 64,
                    "{longest} at a stride of {stride} from {first}"
                );
            }
        }
    }

    #[test]
    fn what_is_removed_is_gone_and_the_rest_is_found() {
        let mut index = Index::default();
        let number = |slot: u32| i64::from(slot) * 77_777;
        for slot in 1..5_000 {
            let hash = hash(number(slot));
            let cell = index
                .find(hash, |other| other == slot)
                .expect_err("a new one");
            index.put(cell, hash, slot);
        }
        for slot in (1..5_000).filter(|slot| slot % 50 != 0) {
            let cell = index.cell(hash(number(slot)), slot);
            index.remove(cell);
        }
        for slot in 1..5_000 {
            let found = index.find(hash(number(slot)), |other| other == slot);
            assert_eq!(found.is_ok(), slot % 50 == 0, "{slot}");
        }
        assert_eq!(index.len(), 99);
        assert!(
            index.cells.len() <= 32 * 99,
            "a table that was large shrinks"
        );
    }
}
