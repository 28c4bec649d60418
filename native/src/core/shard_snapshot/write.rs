//! From a shard with its edges to its record.

use crate::avro::{Value, put_long};
use crate::core::columns::{self, Row, Table};
use crate::core::ledger::ShardEdges;
use crate::edges::EdgeState;
use crate::schemas::heads;
use crate::shard::Shard;
use crate::shard::state::{AccountFunds, Answer, KnownId, OrderRecord, RequestRecord, ShardState};

type Ends = [(i64, EdgeState)];

/// Return the record of a shard. Its orders and ids are written as they come: as values, millions of
/// them would take several times the room of the record.
#[must_use]
pub fn write(shard: &Shard, edges: &ShardEdges) -> Vec<u8> {
    let (orders, ids) = (shard.order_records(), shard.known_ids());
    record_of(&shard.without_orders_and_ids(), orders, ids, edges)
}

/// Return the record of a shard's state.
#[must_use]
pub fn write_state(state: &ShardState, edges: &ShardEdges) -> Vec<u8> {
    let (orders, ids) = (state.orders.iter().copied(), state.ids.iter().copied());
    record_of(state, orders, ids, edges)
}

fn record_of(
    state: &ShardState,
    orders: impl ExactSizeIterator<Item = OrderRecord>,
    ids: impl ExactSizeIterator<Item = KnownId>,
    edges: &ShardEdges,
) -> Vec<u8> {
    let rows = ids.len() + orders.len() + state.accounts.len();
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
    put_orders(orders, put);
    put_requests(&state.requests, put);
    put_ids(ids, put);
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
    let mut table = Table::<6>::default();
    for row in rows {
        let (available, held) = (halves(row.available), halves(row.held));
        let halves = [available.0, available.1, held.0, held.1];
        let mut put = table.row();
        put.put(&row.account).put(&row.asset_id);
        for half in &halves {
            put.put(half);
        }
    }
    table.put(out);
}

/// The high and the low half of an amount's two's complement, both signed.
#[allow(clippy::cast_possible_truncation)] // that is what a half is
fn halves(amount: i128) -> (i64, i64) {
    ((amount >> 64) as i64, amount as i64)
}

fn put_orders(rows: impl Iterator<Item = OrderRecord>, out: &mut Vec<u8>) {
    let mut table = Table::<16>::default();
    for row in rows {
        table
            .row()
            .put(&row.order_id)
            .put(&row.account)
            .put(&row.client_order_id)
            .put(&row.instrument_id)
            .put(&row.side)
            .put(&row.r#type)
            .put(&row.time_in_force)
            .put(&row.price)
            .put(&row.size)
            .put(&row.filled)
            .put(&row.remaining)
            .put(&row.hold)
            .put(&row.fee_ppm)
            .put(&row.state)
            .put(&row.outcome)
            .put(&row.reason);
    }
    table.put(out);
}

fn put_requests(rows: &[RequestRecord], out: &mut Vec<u8>) {
    let mut table = Table::<6>::default();
    for row in rows {
        table
            .row()
            .put(&row.request)
            .put(&row.account)
            .put(&row.command_id)
            .put(&row.instrument_id)
            .put(&row.order_id)
            .put(&row.top_up);
    }
    table.put(out);
}

fn put_ids(rows: impl Iterator<Item = KnownId>, out: &mut Vec<u8>) {
    let mut ids = Table::<6>::default();
    let mut received = Table::<11>::default();
    let (mut accepted, mut rejected) = (Table::<2>::default(), Table::<2>::default());
    for row in rows {
        let kind = match &row.answer {
            None => 0_i64,
            Some(answer @ Answer::Received { .. }) => {
                put_received(answer, &mut received.row());
                1
            }
            Some(Answer::Accepted { order_id, count }) => {
                accepted.row().put(order_id).put(count);
                2
            }
            Some(Answer::Rejected { reason, order_id }) => {
                rejected.row().put(reason).put(order_id);
                3
            }
        };
        ids.row()
            .put(&row.account)
            .put(&row.command_id)
            .put(&row.content())
            .put(&row.keep_until_ms)
            .put(&row.pinned)
            .put(&kind);
    }
    ids.put(out);
    received.put(out);
    accepted.put(out);
    rejected.put(out);
}

fn put_received(answer: &Answer, row: &mut Row<'_>) {
    let Answer::Received {
        order_id,
        instrument_id,
        side,
        r#type,
        time_in_force,
        price,
        size,
        funds,
        post_only,
        self_trade,
        expire_ms,
    } = answer
    else {
        unreachable!("the caller has looked");
    };
    row.put(order_id)
        .put(instrument_id)
        .put(side)
        .put(r#type)
        .put(time_in_force)
        .put(price)
        .put(size)
        .put(funds)
        .put(post_only)
        .put(self_trade)
        .put(expire_ms);
}
