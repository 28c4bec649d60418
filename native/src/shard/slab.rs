//! Rows that keep their places: a vector with a list of the free ones.

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

/// Rows by their places.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    rows: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
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
        let at = u32::try_from(self.rows.len()).expect("fewer than 2^32 rows");
        self.rows.push(row);
        at
    }

    /// Take a row out.
    #[inline]
    pub fn remove(&mut self, at: u32) -> T {
        self.free.push(at);
        std::mem::replace(&mut self[at], T::FREE)
    }

    /// All rows with their places.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.rows).filter(|(_, row)| !row.is_free())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len() - self.free.len()
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: u32) -> &T {
        &self.rows[at as usize]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, at: u32) -> &mut T {
        &mut self.rows[at as usize]
    }
}
