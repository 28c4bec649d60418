//! An incoming order takes from the opposite side: by price, then by arrival.

use super::events::{BookEvent, Traded};
use super::resting::Resting;
use super::self_trade::prevent;
use super::taker::Taker;
use crate::arithmetic::{buys, fee, notional};
use crate::schemas::enums::{Outcome, Reason};

/// Why an incoming order stopped taking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing of it is left to fill.
    Filled,
    /// Nothing in the book meets its price any more.
    Unmet,
    /// Its funds do not buy all that it wants.
    Spent,
    /// Self-trade prevention ended it.
    Prevented,
}

/// The trades of one book.
#[derive(Clone, Debug)]
pub struct Matching {
    /// Quote units of one lot at one tick.
    pub notional_unit: i64,
    pub trade_id: i64,
    pub last_price: i64,
    pub last_size: i64,
}

impl Matching {
    /// Let an incoming order meet what it reaches; return why it stopped.
    ///
    /// A taker bounded by funds meets each resting order once: when its funds buy less than both
    /// want, that is its last trade, though the rounding of fees may leave a lot's worth over.
    #[inline]
    pub fn take(
        &mut self,
        resting: &mut Resting,
        taker: &mut Taker,
        told: &mut impl FnMut(BookEvent),
    ) -> Ending {
        let opposite = resting.opposite(taker.side);
        let reach = opposite.reach(taker.limit());
        if !opposite.meets(reach) {
            return Ending::Unmet;
        }
        self.sweep(resting, taker, reach, told)
    }

    fn sweep(
        &mut self,
        resting: &mut Resting,
        taker: &mut Taker,
        reach: i64,
        told: &mut impl FnMut(BookEvent),
    ) -> Ending {
        while resting.opposite(taker.side).meets(reach) {
            let slot = resting.opposite(taker.side).first();
            let maker = resting.orders.get(slot);
            let wanted = taker.remaining.min(maker.remaining);
            let mut size = wanted;
            if taker.budgeted {
                size = self.buys(taker, wanted, maker.price);
                if size == 0 {
                    return spent(taker);
                }
            }
            if maker.account == taker.account {
                let cost = if taker.budgeted {
                    self.cost(taker, maker.price, size)
                } else {
                    0
                };
                if prevent(resting, taker, slot, size, cost, told) {
                    return Ending::Prevented;
                }
                continue;
            }
            self.trade(resting, taker, slot, size, told);
            if taker.remaining == 0 {
                return Ending::Filled;
            }
            if taker.budgeted && (size < wanted || taker.funds == 0) {
                return spent(taker);
            }
        }
        Ending::Unmet
    }

    #[inline]
    fn buys(&self, taker: &Taker, wanted: i64, price: i64) -> i64 {
        let (unit, rate_ppm) = (self.notional_unit, taker.taker_fee_ppm);
        buys(taker.funds, wanted, price, unit, rate_ppm)
    }

    fn cost(&self, taker: &Taker, price: i64, size: i64) -> i64 {
        let notional = notional(price, size, self.notional_unit);
        quote(notional + fee(notional, taker.taker_fee_ppm))
    }

    #[inline]
    fn trade(
        &mut self,
        resting: &mut Resting,
        taker: &mut Taker,
        slot: u32,
        size: i64,
        told: &mut impl FnMut(BookEvent),
    ) {
        let maker = resting.orders.get(slot);
        let notional = notional(maker.price, size, self.notional_unit);
        let taker_fee = fee(notional, taker.taker_fee_ppm);
        let maker_fee = fee(notional, resting.orders.terms(slot).maker_fee_ppm);
        self.trade_id += 1;
        self.last_price = maker.price;
        self.last_size = size;
        told(BookEvent::Traded(Traded {
            trade_id: self.trade_id,
            maker_order_id: maker.order_id,
            maker_account: maker.account,
            taker_order_id: taker.order_id,
            taker_account: taker.account,
            taker_side: taker.side,
            price: maker.price,
            size,
            maker_fee: quote(maker_fee),
            taker_fee: quote(taker_fee),
        }));
        taker.remaining -= size;
        if taker.budgeted {
            taker.funds -= quote(notional + taker_fee);
        }
        fill_maker(resting, slot, size, told);
    }
}

#[inline]
fn fill_maker(resting: &mut Resting, slot: u32, size: i64, told: &mut impl FnMut(BookEvent)) {
    let maker = resting.orders.get_mut(slot);
    if size < maker.remaining {
        maker.remaining -= size;
        let maker = *maker;
        resting.side_mut(maker.side).reduce(maker.level, size);
        return;
    }
    resting.close(slot);
    let maker = resting.orders.get_mut(slot);
    maker.remaining = 0;
    told(maker.done(Outcome::Filled, Reason::None, 0));
}

fn spent(taker: &Taker) -> Ending {
    // By funds alone it wanted what they buy, and has it.
    if taker.sized || taker.filled() == 0 {
        Ending::Spent
    } else {
        Ending::Filled
    }
}

#[inline]
fn quote(amount: i128) -> i64 {
    i64::try_from(amount).expect("an amount of quote units fits 63 bits")
}
