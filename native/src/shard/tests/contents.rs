//! What tells a repeat from other content: the bytes that the reference makes, kept or made later.

use crate::schemas::commands::{Amend, Cancel, CancelAll, Command, Place};
use crate::schemas::enums::{OrderType, TimeInForce};
use crate::shard::tests::desk::{ACCOUNT, AMEND, CANCEL, Desk, PLACE, TRANSFER, UNTIL};

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes what is written");
        text
    })
}

#[test]
fn contents_are_those_of_the_reference() {
    let by_size = Place {
        r#type: OrderType::Market,
        time_in_force: TimeInForce::Ioc,
        price: 0,
        ..PLACE
    };
    let cancel_all = CancelAll {
        account: ACCOUNT,
        command_id: "ca1",
        valid_until_ms: UNTIL,
        instrument_id: 1,
    };
    let by_name = Cancel {
        command_id: "c2",
        client_order_id: "p1",
        ..CANCEL
    };
    for (command, content) in [
        (Command::Place(PLACE), ""), // its answer says all
        (Command::Place(by_size), "55dfd71f1f939695035502a2bfb8a907"),
        (
            Command::Place(Place { size: -1, ..PLACE }), // refused: its content is kept
            "c88c60a9efd054a665840fabc79bfda9",
        ),
        (
            Command::Cancel(Cancel {
                order_id: 2,
                ..CANCEL
            }),
            "3084e39a48cc36772d1ea3c8011a91cb",
        ),
        (Command::Cancel(by_name), "feb838ad5541a445fc3c68b1a3e4ff6e"),
        (
            Command::CancelAll(cancel_all),
            "346a449f0e2bf0443004141f168b657c",
        ),
        (
            Command::Transfer(TRANSFER),
            "854d0761079e8fa1ca529fc8eb44261b",
        ),
        (
            Command::Amend(Amend {
                order_id: 2,
                ..AMEND
            }),
            "455c5fd0d6c8d4bea34a91ebf50a3b5a",
        ),
    ] {
        let mut desk = Desk::funded();
        desk.run(&command);
        let state = desk.shard.snapshot();
        let own = |id: &&crate::shard::state::KnownId| !id.command_id.as_str().starts_with("fund");
        let known = state.ids.iter().find(own).expect("it is remembered");
        assert_eq!(content, hex(known.content()), "{command:?}");
        assert_eq!(
            state,
            crate::shard::Shard::restore(state.clone()).snapshot()
        );
    }
}
