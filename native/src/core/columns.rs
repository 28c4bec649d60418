//! The columns of a snapshot's large tables (`partita.schemas.columns`).

use crate::avro::{Buffer, Reader, Value, put_length};
use crate::core::record::{Result, undecodable};

/// The columns of a table that is written row by row: each row is looked at once.
pub struct Table<const N: usize> {
    rows: usize,
    columns: [Buffer; N],
}

impl<const N: usize> Default for Table<N> {
    fn default() -> Self {
        Self {
            rows: 0,
            columns: std::array::from_fn(|_| Buffer::default()),
        }
    }
}

impl<const N: usize> Table<N> {
    /// Begin a row, which gets a value of each column in their order.
    #[inline]
    pub fn row(&mut self) -> Row<'_> {
        self.rows += 1;
        Row(self.columns.iter_mut())
    }

    /// Append the columns.
    pub fn put(&self, out: &mut Vec<u8>) {
        for column in &self.columns {
            if self.rows > 0 {
                put_length(self.rows, out);
                out.extend_from_slice(column.bytes());
            }
            put_length(0, out);
        }
    }
}

/// What is left of a row.
pub struct Row<'t>(std::slice::IterMut<'t, Buffer>);

impl Row<'_> {
    /// Write the value of the next column.
    #[inline(always)]
    pub fn put<'v>(&mut self, value: &impl Value<'v>) -> &mut Self {
        let column = self.0.next().expect("a value of each column");
        column.append(value.room(), |slot| value.put(slot));
        self
    }
}

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
