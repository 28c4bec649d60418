//! Transferring: an account against the external one.

use crate::limits::{AMOUNT_MAX, BALANCE_MAX};
use crate::schemas::accounts::{Accepted, AccountEvent};
use crate::schemas::commands::Transfer;
use crate::schemas::enums::Reason;
use crate::shard::accounts::Funds;
use crate::shard::journal::Line;
use crate::shard::ledger::Head;
use crate::shard::memory::Said;
use crate::shard::{Shard, ShardOutput};

impl Shard {
    /// Move money in or out; the first one in opens the account.
    pub(super) fn transfer(
        &mut self,
        head: &Head<'_>,
        command: &Transfer<'_>,
        told: &mut impl ShardOutput,
    ) {
        let funds = match self.transferred(command) {
            Ok(funds) => funds,
            Err(reason) => return self.reject(head, reason, 0, told),
        };
        let line = Line {
            available: command.amount.into(),
            external: -i128::from(command.amount),
            ..Line::default()
        };
        self.journal.post(&mut self.accounts, funds, &line);
        self.remember(head, Said::Counted(0), true);
        told.event(&AccountEvent::Accepted(Accepted {
            account: command.account,
            command_id: command.command_id,
            order_id: 0,
            count: 0,
            repeated: false,
        }));
        let balance = self.journal.balance(&self.accounts, funds);
        told.event(&AccountEvent::Balance(balance));
    }

    /// The balance that changes, which may be a new one, or why none does.
    fn transferred(&mut self, command: &Transfer<'_>) -> Result<u32, Reason> {
        let asset = self
            .journal
            .find(command.asset_id)
            .ok_or(Reason::UnknownAsset)?;
        if command.amount == 0 || command.amount.unsigned_abs() > AMOUNT_MAX.unsigned_abs() {
            return Err(Reason::InvalidAmount);
        }
        if let Some(at) = self.accounts.find_funds(command.account, asset) {
            return may_be(&self.accounts.funds[at as usize], command.amount).map(|()| at);
        }
        let account = match self.accounts.find(command.account) {
            None if command.amount < 0 => return Err(Reason::UnknownAccount),
            Some(_) if command.amount < 0 => return Err(Reason::InsufficientFunds),
            Some(account) => account,
            None => self.accounts.open(command.account),
        };
        Ok(self.accounts.funds_of(account, asset))
    }
}

fn may_be(funds: &Funds, amount: i64) -> Result<(), Reason> {
    // No amount below 0: neither sum is above 2^128 - 2, and the bound is near 2^127.
    let sum = funds.available.unsigned_abs() + funds.held.unsigned_abs();
    let by = u128::from(amount.unsigned_abs());
    let most = BALANCE_MAX.unsigned_abs();
    if sum > if amount > 0 { most - by } else { most + by } {
        return Err(Reason::InvalidAmount);
    }
    if funds.available + i128::from(amount) < 0 {
        return Err(Reason::InsufficientFunds);
    }
    Ok(())
}
