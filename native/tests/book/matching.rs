//! Price, then time; kinds of orders; expiry.

use crate::made::{apply, book, buy, cancel, ends, opened, place, placed, sell, spend, trades};
use partita_native::book::Level;
use partita_native::book::events::BookEvent;
use partita_native::schemas::enums::{OrderType, Outcome, Reason, Side, TimeInForce};
use partita_native::schemas::orders::{CancelOrders, NewOrder, OrderEvent};

#[test]
fn the_best_price_goes_first_and_then_the_first_come() {
    let mut book = book();
    placed(
        &mut book,
        &[
            sell(1, 11, 5),
            sell(2, 10, 5),
            sell(3, 10, 5),
            sell(4, 12, 5),
        ],
    );
    let told = place(&mut book, buy(5, 11, 12));
    assert_eq!(trades(&told), [(2, 10, 5), (3, 10, 5), (1, 11, 2)]);
    assert_eq!(book.last_trade(), (3, 11, 2));
    let left = Level {
        price: 11,
        size: 3,
        orders: 1,
    };
    assert_eq!(book.best(Side::Sell), Some(left));
    assert_eq!(book.depth(Side::Sell, 9).len(), 2);
}

#[test]
fn what_is_not_taken_rests_at_its_own_price() {
    let mut book = book();
    placed(&mut book, &[buy(1, 9, 4), buy(2, 8, 4)]);
    let told = place(&mut book, sell(3, 9, 10));
    assert_eq!(trades(&told), [(1, 9, 4)]);
    assert_eq!(opened(&told), [(3, 6)]);
    assert_eq!(book.best(Side::Buy).map(|level| level.price), Some(8));
    assert_eq!(book.best(Side::Sell).map(|level| level.price), Some(9));
}

#[test]
fn levels_far_apart_are_taken_in_order() {
    let mut book = book();
    let prices = [1 << 61, 1, 4_096, 70, 1 << 40, 64, 63, 4_095, 1_000_000];
    for (order_id, price) in (1..).zip(prices) {
        place(&mut book, sell(order_id, price, 1));
    }
    let all = NewOrder {
        r#type: OrderType::Market,
        time_in_force: TimeInForce::Ioc,
        funds: 1 << 62,
        ..buy(99, 0, 9)
    };
    let told = place(&mut book, all);
    let mut sorted = prices;
    sorted.sort_unstable();
    let taken: Vec<i64> = trades(&told).iter().map(|(_, price, _)| *price).collect();
    assert_eq!(taken, sorted);
    assert_eq!(book.best(Side::Sell), None);
}

#[test]
fn immediate_orders_leave_nothing_behind() {
    let mut book = book();
    placed(&mut book, &[sell(1, 10, 5)]);
    let kind = |time_in_force, order| NewOrder {
        time_in_force,
        ..order
    };
    let told = place(&mut book, kind(TimeInForce::Fok, buy(2, 10, 6)));
    let killed = (2, 6, Outcome::Cancelled, Reason::FillOrKillUnfillable);
    assert_eq!(ends(&told), [killed]);
    let told = place(&mut book, kind(TimeInForce::Ioc, buy(3, 10, 6)));
    let remainder = (3, 1, Outcome::Cancelled, Reason::ImmediateRemainder);
    assert_eq!(
        ends(&told),
        [(1, 0, Outcome::Filled, Reason::None), remainder]
    );
    let told = place(&mut book, spend(4, 100));
    let nobody = (4, 0, Outcome::Cancelled, Reason::NoLiquidity);
    assert_eq!(ends(&told), [nobody]);
}

#[test]
fn funds_buy_what_they_pay_with_the_fee() {
    let mut book = book();
    placed(&mut book, &[sell(1, 10, 5), sell(2, 20, 5)]);
    let order = NewOrder {
        taker_fee_ppm: 100_000,
        ..spend(3, 100)
    };
    let told = place(&mut book, order);
    // 5 at 10 cost 55 with the fee; the 45 left buy 2 at 20, for 44.
    assert_eq!(trades(&told), [(1, 10, 5), (2, 20, 2)]);
    let end = ends(&told).pop().expect("an end");
    assert_eq!(end, (3, 0, Outcome::Filled, Reason::None));
}

#[test]
fn a_post_only_order_never_takes() {
    let mut book = book();
    placed(&mut book, &[sell(1, 10, 5)]);
    let post_only = |order| NewOrder {
        post_only: true,
        ..order
    };
    let told = place(&mut book, post_only(buy(2, 10, 5)));
    let refused = (2, 5, Outcome::Rejected, Reason::PostOnlyWouldTake);
    assert_eq!(ends(&told), [refused]);
    let told = place(&mut book, post_only(buy(3, 9, 5)));
    assert_eq!(opened(&told), [(3, 5)]);
}

#[test]
fn what_is_due_expires_before_the_next_command_earliest_first() {
    let mut book = book();
    let until = |expire_ms, order| NewOrder {
        time_in_force: TimeInForce::Gtt,
        expire_ms,
        ..order
    };
    let orders = [
        until(30, buy(1, 9, 1)),
        until(20, buy(2, 9, 1)),
        until(20, buy(3, 8, 1)),
        until(40, buy(4, 9, 1)),
    ];
    placed(&mut book, &orders);
    assert_eq!(book.next_expiry_ms(), Some(20));
    let told = apply(&mut book, OrderEvent::NewOrder(sell(5, 8, 9)), 30);
    let expired: Vec<i64> = ends(&told)
        .iter()
        .filter(|end| end.2 == Outcome::Expired)
        .map(|end| end.0)
        .collect();
    assert_eq!(expired, [2, 3, 1]);
    assert_eq!(trades(&told), [(4, 9, 1)]);
    assert_eq!(book.next_expiry_ms(), None);
    assert_eq!(book.time_ms(), 30);
}

#[test]
fn only_the_owner_cancels() {
    let mut book = book();
    placed(&mut book, &[buy(1, 9, 5)]);
    let told = cancel(&mut book, 1, 2);
    assert!(matches!(told[..], [BookEvent::Refused(refused)]
        if refused.reason == Reason::UnknownOrder && refused.account == 2));
    let told = cancel(&mut book, 1, 1);
    assert_eq!(ends(&told), [(1, 5, Outcome::Cancelled, Reason::Requested)]);
    let told = cancel(&mut book, 1, 1);
    assert!(matches!(told[..], [BookEvent::Refused(_)]));
}

#[test]
fn all_orders_of_an_account_are_cancelled_oldest_first() {
    let mut book = book();
    for order_id in 1..=2_000 {
        let order = NewOrder {
            account: order_id % 3,
            ..buy(order_id, 1_000 - order_id % 7, 1)
        };
        place_unchecked(&mut book, order);
    }
    let event = OrderEvent::CancelOrders(CancelOrders {
        account: 1,
        request: 3,
    });
    let told = apply(&mut book, event, 1);
    let cancelled: Vec<i64> = ends(&told).iter().map(|end| end.0).collect();
    let expected: Vec<i64> = (1..=2_000).filter(|order_id| order_id % 3 == 1).collect();
    assert_eq!(cancelled, expected);
    let Some(BookEvent::OrdersCancelled(answer)) = told.last() else {
        panic!("an answer");
    };
    assert_eq!((answer.account, answer.count, answer.request), (1, 667, 3));
}

fn place_unchecked(book: &mut partita_native::book::Book, order: NewOrder) {
    book.apply(&OrderEvent::NewOrder(order), 1, &mut |_| ());
}

#[test]
fn a_level_holds_more_than_64_bits_of_lots() {
    let mut book = book();
    for order_id in 1..=40 {
        place_unchecked(&mut book, buy(order_id, 1, 1 << 62));
    }
    book.check();
    let size = book.best(Side::Buy).map(|level| level.size);
    assert_eq!(size, Some(40 << 62));
}

#[test]
#[should_panic(expected = "an order id is used once")]
fn an_order_id_that_is_in_the_book_is_a_broken_invariant() {
    let mut book = book();
    placed(&mut book, &[buy(1, 9, 5), sell(1, 10, 5)]);
}
