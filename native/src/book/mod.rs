//! One symbol's book.

mod amend;
mod check;
mod engine;
pub mod events;
mod fill_or_kill;
mod index;
mod ladder;
mod matching;
mod orders;
mod owners;
mod resting;
mod self_trade;
mod side;
mod snapshot;
pub mod state;
mod taker;

pub use engine::{Book, Level};
