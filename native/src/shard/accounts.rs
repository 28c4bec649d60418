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

/// A balance of one asset, 48 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Funds {
    /// Units.
    pub available: i128,
    /// Units.
    pub held: i128,
    /// The place of the account.
    pub account: u32,
    /// The place of the asset.
    pub asset: u32,
    /// The account's next balance.
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
            funds.asset == asset && self.rows[funds.account as usize].number == account
        })
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
        let row = &mut self.rows[account as usize];
        let number = row.number;
        if let Some(at) = self.find_funds(number, asset) {
            return at;
        }
        let at = u32::try_from(self.funds.len()).expect("fewer than 2^32 balances");
        let row = &mut self.rows[account as usize];
        self.funds.push(Funds {
            available: 0,
            held: 0,
            account,
            asset,
            next: row.funds,
        });
        row.funds = at;
        self.by_asset.insert(hashed_pair(number, asset), at);
        at
    }

    /// The places of an account's balances.
    pub fn all_funds(&self, account: u32) -> impl Iterator<Item = u32> {
        let mut at = self.rows[account as usize].funds;
        std::iter::from_fn(move || {
            let found = (at != NOWHERE).then_some(at)?;
            at = self.funds[found as usize].next;
            Some(found)
        })
    }
}
