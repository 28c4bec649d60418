//! From a book with its edges to the record that stands on `books-changelog`, and back
//! (`partita.matchers.snapshot`).

use crate::avro::{Reader, Value, put_length, put_long};
use crate::book::state::{BookState, RestingOrder};
use crate::core::book_machine::BookEdges;
use crate::core::columns::{self, Table};
use crate::core::record::{Result, ended, opened, undecodable};
use crate::edges::EdgeState;
use crate::limits::SNAPSHOT_BYTES_MAX;
use crate::schemas::enums::{SelfTrade, Side, TimeInForce};
use crate::schemas::heads;
use crate::schemas::instrument::Instrument;

/// What a snapshot holds.
pub struct BookSnapshot {
    /// Where its listing stands in its partition.
    pub first_offset: i64,
    /// The book.
    pub state: BookState,
    /// The ends of its edges.
    pub edges: BookEdges,
}

/// Return the record of a book's state.
#[must_use]
pub fn write(state: &BookState, edges: &BookEdges, first_offset: i64) -> Vec<u8> {
    let mut out = Vec::with_capacity(1_024 + state.orders.len() * 64);
    out.extend_from_slice(&heads::BOOK_SNAPSHOT);
    state.instrument.write(&mut out);
    for value in [
        first_offset,
        state.time_ms,
        state.trade_id,
        state.last_price,
        state.last_size,
        state.arrivals,
    ] {
        put_long(value, &mut out);
    }
    put_ends(&edges.from_shards, &mut out);
    put_ends(&edges.to_shards, &mut out);
    put_ends(&[edges.to_everyone], &mut out);
    put_orders(&state.orders, &mut out);
    out
}

fn put_ends(ends: &[EdgeState], out: &mut Vec<u8>) {
    let numbered: Vec<_> = ends.iter().enumerate().collect();
    columns::put(&numbered, out, |(peer, end), out| {
        put_length(*peer, out);
        put_long(end.number, out);
        put_long(end.chain, out);
    });
}

fn put_orders(orders: &[RestingOrder], out: &mut Vec<u8>) {
    let mut table = Table::<13>::default();
    for order in orders {
        table
            .row()
            .put(&order.order_id)
            .put(&order.account)
            .put(&order.side)
            .put(&order.time_in_force)
            .put(&order.price)
            .put(&order.size)
            .put(&order.remaining)
            .put(&order.post_only)
            .put(&order.self_trade)
            .put(&order.expire_ms)
            .put(&order.maker_fee_ppm)
            .put(&order.taker_fee_ppm)
            .put(&order.arrival);
    }
    table.put(out);
}

/// Return what a record holds.
///
/// # Errors
/// It is not the snapshot of a book.
pub fn read(data: &[u8]) -> Result<BookSnapshot> {
    let (name, head, mut input) = opened(data, SNAPSHOT_BYTES_MAX)?;
    if head != heads::BOOK_SNAPSHOT {
        return undecodable(format!("a {name} is not a snapshot of a book"));
    }
    let input = &mut input;
    let instrument = Instrument::read(input)?;
    let first_offset = input.long()?;
    let [time_ms, trade_id, last_price, last_size, arrivals] = [
        input.long()?,
        input.long()?,
        input.long()?,
        input.long()?,
        input.long()?,
    ];
    let (from_shards, to_shards, to_everyone) = (ends(input)?, ends(input)?, ends(input)?);
    let [to_everyone] = to_everyone[..] else {
        return undecodable("a book has one edge to everyone");
    };
    let orders = orders(input)?;
    ended(input)?;
    Ok(BookSnapshot {
        first_offset,
        state: BookState {
            instrument,
            time_ms,
            trade_id,
            last_price,
            last_size,
            arrivals,
            orders,
        },
        edges: BookEdges {
            from_shards,
            to_shards,
            to_everyone,
        },
    })
}

fn ends(input: &mut Reader<'_>) -> Result<Vec<EdgeState>> {
    let mut found = Vec::new();
    input.array(|input| {
        input.long()?; // who is at the other end: they are in order
        found.push(EdgeState::read(input)?);
        Ok(())
    })?;
    Ok(found)
}

fn orders(input: &mut Reader<'_>) -> Result<Vec<RestingOrder>> {
    let order_id = columns::read::<i64>(input)?;
    let account = columns::read::<i64>(input)?;
    let side = columns::read_members(input, Side::ALL)?;
    let time_in_force = columns::read_members(input, TimeInForce::ALL)?;
    let price = columns::read::<i64>(input)?;
    let size = columns::read::<i64>(input)?;
    let remaining = columns::read::<i64>(input)?;
    let post_only = columns::read::<bool>(input)?;
    let self_trade = columns::read_members(input, SelfTrade::ALL)?;
    let expire_ms = columns::read::<i64>(input)?;
    let maker_fee_ppm = columns::read::<i64>(input)?;
    let taker_fee_ppm = columns::read::<i64>(input)?;
    let arrival = columns::read::<i64>(input)?;
    columns::of_one_length(&[
        order_id.len(),
        account.len(),
        side.len(),
        time_in_force.len(),
        price.len(),
        size.len(),
        remaining.len(),
        post_only.len(),
        self_trade.len(),
        expire_ms.len(),
        maker_fee_ppm.len(),
        taker_fee_ppm.len(),
        arrival.len(),
    ])?;
    let row = |at: usize| RestingOrder {
        order_id: order_id[at],
        account: account[at],
        side: side[at],
        time_in_force: time_in_force[at],
        price: price[at],
        size: size[at],
        remaining: remaining[at],
        post_only: post_only[at],
        self_trade: self_trade[at],
        expire_ms: expire_ms[at],
        maker_fee_ppm: maker_fee_ppm[at],
        taker_fee_ppm: taker_fee_ppm[at],
        arrival: arrival[at],
    };
    Ok((0..order_id.len()).map(row).collect())
}
