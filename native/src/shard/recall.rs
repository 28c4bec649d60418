//! What an id was used for, from what is known of it.
//!
//! The content of a command is a hash over text, a fifth of all that a place costs, and nearly
//! never asked for: only by a repeat, a snapshot and a digest. So it is made when it is, from the
//! order of a place that was accepted, or from the numbers that are kept in the room of the hash.

use crate::schemas::commands::{Cancel, CancelAll, Command, Place, Transfer};
use crate::schemas::enums::{OrderType, Side};
use crate::shard::Shard;
use crate::shard::content::{Content, content};
use crate::shard::memory::{Known, Said};
use crate::shard::orders::Order;

/// What stands in the room of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The content itself.
    Content,
    /// Nothing: the command was the place of the order.
    Place,
    /// Nothing: as before, and its funds were not given.
    PlaceBySize,
    /// The `order_id` of a cancel that named it.
    Cancel,
    /// The `instrument_id`.
    CancelAll,
    /// The `asset_id` and the amount.
    Transfer,
}

/// What to keep of a command so that its content can be made; None: the content itself.
pub fn kept(command: &Command<'_>, said: Said) -> Option<(Form, Content)> {
    match command {
        Command::Place(place) if matches!(said, Said::Received(_)) => {
            let market_buy = place.r#type == OrderType::Market && place.side == Side::Buy;
            let by_size = market_buy && place.funds == 0;
            let form = if by_size {
                Form::PlaceBySize
            } else {
                Form::Place
            };
            Some((form, [0; 16]))
        }
        Command::Cancel(cancel) if cancel.client_order_id.is_empty() => {
            Some((Form::Cancel, pair(cancel.order_id, 0)))
        }
        Command::CancelAll(cancel) => Some((Form::CancelAll, pair(cancel.instrument_id, 0))),
        Command::Transfer(transfer) => {
            Some((Form::Transfer, pair(transfer.asset_id, transfer.amount)))
        }
        _ => None,
    }
}

fn pair(one: i64, two: i64) -> Content {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&one.to_le_bytes());
    bytes[8..].copy_from_slice(&two.to_le_bytes());
    bytes
}

fn numbers(bytes: &Content) -> [i64; 2] {
    let parts = [bytes.first_chunk(), bytes.last_chunk()];
    parts.map(|part| i64::from_le_bytes(*part.expect("a half of 16 bytes")))
}

impl Shard {
    /// The content of what an id was used for; the text is written into `text`.
    pub(super) fn content_of(&self, known: &Known, text: &mut Vec<u8>) -> Content {
        match self.recalled(known) {
            Some(command) => content(&command, text),
            None => known.content,
        }
    }

    /// The command, but for how long to try; None when only its content is known.
    fn recalled<'a>(&self, known: &'a Known) -> Option<Command<'a>> {
        let account = known.account;
        let command_id = known.id.as_str();
        let valid_until_ms = 0;
        let [one, two] = numbers(&known.content);
        Some(match known.form {
            Form::Content => return None,
            Form::Place | Form::PlaceBySize => {
                let Said::Received(at) = known.said() else {
                    unreachable!("a place that is kept so was accepted");
                };
                Command::Place(self.placed(known, &self.orders[at]))
            }
            Form::Cancel => Command::Cancel(Cancel {
                account,
                command_id,
                valid_until_ms,
                order_id: one,
                client_order_id: "",
            }),
            Form::CancelAll => Command::CancelAll(CancelAll {
                account,
                command_id,
                valid_until_ms,
                instrument_id: one,
            }),
            Form::Transfer => Command::Transfer(Transfer {
                account,
                command_id,
                valid_until_ms,
                asset_id: one,
                amount: two,
            }),
        })
    }

    fn placed<'a>(&self, known: &'a Known, order: &Order) -> Place<'a> {
        let market = order.r#type == OrderType::Market;
        let given = market && known.form == Form::Place;
        Place {
            account: known.account,
            command_id: known.id.as_str(),
            valid_until_ms: 0,
            instrument_id: self.instruments[order.instrument].rules.instrument_id,
            side: order.side,
            r#type: order.r#type,
            time_in_force: order.time_in_force,
            price: if market { 0 } else { order.placed_amount },
            size: order.placed_size,
            funds: if given { order.placed_amount } else { 0 },
            post_only: order.post_only,
            self_trade: order.self_trade,
            expire_ms: order.expire_ms,
        }
    }
}
