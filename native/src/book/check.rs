//! Every invariant that a book can see (reliability.md): asserted after every step in tests.

use super::engine::Book;
use super::index::NONE;
use super::orders::Order;
use super::resting::Resting;
use super::side::queue;
use crate::schemas::enums::{Side, TimeInForce};
use std::collections::BTreeSet;

impl Book {
    /// Assert every invariant of the book.
    pub fn check(&self) {
        let resting = &self.resting;
        let mut on_levels = check_side(resting, Side::Buy);
        on_levels.extend(check_side(resting, Side::Sell));
        let (bid, ask) = (self.best(Side::Buy), self.best(Side::Sell));
        if let (Some(bid), Some(ask)) = (bid, ask) {
            assert!(bid.price < ask.price, "neither crossed nor locked");
        }
        let known: BTreeSet<u32> = resting.by_id.slots().collect();
        assert_eq!(
            known, on_levels,
            "an order is on its level and known by its id, or neither"
        );
        assert_eq!(resting.by_id.len(), known.len(), "known once");
        for slot in on_levels {
            let order = resting.orders.get(slot);
            let expire_ms = resting.orders.terms(slot).expire_ms;
            check_order(order, expire_ms, self.time_ms);
            let found = resting.find(order.order_id).map(|(_, slot)| slot);
            assert_eq!(found, Ok(slot), "found by its id");
        }
        check_ranks(resting);
        check_owners(resting);
        check_expiries(resting);
        let last = &self.matching;
        let traded = last.trade_id > 0;
        assert!(
            traded == (last.last_price > 0) && traded == (last.last_size > 0),
            "the last trade"
        );
    }
}

fn check_side(resting: &Resting, of: Side) -> BTreeSet<u32> {
    let orders = &resting.orders;
    let side = resting.side(of);
    side.check();
    let mut slots = BTreeSet::new();
    for (at, level) in side.best_first() {
        let on_level: Vec<u32> = queue(orders, level).collect();
        assert!(!on_level.is_empty(), "no empty level");
        assert_eq!(level.count as usize, on_level.len(), "orders of a level");
        assert_eq!(level.last, on_level[on_level.len() - 1], "the last one");
        let sizes = on_level
            .iter()
            .map(|slot| i128::from(orders.get(*slot).remaining));
        assert_eq!(level.size, sizes.sum::<i128>(), "size of a level");
        let mut previous = NONE;
        for slot in on_level {
            let order = orders.get(slot);
            assert_eq!(order.level, at, "an order knows its level");
            assert_eq!(order.previous, previous, "and the one before it");
            assert_eq!(
                side.key(order.price),
                level.key,
                "on the level of its price"
            );
            assert_eq!(order.side, of, "and on its side");
            assert!(
                previous == NONE || orders.terms(previous).arrival < orders.terms(slot).arrival,
                "first come, first served"
            );
            assert!(slots.insert(slot), "on one level");
            previous = slot;
        }
    }
    slots
}

fn check_order(order: &Order, expire_ms: i64, time_ms: i64) {
    assert!(
        matches!(order.time_in_force, TimeInForce::Gtc | TimeInForce::Gtt),
        "no market, IOC or FOK order rests"
    );
    assert!(order.price > 0, "a price in ticks");
    assert!(
        0 < order.remaining && order.remaining <= order.size,
        "filled + remaining = size, and some remains"
    );
    assert!(
        expire_ms == 0 || expire_ms > time_ms,
        "what is due has expired"
    );
    assert_eq!(order.marks.expires(), expire_ms != 0, "marked");
}

fn check_ranks(resting: &Resting) {
    let mut rank = 0;
    for slot in resting.orders.by_arrival() {
        let arrival = resting.orders.terms(slot).arrival;
        assert!(rank < arrival && arrival <= resting.arrivals, "ranks");
        rank = arrival;
    }
}

fn check_owners(resting: &Resting) {
    let owned: BTreeSet<u32> = resting.owners.check(&resting.orders).into_iter().collect();
    let known: BTreeSet<u32> = resting.by_id.slots().collect();
    assert_eq!(owned, known, "every order has an owner");
}

fn check_expiries(resting: &Resting) {
    let orders = &resting.orders;
    let expiring: Vec<((i64, i64), u32)> = resting
        .by_expiry
        .iter()
        .map(|(key, slot)| (*key, *slot))
        .collect();
    let mut expected: Vec<((i64, i64), u32)> = orders
        .by_arrival()
        .into_iter()
        .map(|slot| (orders.terms(slot), slot))
        .filter(|(terms, _)| terms.expire_ms != 0)
        .map(|(terms, slot)| ((terms.expire_ms, terms.arrival), slot))
        .collect();
    expected.sort_unstable();
    assert_eq!(expiring, expected, "expiries");
}
