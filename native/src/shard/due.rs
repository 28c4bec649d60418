//! When rows of ids may be dropped: a calendar of seconds.
//!
//! An id ends by itself in its millisecond, so its row may come up at any time after that: here with
//! all of its second, when that has passed. A heap of all ids costs a walk over its levels for
//! each; here each is moved with its second, as a vector, and looked at once.

use std::collections::VecDeque;

const BITS: u32 = 10; // a second is one of 1,024 ms
/// Seconds ahead; what is later waits in the last and is put off again.
const SECONDS: usize = 4_096;

/// Places of ids by the second in which they are due.
#[derive(Clone, Debug)]
pub struct Due {
    /// The second that is on.
    second: i64,
    /// It, and those after it.
    later: VecDeque<Vec<u32>>,
    /// Those that have passed, each with some places.
    passed: VecDeque<Vec<u32>>,
}

impl Due {
    /// A calendar that begins at a time.
    pub fn new(time_ms: i64) -> Self {
        Self {
            second: time_ms >> BITS,
            later: VecDeque::new(),
            passed: VecDeque::new(),
        }
    }

    /// Note that this place comes up some time after `due_ms`, or before and then again.
    #[inline]
    pub fn push(&mut self, due_ms: i64, place: u32) {
        // No overflow, and what is overdue comes up with the second that is on.
        let ahead = (due_ms >> BITS).max(self.second).abs_diff(self.second);
        let ahead = usize::try_from(ahead).map_or(SECONDS - 1, |ahead| ahead.min(SECONDS - 1));
        if self.later.len() <= ahead {
            self.later.resize_with(ahead + 1, Vec::new);
        }
        self.later[ahead].push(place);
    }

    /// Let time pass.
    #[inline]
    pub fn advance(&mut self, time_ms: i64) {
        let second = time_ms >> BITS;
        if second > self.second {
            self.pass(second);
        }
    }

    fn pass(&mut self, second: i64) {
        let count = usize::try_from(second.abs_diff(self.second)).unwrap_or(SECONDS);
        self.second = second;
        let seconds = self.later.drain(..count.min(self.later.len()));
        self.passed
            .extend(seconds.filter(|places| !places.is_empty()));
    }

    /// Whether a second has passed whose places have not all been taken.
    #[inline]
    pub fn is_behind(&self) -> bool {
        !self.passed.is_empty()
    }

    /// Take the next places of the seconds that have passed, as many as there is room for; return
    /// how many.
    pub fn take(&mut self, room: &mut [u32]) -> usize {
        let mut count = 0;
        while count < room.len()
            && let Some(places) = self.passed.front_mut()
        {
            let rest = places.len().saturating_sub(room.len() - count);
            for place in places.drain(rest..) {
                room[count] = place;
                count += 1;
            }
            if rest == 0 {
                self.passed.pop_front();
            }
        }
        count
    }

    /// All places that wait.
    pub fn waiting(&self) -> impl Iterator<Item = u32> {
        self.passed.iter().chain(&self.later).flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(due: &mut Due) -> Vec<u32> {
        let mut room = [0; 4];
        let mut all = Vec::new();
        loop {
            let count = due.take(&mut room);
            if count == 0 {
                all.sort_unstable();
                return all;
            }
            all.extend(&room[..count]);
        }
    }

    #[test]
    fn a_place_comes_up_when_its_second_has_passed() {
        let mut due = Due::new(5_000);
        for (place, due_ms) in (0..).zip([5_119, 5_120, 6_143, 6_144, 4, i64::MIN]) {
            due.push(due_ms, place);
        }
        assert!(taken(&mut due).is_empty());
        due.advance(5_119);
        assert!(taken(&mut due).is_empty());
        due.advance(5_120);
        assert_eq!([0, 4, 5], taken(&mut due)[..]);
        due.advance(6_143);
        assert!(taken(&mut due).is_empty());
        due.advance(7_168);
        due.advance(5_120); // time does not go back
        assert_eq!([1, 2, 3], taken(&mut due)[..]);
        assert_eq!(0, due.waiting().count());
    }

    #[test]
    fn what_is_far_off_comes_up_early_and_what_a_pause_left_in_any_order() {
        let mut due = Due::new(0);
        due.push(i64::MAX, 1);
        for place in 2..12 {
            due.push(i64::from(place) * 100, place);
        }
        due.advance(5_000_000);
        assert_eq!(11, due.waiting().count());
        assert_eq!((1..12).collect::<Vec<_>>(), taken(&mut due));
        assert!(!due.is_behind());
        due.push(i64::MAX, 1);
        due.advance(i64::MAX);
        assert_eq!([1], taken(&mut due)[..]);
    }

    #[test]
    fn a_step_takes_as_many_from_sparse_seconds_as_from_a_full_one() {
        let mut due = Due::new(0);
        for place in 0..10 {
            due.push(i64::from(place / 2) * 1_024, place);
        }
        due.advance(1 << 20);
        let mut room = [0; 8];
        assert_eq!(8, due.take(&mut room));
        assert_eq!(2, due.take(&mut room));
    }
}
