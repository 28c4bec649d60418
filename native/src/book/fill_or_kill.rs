//! Whether the book can fill an order whole: asked before a fill-or-kill order touches anything.

use super::resting::Resting;
use super::taker::Taker;
use crate::arithmetic::{buys, need};
use crate::schemas::enums::SelfTrade;

/// Whether the order would be filled whole: all its size, or all that its funds buy.
///
/// Own orders never count. Under `co` they would be cancelled on the way and what is behind them
/// counts; under the other flags the order would be ended or decreased there, and is not filled.
#[inline(never)]
pub fn can_fill(resting: &Resting, order: &Taker, notional_unit: i64) -> bool {
    let opposite = resting.opposite(order.side);
    let (mut wanted, mut funds, rate) = (order.remaining, order.funds, order.taker_fee_ppm);
    for slot in opposite.within(&resting.orders, opposite.reach(order.limit())) {
        let maker = resting.orders.get(slot);
        let both = wanted.min(maker.remaining);
        let mut size = both;
        if order.budgeted {
            size = buys(funds, both, maker.price, notional_unit, rate);
        }
        if size == 0 {
            return !order.sized && wanted < order.remaining;
        }
        if maker.account == order.account {
            if order.self_trade == SelfTrade::Co {
                continue;
            }
            return false;
        }
        wanted -= size;
        if wanted == 0 {
            return true;
        }
        if order.budgeted {
            let cost = need(maker.price, size, notional_unit, rate);
            funds = i64::try_from(i128::from(funds) - cost).expect("what is left of funds");
            if size < both || funds == 0 {
                return !order.sized;
            }
        }
    }
    false
}
