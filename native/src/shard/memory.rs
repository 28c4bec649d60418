//! The memory of command ids: a repeat gets the first answer, and can never outlive the memory.
//!
//! An id is pinned while its request is pending or its order is open; a transfer's is pinned for
//! ever. Any other waits in a calendar, exactly once, until it is forgotten.

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
    // Kept for their room.
    ready: Vec<u32>,
    text: Vec<u8>,
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
            ready: Vec::new(),
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
            known.account == account && known.id == *id
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

    /// Drop all ids that were to be kept until before this time; tell what their answers were.
    pub fn forget(&mut self, time_ms: i64, mut gone: impl FnMut(Said)) {
        let mut ready = std::mem::take(&mut self.ready);
        self.due.advance(time_ms, &mut ready);
        for stretch in ready.chunks(STRETCH) {
            // What is dropped is looked up together: see `ahead`.
            let mut tags = [0; STRETCH];
            let mut seen = 0;
            for (found, at) in tags.iter_mut().zip(stretch) {
                let known = &self.known[*at];
                *found = tag(known.account, &known.id);
                seen ^= self.by_id.fetch(*found);
            }
            black_box(seen);
            for (tag, at) in tags.into_iter().zip(stretch) {
                self.forget_one(tag, *at, time_ms, &mut gone);
            }
        }
        ready.clear();
        self.ready = ready;
    }

    fn forget_one(&mut self, tag: u32, at: u32, time_ms: i64, gone: &mut impl FnMut(Said)) {
        let known = &self.known[at];
        if known.keep_until_ms >= time_ms {
            // Not yet, or extended since.
            self.due.push(known.keep_until_ms, at);
            return;
        }
        let said = known.said();
        assert!(known.said != NOTHING, "a pending id is pinned: {known:?}");
        self.known.remove(at);
        self.by_id.remove(tag, at);
        gone(said);
    }

    /// Assert that exactly the unpinned ids wait, none longer than it has to.
    pub fn check(&self, time_ms: i64) {
        let mut waiting: Vec<u32> = Vec::new();
        for (at, known) in self.known.iter() {
            assert!(
                known.pinned || known.said != NOTHING,
                "a pending id is pinned"
            );
            assert!(
                known.pinned || known.keep_until_ms >= time_ms,
                "none is overdue"
            );
            let tag = tag(known.account, &known.id);
            let found = self.find_tagged(tag, known.account, &known.id);
            assert_eq!(found, Some(at), "an id is taken in once");
            if !known.pinned {
                waiting.push(at);
            }
        }
        let mut due: Vec<u32> = self.due.waiting().collect();
        due.sort_unstable();
        assert_eq!(
            waiting, due,
            "exactly the unpinned ids wait to be forgotten"
        );
        assert_eq!(
            self.known.len(),
            self.by_id.len(),
            "every id is found by its name"
        );
    }
}
