//! What is fuzzed: bytes in, and nothing out unless something is wrong.
//!
//! The fuzzer and the replay of its corpora (`native/tests/corpus.rs`) share all of this.

pub mod apply_commands;
pub mod apply_orders;
mod choices;
mod cores;
pub mod decode;
