//! The columns of a snapshot's large tables (`partita.schemas.columns`).

use crate::avro::{Reader, Value, put_length};
use crate::core::record::{Result, undecodable};

/// Write a column: one value of each row.
pub fn put<R>(rows: &[R], out: &mut Vec<u8>, mut value: impl FnMut(&R, &mut Vec<u8>)) {
    if !rows.is_empty() {
        put_length(rows.len(), out);
        for row in rows {
            value(row, out);
        }
    }
    put_length(0, out);
}

/// Read a column.
///
/// # Errors
/// A value cannot be read.
pub fn read<'a, T: Value<'a>>(input: &mut Reader<'a>) -> Result<Vec<T>> {
    Ok(input.items()?)
}

/// Read a column of places in an enum.
///
/// # Errors
/// A place cannot be read, or there is no such member.
pub fn read_members<T: Copy>(input: &mut Reader<'_>, members: &[T]) -> Result<Vec<T>> {
    let mut column = Vec::new();
    for place in read::<i64>(input)? {
        let member = usize::try_from(place).ok().and_then(|at| members.get(at));
        match member {
            Some(member) => column.push(*member),
            None => return undecodable(format!("no member {place} in an enum")),
        }
    }
    Ok(column)
}

/// Refuse columns of different lengths.
///
/// # Errors
/// They differ.
pub fn of_one_length(lengths: &[usize]) -> Result<()> {
    if lengths.windows(2).all(|pair| pair[0] == pair[1]) {
        return Ok(());
    }
    undecodable("the columns of a table have different lengths")
}
