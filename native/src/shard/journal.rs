//! Double entry: postings sum to zero in each asset; nothing held or available is negative.
//!
//! The sums over all accounts are kept along the way, so that the shard's totals cost nothing to
//! tell. What is against the client's account is a step of its own: the caller's line is
//! `available + held + fees + clearing + external == 0`.

use crate::schemas::accounts::Balance;
use crate::shard::accounts::Accounts;

/// The shard's sums of one asset, in units.
#[derive(Clone, Copy, Debug)]
pub struct Sums {
    /// The asset.
    pub asset_id: i64,
    /// Over all accounts.
    pub available: i128,
    /// Over all accounts.
    pub held: i128,
    /// What was earned.
    pub fees: i128,
    /// Over all symbols.
    pub clearing: i128,
    /// Minus what was transferred in, plus what went out.
    pub external: i128,
}

/// The sums of all known assets.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// The assets by place. There are few: they are found by looking.
    pub assets: Vec<Sums>,
}

/// What one posting changes in one asset, in units; it sums to zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// Of the account.
    pub available: i128,
    /// Of the account.
    pub held: i128,
    /// The shard's.
    pub fees: i128,
    /// The symbol's.
    pub clearing: i128,
    /// The world's.
    pub external: i128,
}

impl Journal {
    /// The place of an asset.
    pub fn find(&self, asset_id: i64) -> Option<u32> {
        let at = self.assets.iter().position(|it| it.asset_id == asset_id)?;
        u32::try_from(at).ok()
    }

    /// Make an asset known; nothing if it is. Return its place.
    pub fn open_asset(&mut self, asset_id: i64) -> u32 {
        if let Some(at) = self.find(asset_id) {
            return at;
        }
        self.assets.push(Sums {
            asset_id,
            available: 0,
            held: 0,
            fees: 0,
            clearing: 0,
            external: 0,
        });
        self.find(asset_id).expect("an asset that was just opened")
    }

    /// Change one balance against the shard's own accounts of its asset.
    #[inline]
    pub fn post(&mut self, accounts: &mut Accounts, funds: u32, line: &Line) {
        debug_assert!(
            line.available + line.held + line.fees + line.clearing + line.external == 0,
            "an entry sums to zero"
        );
        let funds = &mut accounts.funds[funds as usize];
        funds.available += line.available;
        funds.held += line.held;
        assert!(funds.available >= 0, "no available amount is negative");
        assert!(funds.held >= 0, "no held amount is negative");
        let sums = &mut self.assets[funds.asset as usize];
        sums.available += line.available;
        sums.held += line.held;
        sums.fees += line.fees;
        sums.clearing += line.clearing;
        sums.external += line.external;
    }

    /// A balance as its owner is told.
    #[inline]
    pub fn balance(&self, accounts: &Accounts, funds: u32) -> Balance {
        let funds = &accounts.funds[funds as usize];
        Balance {
            account: funds.number,
            asset_id: self.assets[funds.asset as usize].asset_id,
            available: funds.available,
            held: funds.held,
        }
    }

    /// The sums by asset.
    pub fn sorted(&self) -> Vec<Sums> {
        let mut sums = self.assets.clone();
        sums.sort_by_key(|sums| sums.asset_id);
        sums
    }
}
