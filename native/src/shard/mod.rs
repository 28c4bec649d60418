//! One ledger shard.

pub mod state;
