//! Orders of one account that meet.

use crate::made::{book, buy, ends, opened, place, placed, sell, trades};
use partita_native::book::events::BookEvent;
use partita_native::schemas::enums::{Outcome, Reason, SelfTrade};
use partita_native::schemas::orders::NewOrder;

const SELF_TRADE: (Outcome, Reason) = (Outcome::Cancelled, Reason::SelfTrade);

/// What happens to a buy of so much that meets 5 lots of its own account, and 5 of another behind.
fn meet(self_trade: SelfTrade, size: i64) -> Vec<BookEvent> {
    let mut book = book();
    placed(&mut book, &[sell(1, 10, 5), sell(2, 11, 5)]);
    let own = NewOrder {
        account: 1,
        self_trade,
        ..buy(3, 11, size)
    };
    place(&mut book, own)
}

fn cancelled(order_id: i64, left: i64) -> (i64, i64, Outcome, Reason) {
    (order_id, left, SELF_TRADE.0, SELF_TRADE.1)
}

#[test]
fn co_cancels_the_resting_one_and_goes_on() {
    let told = meet(SelfTrade::Co, 7);
    assert_eq!(ends(&told)[0], cancelled(1, 5));
    assert_eq!(trades(&told), [(2, 11, 5)]);
    assert_eq!(opened(&told), [(3, 2)]);
}

#[test]
fn cn_cancels_the_incoming_one() {
    assert_eq!(ends(&meet(SelfTrade::Cn, 7)), [cancelled(3, 7)]);
}

#[test]
fn cb_cancels_both() {
    let told = meet(SelfTrade::Cb, 7);
    assert_eq!(ends(&told), [cancelled(1, 5), cancelled(3, 7)]);
}

#[test]
fn dc_decreases_both_and_the_smaller_ends() {
    let told = meet(SelfTrade::Dc, 7);
    assert_eq!(ends(&told)[0], cancelled(1, 5));
    assert_eq!(trades(&told), [(2, 11, 2)]);
    let told = meet(SelfTrade::Dc, 3);
    assert!(matches!(told[0], BookEvent::Changed(changed)
        if (changed.order_id, changed.size, changed.kept_place) == (1, 2, true)));
    assert_eq!(ends(&told), [cancelled(3, 3)]);
    let told = meet(SelfTrade::Dc, 5);
    assert_eq!(ends(&told), [cancelled(1, 5), cancelled(3, 5)]);
}
