//! Amends: what they keep, what they lose, when they are refused.

use crate::made::{amend, apply, book, buy, ends, opened, place, placed, sell, trades};
use partita_native::book::events::BookEvent;
use partita_native::schemas::enums::{Outcome, Reason};
use partita_native::schemas::orders::{AmendOrder, NewOrder, OrderEvent};

fn kept_place(told: &[BookEvent]) -> bool {
    match told.first() {
        Some(BookEvent::Changed(changed)) => changed.kept_place,
        other => panic!("no change: {other:?}"),
    }
}

fn refusal(told: &[BookEvent]) -> Reason {
    match told {
        [BookEvent::Refused(refused)] => refused.reason,
        other => panic!("no refusal: {other:?}"),
    }
}

#[test]
fn less_at_the_same_price_keeps_the_place_and_nothing_else_does() {
    let mut book = book();
    placed(&mut book, &[sell(1, 10, 5), sell(2, 10, 5), sell(3, 10, 5)]);
    assert!(kept_place(&amend(&mut book, 1, 10, 4)));
    assert!(!kept_place(&amend(&mut book, 2, 10, 5)));
    let told = place(&mut book, buy(4, 10, 14));
    assert_eq!(trades(&told), [(1, 10, 4), (3, 10, 5), (2, 10, 5)]);
}

#[test]
fn an_amended_price_takes_and_the_rest_rests() {
    let mut book = book();
    placed(&mut book, &[sell(1, 10, 5), buy(2, 8, 9)]);
    let told = amend(&mut book, 2, 10, 9);
    assert!(!kept_place(&told));
    assert_eq!(trades(&told), [(1, 10, 5)]);
    assert_eq!(opened(&told), [(2, 4)]);
    // The size is the total: 5 of it are filled.
    let told = amend(&mut book, 2, 10, 5);
    assert_eq!(refusal(&told), Reason::SizeAlreadyFilled);
    let told = amend(&mut book, 2, 10, 6);
    assert!(kept_place(&told));
}

#[test]
fn an_amended_order_that_is_filled_has_ended() {
    let mut book = book();
    placed(&mut book, &[sell(1, 10, 5), buy(2, 8, 5)]);
    let told = amend(&mut book, 2, 11, 5);
    let filled = |order_id| (order_id, 0, Outcome::Filled, Reason::None);
    assert_eq!(ends(&told), [filled(1), filled(2)]);
    assert!(matches!(told.last(), Some(BookEvent::Done(done)) if done.was_open));
}

#[test]
fn a_top_up_that_falls_short_is_given_back() {
    let mut book = book();
    placed(&mut book, &[buy(1, 10, 5)]);
    let raise = |top_up| AmendOrder {
        order_id: 1,
        account: 1,
        price: 11,
        size: 5,
        top_up,
        request: 1,
    };
    let told = apply(&mut book, OrderEvent::AmendOrder(raise(4)), 1);
    assert_eq!(refusal(&told), Reason::TopUpTooSmall);
    let told = apply(&mut book, OrderEvent::AmendOrder(raise(5)), 1);
    assert_eq!(opened(&told), [(1, 5)]);
}

#[test]
fn a_post_only_order_is_not_amended_to_take() {
    let mut book = book();
    let quiet = NewOrder {
        post_only: true,
        ..buy(1, 9, 5)
    };
    placed(&mut book, &[quiet, sell(2, 10, 5)]);
    assert_eq!(
        refusal(&amend(&mut book, 1, 10, 5)),
        Reason::PostOnlyWouldTake
    );
}
