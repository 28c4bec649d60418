//! Inquiring: the state in its turn on the log. Nothing changes, and nothing is remembered.

use crate::limits::OPEN_ORDERS_PAGE;
use crate::schemas::accounts::{AccountEvent, Answered, Rejected, Total};
use crate::schemas::commands::Inquire;
use crate::schemas::enums::{Question, Reason};
use crate::shard::{Shard, ShardOutput, validate};

impl Shard {
    /// Answer a question from the state as it is.
    pub(super) fn inquire(&self, command: &Inquire<'_>, told: &mut impl ShardOutput) {
        let count = match self.answers(command, told) {
            Ok(count) => count,
            Err(reason) => {
                return told.event(&AccountEvent::Rejected(Rejected {
                    account: command.account,
                    command_id: command.command_id,
                    reason,
                    order_id: 0,
                    repeated: false,
                }));
            }
        };
        told.event(&AccountEvent::Answered(Answered {
            account: command.account,
            command_id: command.command_id,
            count,
        }));
    }

    /// Tell the answers; how many, or why there are none.
    fn answers(&self, command: &Inquire<'_>, told: &mut impl ShardOutput) -> Result<i64, Reason> {
        let Inquire {
            account,
            question,
            order_id,
            client_order_id,
            ..
        } = *command;
        // A page of open orders begins after an order_id.
        let paged = question == Question::OpenOrders;
        let named = (order_id != 0 && !paged) || !client_order_id.is_empty();
        let combines = match question {
            Question::Order => validate::names_one_order(order_id, client_order_id),
            _ => !named,
        };
        if !combines {
            return Err(Reason::InvalidCombination);
        }
        match question {
            Question::Totals => return Ok(self.tell_totals(account, told)),
            Question::Position => return Ok(0),
            Question::Order | Question::OpenOrders | Question::Balances => {}
        }
        let place = self.accounts.find(account).ok_or(Reason::UnknownAccount)?;
        match question {
            Question::OpenOrders => Ok(self.tell_open_orders(place, order_id, told)),
            Question::Balances => Ok(self.tell_balances(place, told)),
            _ => {
                let found = self.named_order(account, order_id, client_order_id);
                let at = found.ok_or(Reason::UnknownOrder)?;
                told.event(&AccountEvent::OrderStatus(self.status(at)));
                Ok(1)
            }
        }
    }

    fn tell_open_orders(&self, place: u32, after: i64, told: &mut impl ShardOutput) -> i64 {
        let account = &self.accounts.rows[place as usize];
        let all = self.orders.open_of(account);
        let later = all.filter(|at| self.orders[*at].order_id > after);
        let mut count = 0;
        for at in later.take(OPEN_ORDERS_PAGE) {
            told.event(&AccountEvent::OrderStatus(self.status(at)));
            count += 1;
        }
        count
    }

    fn tell_balances(&self, place: u32, told: &mut impl ShardOutput) -> i64 {
        let funds = self.accounts.all_funds(place);
        let mut balances: Vec<_> = funds
            .map(|at| self.journal.balance(&self.accounts, at))
            .collect();
        balances.sort_unstable_by_key(|balance| balance.asset_id);
        let mut count = 0;
        for balance in balances {
            told.event(&AccountEvent::Balance(balance));
            count += 1;
        }
        count
    }

    fn tell_totals(&self, account: i64, told: &mut impl ShardOutput) -> i64 {
        let mut count = 0;
        for sums in self.journal.sorted() {
            told.event(&AccountEvent::Total(Total {
                account,
                asset_id: sums.asset_id,
                available: sums.available,
                held: sums.held,
                fees: sums.fees,
                clearing: sums.clearing,
                external: sums.external,
            }));
            count += 1;
        }
        count
    }
}
