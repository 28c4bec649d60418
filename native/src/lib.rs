//! Books, shards and the worker cores around them, at speed.
//!
//! The reference engines in Python are the specification: same inputs, same events, chains and
//! state hashes, and snapshots that either can take up. Nothing here reads a clock, randomness or
//! the environment, and no hash map is ever iterated over where its order could be seen.

pub mod arithmetic;
pub mod avro;
pub mod book;
pub mod bulk;
pub mod chain;
pub mod core;
pub mod digest;
pub mod edges;
pub mod limits;
pub mod outbox;
#[cfg(feature = "python")]
mod python;
pub mod schemas;
pub mod shard;
