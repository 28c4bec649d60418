//! Rows that keep their places: blocks of them, with a list of the free ones.
//!
//! A full block is never moved: to copy millions of rows into a larger vector would stop the machine
//! for longer than an order may take.

use std::ops::{Index, IndexMut};

/// The place of no row.
pub const NOWHERE: u32 = u32::MAX;

/// A row that can say that it is none.
pub trait Row: Copy {
    /// What stands at a free place.
    const FREE: Self;

    /// Whether this is a free place.
    fn is_free(&self) -> bool;
}

const BITS: u32 = 12;
const BLOCK: usize = 1 << BITS;

/// Rows by their places.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    blocks: Vec<Vec<T>>, // all full but for the last one
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            blocks: vec![Vec::new()],
            free: Vec::new(),
        }
    }
}

impl<T: Row> Slab<T> {
    /// Put a row in; return its place.
    #[inline]
    pub fn insert(&mut self, row: T) -> u32 {
        if let Some(at) = self.free.pop() {
            self[at] = row;
            return at;
        }
        let at = u32::try_from(self.places()).expect("fewer than 2^32 rows");
        if self.last().len() == BLOCK {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let last = self.blocks.len() - 1;
        self.blocks[last].push(row);
        at
    }

    fn last(&self) -> &Vec<T> {
        &self.blocks[self.blocks.len() - 1]
    }

    /// How many places there are, free ones among them.
    pub fn places(&self) -> usize {
        (self.blocks.len() - 1) * BLOCK + self.last().len()
    }

    /// Take a row out.
    #[inline]
    pub fn remove(&mut self, at: u32) -> T {
        self.free.push(at);
        std::mem::replace(&mut self[at], T::FREE)
    }

    /// All rows with their places.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..)
            .zip(self.blocks.iter().flatten())
            .filter(|(_, row)| !row.is_free())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places() - self.free.len()
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: u32) -> &T {
        &self.blocks[(at >> BITS) as usize][at as usize % BLOCK]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, at: u32) -> &mut T {
        &mut self.blocks[(at >> BITS) as usize][at as usize % BLOCK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Row for u32 {
        const FREE: Self = 0;

        fn is_free(&self) -> bool {
            *self == 0
        }
    }

    #[test]
    fn a_row_keeps_its_place_over_blocks() {
        let mut slab = Slab::default();
        let rows: u32 = (3 << BITS) + 5;
        for row in 0..rows {
            assert_eq!(row, slab.insert(row + 1));
        }
        for at in (0..rows).step_by(2) {
            assert_eq!(at + 1, slab.remove(at));
        }
        assert_eq!(Ok(rows / 2), u32::try_from(slab.len()));
        assert!(slab.iter().all(|(at, row)| at % 2 == 1 && *row == at + 1));
        assert_eq!(Ok(rows / 2), u32::try_from(slab.iter().count()));
        for row in 0..=rows / 2 {
            let at = slab.insert(row + 7);
            assert!(at < rows && at % 2 == 0 && slab[at] == row + 7);
        }
        assert_eq!(rows, slab.insert(1));
    }
}
