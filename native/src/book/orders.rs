//! The slots of resting orders.

use super::index::NONE;
use crate::schemas::enums::{SelfTrade, Side, TimeInForce};

/// What nearly every command looks at: one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
#[allow(clippy::struct_field_names)] // named as in the messages
pub struct Order {
    pub order_id: i64,
    pub account: i64,
    pub price: i64,
    /// Lots in all: filled + remaining.
    pub size: i64,
    pub remaining: i64,
    /// Its level; NONE while it is on none. A free slot is on none.
    pub level: u32,
    /// The one behind it on its level; of a free slot the next free one.
    pub next: u32,
    /// The one before it on its level.
    pub previous: u32,
    /// The next younger order of its account.
    pub younger: u32,
    /// The next older order of its account.
    pub older: u32,
    pub side: Side,
    pub time_in_force: TimeInForce,
    pub self_trade: SelfTrade,
    pub marks: Marks,
}

/// Two booleans of an order in a byte.
#[derive(Clone, Copy, Debug)]
pub struct Marks(u8);

impl Marks {
    pub fn new(post_only: bool, expires: bool) -> Self {
        Self(u8::from(post_only) | (u8::from(expires) << 1))
    }

    #[inline]
    pub fn post_only(self) -> bool {
        self.0 & 1 != 0
    }

    #[inline]
    pub fn expires(self) -> bool {
        self.0 & 2 != 0
    }
}

/// What a cancel does not look at.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct Terms {
    pub arrival: i64,
    pub expire_ms: i64,
    pub maker_fee_ppm: i64,
    pub taker_fee_ppm: i64,
}

const _: () = assert!(size_of::<Order>() == 64 && size_of::<Terms>() == 32);

/// All slots; a slot that is freed is the next one used, while it is still in the cache.
#[derive(Clone, Debug)]
pub struct Orders {
    slots: Vec<Order>,
    terms: Vec<Terms>,
    free: u32,
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            slots: vec![NOTHING],
            terms: vec![NO_TERMS],
            free: NONE,
        }
    }
}

const NOTHING: Order = Order {
    order_id: 0,
    account: 0,
    price: 0,
    size: 0,
    remaining: 0,
    level: NONE,
    next: NONE,
    previous: NONE,
    younger: NONE,
    older: NONE,
    side: Side::Buy,
    time_in_force: TimeInForce::Gtc,
    self_trade: SelfTrade::Dc,
    marks: Marks(0),
};

const NO_TERMS: Terms = Terms {
    arrival: 0,
    expire_ms: 0,
    maker_fee_ppm: 0,
    taker_fee_ppm: 0,
};

impl Orders {
    /// A free slot, no longer free: an order and terms are to be put there.
    #[inline]
    pub fn take_slot(&mut self) -> u32 {
        if self.free == NONE {
            self.extend();
        }
        let slot = self.free;
        self.free = self.slots[slot as usize].next;
        slot
    }

    /// How many slots there are, free ones among them.
    pub fn places(&self) -> usize {
        self.slots.len()
    }

    #[cold]
    #[inline(never)]
    fn extend(&mut self) {
        let slot = u32::try_from(self.slots.len()).expect("orders are counted in 32 bits");
        // By a quarter and not to the double: what a large book has to spare is not little.
        if self.slots.len() == self.slots.capacity() {
            self.slots.reserve_exact((self.slots.len() / 4).max(1_024));
            let spare = self.slots.capacity() - self.terms.len();
            self.terms.reserve_exact(spare);
        }
        self.slots.push(NOTHING);
        self.terms.push(NO_TERMS);
        self.free = slot;
    }

    #[inline]
    pub fn put(&mut self, slot: u32, order: Order, terms: Terms) {
        self.slots[slot as usize] = order;
        self.terms[slot as usize] = terms;
    }

    /// Free a slot; its values stay readable until it is used again.
    #[inline]
    pub fn free(&mut self, slot: u32) {
        let order = &mut self.slots[slot as usize];
        order.level = NONE;
        order.next = self.free;
        self.free = slot;
    }

    #[inline]
    pub fn get(&self, slot: u32) -> &Order {
        &self.slots[slot as usize]
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> &mut Order {
        &mut self.slots[slot as usize]
    }

    #[inline]
    pub fn terms(&self, slot: u32) -> &Terms {
        &self.terms[slot as usize]
    }

    /// The slots of all resting orders, oldest first.
    pub fn by_arrival(&self) -> Vec<u32> {
        let mut ranks: Vec<(i64, u32)> = (0..)
            .zip(&self.slots)
            .zip(&self.terms)
            .filter(|((_, order), _)| order.level != NONE)
            .map(|((slot, _), terms)| (terms.arrival, slot))
            .collect();
        ranks.sort_unstable();
        ranks.into_iter().map(|(_, slot)| slot).collect()
    }
}
