//! From a shard with its edges to the record that stands on `ledger-changelog`, and back
//! (`partita.ledger.snapshot`).

mod read;
mod write;

pub use read::read;
pub use write::{write, write_state};
