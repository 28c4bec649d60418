//! What has ended is unknown at once; its row is dropped in steps of a few.

use crate::limits::ID_MARGIN_MS;
use crate::schemas::commands::{Cancel, Command, Inquire, Place};
use crate::schemas::enums::{Outcome, Question, Reason};
use crate::schemas::orders::OrderEvent;
use crate::schemas::reports::{Done, Report};
use crate::shard::Shard;
use crate::shard::ahead::STRETCH;
use crate::shard::ledger::FORGOTTEN_AT_ONCE;
use crate::shard::tests::desk::{ACCOUNT, CANCEL, Desk, PLACE, Told, UNTIL, rejected};

const END: i64 = UNTIL + ID_MARGIN_MS;
const STEP: usize = FORGOTTEN_AT_ONCE * STRETCH;

/// With so many orders that are done; two ids are of transfers.
fn desk(count: usize) -> Desk {
    let mut desk = Desk::funded();
    for number in 0..count {
        let mut told = Told::default();
        let command = Command::Place(Place {
            command_id: &format!("p{number}"),
            ..PLACE
        });
        desk.shard.command(&command, desk.time_ms, &mut told);
        let [(_, OrderEvent::NewOrder(order))] = told.orders[..] else {
            panic!("not placed: {:?}", told.events);
        };
        let report = Report::Done(Done {
            order_id: order.order_id,
            outcome: Outcome::Cancelled,
            reason: Reason::Requested,
            remaining: 10,
            request: 0,
        });
        desk.shard.report(1, &report, desk.time_ms, &mut told);
    }
    desk.shard.check();
    desk
}

fn inquire(valid_until_ms: i64, order_id: i64, client_order_id: &str) -> Command<'_> {
    Command::Inquire(Inquire {
        account: ACCOUNT,
        command_id: "i1",
        valid_until_ms,
        question: Question::Order,
        order_id,
        client_order_id,
    })
}

#[test]
fn after_a_pause_each_step_drops_a_few_rows() {
    for pause_ms in [1_024, 1_000_000_000] {
        let mut desk = desk(1_000);
        let mut left = 1_000;
        desk.wait_until(END);
        assert_eq!(left + 2, desk.shard.memory.known.len());
        while left > 0 {
            desk.wait_until(END + pause_ms);
            left -= STEP.min(left);
            assert_eq!(left + 2, desk.shard.memory.known.len());
            assert_eq!(left, desk.shard.orders.rows.len());
            let state = desk.shard.snapshot();
            assert_eq!((0, 2), (state.orders.len(), state.ids.len()));
            let other = Shard::restore(state);
            assert_eq!(other.state_hash(), desk.shard.state_hash());
        }
    }
}

#[test]
fn a_stretch_of_commands_or_reports_is_one_step() {
    let mut desk = desk(1_000);
    desk.time_ms = END + 1_024;
    let late = [Command::Cancel(CANCEL); 5 * STRETCH];
    let mut told = Told::default();
    desk.shard.commands(&late, desk.time_ms, &mut told);
    assert_eq!(1_000 - 5 * STEP, desk.shard.orders.rows.len());
    let known = Report::Instrument(Box::new(crate::shard::tests::desk::rules(1)));
    let reports = vec![known; 5 * STRETCH];
    desk.shard.reports(1, &reports, desk.time_ms, &mut told);
    assert_eq!(1_000 - 10 * STEP, desk.shard.orders.rows.len());
    desk.shard.check();
}

#[test]
fn what_has_ended_is_unknown_before_it_is_dropped() {
    let mut desk = desk(1_000);
    desk.time_ms = END;
    assert!(desk.run(&inquire(END, 1_000, "")).events[0].starts_with("OrderStatus"));
    desk.time_ms = END + 1;
    let unknown = [rejected("i1", Reason::UnknownOrder, 0, false)];
    for number in [0, 499, 999] {
        let name = &format!("p{number}");
        let order_id = 2 * (number + 1);
        // Nothing has been dropped: the second is not over.
        assert_eq!(1_000, desk.shard.orders.rows.len());
        assert_eq!(
            unknown,
            desk.run(&inquire(desk.time_ms, order_id, "")).events[..]
        );
        assert_eq!(
            unknown,
            desk.run(&inquire(desk.time_ms, 0, name)).events[..]
        );
        let command_id = &format!("c{number}");
        let told = desk.run(&Command::Cancel(Cancel {
            command_id,
            order_id,
            valid_until_ms: desk.time_ms,
            ..CANCEL
        }));
        let refused = rejected(command_id, Reason::UnknownOrder, 0, false);
        assert_eq!([refused], told.events[..]);
    }
}

#[test]
fn an_id_is_used_anew_before_its_row_is_dropped() {
    let mut desk = desk(1_000);
    desk.time_ms = END + 1;
    let again = Place {
        command_id: "p500",
        valid_until_ms: desk.time_ms + 1_000,
        size: 11,
        ..PLACE
    };
    let order_id = desk.opened(again);
    assert_eq!(2 * 1_001, order_id);
    assert_eq!(1_001, desk.shard.orders.rows.len());
    let told = desk.run(&inquire(desk.time_ms, 0, "p500"));
    assert!(told.events[0].contains(&format!("order_id: {order_id}")));
    while desk.shard.orders.rows.len() > 1 {
        desk.wait_until(END + 1_024); // the old rows go, the new one stays
    }
    let told = desk.run(&Command::Place(again));
    assert!(told.events[0].contains("repeated: true"));
    desk.cancelled(order_id, 11, 0);
    desk.wait_until(desk.time_ms + 1_000_000);
    assert_eq!(0, desk.shard.orders.rows.len());
    assert_eq!(2, desk.shard.memory.known.len());
}
