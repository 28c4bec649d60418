//! The memory of command ids: a repeat gets the first answer, and can never outlive the memory.
//!
//! An id is pinned while its request is pending or its order is open; a transfer's is pinned for
//! ever. Any other ends when it need not be kept any longer: from that millisecond on nothing finds
//! it, and it may be used anew, in a row of its own. The row that has ended waits in a calendar,
//! exactly once, and keeps its place until it comes up: when that is is for nobody to see, so it
//! may be in any order and in steps of a few, and no command pays for all that ended in a pause.

use crate::schemas::enums::Reason;
use crate::shard::ahead::STRETCH;
use crate::shard::content::{Content, content};
use crate::shard::due::Due;
use crate::shard::id::Id;
use crate::shard::ledger::Head;
use crate::shard::recall::{Form, kept};
use crate::shard::slab::{Row, Slab};
use crate::shard::table::{Hashed, Table, hashed};
use std::hint::black_box;

/// A first answer, without what the id or the order says already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The book has not given it yet.
    Nothing,
    /// A place was accepted: the place of its order.
    Received(u32),
    /// A cancel or amend took effect: the `order_id`.
    Accepted(i64),
    /// A cancel-all (how many) or transfer (0) took effect.
    Counted(i64),
    /// Refused: the `order_id` it was about, or 0.
    Rejected(Reason, i64),
}

// What was said, in a byte: with the reason of a refusal.
const FREE: u8 = 0;
const NOTHING: u8 = 1;
const RECEIVED: u8 = 2;
const ACCEPTED: u8 = 3;
const COUNTED: u8 = 4;
const REJECTED: u8 = 5;

/// What is remembered of one id, 80 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Who commanded.
    pub account: i64,
    /// What tells a repeat from other content, or what that is made from.
    pub content: Content,
    /// Remembered at least until then.
    pub keep_until_ms: i64,
    // The number in what was said: as an enum, that would take 8 bytes more.
    about: i64,
    /// The client's identifier.
    pub id: Id,
    said: u8,
    /// What stands in the room of the content.
    pub form: Form,
    /// Not to be forgotten for now.
    pub pinned: bool,
}

impl Known {
    /// What is new.
    pub fn new(account: i64, id: Id, content: Content) -> Self {
        Self {
            account,
            content,
            id,
            ..Self::FREE
        }
    }

    /// Whether it counts as unknown; what has ended never comes back.
    #[inline]
    pub fn has_ended(&self, time_ms: i64) -> bool {
        self.keep_until_ms < time_ms && !self.pinned
    }

    /// What was answered first.
    #[inline]
    pub fn said(&self) -> Said {
        match self.said {
            FREE | NOTHING => Said::Nothing,
            RECEIVED => {
                Said::Received(u32::try_from(self.about).expect("it was a place of an order"))
            }
            ACCEPTED => Said::Accepted(self.about),
            COUNTED => Said::Counted(self.about),
            rejected => {
                let reason = Reason::at(i64::from(rejected - REJECTED));
                Said::Rejected(reason.expect("it was a reason"), self.about)
            }
        }
    }

    #[inline]
    fn say(&mut self, said: Said) {
        (self.said, self.about) = match said {
            Said::Nothing => (NOTHING, 0),
            Said::Received(order) => (RECEIVED, i64::from(order)),
            Said::Accepted(order_id) => (ACCEPTED, order_id),
            Said::Counted(count) => (COUNTED, count),
            Said::Rejected(reason, order_id) => (REJECTED + reason as u8, order_id),
        };
    }
}

impl Row for Known {
    const FREE: Self = Self {
        account: 0,
        content: [0; 16],
        keep_until_ms: 0,
        about: 0,
        id: Id::NONE,
        said: FREE,
        form: Form::Content,
        pinned: false,
    };

    fn is_free(&self) -> bool {
        self.said == FREE
    }
}

/// The ids of all accounts of a shard.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The ids.
    pub known: Slab<Known>,
    by_id: Table<Hashed>,
    due: Due,
    time_ms: i64,
    text: Vec<u8>, // kept for its room
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(0)
    }
}

/// The tag of an id of an account.
#[inline]
pub fn tag(account: i64, id: &Id) -> u32 {
    hashed(account, id.bytes())
}

impl Memory {
    /// A memory of nothing, at a time.
    pub fn new(time_ms: i64) -> Self {
        Self {
            known: Slab::default(),
            by_id: Table::default(),
            due: Due::new(time_ms),
            time_ms,
            text: Vec::new(),
        }
    }

    /// The place of a command's id.
    #[inline]
    pub fn find(&self, head: &Head<'_>) -> Option<u32> {
        if head.id == Id::NONE {
            return None;
        }
        self.find_tagged(head.tag, head.account, &head.id)
    }

    /// Something that stands where the id of this tag is looked for.
    #[inline]
    pub fn fetch(&self, tag: u32) -> u64 {
        self.by_id.fetch(tag)
    }

    /// The place of any id of an account.
    pub fn find_text(&self, account: i64, command_id: &str) -> Option<u32> {
        let id = Id::new(command_id)?;
        self.find_tagged(tag(account, &id), account, &id)
    }

    #[inline]
    fn find_tagged(&self, tag: u32, account: i64, id: &Id) -> Option<u32> {
        let is_it = |at| {
            let known = &self.known[at];
            known.account == account && known.id == *id && !known.has_ended(self.time_ms)
        };
        self.by_id.find(tag, is_it)
    }

    /// Take in a new command and its answer.
    pub fn remember(
        &mut self,
        head: &Head<'_>,
        keep_until_ms: i64,
        said: Said,
        pinned: bool,
    ) -> u32 {
        debug_assert!(self.find(head).is_none(), "an id is taken in once");
        let (form, content) = match kept(head.command, said) {
            Some(kept) => kept,
            None => (Form::Content, content(head.command, &mut self.text)),
        };
        let mut known = Known::new(head.account, head.id, content);
        known.form = form;
        known.keep_until_ms = keep_until_ms;
        known.pinned = pinned;
        known.say(said);
        self.take_in(head.tag, known)
    }

    /// Take in an id as it was remembered.
    pub fn restore(&mut self, mut known: Known, said: Said) -> u32 {
        known.say(said);
        self.take_in(tag(known.account, &known.id), known)
    }

    fn take_in(&mut self, tag: u32, known: Known) -> u32 {
        let at = self.known.insert(known);
        self.by_id.insert(tag, at);
        if !known.pinned {
            self.due.push(known.keep_until_ms, at);
        }
        at
    }

    /// Keep an id until this time at least; its place in the calendar follows when it comes up.
    pub fn extend(&mut self, at: u32, keep_until_ms: i64) {
        let known = &mut self.known[at];
        known.keep_until_ms = known.keep_until_ms.max(keep_until_ms);
    }

    /// Take in the answer that was pending.
    pub fn answer(&mut self, at: u32, said: Said, time_ms: i64) {
        let known = &mut self.known[at];
        assert!(known.said == NOTHING, "a command is answered once");
        known.say(said);
        self.release(at, time_ms);
    }

    /// Unpin an id; it stays until this time, or its own if that is later.
    pub fn release(&mut self, at: u32, keep_until_ms: i64) {
        let known = &mut self.known[at];
        assert!(known.pinned, "an id is unpinned once");
        known.pinned = false;
        known.keep_until_ms = known.keep_until_ms.max(keep_until_ms);
        self.due.push(known.keep_until_ms, at);
    }

    /// Whether the id at a place has ended.
    #[inline]
    pub fn has_ended(&self, at: u32) -> bool {
        self.known[at].has_ended(self.time_ms)
    }

    /// Let time pass: what was to be kept until before has ended.
    #[inline]
    pub fn advance(&mut self, time_ms: i64) {
        self.time_ms = time_ms;
        self.due.advance(time_ms);
    }

    /// Whether there are rows to be looked at.
    #[inline]
    pub fn is_behind(&self) -> bool {
        self.due.is_behind()
    }

    /// Look at the next rows that are due, a stretch at most, and drop those that have ended; put the
    /// places of the orders that they placed into the room, and return how many those are.
    pub fn forget(&mut self, orders: &mut [u32; STRETCH]) -> usize {
        let mut places = [0; STRETCH];
        let count = self.due.take(&mut places);
        let places = &places[..count];
        // What is dropped is looked up together: see `ahead`.
        let mut tags = [0; STRETCH];
        let mut seen = 0;
        for (found, at) in tags.iter_mut().zip(places) {
            let known = &self.known[*at];
            *found = tag(known.account, &known.id);
            seen ^= self.by_id.fetch(*found);
        }
        black_box(seen);
        let mut count = 0;
        for (tag, at) in tags.into_iter().zip(places) {
            let known = &self.known[*at];
            if !known.has_ended(self.time_ms) {
                self.due.push(known.keep_until_ms, *at); // extended since, or far off
                continue;
            }
            assert!(known.said != NOTHING, "a pending id is pinned: {known:?}");
            if let Said::Received(order) = known.said() {
                orders[count] = order;
                count += 1;
            }
            self.known.remove(*at);
            self.by_id.remove(tag, *at);
        }
        count
    }

    /// Assert that exactly the unpinned rows wait, and that nothing finds what has ended.
    pub fn check(&self, time_ms: i64) {
        assert_eq!(
            self.time_ms, time_ms,
            "the memory is at the time of the shard"
        );
        let mut waiting: Vec<u32> = Vec::new();
        for (at, known) in self.known.iter() {
            assert!(
                known.pinned || known.said != NOTHING,
                "a pending id is pinned"
            );
            let tag = tag(known.account, &known.id);
            let found = self.find_tagged(tag, known.account, &known.id);
            if known.pinned || known.keep_until_ms >= time_ms {
                assert_eq!(found, Some(at), "an id is taken in once");
            } else {
                assert_ne!(found, Some(at), "what has ended is not found");
            }
            if !known.pinned {
                waiting.push(at);
            }
        }
        let mut due: Vec<u32> = self.due.waiting().collect();
        due.sort_unstable();
        assert_eq!(waiting, due, "exactly the unpinned rows wait to be dropped");
        assert_eq!(
            self.known.len(),
            self.by_id.len(),
            "every row stands under its name"
        );
    }
}
