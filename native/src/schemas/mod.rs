//! The messages of the log that the cores read and write: twins of `partita.schemas`.
//!
//! A test compares each with its `.avsc` file: names, order, types and fingerprints.

#[macro_use]
mod macros;

pub mod accounts;
pub mod commands;
pub mod enums;
pub mod feed;
pub mod heads;
pub mod instrument;
pub mod orders;
pub mod reports;

/// A place in a list of so many, where a negative one counts from the end, as fastavro has it.
#[inline]
fn place(at: i64, count: usize) -> Option<usize> {
    let count = i64::try_from(count).ok()?;
    let at = if at < 0 { at.checked_add(count)? } else { at };
    usize::try_from(at).ok().filter(|_| at < count)
}
