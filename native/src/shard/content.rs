//! What tells a repeat from other content (`partita.ledger.reference.memory.content`).

use crate::schemas::commands::Command;
use blake2::digest::consts::U16;
use blake2::{Blake2b, Digest as _};

/// Bytes of a content.
pub type Content = [u8; 16];

/// Blake2b over the kind and the fields as text, joined by the unit separator; without
/// `valid_until_ms`, which says how long to try, not what to do. The text is written into `text`.
pub fn content(command: &Command<'_>, text: &mut Vec<u8>) -> Content {
    text.clear();
    write(command, &mut Form(text));
    Blake2b::<U16>::digest(text).into()
}

fn write(command: &Command<'_>, form: &mut Form<'_>) {
    match command {
        Command::Place(place) => form
            .kind("Place", place.account, place.command_id)
            .int(place.instrument_id)
            .text(place.side.symbol())
            .text(place.r#type.symbol())
            .text(place.time_in_force.symbol())
            .int(place.price)
            .int(place.size)
            .int(place.funds)
            .text(if place.post_only { "True" } else { "False" })
            .text(place.self_trade.symbol())
            .int(place.expire_ms),
        Command::Cancel(cancel) => form
            .kind("Cancel", cancel.account, cancel.command_id)
            .int(cancel.order_id)
            .text(cancel.client_order_id),
        Command::Amend(amend) => form
            .kind("Amend", amend.account, amend.command_id)
            .int(amend.order_id)
            .text(amend.client_order_id)
            .int(amend.price)
            .int(amend.size),
        Command::CancelAll(cancel) => form
            .kind("CancelAll", cancel.account, cancel.command_id)
            .int(cancel.instrument_id),
        Command::Transfer(transfer) => form
            .kind("Transfer", transfer.account, transfer.command_id)
            .int(transfer.asset_id)
            .int(transfer.amount),
        Command::Inquire(inquire) => form
            .kind("Inquire", inquire.account, inquire.command_id)
            .text(inquire.question.symbol())
            .int(inquire.order_id)
            .text(inquire.client_order_id),
    };
}

/// Fields as text, one after the other.
struct Form<'a>(&'a mut Vec<u8>);

impl Form<'_> {
    fn kind(&mut self, kind: &str, account: i64, command_id: &str) -> &mut Self {
        self.0.extend_from_slice(kind.as_bytes());
        self.int(account).text(command_id)
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(0x1f);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn int(&mut self, value: i64) -> &mut Self {
        self.0.push(0x1f);
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = value.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            self.0.push(b'-');
        }
        self.0.extend_from_slice(&digits[at..]);
        self
    }
}
