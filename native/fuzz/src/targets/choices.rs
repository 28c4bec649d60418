//! An input as decisions: each byte is one, so that a changed byte is a changed decision.

use partita_native::limits::AMOUNT_MAX;

/// The bytes that are left of an input. When they are used up all decisions are 0.
pub struct Choices<'a> {
    left: &'a [u8],
}

impl<'a> Choices<'a> {
    /// Decide by these bytes.
    pub fn new(data: &'a [u8]) -> Self {
        Self { left: data }
    }

    /// Whether there is nothing left.
    pub fn are_over(&self) -> bool {
        self.left.is_empty()
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.left.split_first() else {
            return 0;
        };
        self.left = rest;
        *first
    }

    /// A number from 0 below a bound of at most 256.
    pub fn below(&mut self, bound: i64) -> i64 {
        i64::from(self.byte()) % bound
    }

    /// One of several.
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.byte()) % all.len()]
    }

    /// Bytes as they stand, up to 255.
    pub fn bytes(&mut self) -> &'a [u8] {
        let count = usize::from(self.byte()).min(self.left.len());
        let (bytes, rest) = self.left.split_at(count);
        self.left = rest;
        bytes
    }

    /// Any number; most are small, or next to a bound.
    pub fn number(&mut self) -> i64 {
        match self.byte() % 8 {
            0..=3 => self.below(17),
            4 => {
                let power = 1_i64 << self.below(63);
                power + self.below(3) - 1
            }
            5 => self.of(&[i64::MIN, i64::MAX, AMOUNT_MAX, AMOUNT_MAX + 1, -1]),
            6 => i64::from(self.byte()) << 8 | i64::from(self.byte()),
            _ => {
                let mut bytes = [0; 8];
                bytes.fill_with(|| self.byte());
                i64::from_le_bytes(bytes)
            }
        }
    }

    /// Bytes that are some record's, changed: a number of bytes is written over, or its end cut off.
    pub fn mutated(&mut self, record: &[u8]) -> Vec<u8> {
        let mut changed = record.to_vec();
        if changed.is_empty() {
            return changed;
        }
        for _ in 0..=self.below(4) {
            let at = usize::from(self.byte()) << 8 | usize::from(self.byte());
            let length = changed.len();
            changed[at % length] = self.byte();
        }
        if self.below(8) == 7 {
            let kept = usize::from(self.byte());
            changed.truncate(kept);
        }
        changed
    }
}
