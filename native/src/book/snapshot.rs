//! A book to a value and back, and the digest of it.

use super::engine::Book;
use super::index::NONE;
use super::orders::{Marks, Order, Terms};
use super::state::{BookState, RestingOrder};
use crate::digest::Digest;
use crate::schemas::instrument::Instrument;

impl Book {
    /// The whole state as a value, canonical: equal states give equal values.
    #[must_use]
    pub fn snapshot(&self) -> BookState {
        let slots = self.resting.orders.by_arrival();
        BookState {
            instrument: self.instrument.clone(),
            time_ms: self.time_ms,
            trade_id: self.matching.trade_id,
            last_price: self.matching.last_price,
            last_size: self.matching.last_size,
            arrivals: self.resting.arrivals,
            orders: slots.into_iter().map(|slot| self.resting(slot)).collect(),
        }
    }

    /// The book that a snapshot holds.
    #[must_use]
    pub fn restore(state: BookState) -> Self {
        let mut book = Self::new(state.instrument);
        book.time_ms = state.time_ms;
        book.matching.trade_id = state.trade_id;
        book.matching.last_price = state.last_price;
        book.matching.last_size = state.last_size;
        // In order of arrival, so each is the latest of its price and of its account.
        for order in &state.orders {
            book.put_back(order);
        }
        book.resting.arrivals = state.arrivals;
        book
    }

    /// Put the digest of the snapshot into a larger one.
    pub fn digest(&self, into: &mut Digest) {
        let slots = self.resting.orders.by_arrival();
        into.tuple(7);
        digest_instrument(&self.instrument, into);
        into.int(self.time_ms)
            .int(self.matching.trade_id)
            .int(self.matching.last_price)
            .int(self.matching.last_size)
            .int(self.resting.arrivals)
            .tuple(slots.len());
        for slot in slots {
            digest_order(&self.resting(slot), into);
        }
    }

    /// The digest of the snapshot (`partita.schemas.digest`).
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        let mut digest = Digest::default();
        self.digest(&mut digest);
        digest.finish()
    }

    fn resting(&self, slot: u32) -> RestingOrder {
        let order = self.resting.orders.get(slot);
        let terms = self.resting.orders.terms(slot);
        RestingOrder {
            order_id: order.order_id,
            account: order.account,
            side: order.side,
            time_in_force: order.time_in_force,
            price: order.price,
            size: order.size,
            remaining: order.remaining,
            post_only: order.marks.post_only(),
            self_trade: order.self_trade,
            expire_ms: terms.expire_ms,
            maker_fee_ppm: terms.maker_fee_ppm,
            taker_fee_ppm: terms.taker_fee_ppm,
            arrival: terms.arrival,
        }
    }

    fn put_back(&mut self, order: &RestingOrder) {
        let terms = Terms {
            arrival: order.arrival,
            expire_ms: order.expire_ms,
            maker_fee_ppm: order.maker_fee_ppm,
            taker_fee_ppm: order.taker_fee_ppm,
        };
        let order = Order {
            order_id: order.order_id,
            account: order.account,
            price: order.price,
            size: order.size,
            remaining: order.remaining,
            level: NONE,
            next: NONE,
            previous: NONE,
            younger: NONE,
            older: NONE,
            side: order.side,
            time_in_force: order.time_in_force,
            self_trade: order.self_trade,
            marks: Marks::new(order.post_only, order.expire_ms != 0),
        };
        let cell = self.resting.find_vacant(order.order_id);
        self.resting.insert(cell, order, terms);
    }
}

fn digest_instrument(rules: &Instrument, into: &mut Digest) {
    into.tuple(Instrument::FIELDS.len())
        .int(rules.instrument_id)
        .int(rules.version)
        .text(&rules.symbol)
        .int(rules.partition)
        .text(rules.status.symbol())
        .int(rules.base_asset_id)
        .text(&rules.base_asset)
        .int(rules.base_decimals)
        .int(rules.quote_asset_id)
        .text(&rules.quote_asset)
        .int(rules.quote_decimals)
        .int(rules.tick)
        .int(rules.lot)
        .int(rules.notional_unit)
        .int(rules.min_size)
        .int(rules.max_size)
        .int(rules.max_price)
        .int(rules.maker_fee_ppm)
        .int(rules.taker_fee_ppm);
}

fn digest_order(order: &RestingOrder, into: &mut Digest) {
    into.tuple(13)
        .int(order.order_id)
        .int(order.account)
        .text(order.side.symbol())
        .text(order.time_in_force.symbol())
        .int(order.price)
        .int(order.size)
        .int(order.remaining)
        .bool(order.post_only)
        .text(order.self_trade.symbol())
        .int(order.expire_ms)
        .int(order.maker_fee_ppm)
        .int(order.taker_fee_ppm)
        .int(order.arrival);
}
