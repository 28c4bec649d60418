//! What could not be read, on `dead-letters` (`partita.schemas.dead_letter`).

use sha2::{Digest as _, Sha256};

use crate::avro::{put_bytes, put_length, put_long};
use crate::core::record::Record;
use crate::limits::DEAD_LETTER_BYTES_MAX;
use crate::outbox::{Outgoing, Topic};
use crate::schemas::heads;

/// Characters of an error that are kept.
const ERROR_CHARACTERS_MAX: usize = 500;

/// Return the letter for a record of a topic.
#[must_use]
pub fn dead_letter(topic: &str, record: &Record<'_>, error: &str) -> Outgoing {
    let value = record.value;
    let kept = &value[..value.len().min(DEAD_LETTER_BYTES_MAX)];
    let error: String = error.chars().take(ERROR_CHARACTERS_MAX).collect();
    let mut out = Vec::with_capacity(kept.len() + 256);
    out.extend_from_slice(&heads::DEAD_LETTER);
    put_bytes(topic.as_bytes(), &mut out);
    put_long(record.partition, &mut out);
    put_long(record.offset, &mut out);
    put_long(record.time_ms, &mut out);
    put_bytes(error.as_bytes(), &mut out);
    put_bytes(kept, &mut out);
    put_length(value.len(), &mut out);
    put_bytes(&Sha256::digest(value), &mut out);
    // Keyed by where it was: a replay writes it again, and compaction keeps one.
    let key = format!("{topic}/{}/{}", record.partition, record.offset);
    Outgoing {
        topic: Topic::DeadLetters,
        partition: 0,
        key: Some(key.into_bytes()),
        value: out,
    }
}
