//! Cancelling and amending: check, top up, and ask the book, which has the last word.

use crate::arithmetic::need;
use crate::limits::NOTIONAL_MAX;
use crate::schemas::accounts::{AccountEvent, Rejected};
use crate::schemas::commands::{Amend, Cancel, CancelAll};
use crate::schemas::enums::{OrderState, OrderType, Reason, Side};
use crate::schemas::orders::{AmendOrder, CancelOrder, CancelOrders, OrderEvent};
use crate::shard::ledger::Head;
use crate::shard::memory::Said;
use crate::shard::{Shard, ShardOutput, validate};

impl Shard {
    /// Ask the book to cancel one order.
    pub(super) fn cancel(
        &mut self,
        head: &Head<'_>,
        command: &Cancel<'_>,
        told: &mut impl ShardOutput,
    ) {
        let found = self.named(command.account, command.order_id, command.client_order_id);
        let at = match found {
            Ok(at) => at,
            Err(reason) => return self.reject(head, reason, 0, told),
        };
        let order = self.orders[at];
        if order.state == OrderState::Done {
            return self.is_done(head, at, told);
        }
        let request = self.ask(head, order.instrument, Some(at), 0);
        let event = CancelOrder {
            order_id: order.order_id,
            account: command.account,
            request,
        };
        let rules = &self.instruments[order.instrument].rules;
        told.order(rules, &OrderEvent::CancelOrder(event));
    }

    /// Ask the book to cancel all orders of the account.
    pub(super) fn cancel_all(
        &mut self,
        head: &Head<'_>,
        command: &CancelAll<'_>,
        told: &mut impl ShardOutput,
    ) {
        let Some(instrument) = self.instruments.find(command.instrument_id) else {
            return self.reject(head, Reason::UnknownInstrument, 0, told);
        };
        if self.accounts.find(command.account).is_none() {
            return self.reject(head, Reason::UnknownAccount, 0, told);
        }
        let request = self.ask(head, instrument, None, 0);
        let event = CancelOrders {
            account: command.account,
            request,
        };
        let rules = &self.instruments[instrument].rules;
        told.order(rules, &OrderEvent::CancelOrders(event));
    }

    /// Set aside what the amended order would need on top, and ask the book to amend it.
    pub(super) fn amend(
        &mut self,
        head: &Head<'_>,
        command: &Amend<'_>,
        told: &mut impl ShardOutput,
    ) {
        if command.price < 1 {
            return self.reject(head, Reason::InvalidPrice, 0, told);
        }
        if command.size < 1 {
            return self.reject(head, Reason::InvalidSize, 0, told);
        }
        let found = self.named(command.account, command.order_id, command.client_order_id);
        let at = match found {
            Ok(at) => at,
            Err(reason) => return self.reject(head, reason, 0, told),
        };
        let order = self.orders[at];
        if order.r#type == OrderType::Market {
            return self.reject(head, Reason::InvalidCombination, order.order_id, told);
        }
        if order.state == OrderState::Done {
            return self.is_done(head, at, told);
        }
        let top_up = match self.top_up(command, at) {
            Ok(top_up) => top_up,
            Err(reason) => return self.reject(head, reason, order.order_id, told),
        };
        let request = self.ask(head, order.instrument, Some(at), top_up);
        let event = AmendOrder {
            order_id: order.order_id,
            account: command.account,
            price: command.price,
            size: command.size,
            top_up,
            request,
        };
        let balance = (top_up != 0).then(|| self.move_hold(at, top_up));
        let rules = &self.instruments[order.instrument].rules;
        told.order(rules, &OrderEvent::AmendOrder(event));
        if let Some(balance) = balance {
            told.event(&AccountEvent::Balance(balance));
        }
    }

    /// The order, or why there is none.
    fn named(&self, account: i64, order_id: i64, client_order_id: &str) -> Result<u32, Reason> {
        if !validate::names_one_order(order_id, client_order_id) {
            return Err(Reason::InvalidCombination);
        }
        // Who has an order has an account; that is asked for only when there is no such order.
        let found = self.named_order(account, order_id, client_order_id);
        found.ok_or_else(|| match self.accounts.find(account) {
            Some(_) => Reason::UnknownOrder,
            None => Reason::UnknownAccount,
        })
    }

    fn is_done(&mut self, head: &Head<'_>, at: u32, told: &mut impl ShardOutput) {
        let order_id = self.orders[at].order_id;
        let reason = Reason::OrderDone;
        self.remember(head, Said::Rejected(reason, order_id), false);
        told.event(&AccountEvent::OrderStatus(self.status(at)));
        told.event(&AccountEvent::Rejected(Rejected {
            account: head.account,
            command_id: head.command_id,
            reason,
            order_id,
            repeated: false,
        }));
    }

    /// What the hold lacks by the shard's own view, in the units of the hold, or why the amend is
    /// refused.
    ///
    /// The view may be behind the book's by some fills, and ahead of it by none. What other pending
    /// amends brought does not count: they may be refused yet.
    fn top_up(&self, command: &Amend<'_>, at: u32) -> Result<i64, Reason> {
        let order = &self.orders[at];
        let listed = &self.instruments[order.instrument];
        let Amend { price, size, .. } = *command;
        // First of all, so that what a client made up is within limits in what follows.
        validate::limits(&listed.rules, order.side, price, size, order.fee_ppm)?;
        let remaining = size - order.filled;
        let needs = match order.side {
            _ if remaining <= 0 => 0,
            Side::Sell => i128::from(remaining),
            Side::Buy => need(price, remaining, listed.rules.notional_unit, order.fee_ppm),
        };
        let top_up = (needs - i128::from(order.hold)).max(0);
        // All that pending amends brought counts: together it has to be told in 64 bits.
        let together = i128::from(order.hold) + i128::from(order.top_up) + top_up;
        if together > i128::from(NOTIONAL_MAX) {
            return Err(Reason::NotionalTooLarge);
        }
        let top_up = i64::try_from(top_up).expect("a top-up within the largest hold");
        let available = self.accounts.funds[order.holds as usize].available;
        if listed.units(order.side, top_up) > available {
            return Err(Reason::InsufficientFunds);
        }
        if size <= order.filled {
            return Err(Reason::SizeAlreadyFilled);
        }
        Ok(top_up)
    }
}
