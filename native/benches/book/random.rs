//! Pseudo-random numbers, the same in every run.

/// A xorshift generator.
pub struct Random(u64);

impl Random {
    /// Begin at a seed that is not 0.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound).expect("a bound");
        i64::try_from((self.0 >> 11) % bound).expect("below the bound")
    }

    /// Put a list in random order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            let other = self.below(i64::try_from(at).expect("a place") + 1);
            list.swap(at, usize::try_from(other).expect("a place"));
        }
    }
}
