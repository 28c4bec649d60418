//! The rules of symbols as last heard, by place.

use crate::schemas::enums::Side;
use crate::schemas::instrument::Instrument;
use crate::shard::table::{Hashed, Table, hashed_pair};
use std::ops::{Index, IndexMut};

/// The rules of a symbol and what belongs to them.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The rules.
    pub rules: Instrument,
    /// The place of the asset that is traded.
    pub base: u32,
    /// The place of the asset that is paid.
    pub quote: u32,
    /// The clearing account in base.
    pub clearing_base: i128,
    /// The clearing account in quote.
    pub clearing_quote: i128,
}

impl Listed {
    /// The place of the asset that an order of this side holds.
    #[inline]
    pub fn held(&self, side: Side) -> u32 {
        match side {
            Side::Sell => self.base,
            Side::Buy => self.quote,
        }
    }

    /// Units of the asset that are so much of a hold of this side.
    #[inline]
    pub fn units(&self, side: Side, hold: i64) -> i128 {
        match side {
            Side::Sell => i128::from(hold) * i128::from(self.rules.lot),
            Side::Buy => i128::from(hold),
        }
    }
}

/// All symbols. None is ever forgotten.
#[derive(Clone, Debug, Default)]
pub struct Instruments {
    /// The symbols by place.
    pub listed: Vec<Listed>,
    by_id: Table<Hashed>,
}

fn tag(instrument_id: i64) -> u32 {
    hashed_pair(instrument_id, 0)
}

impl Instruments {
    /// The place of a symbol.
    #[inline]
    pub fn find(&self, instrument_id: i64) -> Option<u32> {
        let is_it = |at: u32| self.listed[at as usize].rules.instrument_id == instrument_id;
        self.by_id.find(tag(instrument_id), is_it)
    }

    /// Take in a symbol that is new.
    pub fn add(&mut self, listed: Listed) {
        let at = u32::try_from(self.listed.len()).expect("fewer than 2^32 symbols");
        self.by_id.insert(tag(listed.rules.instrument_id), at);
        self.listed.push(listed);
    }
}

impl Index<u32> for Instruments {
    type Output = Listed;

    #[inline]
    fn index(&self, at: u32) -> &Listed {
        &self.listed[at as usize]
    }
}

impl IndexMut<u32> for Instruments {
    #[inline]
    fn index_mut(&mut self, at: u32) -> &mut Listed {
        &mut self.listed[at as usize]
    }
}
