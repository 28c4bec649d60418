//! Placing: check, reserve, number, forward.

use crate::limits::{NOTIONAL_MAX, OPEN_ORDERS_MAX};
use crate::schemas::accounts::{AccountEvent, Received};
use crate::schemas::commands::Place;
use crate::schemas::enums::{OrderType, Reason, Side};
use crate::schemas::instrument::Instrument;
use crate::schemas::orders::{NewOrder, OrderEvent};
use crate::shard::ledger::Head;
use crate::shard::memory::Said;
use crate::shard::orders::Order;
use crate::shard::slab::Row;
use crate::shard::{Shard, ShardOutput, validate};

/// What an order reserves.
struct Reserve {
    instrument: u32,
    /// The place of the balance.
    funds: u32,
    /// Quote units (buy) or lots (sell).
    hold: i64,
    fee_ppm: i64,
}

impl Shard {
    /// Reserve the funds of a new order and send it to its book.
    pub(super) fn place(
        &mut self,
        head: &Head<'_>,
        command: &Place<'_>,
        told: &mut impl ShardOutput,
    ) {
        match self.reserve(command) {
            Ok(reserve) => self.accept(head, command, &reserve, told),
            Err(reason) => self.reject(head, reason, 0, told),
        }
    }

    fn reserve(&self, command: &Place<'_>) -> Result<Reserve, Reason> {
        let found = self.instruments.find(command.instrument_id);
        let instrument = found.ok_or(Reason::UnknownInstrument)?;
        let listed = &self.instruments[instrument];
        let fee_ppm = highest_fee(&listed.rules);
        let reason = validate::place_values(command, self.time_ms);
        if reason != Reason::None {
            return Err(reason);
        }
        // One look-up finds balance and account, if there is a balance.
        let asset = listed.held(command.side);
        let funds = self.accounts.find_funds(command.account, asset);
        let account = match funds {
            Some(at) => self.accounts.funds[at as usize].account,
            None => self
                .accounts
                .find(command.account)
                .ok_or(Reason::UnknownAccount)?,
        };
        let side = command.side;
        let need = validate::limits(&listed.rules, side, command.price, command.size, fee_ppm)?;
        if self.accounts.rows[account as usize].open as usize >= OPEN_ORDERS_MAX {
            return Err(Reason::TooManyOpenOrders);
        }
        let funds = funds.ok_or(Reason::InsufficientFunds)?;
        let available = self.accounts.funds[funds as usize].available;
        let hold = hold(command, need, available);
        if hold == 0 || listed.units(side, hold) > available {
            return Err(Reason::InsufficientFunds);
        }
        Ok(Reserve {
            instrument,
            funds,
            hold,
            fee_ppm,
        })
    }

    fn accept(
        &mut self,
        head: &Head<'_>,
        command: &Place<'_>,
        reserve: &Reserve,
        told: &mut impl ShardOutput,
    ) {
        self.order_count += 1;
        let order_id = self.order_count * self.shards + self.shard;
        let market = command.r#type == OrderType::Market;
        let funds = if market && command.side == Side::Buy {
            reserve.hold
        } else {
            0
        };
        let order = Order {
            order_id,
            number: command.account,
            price: command.price,
            size: command.size,
            hold: reserve.hold,
            fee_ppm: reserve.fee_ppm,
            placed_size: command.size,
            placed_amount: if market { funds } else { command.price },
            expire_ms: command.expire_ms,
            instrument: reserve.instrument,
            account: self.accounts.funds[reserve.funds as usize].account,
            holds: reserve.funds,
            side: command.side,
            r#type: command.r#type,
            time_in_force: command.time_in_force,
            post_only: command.post_only,
            self_trade: command.self_trade,
            ..Order::FREE
        };
        let at = self.orders.add(&mut self.accounts, order);
        let known = self.remember(head, Said::Received(at), true);
        self.orders[at].known = known;
        let balance = self.move_hold(at, reserve.hold);
        let rules = &self.instruments[reserve.instrument].rules;
        told.order(rules, &new_order(command, order_id, funds, rules));
        told.event(&received(command, order_id, funds));
        told.event(&AccountEvent::Balance(balance));
    }
}

/// The higher of an instrument's two rates.
pub fn highest_fee(rules: &Instrument) -> i64 {
    rules.maker_fee_ppm.max(rules.taker_fee_ppm)
}

/// What the order reserves: quote units (buy) or lots (sell).
fn hold(command: &Place<'_>, need: i64, available: i128) -> i64 {
    if command.side == Side::Sell {
        return command.size;
    }
    if command.r#type == OrderType::Limit {
        return need;
    }
    if command.funds != 0 {
        return command.funds;
    }
    // A market buy by size alone may cost whatever the book asks: it reserves all there is.
    i64::try_from(available).map_or(NOTIONAL_MAX, |available| available.min(NOTIONAL_MAX))
}

fn new_order(command: &Place<'_>, order_id: i64, funds: i64, rules: &Instrument) -> OrderEvent {
    OrderEvent::NewOrder(NewOrder {
        order_id,
        account: command.account,
        side: command.side,
        r#type: command.r#type,
        time_in_force: command.time_in_force,
        price: command.price,
        size: command.size,
        funds,
        post_only: command.post_only,
        self_trade: command.self_trade,
        expire_ms: command.expire_ms,
        maker_fee_ppm: rules.maker_fee_ppm,
        taker_fee_ppm: rules.taker_fee_ppm,
    })
}

fn received<'a>(command: &Place<'a>, order_id: i64, funds: i64) -> AccountEvent<'a> {
    AccountEvent::Received(Received {
        account: command.account,
        command_id: command.command_id,
        order_id,
        instrument_id: command.instrument_id,
        side: command.side,
        r#type: command.r#type,
        time_in_force: command.time_in_force,
        price: command.price,
        size: command.size,
        funds,
        post_only: command.post_only,
        self_trade: command.self_trade,
        expire_ms: command.expire_ms,
        repeated: false,
    })
}
