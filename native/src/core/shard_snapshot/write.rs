//! From a shard with its edges to its record.

use crate::avro::{Value, put_bytes, put_long};
use crate::core::columns;
use crate::core::ledger::ShardEdges;
use crate::edges::EdgeState;
use crate::schemas::heads;
use crate::shard::state::{AccountFunds, Answer, KnownId, OrderRecord, RequestRecord, ShardState};

type Ends = [(i64, EdgeState)];

/// Return the record of a shard's state.
#[must_use]
pub fn write(state: &ShardState, edges: &ShardEdges) -> Vec<u8> {
    let rows = state.ids.len() + state.orders.len() + state.accounts.len();
    let mut out = Vec::with_capacity(4_096 + rows * 80);
    let put = &mut out;
    put.extend_from_slice(&heads::SHARD_SNAPSHOT);
    for value in [
        state.shard,
        state.shards,
        state.time_ms,
        state.order_count,
        state.request_count,
    ] {
        put_long(value, put);
    }
    columns::put(&state.instruments, put, Value::write);
    put_ends(&edges.from_books, put);
    put_ends(&edges.to_books, put);
    put_ends(&[(0, edges.to_accounts)], put);
    put_accounts(&state.accounts, put);
    columns::put(&state.assets, put, |row, out| {
        row.asset_id.write(out);
        row.fees.write(out);
        row.external.write(out);
    });
    columns::put(&state.clearing, put, |row, out| {
        row.instrument_id.write(out);
        row.asset_id.write(out);
        row.amount.write(out);
    });
    put_orders(&state.orders, put);
    put_requests(&state.requests, put);
    put_ids(&state.ids, put);
    out
}

fn put_ends(ends: &Ends, out: &mut Vec<u8>) {
    columns::put(ends, out, |(peer, end), out| {
        put_long(*peer, out);
        put_long(end.number, out);
        put_long(end.chain, out);
    });
}

fn put_accounts(rows: &[AccountFunds], out: &mut Vec<u8>) {
    columns::put(rows, out, |row, out| row.account.write(out));
    columns::put(rows, out, |row, out| row.asset_id.write(out));
    columns::put(rows, out, |row, out| halves(row.available).0.write(out));
    columns::put(rows, out, |row, out| halves(row.available).1.write(out));
    columns::put(rows, out, |row, out| halves(row.held).0.write(out));
    columns::put(rows, out, |row, out| halves(row.held).1.write(out));
}

/// The high and the low half of an amount's two's complement, both signed.
#[allow(clippy::cast_possible_truncation)] // that is what a half is
fn halves(amount: i128) -> (i64, i64) {
    ((amount >> 64) as i64, amount as i64)
}

fn put_orders(rows: &[OrderRecord], out: &mut Vec<u8>) {
    columns::put(rows, out, |row, out| row.order_id.write(out));
    columns::put(rows, out, |row, out| row.account.write(out));
    columns::put(rows, out, |row, out| row.client_order_id.write(out));
    columns::put(rows, out, |row, out| row.instrument_id.write(out));
    columns::put(rows, out, |row, out| row.side.write(out));
    columns::put(rows, out, |row, out| row.r#type.write(out));
    columns::put(rows, out, |row, out| row.time_in_force.write(out));
    columns::put(rows, out, |row, out| row.price.write(out));
    columns::put(rows, out, |row, out| row.size.write(out));
    columns::put(rows, out, |row, out| row.filled.write(out));
    columns::put(rows, out, |row, out| row.remaining.write(out));
    columns::put(rows, out, |row, out| row.hold.write(out));
    columns::put(rows, out, |row, out| row.fee_ppm.write(out));
    columns::put(rows, out, |row, out| row.state.write(out));
    columns::put(rows, out, |row, out| row.outcome.write(out));
    columns::put(rows, out, |row, out| row.reason.write(out));
}

fn put_requests(rows: &[RequestRecord], out: &mut Vec<u8>) {
    columns::put(rows, out, |row, out| row.request.write(out));
    columns::put(rows, out, |row, out| row.account.write(out));
    columns::put(rows, out, |row, out| row.command_id.write(out));
    columns::put(rows, out, |row, out| row.instrument_id.write(out));
    columns::put(rows, out, |row, out| row.order_id.write(out));
    columns::put(rows, out, |row, out| row.top_up.write(out));
}

fn put_ids(rows: &[KnownId], out: &mut Vec<u8>) {
    columns::put(rows, out, |row, out| row.account.write(out));
    columns::put(rows, out, |row, out| row.command_id.write(out));
    columns::put(rows, out, |row, out| put_bytes(&row.content, out));
    columns::put(rows, out, |row, out| row.keep_until_ms.write(out));
    columns::put(rows, out, |row, out| row.pinned.write(out));
    columns::put(rows, out, |row, out| put_long(kind(row.answer), out));
    put_received(rows, out);
    let accepted: Vec<_> = answers(rows, |answer| match answer {
        Answer::Accepted { order_id, count } => Some((order_id, count)),
        _ => None,
    });
    columns::put(&accepted, out, |row, out| row.0.write(out));
    columns::put(&accepted, out, |row, out| row.1.write(out));
    let rejected: Vec<_> = answers(rows, |answer| match answer {
        Answer::Rejected { reason, order_id } => Some((reason, order_id)),
        _ => None,
    });
    columns::put(&rejected, out, |row, out| row.0.write(out));
    columns::put(&rejected, out, |row, out| row.1.write(out));
}

/// The place of an answer's kind: 0 none yet, 1 received, 2 accepted, 3 rejected.
fn kind(answer: Option<Answer>) -> i64 {
    match answer {
        None => 0,
        Some(Answer::Received { .. }) => 1,
        Some(Answer::Accepted { .. }) => 2,
        Some(Answer::Rejected { .. }) => 3,
    }
}

fn answers<T>(rows: &[KnownId], of: impl Fn(Answer) -> Option<T>) -> Vec<T> {
    rows.iter()
        .filter_map(|row| row.answer.and_then(&of))
        .collect()
}

fn put_received(rows: &[KnownId], out: &mut Vec<u8>) {
    let rows: Vec<Answer> = answers(rows, |answer| (kind(Some(answer)) == 1).then_some(answer));
    macro_rules! column {
        ($($field:ident),+) => {
            $(columns::put(&rows, out, |row, out| {
                if let Answer::Received { $field, .. } = row {
                    $field.write(out);
                }
            });)+
        };
    }
    column!(
        order_id,
        instrument_id,
        side,
        r#type,
        time_in_force,
        price,
        size,
        funds,
        post_only
    );
    column!(self_trade, expire_ms);
}
