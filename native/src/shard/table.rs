//! From a key to the place of its row in a slab.
//!
//! Open addressing with linear probing: a look-up is one cache line where a table of groups takes
//! two, and a clone is a copy of some vectors. An entry is 32 bits of the key, its tag, and the
//! place; whether the row is the one that is meant is for the caller to say. Growing goes through
//! both vectors from front to back, because a place in the vector is the front of a tag.
//!
//! The table is made of parts which grow one after the other: to move millions of entries at once
//! would stop the machine for longer than an order may take.

use foldhash::quality::FixedState;
use std::hash::{BuildHasher, Hasher};
use std::marker::PhantomData;

/// Where the entry of a tag should stand.
pub trait Home {
    /// In which part: any number, of which the lowest bits count.
    fn part(tag: u32) -> usize;

    /// At which place of a vector of 2^(32 - shift).
    fn home(tag: u32, shift: u32) -> usize;
}

/// Tags that are hashes.
#[derive(Clone, Copy, Debug)]
pub struct Hashed;

impl Home for Hashed {
    #[inline]
    fn part(tag: u32) -> usize {
        tag as usize
    }

    #[inline]
    fn home(tag: u32, shift: u32) -> usize {
        (tag >> shift) as usize
    }
}

/// Tags that are numbers given in turn: eight of them share a cache line, as they tend to be asked
/// for together.
#[derive(Clone, Copy, Debug)]
pub struct Numbered;

impl Home for Numbered {
    #[inline]
    fn part(tag: u32) -> usize {
        (tag >> 3) as usize
    }

    #[inline]
    fn home(tag: u32, shift: u32) -> usize {
        // Without the bits that tell the part: all of a part have the same ones.
        let line = (tag >> (3 + PART_BITS)).wrapping_mul(0x9E37_79B9) >> shift;
        (line & !7 | tag & 7) as usize
    }
}

/// The table.
#[derive(Clone, Debug)]
pub struct Table<H> {
    parts: Vec<Part<H>>,
}

#[derive(Clone, Debug)]
struct Part<H> {
    entries: Vec<u64>, // tag and place + 1; 0: none
    count: usize,
    shift: u32,
    home: PhantomData<H>,
}

const PART_BITS: u32 = 6;
const PARTS: usize = 1 << PART_BITS;
const BITS_MIN: u32 = 4;

impl<H: Home> Default for Table<H> {
    fn default() -> Self {
        Self {
            parts: (0..PARTS).map(|_| Part::with_bits(BITS_MIN)).collect(),
        }
    }
}

#[inline]
fn tag_of(entry: u64) -> u32 {
    (entry >> 32) as u32
}

impl<H: Home> Table<H> {
    #[inline]
    fn part(&self, tag: u32) -> &Part<H> {
        &self.parts[H::part(tag) % PARTS]
    }

    /// The place of the row of this tag that is meant.
    #[inline]
    pub fn find(&self, tag: u32, is_meant: impl FnMut(u32) -> bool) -> Option<u32> {
        self.part(tag).find(tag, is_meant)
    }

    /// The entry where the one of this tag should stand, whatever it is: so that it is near.
    #[inline]
    pub fn fetch(&self, tag: u32) -> u64 {
        let part = self.part(tag);
        part.entries[H::home(tag, part.shift) & (part.entries.len() - 1)]
    }

    /// Put in a row that is not there.
    #[inline]
    pub fn insert(&mut self, tag: u32, place: u32) {
        let at = H::part(tag) % PARTS;
        let part = &mut self.parts[at];
        if part.count >= most(part.entries.len(), at) {
            part.grow();
        }
        part.count += 1;
        part.put(entry(tag, place));
    }

    /// Take out a row that is there.
    pub fn remove(&mut self, tag: u32, place: u32) {
        self.parts[H::part(tag) % PARTS].remove(tag, place);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.count).sum()
    }
}

/// How many entries a part may have before it grows: a half in the first, three quarters in the
/// last, for tags that are spread evenly would fill all of them in the same moment.
#[inline]
fn most(entries: usize, part: usize) -> usize {
    entries / 2 + entries * part / (4 * PARTS)
}

#[inline]
fn entry(tag: u32, place: u32) -> u64 {
    u64::from(tag) << 32 | (u64::from(place) + 1)
}

impl<H: Home> Part<H> {
    fn with_bits(bits: u32) -> Self {
        Self {
            entries: vec![0; 1 << bits],
            count: 0,
            shift: 32 - bits,
            home: PhantomData,
        }
    }

    #[inline]
    fn find(&self, tag: u32, mut is_meant: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.entries.len() - 1;
        let mut at = H::home(tag, self.shift) & mask;
        loop {
            let entry = self.entries[at];
            if entry == 0 {
                return None;
            }
            if tag_of(entry) == tag {
                let place = place_of(entry);
                if is_meant(place) {
                    return Some(place);
                }
            }
            at = (at + 1) & mask;
        }
    }

    fn remove(&mut self, tag: u32, place: u32) {
        let mask = self.entries.len() - 1;
        let mut at = H::home(tag, self.shift) & mask;
        let entry = entry(tag, place);
        while self.entries[at] != entry {
            assert!(self.entries[at] != 0, "what is taken out is there");
            at = (at + 1) & mask;
        }
        self.count -= 1;
        // What stands behind it moves up, if that is nearer to where it should stand.
        let mut next = at;
        loop {
            next = (next + 1) & mask;
            let entry = self.entries[next];
            if entry == 0 {
                break;
            }
            let home = H::home(tag_of(entry), self.shift);
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(at) & mask) {
                self.entries[at] = entry;
                at = next;
            }
        }
        self.entries[at] = 0;
    }

    #[inline]
    fn put(&mut self, entry: u64) {
        let mask = self.entries.len() - 1;
        let mut at = H::home(tag_of(entry), self.shift) & mask;
        while self.entries[at] != 0 {
            at = (at + 1) & mask;
        }
        self.entries[at] = entry;
    }

    #[cold]
    fn grow(&mut self) {
        let larger = Self::with_bits(32 - self.shift + 1);
        let old = std::mem::replace(self, larger);
        self.count = old.count;
        for entry in old.entries {
            if entry != 0 {
                self.put(entry);
            }
        }
    }
}

#[inline]
fn place_of(entry: u64) -> u32 {
    (entry & 0xFFFF_FFFF) as u32 - 1
}

/// The tag of a key that clients make up. The seed is fixed, for what a machine does must not
/// depend on chance; it is not a secret, so this is no defence against a client with a laboratory.
#[inline]
pub fn hashed(number: i64, rest: &[u8]) -> u32 {
    let mut hasher = FixedState::with_seed(0x5061_7274_6974_6121).build_hasher();
    hasher.write_i64(number);
    hasher.write(rest);
    (hasher.finish() >> 32) as u32
}

/// The tag of a pair of numbers.
#[inline]
pub fn hashed_pair(number: i64, other: u32) -> u32 {
    let mut hasher = FixedState::with_seed(0x5061_7274_6974_6122).build_hasher();
    hasher.write_i64(number);
    hasher.write_u32(other);
    (hasher.finish() >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn agrees<H: Home>(tag_of: fn(u32) -> u32) {
        let mut table = Table::<H>::default();
        let mut model = BTreeMap::new();
        let mut random: u32 = 1;
        for step in 0..60_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = (random >> 8) % 4_000;
            let place = number;
            if model.remove(&number).is_some() {
                table.remove(tag_of(number), place);
            } else {
                table.insert(tag_of(number), place);
                model.insert(number, place);
            }
            let other = (step * 7) % 4_000;
            let found = table.find(tag_of(other), |place| place == other);
            assert_eq!(model.get(&other).copied(), found);
            assert_eq!(model.len(), table.len());
        }
    }

    /// The most entries that a search for one of these tags looks at.
    fn longest<H: Home>(tags: impl Iterator<Item = u32>) -> usize {
        let mut table = Table::<H>::default();
        for (place, tag) in (0..).zip(tags) {
            table.insert(tag, place);
        }
        let away = |part: &Part<H>| {
            let mask = part.entries.len() - 1;
            let used = (0..).zip(&part.entries).filter(|(_, entry)| **entry != 0);
            used.map(|(at, entry)| {
                let home = H::home(tag_of(*entry), part.shift);
                usize::wrapping_sub(at, home) & mask
            })
            .max()
        };
        table.parts.iter().filter_map(away).max().unwrap_or(0) + 1
    }

    #[test]
    fn numbers_in_turn_stand_where_they_should() {
        for count in [1_000, 9_000, 20_000, 300_000, 1_000_000, 2_000_000] {
            let found = longest::<Numbered>(77..77 + count);
            assert!(found <= 16, "{found} of {count}");
            let apart = longest::<Numbered>((0..count / 8).map(|number| number * 8));
            assert!(apart <= 16, "{apart} of {count} apart");
        }
    }

    #[test]
    fn it_finds_what_is_in_and_nothing_else() {
        agrees::<Hashed>(|number| hashed_pair(i64::from(number), 1));
        agrees::<Hashed>(|number| (number % 16) << 28 | 0x0FFF_FFFF); // collisions, at the end
        agrees::<Numbered>(|number| number);
        agrees::<Numbered>(|number| number / 3);
    }
}
