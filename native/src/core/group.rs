//! Consecutive events of one edge, as a record carries them.

use crate::avro::{Reader, Value};
use crate::core::record::Result;

/// What one machine says to another in one record.
#[derive(Debug)]
pub struct Group<E> {
    /// The book that speaks, or is spoken to.
    pub instrument_id: i64,
    /// Number of the first event.
    pub first: i64,
    /// Hash over all events before it.
    pub chain: i64,
    /// The events.
    pub events: Vec<E>,
}

/// Read the groups of a batch of orders or reports.
///
/// # Errors
/// They cannot be read.
pub fn groups<'a, E: Value<'a>>(input: &mut Reader<'a>) -> Result<Vec<Group<E>>> {
    let mut groups = Vec::new();
    input.array(|input| {
        groups.push(Group {
            instrument_id: input.long()?,
            first: input.long()?,
            chain: input.long()?,
            events: input.items()?,
        });
        Ok(())
    })?;
    Ok(groups)
}
