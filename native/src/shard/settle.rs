//! What books report of orders: opened, filled, changed, done. Settling cannot fail.

use crate::arithmetic::{fee, need, notional};
use crate::schemas::accounts::{self, AccountEvent};
use crate::schemas::enums::{OrderState, OrderType, Side};
use crate::schemas::reports;
use crate::shard::instruments::Listed;
use crate::shard::journal::Line;
use crate::shard::memory::Said;
use crate::shard::orders::Order;
use crate::shard::slab::NOWHERE;
use crate::shard::{Shard, ShardOutput};

/// What a fill changes: in the asset that the order holds, and in the other.
struct Settlement {
    holds: Line,
    gets: Line,
    hold: i64,
}

impl Shard {
    /// Note that an order rests.
    pub(super) fn opened(
        &mut self,
        instrument_id: i64,
        report: &reports::Opened,
        told: &mut impl ShardOutput,
    ) {
        let at = self.undone(report.order_id, instrument_id);
        let order = &mut self.orders[at];
        assert!(
            report.remaining == order.remaining(),
            "book and ledger agree on what rests"
        );
        order.state = OrderState::Open;
        told.event(&AccountEvent::Opened(accounts::Opened {
            account: order.number,
            order_id: report.order_id,
            remaining: report.remaining,
        }));
    }

    /// Settle one party's side of a trade.
    pub(super) fn filled(
        &mut self,
        instrument_id: i64,
        report: &reports::Filled,
        told: &mut impl ShardOutput,
    ) {
        let at = self.undone(report.order_id, instrument_id);
        let order = &mut self.orders[at];
        let listed = &mut self.instruments[order.instrument];
        let cost = notional(report.price, report.size, listed.rules.notional_unit);
        assert!(report.size >= 1, "a fill has a size");
        assert!(
            order.size == 0 || report.size <= order.remaining(),
            "no more is filled than remains"
        );
        assert!(
            0 <= report.fee && i128::from(report.fee) <= fee(cost, order.fee_ppm),
            "the fee is within what was agreed"
        );
        let settlement = match order.side {
            Side::Sell => sold(order, listed, report, cost),
            Side::Buy => bought(order, listed, report, cost),
        };
        if order.gets == NOWHERE {
            let asset = listed.held(other(order.side));
            order.gets = self.accounts.other_funds(order.holds, asset);
        }
        // First base and then quote, as the account is told.
        let (base, quote) = match order.side {
            Side::Sell => (
                (order.holds, settlement.holds),
                (order.gets, settlement.gets),
            ),
            Side::Buy => (
                (order.gets, settlement.gets),
                (order.holds, settlement.holds),
            ),
        };
        listed.clearing_base += base.1.clearing;
        listed.clearing_quote += quote.1.clearing;
        order.hold = settlement.hold;
        order.filled += report.size;
        let event = accounts::Filled {
            account: order.number,
            order_id: report.order_id,
            instrument_id,
            side: order.side,
            trade_id: report.trade_id,
            price: report.price,
            size: report.size,
            fee: report.fee,
            liquidity: report.liquidity,
        };
        for (funds, line) in [&base, &quote] {
            self.journal.post(&mut self.accounts, *funds, line);
        }
        told.event(&AccountEvent::Filled(event));
        for (funds, line) in [&base, &quote] {
            if line.available != 0 || line.held != 0 {
                let balance = self.journal.balance(&self.accounts, *funds);
                told.event(&AccountEvent::Balance(balance));
            }
        }
    }

    /// Take an order's new price and remaining size, and release what it needs no more.
    pub(super) fn changed(
        &mut self,
        instrument_id: i64,
        report: &reports::Changed,
        told: &mut impl ShardOutput,
    ) {
        let at = self.undone(report.order_id, instrument_id);
        let order = &mut self.orders[at];
        assert!(
            report.remaining >= 1,
            "an order without remainder is done, not changed"
        );
        assert!(
            order.r#type == OrderType::Limit || report.request == 0,
            "a market order is never amended"
        );
        let unit = self.instruments[order.instrument].rules.notional_unit;
        let freed = change(order, unit, report);
        told.event(&AccountEvent::Changed(accounts::Changed {
            account: order.number,
            order_id: report.order_id,
            price: report.price,
            remaining: report.remaining,
        }));
        let asked = (report.request != 0).then(|| {
            let asked = self.take_request(report.request, instrument_id, at);
            assert!(
                asked.top_up == report.top_up,
                "an amend brought what the ledger sent with it"
            );
            asked
        });
        self.release_hold(at, freed, told);
        if let Some(asked) = asked {
            self.answer(&asked, Said::Accepted(report.order_id), told);
        }
    }

    /// End an order and release the rest of its hold; what pending amends brought stays held.
    pub(super) fn done(
        &mut self,
        instrument_id: i64,
        report: &reports::Done,
        told: &mut impl ShardOutput,
    ) {
        let at = self.undone(report.order_id, instrument_id);
        let order = &mut self.orders[at];
        assert!(
            0 <= report.remaining && report.remaining <= order.remaining(),
            "no more remains than the ledger knows of"
        );
        if order.size != 0 {
            order.size = order.filled + report.remaining;
        }
        order.state = OrderState::Done;
        order.outcome = report.outcome;
        order.reason = report.reason;
        let filled = order.filled;
        let freed = std::mem::take(&mut order.hold);
        told.event(&AccountEvent::Done(accounts::Done {
            account: order.number,
            order_id: report.order_id,
            outcome: report.outcome,
            reason: report.reason,
            filled,
            remaining: report.remaining,
        }));
        self.orders.close(&mut self.accounts, at);
        self.release_hold(at, freed, told);
        // A cancel-all is answered when all its orders are done, also by a book that names it here.
        let asked = report.request != 0 && {
            let asked = self.find_request(report.request);
            self.requests[asked].order != NOWHERE
        };
        if asked {
            let asked = self.take_request(report.request, instrument_id, at);
            self.answer(&asked, Said::Accepted(report.order_id), told);
        } else {
            self.retire(at);
        }
    }

    fn release_hold(&mut self, at: u32, freed: i64, told: &mut impl ShardOutput) {
        if freed != 0 {
            let balance = self.move_hold(at, -freed);
            told.event(&AccountEvent::Balance(balance));
        }
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}

fn sold(order: &Order, listed: &Listed, report: &reports::Filled, cost: i128) -> Settlement {
    assert!(report.price >= order.price, "a sale is not below its limit");
    let base = listed.units(Side::Sell, report.size);
    let fee = i128::from(report.fee);
    Settlement {
        holds: Line {
            held: -base,
            clearing: base,
            ..Line::default()
        },
        gets: Line {
            available: cost - fee,
            fees: fee,
            clearing: -cost,
            ..Line::default()
        },
        hold: order.hold - report.size,
    }
}

fn bought(order: &Order, listed: &Listed, report: &reports::Filled, cost: i128) -> Settlement {
    let fee = i128::from(report.fee);
    let paid = cost + fee;
    let hold = i128::from(order.hold);
    let freed = if order.r#type == OrderType::Market {
        paid
    } else {
        assert!(
            report.price <= order.price,
            "a purchase is not above its limit"
        );
        let remaining = order.remaining() - report.size;
        let unit = listed.rules.notional_unit;
        hold - need(order.price, remaining, unit, order.fee_ppm)
    };
    let improvement = freed - paid;
    assert!(improvement >= 0, "what was reserved covers what is paid");
    let hold = i64::try_from(hold - freed).unwrap_or(-1);
    assert!(hold >= 0, "no more is paid than was reserved");
    let base = listed.units(Side::Sell, report.size);
    Settlement {
        holds: Line {
            available: improvement,
            held: -freed,
            fees: fee,
            clearing: cost,
            ..Line::default()
        },
        gets: Line {
            available: base,
            clearing: -base,
            ..Line::default()
        },
        hold,
    }
}

/// Change the order; return what its hold, with the top-up, has too much.
fn change(order: &mut Order, unit: i64, report: &reports::Changed) -> i64 {
    let hold = i128::from(order.hold) + i128::from(report.top_up);
    let needs = match (order.side, order.r#type) {
        (Side::Sell, _) => i128::from(report.remaining),
        (Side::Buy, OrderType::Limit) => need(report.price, report.remaining, unit, order.fee_ppm),
        (Side::Buy, OrderType::Market) => order.hold.into(),
    };
    assert!(
        needs <= hold,
        "hold and top-up cover what the book has changed"
    );
    order.hold = i64::try_from(needs).expect("a hold is told in 64 bits");
    order.price = report.price;
    order.size = order.filled + report.remaining;
    i64::try_from(hold - needs).expect("a hold is told in 64 bits")
}
