//! The digest of a shard (`partita.schemas.digest`): its state as tuples, in the order of the
//! fields of `partita.ledger.state`.

use crate::digest::Digest;
use crate::schemas::instrument::Instrument;
use crate::shard::Shard;
use crate::shard::state::{
    AccountFunds, Answer, AssetFunds, ClearingFunds, KnownId, OrderRecord, RequestRecord,
    ShardState,
};

impl Shard {
    /// Add the state to a digest.
    pub fn digest(&self, into: &mut Digest) {
        self.snapshot().digest(into);
    }

    /// The digest of the state.
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        let mut digest = Digest::default();
        self.digest(&mut digest);
        digest.finish()
    }
}

impl ShardState {
    /// Add the state to a digest.
    pub fn digest(&self, into: &mut Digest) {
        into.tuple(12);
        into.int(self.shard).int(self.shards).int(self.time_ms);
        into.int(self.order_count).int(self.request_count);
        all(into, &self.instruments, instrument);
        all(into, &self.accounts, account_funds);
        all(into, &self.assets, asset_funds);
        all(into, &self.clearing, clearing_funds);
        all(into, &self.orders, order);
        all(into, &self.requests, request);
        all(into, &self.ids, known_id);
    }
}

fn all<T>(into: &mut Digest, rows: &[T], row: fn(&mut Digest, &T)) {
    into.tuple(rows.len());
    for it in rows {
        row(into, it);
    }
}

fn instrument(into: &mut Digest, row: &Instrument) {
    into.tuple(Instrument::FIELDS.len());
    into.int(row.instrument_id).int(row.version);
    into.text(&row.symbol).int(row.partition);
    into.text(row.status.symbol());
    into.int(row.base_asset_id).text(&row.base_asset);
    into.int(row.base_decimals);
    into.int(row.quote_asset_id).text(&row.quote_asset);
    into.int(row.quote_decimals);
    into.int(row.tick).int(row.lot).int(row.notional_unit);
    into.int(row.min_size).int(row.max_size).int(row.max_price);
    into.int(row.maker_fee_ppm).int(row.taker_fee_ppm);
}

fn account_funds(into: &mut Digest, row: &AccountFunds) {
    into.tuple(4).int(row.account).int(row.asset_id);
    into.int(row.available).int(row.held);
}

fn asset_funds(into: &mut Digest, row: &AssetFunds) {
    into.tuple(3).int(row.asset_id);
    into.int(row.fees).int(row.external);
}

fn clearing_funds(into: &mut Digest, row: &ClearingFunds) {
    into.tuple(3).int(row.instrument_id);
    into.int(row.asset_id).int(row.amount);
}

fn order(into: &mut Digest, row: &OrderRecord) {
    into.tuple(16).int(row.order_id).int(row.account);
    into.text(row.client_order_id.as_str())
        .int(row.instrument_id);
    into.text(row.side.symbol()).text(row.r#type.symbol());
    into.text(row.time_in_force.symbol());
    into.int(row.price).int(row.size).int(row.filled);
    into.int(row.remaining).int(row.hold).int(row.fee_ppm);
    into.text(row.state.symbol()).text(row.outcome.symbol());
    into.text(row.reason.symbol());
}

fn request(into: &mut Digest, row: &RequestRecord) {
    into.tuple(6).int(row.request).int(row.account);
    into.text(row.command_id.as_str()).int(row.instrument_id);
    into.int(row.order_id).int(row.top_up);
}

fn known_id(into: &mut Digest, row: &KnownId) {
    into.tuple(6).int(row.account).text(row.command_id.as_str());
    into.bytes(row.content()).int(row.keep_until_ms);
    into.bool(row.pinned);
    let Some(given) = row.answer else {
        into.tuple(0);
        return;
    };
    into.tuple(1);
    answer(into, row, &given);
}

/// An answer has all its fields here, those that the id says, too.
fn answer(into: &mut Digest, row: &KnownId, answer: &Answer) {
    let names = |into: &mut Digest, parts| {
        into.tuple(parts)
            .int(row.account)
            .text(row.command_id.as_str());
    };
    match *answer {
        Answer::Received {
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
        } => {
            names(into, 14);
            into.int(order_id).int(instrument_id);
            into.text(side.symbol()).text(r#type.symbol());
            into.text(time_in_force.symbol());
            into.int(price).int(size).int(funds).bool(post_only);
            into.text(self_trade.symbol()).int(expire_ms);
        }
        Answer::Accepted { order_id, count } => {
            names(into, 5);
            into.int(order_id).int(count);
        }
        Answer::Rejected { reason, order_id } => {
            names(into, 5);
            into.text(reason.symbol()).int(order_id);
        }
    }
    into.bool(false); // repeated
}
