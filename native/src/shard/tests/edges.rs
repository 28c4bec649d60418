//! What a client makes up never panics; what a book makes up does.

use crate::limits::{AMOUNT_MAX, BALANCE_MAX};
use crate::schemas::commands::{Amend, Cancel, Command, Inquire, Place, Transfer};
use crate::schemas::enums::{OrderType, Question, Reason, Side, TimeInForce};
use crate::schemas::reports::{Opened, Report};
use crate::shard::Shard;
use crate::shard::tests::desk::{
    AMEND, CANCEL, Desk, NOW, PLACE, TRANSFER, UNTIL, USD, balance, rejected,
};

const NUMBERS: [i64; 11] = [
    i64::MIN,
    i64::MIN + 1,
    -1,
    0,
    1,
    2,
    1 << 20,
    AMOUNT_MAX,
    AMOUNT_MAX + 1,
    i64::MAX - 1,
    i64::MAX,
];

#[test]
fn no_number_of_a_client_panics() {
    let mut desk = Desk::funded();
    let order_id = desk.opened(PLACE);
    let mut count = 0;
    for one in NUMBERS {
        for two in NUMBERS {
            count += 1;
            let command_id = &format!("n{count}")[..];
            for (side, kind) in [
                (Side::Buy, OrderType::Limit),
                (Side::Sell, OrderType::Limit),
                (Side::Buy, OrderType::Market),
            ] {
                let market = kind == OrderType::Market;
                desk.run(&Command::Place(Place {
                    command_id: &format!("{command_id}{side:?}{kind:?}"),
                    side,
                    r#type: kind,
                    time_in_force: if market {
                        TimeInForce::Ioc
                    } else {
                        TimeInForce::Gtc
                    },
                    price: if market { 0 } else { one },
                    size: two,
                    funds: if market { one } else { 0 },
                    ..PLACE
                }));
            }
            desk.run(&Command::Amend(Amend {
                command_id: &format!("{command_id}a"),
                order_id,
                price: one,
                size: two,
                ..AMEND
            }));
            desk.run(&Command::Transfer(Transfer {
                command_id: &format!("{command_id}t"),
                account: one,
                amount: two,
                ..TRANSFER
            }));
            desk.run(&Command::Inquire(Inquire {
                account: one,
                command_id: "i",
                valid_until_ms: UNTIL,
                question: Question::OpenOrders,
                order_id: two,
                client_order_id: "",
            }));
            desk.run(&Command::Cancel(Cancel {
                command_id: &format!("{command_id}c"),
                valid_until_ms: one,
                order_id: two,
                ..CANCEL
            }));
        }
    }
}

#[test]
fn an_id_that_is_none_is_cut_to_its_characters_and_not_remembered() {
    let mut desk = Desk::funded();
    let before = desk.shard.snapshot().ids.len();
    for (text, said) in [
        (String::new(), String::new()),
        ("x".repeat(1_000), "x".repeat(36)),
        ("é".repeat(40), "é".repeat(36)),
        ("a\u{7f}".to_owned(), "a\u{7f}".to_owned()),
        ("tab\t".to_owned(), "tab\t".to_owned()),
    ] {
        let told = desk.run(&Command::Place(Place {
            command_id: &text,
            ..PLACE
        }));
        assert_eq!(
            [rejected(&said, Reason::InvalidId, 0, false)],
            told.events[..]
        );
    }
    assert_eq!(before, desk.shard.snapshot().ids.len());
}

#[test]
fn what_is_valid_for_too_long_is_remembered_but_not_for_ever() {
    let mut desk = Desk::funded();
    for (valid_until_ms, reason) in [
        (NOW - 1, Reason::CommandExpired),
        (NOW + 65_001, Reason::ValidUntilTooFar),
        (i64::MAX, Reason::ValidUntilTooFar),
    ] {
        let command_id = &format!("v{valid_until_ms}");
        let told = desk.run(&Command::Place(Place {
            command_id,
            valid_until_ms,
            ..PLACE
        }));
        assert_eq!([rejected(command_id, reason, 0, false)], told.events[..]);
    }
    assert_eq!(4, desk.shard.snapshot().ids.len());
    desk.wait_until(NOW + 3_600_000 + 60_001);
    assert_eq!(2, desk.shard.snapshot().ids.len());
}

#[test]
fn a_balance_stops_at_the_largest() {
    let mut desk = Desk::funded();
    desk.opened(PLACE);
    let mut state = desk.shard.snapshot();
    let more = BALANCE_MAX - 100_000;
    state.accounts[1].available += more;
    state.assets[1].external -= more;
    desk.shard = Shard::restore(state);
    desk.shard.check();
    let told = desk.run(&Command::Transfer(Transfer {
        amount: 1,
        ..TRANSFER
    }));
    assert_eq!(
        [rejected("t1", Reason::InvalidAmount, 0, false)],
        told.events[..]
    );
    let out = Transfer {
        command_id: "t2",
        amount: -1,
        ..TRANSFER
    };
    let told = desk.run(&Command::Transfer(out));
    assert_eq!(balance(USD, BALANCE_MAX - 30_061, 30_060), told.events[1]);
}

#[test]
fn a_funded_account_may_not_have_orders_without_end() {
    let mut desk = Desk::funded();
    desk.fund(USD, 1 << 40);
    let place = |desk: &mut Desk, number: i32| {
        let mut told = crate::shard::tests::desk::Told::default();
        let command = Command::Place(Place {
            command_id: &format!("n{number}"),
            price: 1,
            ..PLACE
        });
        desk.shard.command(&command, NOW, &mut told);
        told
    };
    for number in 0..5_000 {
        assert_eq!(1, place(&mut desk, number).orders.len());
    }
    let told = place(&mut desk, 5_000);
    assert_eq!(
        [rejected("n5000", Reason::TooManyOpenOrders, 0, false)],
        told.events[..]
    );
    desk.shard.check();
}

#[test]
#[should_panic(expected = "order 4 is unknown")]
fn a_report_of_no_order_is_a_broken_invariant() {
    let mut desk = Desk::funded();
    desk.opened(PLACE);
    let report = Opened {
        order_id: 4,
        remaining: 10,
    };
    desk.report(&Report::Opened(report));
}

#[test]
#[should_panic(expected = "book and ledger agree on what rests")]
fn a_report_of_another_size_is_a_broken_invariant() {
    let mut desk = Desk::funded();
    let order_id = desk.opened(PLACE);
    let report = Opened {
        order_id,
        remaining: 9,
    };
    desk.report(&Report::Opened(report));
}
