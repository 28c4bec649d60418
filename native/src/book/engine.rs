//! The book: commands in, events out.

use super::amend::{keeps_place, refusal};
use super::events::{BookEvent, Changed, OrdersCancelled, Refused};
use super::fill_or_kill::can_fill;
use super::index::NONE;
use super::matching::{Ending, Matching};
use super::orders::{Marks, Order, Terms};
use super::resting::Resting;
use super::taker::Taker;
use crate::schemas::enums::{InstrumentStatus, Outcome, Reason, Side, TimeInForce};
use crate::schemas::instrument::Instrument;
use crate::schemas::orders::{AmendOrder, CancelOrder, CancelOrders, NewOrder, OrderEvent};

/// One price of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Ticks.
    pub price: i64,
    /// Lots, the sum of its orders.
    pub size: i128,
    /// How many.
    pub orders: usize,
}

/// The orders of one symbol, matched by price, then by arrival (`partita.matchers.abc.Book`).
///
/// A pure function of what is applied. It never fails for what a client can cause; a panic means
/// that the program is wrong, and the state must not be used any further.
#[derive(Clone, Debug)]
pub struct Book {
    pub(super) resting: Resting,
    pub(super) matching: Matching,
    pub(super) time_ms: i64,
    pub(super) halted: bool,
    pub(super) instrument: Instrument,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(instrument: Instrument) -> Self {
        Self {
            resting: Resting::default(),
            matching: Matching {
                notional_unit: instrument.notional_unit,
                trade_id: 0,
                last_price: 0,
                last_size: 0,
            },
            time_ms: 0,
            halted: instrument.status == InstrumentStatus::Halted,
            instrument,
        }
    }

    /// The rules in force.
    #[must_use]
    pub fn instrument(&self) -> &Instrument {
        &self.instrument
    }

    /// The largest log time of what was applied, milliseconds since 1970.
    #[must_use]
    pub fn time_ms(&self) -> i64 {
        self.time_ms
    }

    /// The earliest expiry of a resting order; None when none expires.
    #[must_use]
    pub fn next_expiry_ms(&self) -> Option<i64> {
        self.resting.next_expiry_ms()
    }

    /// How many rows its state has, with room that is free: how long a copy of it takes.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.resting.orders.places()
    }

    /// Trade id, price (ticks) and size (lots) of the last trade; zeros before the first.
    #[must_use]
    pub fn last_trade(&self) -> (i64, i64, i64) {
        let last = &self.matching;
        (last.trade_id, last.last_price, last.last_size)
    }

    /// Expire what is due at `time_ms`, then apply one event; tell what happened, in order.
    #[inline]
    pub fn apply(&mut self, event: &OrderEvent, time_ms: i64, told: &mut impl FnMut(BookEvent)) {
        self.advance(time_ms, told);
        match event {
            OrderEvent::NewOrder(new) => self.place(new, told),
            OrderEvent::CancelOrder(cancel) => self.cancel(cancel, told),
            OrderEvent::AmendOrder(amend) => self.amend(amend, told),
            OrderEvent::CancelOrders(cancel) => self.cancel_all(cancel, told),
        }
    }

    /// Let time pass: expire what is due (expire_ms <= time_ms), earliest first, then by arrival.
    #[inline]
    pub fn advance(&mut self, time_ms: i64, told: &mut impl FnMut(BookEvent)) {
        if time_ms > self.time_ms {
            self.time_ms = time_ms;
            if !self.resting.by_expiry.is_empty() {
                self.expire(told);
            }
        }
    }

    /// Take rules of a newer version; return whether they were newer.
    pub fn change_rules(&mut self, instrument: Instrument) -> bool {
        if instrument.version <= self.instrument.version {
            return false;
        }
        let now = &self.instrument;
        assert_eq!(
            instrument.instrument_id, now.instrument_id,
            "rules of this symbol"
        );
        assert_eq!(
            instrument.notional_unit, now.notional_unit,
            "tick, lot never change"
        );
        self.halted = instrument.status == InstrumentStatus::Halted;
        self.instrument = instrument;
        true
    }

    /// The best level of a side.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Level> {
        self.levels(side).next()
    }

    /// At most `count` levels of a side, best first.
    #[must_use]
    pub fn depth(&self, side: Side, count: usize) -> Vec<Level> {
        self.levels(side).take(count).collect()
    }

    fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        let side = self.resting.side(side);
        side.best_first().map(|(_, level)| Level {
            price: side.price(level.key),
            size: level.size,
            orders: level.count as usize,
        })
    }

    #[inline(never)]
    fn expire(&mut self, told: &mut impl FnMut(BookEvent)) {
        while let Some((&(expire_ms, _), &slot)) = self.resting.by_expiry.first_key_value() {
            if expire_ms > self.time_ms {
                return;
            }
            self.resting.close(slot);
            let order = self.resting.orders.get(slot);
            told(order.done(Outcome::Expired, Reason::TimeReached, 0));
        }
    }

    #[inline]
    fn place(&mut self, new: &NewOrder, told: &mut impl FnMut(BookEvent)) {
        let cell = self.resting.find_vacant(new.order_id);
        let taker = Taker::new(new);
        // The short way of nearly all orders: they rest at once.
        let waits = taker.may_rest && !self.resting.would_take(new.side, new.price);
        if waits && !self.halted && !self.is_due(new.expire_ms) {
            self.open(cell, new, &taker);
            told(taker.opened());
            return;
        }
        self.place_taking(new, taker, told);
    }

    #[inline]
    fn is_due(&self, expire_ms: i64) -> bool {
        0 < expire_ms && expire_ms <= self.time_ms
    }

    #[inline(never)]
    fn place_taking(&mut self, new: &NewOrder, mut taker: Taker, told: &mut impl FnMut(BookEvent)) {
        let (outcome, reason) = if self.halted {
            (Outcome::Rejected, Reason::NotTrading)
        } else if self.is_due(new.expire_ms) {
            (Outcome::Expired, Reason::TimeReached)
        } else if new.post_only && self.resting.would_take(new.side, new.price) {
            (Outcome::Rejected, Reason::PostOnlyWouldTake)
        } else if new.time_in_force == TimeInForce::Fok
            && !can_fill(&self.resting, &taker, self.matching.notional_unit)
        {
            (Outcome::Cancelled, Reason::FillOrKillUnfillable)
        } else {
            let ending = self.matching.take(&mut self.resting, &mut taker, told);
            if ending == Ending::Unmet && taker.may_rest {
                let cell = self.resting.find_vacant(new.order_id);
                self.open(cell, new, &taker);
                told(taker.opened());
                return;
            }
            end(&taker, ending)
        };
        told(taker.done(outcome, reason, false));
    }

    /// Let what is left of a new order rest.
    #[inline]
    fn open(&mut self, cell: usize, new: &NewOrder, taker: &Taker) {
        self.resting.arrivals += 1;
        let order = Order {
            order_id: new.order_id,
            account: new.account,
            price: new.price,
            size: taker.size,
            remaining: taker.remaining,
            level: NONE,
            next: NONE,
            previous: NONE,
            younger: NONE,
            older: NONE,
            side: new.side,
            time_in_force: new.time_in_force,
            self_trade: new.self_trade,
            marks: Marks::new(new.post_only, new.expire_ms != 0),
        };
        let terms = Terms {
            arrival: self.resting.arrivals,
            expire_ms: new.expire_ms,
            maker_fee_ppm: new.maker_fee_ppm,
            taker_fee_ppm: new.taker_fee_ppm,
        };
        self.resting.insert(cell, order, terms);
    }

    /// The index's cell and the slot of the order with this id, if it is this account's.
    #[inline]
    fn owned(&self, order_id: i64, account: i64) -> Option<(usize, u32)> {
        let (cell, slot) = self.resting.find(order_id).ok()?;
        (self.resting.orders.get(slot).account == account).then_some((cell, slot))
    }

    #[inline]
    fn cancel(&mut self, cancel: &CancelOrder, told: &mut impl FnMut(BookEvent)) {
        let Some((cell, slot)) = self.owned(cancel.order_id, cancel.account) else {
            told(BookEvent::Refused(Refused {
                order_id: cancel.order_id,
                account: cancel.account,
                reason: Reason::UnknownOrder,
                top_up: 0,
                request: cancel.request,
            }));
            return;
        };
        self.resting.close_at(cell, slot);
        let order = self.resting.orders.get(slot);
        told(order.done(Outcome::Cancelled, Reason::Requested, cancel.request));
    }

    #[inline(never)]
    fn cancel_all(&mut self, cancel: &CancelOrders, told: &mut impl FnMut(BookEvent)) {
        let resting = &mut self.resting;
        let slots = resting.owners.of_account(&resting.orders, cancel.account);
        for slot in &slots {
            resting.close(*slot);
            let order = resting.orders.get(*slot);
            // Request 0: the OrdersCancelled after them answers it, once.
            told(order.done(Outcome::Cancelled, Reason::Requested, 0));
        }
        told(BookEvent::OrdersCancelled(OrdersCancelled {
            account: cancel.account,
            count: i64::try_from(slots.len()).expect("a count"),
            request: cancel.request,
        }));
    }

    #[inline]
    fn amend(&mut self, amend: &AmendOrder, told: &mut impl FnMut(BookEvent)) {
        let slot = match self.amendable(amend) {
            Ok(slot) => slot,
            Err(reason) => {
                told(BookEvent::Refused(Refused {
                    order_id: amend.order_id,
                    account: amend.account,
                    reason,
                    top_up: amend.top_up,
                    request: amend.request,
                }));
                return;
            }
        };
        let order = self.resting.orders.get_mut(slot);
        let (level, side, left) = (order.level, order.side, order.remaining);
        let remaining = amend.size - (order.size - left);
        let kept_place = keeps_place(order, amend);
        if kept_place {
            self.resting.side_mut(side).reduce(level, left - remaining);
        } else {
            self.resting.detach(slot);
        }
        let order = self.resting.orders.get_mut(slot);
        order.price = amend.price;
        order.size = amend.size;
        order.remaining = remaining;
        told(BookEvent::Changed(Changed {
            order_id: order.order_id,
            account: order.account,
            side,
            price: order.price,
            size: remaining,
            top_up: amend.top_up,
            request: amend.request,
            kept_place,
        }));
        if !kept_place {
            self.enter_again(slot, told);
        }
    }

    #[inline]
    fn amendable(&self, amend: &AmendOrder) -> Result<u32, Reason> {
        let Some((_, slot)) = self.owned(amend.order_id, amend.account) else {
            return Err(Reason::UnknownOrder);
        };
        if self.halted {
            return Err(Reason::NotTrading);
        }
        let (order, terms) = (
            self.resting.orders.get(slot),
            self.resting.orders.terms(slot),
        );
        let reason = refusal(order, terms, amend, self.matching.notional_unit);
        if reason != Reason::None {
            return Err(reason);
        }
        if order.marks.post_only() && self.resting.would_take(order.side, amend.price) {
            return Err(Reason::PostOnlyWouldTake);
        }
        Ok(slot)
    }

    /// Let an order that an amend took off its place take as an incoming one, then rest or end.
    #[inline]
    fn enter_again(&mut self, slot: u32, told: &mut impl FnMut(BookEvent)) {
        let order = self.resting.orders.get(slot);
        let taker = Taker::amended(order, self.resting.orders.terms(slot));
        if self.resting.would_take(taker.side, taker.price) {
            self.take_again(slot, taker, told);
        } else {
            self.resting.reattach(slot);
            told(taker.opened());
        }
    }

    #[inline(never)]
    fn take_again(&mut self, slot: u32, mut taker: Taker, told: &mut impl FnMut(BookEvent)) {
        let ending = self.matching.take(&mut self.resting, &mut taker, told);
        if ending == Ending::Unmet {
            let order = self.resting.orders.get_mut(slot);
            order.size = taker.size;
            order.remaining = taker.remaining;
            self.resting.reattach(slot);
            told(taker.opened());
            return;
        }
        self.resting.forget(slot);
        let (outcome, reason) = end(&taker, ending);
        told(taker.done(outcome, reason, true));
    }
}

/// How an incoming order ends that does not rest.
fn end(taker: &Taker, ending: Ending) -> (Outcome, Reason) {
    match ending {
        Ending::Filled => (Outcome::Filled, Reason::None),
        Ending::Prevented => (Outcome::Cancelled, Reason::SelfTrade),
        Ending::Unmet if taker.is_market && taker.filled() == 0 => {
            (Outcome::Cancelled, Reason::NoLiquidity)
        }
        Ending::Unmet | Ending::Spent => (Outcome::Cancelled, Reason::ImmediateRemainder),
    }
}
