//! One symbol's book.

pub mod events;
pub mod state;
