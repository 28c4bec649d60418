//! The accounts and their balances, by place.

use crate::shard::slab::NOWHERE;
use crate::shard::table::{Hashed, Table, hashed_pair};

/// An open account, 24 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Its number.
    pub number: i64,
    /// The first of its balances.
    pub funds: u32,
    /// Its oldest order that is not done.
    pub oldest: u32,
    /// The newest.
    pub newest: u32,
    /// How many there are.
    pub open: u32,
}

/// A balance of one asset: all that a look-up, a posting and an event need is in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Funds {
    /// Units.
    pub available: i128,
    /// Units.
    pub held: i128,
    /// The account's number.
    pub number: i64,
    /// The place of the account.
    pub account: u32,
    /// The place of the asset.
    pub asset: u32,
    /// The account's next balance, in a ring.
    next: u32,
}

/// All accounts. None is ever closed.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    /// The accounts by place.
    pub rows: Vec<Account>,
    /// The balances by place.
    pub funds: Vec<Funds>,
    by_account: Table<Hashed>,
    by_asset: Table<Hashed>, // by account and asset
}

fn tag(account: i64) -> u32 {
    hashed_pair(account, NOWHERE) // no asset's place
}

impl Accounts {
    /// The place of an account.
    pub fn find(&self, account: i64) -> Option<u32> {
        let is_it = |at: u32| self.rows[at as usize].number == account;
        self.by_account.find(tag(account), is_it)
    }

    /// The place of an account's balance of an asset.
    #[inline]
    pub fn find_funds(&self, account: i64, asset: u32) -> Option<u32> {
        self.by_asset.find(hashed_pair(account, asset), |at| {
            let funds = &self.funds[at as usize];
            funds.number == account && funds.asset == asset
        })
    }

    /// Something that stands where this balance is looked for.
    #[inline]
    pub fn fetch(&self, account: i64, asset: u32) -> u64 {
        self.by_asset.fetch(hashed_pair(account, asset))
    }

    /// Open an account that is not.
    pub fn open(&mut self, account: i64) -> u32 {
        let at = u32::try_from(self.rows.len()).expect("fewer than 2^32 accounts");
        self.rows.push(Account {
            number: account,
            funds: NOWHERE,
            oldest: NOWHERE,
            newest: NOWHERE,
            open: 0,
        });
        self.by_account.insert(tag(account), at);
        at
    }

    /// The balance of an asset of an account, of zeros when it is new.
    pub fn funds_of(&mut self, account: u32, asset: u32) -> u32 {
        let number = self.rows[account as usize].number;
        if let Some(at) = self.find_funds(number, asset) {
            return at;
        }
        let at = u32::try_from(self.funds.len()).expect("fewer than 2^32 balances");
        let row = &mut self.rows[account as usize];
        let next = if row.funds == NOWHERE {
            row.funds = at;
            at
        } else {
            std::mem::replace(&mut self.funds[row.funds as usize].next, at)
        };
        self.funds.push(Funds {
            available: 0,
            held: 0,
            number,
            account,
            asset,
            next,
        });
        self.by_asset.insert(hashed_pair(number, asset), at);
        at
    }

    /// The balance of another asset of the account that has a balance.
    #[inline]
    pub fn other_funds(&mut self, funds: u32, asset: u32) -> u32 {
        // Most accounts have two or three: the next is the one, and it is needed anyway.
        let mut at = funds;
        for _ in 0..4 {
            at = self.funds[at as usize].next;
            if self.funds[at as usize].asset == asset {
                return at;
            }
        }
        self.funds_of(self.funds[funds as usize].account, asset)
    }

    /// The places of an account's balances.
    pub fn all_funds(&self, account: u32) -> impl Iterator<Item = u32> {
        let first = self.rows[account as usize].funds;
        let mut next = (first != NOWHERE).then_some(first);
        std::iter::from_fn(move || {
            let at = next?;
            next = Some(self.funds[at as usize].next).filter(|next| *next != first);
            Some(at)
        })
    }
}
