//! From a record to the shard and its edges.

use crate::avro::{Reader, Value};
use crate::core::columns;
use crate::core::ledger::ShardEdges;
use crate::core::record::{Result, ended, opened, undecodable};
use crate::edges::EdgeState;
use crate::limits::SNAPSHOT_BYTES_MAX;
use crate::schemas::enums::{OrderState, OrderType, Outcome, Reason, SelfTrade, Side, TimeInForce};
use crate::schemas::heads;
use crate::schemas::instrument::Instrument;
use crate::shard::id::Id;
use crate::shard::state::{
    AccountFunds, Answer, AssetFunds, ClearingFunds, KnownId, OrderRecord, RequestRecord,
    ShardState,
};

/// Return what a record holds.
///
/// # Errors
/// It is not the snapshot of a shard.
pub fn read(data: &[u8]) -> Result<(ShardState, ShardEdges)> {
    let (name, head, mut input) = opened(data, SNAPSHOT_BYTES_MAX)?;
    if head != heads::SHARD_SNAPSHOT {
        return undecodable(format!("a {name} is not a snapshot of a shard"));
    }
    let input = &mut input;
    let [shard, shards, time_ms, order_count, request_count] = [
        input.long()?,
        input.long()?,
        input.long()?,
        input.long()?,
        input.long()?,
    ];
    let instruments = columns::read::<Instrument>(input)?;
    let (from_books, to_books, to_accounts) = (ends(input)?, ends(input)?, ends(input)?);
    let [(_, to_accounts)] = to_accounts[..] else {
        return undecodable("a shard has one edge to its accounts");
    };
    let state = ShardState {
        shard,
        shards,
        time_ms,
        order_count,
        request_count,
        instruments,
        accounts: accounts(input)?,
        assets: assets(input)?,
        clearing: clearing(input)?,
        orders: orders(input)?,
        requests: requests(input)?,
        ids: ids(input)?,
    };
    ended(input)?;
    Ok((
        state,
        ShardEdges {
            from_books,
            to_books,
            to_accounts,
        },
    ))
}

fn ends(input: &mut Reader<'_>) -> Result<Vec<(i64, EdgeState)>> {
    let mut found = Vec::new();
    input.array(|input| {
        found.push((input.long()?, EdgeState::read(input)?));
        Ok(())
    })?;
    Ok(found)
}

fn accounts(input: &mut Reader<'_>) -> Result<Vec<AccountFunds>> {
    let table: [Vec<i64>; 6] = [
        columns::read(input)?,
        columns::read(input)?,
        columns::read(input)?,
        columns::read(input)?,
        columns::read(input)?,
        columns::read(input)?,
    ];
    columns::of_one_length(&table.each_ref().map(Vec::len))?;
    let row = |at: usize| AccountFunds {
        account: table[0][at],
        asset_id: table[1][at],
        available: whole(table[2][at], table[3][at]),
        held: whole(table[4][at], table[5][at]),
    };
    Ok((0..table[0].len()).map(row).collect())
}

fn assets(input: &mut Reader<'_>) -> Result<Vec<AssetFunds>> {
    let mut rows = Vec::new();
    input.array(|input| {
        rows.push(AssetFunds {
            asset_id: input.long()?,
            fees: i128::read(input)?,
            external: i128::read(input)?,
        });
        Ok(())
    })?;
    Ok(rows)
}

fn clearing(input: &mut Reader<'_>) -> Result<Vec<ClearingFunds>> {
    let mut rows = Vec::new();
    input.array(|input| {
        rows.push(ClearingFunds {
            instrument_id: input.long()?,
            asset_id: input.long()?,
            amount: i128::read(input)?,
        });
        Ok(())
    })?;
    Ok(rows)
}

fn orders(input: &mut Reader<'_>) -> Result<Vec<OrderRecord>> {
    let (order_id, account) = (columns::read::<i64>(input)?, columns::read::<i64>(input)?);
    let client_order_id = columns::read::<Id>(input)?;
    let instrument_id = columns::read::<i64>(input)?;
    let side = columns::read_members(input, Side::ALL)?;
    let r#type = columns::read_members(input, OrderType::ALL)?;
    let time_in_force = columns::read_members(input, TimeInForce::ALL)?;
    let amounts: [Vec<i64>; 6] = [
        columns::read(input)?, // price
        columns::read(input)?, // size
        columns::read(input)?, // filled
        columns::read(input)?, // remaining
        columns::read(input)?, // hold
        columns::read(input)?, // fee_ppm
    ];
    let state = columns::read_members(input, OrderState::ALL)?;
    let outcome = columns::read_members(input, Outcome::ALL)?;
    let reason = columns::read_members(input, Reason::ALL)?;
    columns::of_one_length(&amounts.each_ref().map(Vec::len))?;
    columns::of_one_length(&[
        order_id.len(),
        account.len(),
        client_order_id.len(),
        instrument_id.len(),
        side.len(),
        r#type.len(),
        time_in_force.len(),
        amounts[0].len(),
        state.len(),
        outcome.len(),
        reason.len(),
    ])?;
    let named = client_order_id.into_iter().enumerate();
    let row = |(at, client_order_id)| OrderRecord {
        order_id: order_id[at],
        account: account[at],
        client_order_id,
        instrument_id: instrument_id[at],
        side: side[at],
        r#type: r#type[at],
        time_in_force: time_in_force[at],
        price: amounts[0][at],
        size: amounts[1][at],
        filled: amounts[2][at],
        remaining: amounts[3][at],
        hold: amounts[4][at],
        fee_ppm: amounts[5][at],
        state: state[at],
        outcome: outcome[at],
        reason: reason[at],
    };
    Ok(named.map(row).collect())
}

fn requests(input: &mut Reader<'_>) -> Result<Vec<RequestRecord>> {
    let (request, account) = (columns::read::<i64>(input)?, columns::read::<i64>(input)?);
    let command_id = columns::read::<Id>(input)?;
    let instrument_id = columns::read::<i64>(input)?;
    let (order_id, top_up) = (columns::read::<i64>(input)?, columns::read::<i64>(input)?);
    columns::of_one_length(&[
        request.len(),
        account.len(),
        command_id.len(),
        instrument_id.len(),
        order_id.len(),
        top_up.len(),
    ])?;
    let named = command_id.into_iter().enumerate();
    let row = |(at, command_id)| RequestRecord {
        request: request[at],
        account: account[at],
        command_id,
        instrument_id: instrument_id[at],
        order_id: order_id[at],
        top_up: top_up[at],
    };
    Ok(named.map(row).collect())
}

fn ids(input: &mut Reader<'_>) -> Result<Vec<KnownId>> {
    let account = columns::read::<i64>(input)?;
    let command_id = columns::read::<Id>(input)?;
    let content = columns::read::<&[u8]>(input)?;
    let keep_until_ms = columns::read::<i64>(input)?;
    let pinned = columns::read::<bool>(input)?;
    let kinds = columns::read::<i64>(input)?;
    let (received, accepted, rejected) = (received(input)?, accepted(input)?, rejected(input)?);
    columns::of_one_length(&[
        account.len(),
        command_id.len(),
        content.len(),
        keep_until_ms.len(),
        pinned.len(),
        kinds.len(),
    ])?;
    let (mut received, mut accepted, mut rejected) = (
        received.into_iter(),
        accepted.into_iter(),
        rejected.into_iter(),
    );
    let mut rows = Vec::with_capacity(account.len());
    for (at, command_id) in command_id.into_iter().enumerate() {
        let answer = match kinds[at] {
            1 => received.next(),
            2 => accepted.next(),
            3 => rejected.next(),
            _ => None,
        };
        if answer.is_none() && (1..=3).contains(&kinds[at]) {
            return undecodable("an id's answer is missing");
        }
        let told = content[at].is_empty() && matches!(answer, Some(Answer::Received { .. }));
        let content = content[at].try_into().ok();
        if content.is_none() && !told {
            return undecodable("the content of an id is 16 bytes, or in its answer");
        }
        rows.push(KnownId {
            account: account[at],
            command_id,
            content,
            keep_until_ms: keep_until_ms[at],
            pinned: pinned[at],
            answer,
        });
    }
    Ok(rows)
}

fn received(input: &mut Reader<'_>) -> Result<Vec<Answer>> {
    let (order_id, instrument_id) = (columns::read::<i64>(input)?, columns::read::<i64>(input)?);
    let side = columns::read_members(input, Side::ALL)?;
    let r#type = columns::read_members(input, OrderType::ALL)?;
    let time_in_force = columns::read_members(input, TimeInForce::ALL)?;
    let (price, size) = (columns::read::<i64>(input)?, columns::read::<i64>(input)?);
    let funds = columns::read::<i64>(input)?;
    let post_only = columns::read::<bool>(input)?;
    let self_trade = columns::read_members(input, SelfTrade::ALL)?;
    let expire_ms = columns::read::<i64>(input)?;
    columns::of_one_length(&[
        order_id.len(),
        instrument_id.len(),
        side.len(),
        r#type.len(),
        time_in_force.len(),
        price.len(),
        size.len(),
        funds.len(),
        post_only.len(),
        self_trade.len(),
        expire_ms.len(),
    ])?;
    let row = |at: usize| Answer::Received {
        order_id: order_id[at],
        instrument_id: instrument_id[at],
        side: side[at],
        r#type: r#type[at],
        time_in_force: time_in_force[at],
        price: price[at],
        size: size[at],
        funds: funds[at],
        post_only: post_only[at],
        self_trade: self_trade[at],
        expire_ms: expire_ms[at],
    };
    Ok((0..order_id.len()).map(row).collect())
}

fn accepted(input: &mut Reader<'_>) -> Result<Vec<Answer>> {
    let (order_id, count) = (columns::read::<i64>(input)?, columns::read::<i64>(input)?);
    columns::of_one_length(&[order_id.len(), count.len()])?;
    let rows = order_id.into_iter().zip(count);
    Ok(rows
        .map(|(order_id, count)| Answer::Accepted { order_id, count })
        .collect())
}

fn rejected(input: &mut Reader<'_>) -> Result<Vec<Answer>> {
    let reason = columns::read_members(input, Reason::ALL)?;
    let order_id = columns::read::<i64>(input)?;
    columns::of_one_length(&[reason.len(), order_id.len()])?;
    let rows = reason.into_iter().zip(order_id);
    Ok(rows
        .map(|(reason, order_id)| Answer::Rejected { reason, order_id })
        .collect())
}

#[allow(clippy::cast_sign_loss)] // the low half is its bits
fn whole(high: i64, low: i64) -> i128 {
    (i128::from(high) << 64) + i128::from(low as u64)
}
