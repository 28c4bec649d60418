//! One ledger shard.

pub mod state;
use crate::{
    digest::Digest,
    schemas::{
        accounts::AccountEvent, commands::Command, instrument::Instrument, orders::OrderEvent,
        reports::Report,
    },
};
#[allow(missing_docs)]
pub trait ShardOutput {
    fn order(&mut self, instrument: &Instrument, event: &OrderEvent);
    fn event(&mut self, event: &AccountEvent<'_>);
}
#[allow(missing_docs)]
pub struct Shard;
#[allow(missing_docs)]
impl Shard {
    pub fn new(shard: i64, shards: i64) -> Self {
        Self
    }
    pub fn shard(&self) -> i64 {
        0
    }
    pub fn shards(&self) -> i64 {
        0
    }
    pub fn time_ms(&self) -> i64 {
        0
    }
    pub fn command(&mut self, command: &Command<'_>, time_ms: i64, told: &mut impl ShardOutput) {}
    pub fn report(
        &mut self,
        instrument_id: i64,
        report: &Report,
        time_ms: i64,
        told: &mut impl ShardOutput,
    ) {
    }
    pub fn instrument(&self, instrument_id: i64) -> Option<&Instrument> {
        None
    }
    pub fn snapshot(&self) -> state::ShardState {
        todo!()
    }
    pub fn restore(state: state::ShardState) -> Self {
        todo!()
    }
    pub fn digest(&self, into: &mut Digest) {}
    pub fn state_hash(&self) -> [u8; 32] {
        [0; 32]
    }
    pub fn check(&self) {}
}
