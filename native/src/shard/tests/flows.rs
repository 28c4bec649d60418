//! Place, fill, cancel, amend, and the memory of ids.

use crate::limits::ID_MARGIN_MS;
use crate::schemas::commands::{Amend, Cancel, CancelAll, Command, Place};
use crate::schemas::enums::{Reason, Side};
use crate::schemas::orders::OrderEvent;
use crate::schemas::reports::{Changed, OrdersCancelled, Refused, Report};
use crate::shard::tests::desk::{
    ACCOUNT, AMEND, BTC, CANCEL, Desk, PLACE, TRANSFER, UNTIL, USD, accepted, balance, rejected,
};

#[test]
fn a_buy_is_reserved_filled_better_and_released() {
    let mut desk = Desk::funded();
    let order_id = desk.opened(PLACE);
    assert_eq!(2, order_id);
    let told = desk.fill(order_id, 900, 4, 10);
    let held = 6 * 3_000 + 36;
    let expected = [
        balance(BTC, 100_040, 0),
        balance(USD, 100_000 - 10_800 - 10 - held, held),
    ];
    assert_eq!(expected, told[1..]);
    let told = desk.cancelled(order_id, 6, 0);
    assert_eq!([balance(USD, 100_000 - 10_810, 0)], told[1..]);
}

#[test]
fn a_sale_that_fees_take_whole_still_opens_the_balance() {
    let mut desk = Desk::new();
    let mut free = crate::shard::tests::desk::rules(1);
    (free.version, free.taker_fee_ppm) = (2, 1_000_000);
    desk.report(&Report::Instrument(Box::new(free)));
    desk.fund(BTC, 1_000);
    let sale = Place {
        side: Side::Sell,
        ..PLACE
    };
    let order_id = desk.opened(sale);
    let told = desk.fill(order_id, 1_000, 10, 30_000);
    assert_eq!(
        [balance(BTC, 900, 0)],
        told[1..],
        "nothing came of the sale"
    );
    assert_eq!(2, desk.shard.snapshot().accounts.len());
}

#[test]
fn a_cancel_is_answered_when_the_book_has_done_it() {
    let mut desk = Desk::funded();
    let order_id = desk.opened(PLACE);
    let cancel = Command::Cancel(Cancel {
        client_order_id: "p1",
        ..CANCEL
    });
    let told = desk.run(&cancel);
    assert!(matches!(
        told.orders[..],
        [(1, OrderEvent::CancelOrder(event))] if event.order_id == order_id && event.request == 1
    ));
    assert!(told.events.is_empty());
    assert!(
        desk.run(&cancel).events.is_empty(),
        "the answer will serve both"
    );
    let told = desk.cancelled(order_id, 10, 1);
    assert_eq!(
        [balance(USD, 100_000, 0), accepted("c1", order_id, 1)],
        told[1..]
    );
    let told = desk.run(&Command::Cancel(Cancel {
        command_id: "c2",
        order_id,
        ..CANCEL
    }));
    assert!(told.events[0].starts_with("OrderStatus"));
    assert_eq!(
        rejected("c2", Reason::OrderDone, order_id, false),
        told.events[1]
    );
}

#[test]
fn cancel_all_is_answered_after_its_orders_are_done() {
    let mut desk = Desk::funded();
    let order_id = desk.opened(PLACE);
    desk.run(&Command::CancelAll(CancelAll {
        account: ACCOUNT,
        command_id: "ca",
        valid_until_ms: UNTIL,
        instrument_id: 1,
    }));
    assert_eq!(2, desk.cancelled(order_id, 10, 1).len());
    let report = OrdersCancelled {
        account: ACCOUNT,
        count: 1,
        request: 1,
    };
    let told = desk.report(&Report::OrdersCancelled(report));
    assert_eq!([accepted("ca", 0, 1)], told[..]);
}

#[test]
fn an_amend_brings_its_top_up_and_a_refusal_gives_it_back() {
    let mut desk = Desk::funded();
    let order_id = desk.opened(PLACE);
    let more = Amend {
        order_id,
        size: 15,
        ..AMEND
    };
    let told = desk.run(&Command::Amend(more));
    assert_eq!([balance(USD, 100_000 - 45_090, 45_090)], told.events[..]);
    let second = Amend {
        command_id: "a2",
        size: 12,
        ..more
    };
    desk.run(&Command::Amend(second));
    let told = desk.report(&Report::Changed(Changed {
        order_id,
        price: 1_000,
        remaining: 15,
        top_up: 15_030,
        request: 1,
    }));
    assert_eq!([accepted("a1", order_id, 1)], told[1..]);
    let told = desk.report(&Report::Refused(Refused {
        order_id,
        reason: Reason::NotTrading,
        top_up: 6_012,
        request: 2,
    }));
    let expected = [
        balance(USD, 100_000 - 45_090, 45_090),
        rejected("a2", Reason::NotTrading, order_id, false),
    ];
    assert_eq!(expected, told[..]);
}

#[test]
fn a_repeat_gets_the_first_answer_and_other_content_none() {
    let mut desk = Desk::funded();
    let first = desk.run(&Command::Place(PLACE)).events;
    let hash = desk.shard.state_hash();
    let again = desk.run(&Command::Place(PLACE));
    assert!(again.orders.is_empty());
    assert_eq!(
        [first[0].replace("repeated: false", "repeated: true")],
        again.events[..]
    );
    assert_eq!(hash, desk.shard.state_hash());
    let other = desk.run(&Command::Place(Place { size: 11, ..PLACE }));
    assert_eq!(
        [rejected("p1", Reason::DuplicateId, 0, false)],
        other.events[..]
    );
}

#[test]
fn an_order_is_forgotten_a_margin_after_its_end_and_a_transfer_never() {
    let mut desk = Desk::funded();
    desk.run(&Command::Transfer(TRANSFER));
    let order_id = desk.opened(PLACE);
    desk.wait_until(UNTIL + 100 * ID_MARGIN_MS);
    desk.cancelled(order_id, 10, 0);
    desk.wait_until(desk.time_ms + ID_MARGIN_MS);
    assert_eq!(1, desk.shard.snapshot().orders.len());
    desk.wait_until(desk.time_ms + 1);
    let state = desk.shard.snapshot();
    assert!(state.orders.is_empty());
    assert_eq!(3, state.ids.len());
    assert!(state.ids.iter().all(|known| known.pinned));
}

#[test]
fn a_repeat_with_a_later_life_is_remembered_as_long() {
    let mut desk = Desk::new();
    desk.run(&Command::Place(PLACE));
    let again = Place {
        valid_until_ms: UNTIL + ID_MARGIN_MS / 2,
        ..PLACE
    };
    desk.run(&Command::Place(again));
    desk.wait_until(again.valid_until_ms + ID_MARGIN_MS);
    assert_eq!(1, desk.shard.snapshot().ids.len());
    desk.wait_until(desk.time_ms + 1);
    assert!(desk.shard.snapshot().ids.is_empty());
}
