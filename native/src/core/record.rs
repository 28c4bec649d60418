//! A record from the log: which schema it names, or why it cannot be read.

use crate::avro::{Broken, Reader};
use crate::schemas::heads::{self, Head};

/// A record as it stands on the log.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Of the worker's input.
    pub partition: i64,
    /// Where in it.
    pub offset: i64,
    /// The broker's time at the append, milliseconds since 1970.
    pub time_ms: i64,
    /// Its bytes.
    pub value: &'a [u8],
}

/// Why a record cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Bytes that no schema could give, or that do not belong here: a dead letter.
    Undecodable(String),
    /// A newer schema: the partition stops.
    UnknownFingerprint(String),
    /// The exchange has another number of shards.
    WrongPartitions(String),
}

impl From<Broken> for Unreadable {
    fn from(broken: Broken) -> Self {
        Self::Undecodable(broken.0.to_owned())
    }
}

/// What reading gives.
pub type Result<T> = std::result::Result<T, Unreadable>;

/// Refuse bytes that no schema could give.
///
/// # Errors
/// Always.
pub fn undecodable<T>(text: impl Into<String>) -> Result<T> {
    Err(Unreadable::Undecodable(text.into()))
}

/// Return the name and head of the schema that bytes name, and a reader behind them.
///
/// # Errors
/// There are too many bytes, no marker, or a fingerprint that is not of this build.
pub fn opened(value: &[u8], bytes_max: usize) -> Result<(&'static str, Head, Reader<'_>)> {
    if value.len() > bytes_max {
        let length = value.len();
        return undecodable(format!("{length} bytes: a record has at most {bytes_max}"));
    }
    let Some((head, body)) = value.split_first_chunk::<10>() else {
        return undecodable("no Avro single-object marker");
    };
    if head[..2] != heads::CHUNK[..2] {
        return undecodable("no Avro single-object marker");
    }
    let Some((name, _)) = heads::ALL.iter().find(|(_, known)| known == head) else {
        let digits = u64::from_be_bytes(head[2..].try_into().expect("eight bytes"));
        return Err(Unreadable::UnknownFingerprint(format!(
            "schema fingerprint {digits:016x} is not one of this build's; upgrade it"
        )));
    };
    Ok((name, *head, Reader::new(body)))
}

/// Refuse what stands behind a record's last field.
///
/// # Errors
/// There is something.
pub fn ended(input: &Reader<'_>) -> Result<()> {
    match input.left() {
        0 => Ok(()),
        left => undecodable(format!("{left} bytes are left over")),
    }
}
