//! Self-trade prevention: what happens when an order meets one of its own account.
//!
//! The incoming order's flag rules. `dc` decreases both by what they would have traded (as Coinbase
//! does): the smaller is cancelled, the larger goes on with the rest; equal ones are both cancelled.

use super::events::{BookEvent, Changed};
use super::resting::Resting;
use super::taker::Taker;
use crate::schemas::enums::{Outcome, Reason, SelfTrade};

/// Apply the taker's flag; return whether it ends the taker, which is left as it was then.
///
/// `size` (lots) is what the two would have traded, and `cost` (quote units, fee included) what a
/// taker bounded by funds would have paid for it.
#[inline(never)]
pub fn prevent(
    resting: &mut Resting,
    taker: &mut Taker,
    maker: u32,
    size: i64,
    cost: i64,
    told: &mut impl FnMut(BookEvent),
) -> bool {
    match taker.self_trade {
        SelfTrade::Co => {
            cancel(resting, maker, told);
            false
        }
        SelfTrade::Cn => true,
        SelfTrade::Cb => {
            cancel(resting, maker, told);
            true
        }
        SelfTrade::Dc => decrease(resting, taker, maker, size, cost, told),
    }
}

fn cancel(resting: &mut Resting, maker: u32, told: &mut impl FnMut(BookEvent)) {
    resting.close(maker);
    let maker = resting.orders.get(maker);
    told(maker.done(Outcome::Cancelled, Reason::SelfTrade, 0));
}

fn decrease(
    resting: &mut Resting,
    taker: &mut Taker,
    maker: u32,
    size: i64,
    cost: i64,
    told: &mut impl FnMut(BookEvent),
) -> bool {
    let order = resting.orders.get_mut(maker);
    if size < order.remaining {
        // size is all that the taker can want, by its size or by its funds.
        order.size -= size;
        order.remaining -= size;
        let order = *order;
        resting.side_mut(order.side).reduce(order.level, size);
        told(BookEvent::Changed(Changed {
            order_id: order.order_id,
            account: order.account,
            side: order.side,
            price: order.price,
            size: order.remaining,
            top_up: 0,
            request: 0,
            kept_place: true,
        }));
        return true;
    }
    cancel(resting, maker, told);
    if size == taker.remaining {
        return true;
    }
    taker.decrease(size);
    if taker.budgeted {
        taker.funds -= cost;
    }
    if taker.sized {
        told(taker.decreased());
    }
    false
}
