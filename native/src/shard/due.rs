//! When ids are to be looked at: a calendar of milliseconds and, further off, of seconds.
//!
//! A heap of all ids costs a walk over its levels for each; here each is moved once, at most, from
//! its second to its millisecond, and what is next lies together.

use std::collections::VecDeque;

const BITS: u32 = 10;
const MS: usize = 1 << BITS;
/// Seconds (of 1,024 ms) ahead; what is later waits in the last and is put off again.
const SECONDS: usize = 4_096;

/// Places of ids by the time when they come up, never later than they are due.
#[derive(Clone, Debug)]
pub struct Due {
    /// All before this has come up.
    time_ms: i64,
    /// The milliseconds of the second that is on.
    now: Vec<Vec<u32>>,
    /// The seconds after it.
    later: VecDeque<Vec<u32>>,
}

impl Due {
    /// A calendar that begins at a time.
    pub fn new(time_ms: i64) -> Self {
        Self {
            time_ms,
            now: vec![Vec::new(); MS],
            later: VecDeque::new(),
        }
    }

    /// Note that this place comes up when `due_ms` has passed.
    #[inline]
    pub fn push(&mut self, due_ms: i64, place: u32) {
        let due_ms = due_ms.max(self.time_ms);
        // Never below 0, and no overflow: what is too far off waits in the last second.
        let ahead = (due_ms >> BITS).abs_diff(self.time_ms >> BITS);
        let Some(ahead) = ahead.checked_sub(1) else {
            return self.now[of_second(due_ms)].push(place);
        };
        let ahead = usize::try_from(ahead).map_or(SECONDS - 1, |ahead| ahead.min(SECONDS - 1));
        if self.later.len() <= ahead {
            self.later.resize_with(ahead + 1, Vec::new);
        }
        self.later[ahead].push(place);
    }

    /// Let time pass; give the places that may be due before it. Those that are not are pushed anew.
    pub fn advance(&mut self, time_ms: i64, ready: &mut Vec<u32>) {
        let seconds = (time_ms >> BITS) - (self.time_ms >> BITS);
        let first = of_second(self.time_ms);
        self.time_ms = time_ms;
        if seconds == 0 {
            return Self::take(&mut self.now[first..of_second(time_ms)], ready);
        }
        Self::take(&mut self.now[first..], ready);
        let passed = usize::try_from(seconds).map_or(SECONDS, |seconds| seconds.min(SECONDS));
        for _ in 0..passed {
            match self.later.pop_front() {
                Some(mut places) => ready.append(&mut places),
                None => break,
            }
        }
    }

    /// All places that wait.
    pub fn waiting(&self) -> impl Iterator<Item = u32> {
        self.now.iter().chain(&self.later).flatten().copied()
    }

    fn take(milliseconds: &mut [Vec<u32>], ready: &mut Vec<u32>) {
        for places in milliseconds {
            if !places.is_empty() {
                ready.append(&mut std::mem::take(places));
            }
        }
    }
}

#[inline]
fn of_second(time_ms: i64) -> usize {
    const LAST: i64 = (1 << BITS) - 1;
    usize::try_from(time_ms & LAST).expect("a part of a second is small")
}
