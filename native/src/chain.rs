//! The chain of an edge: one running CRC-32 over the fields of all events it has carried
//! (`partita.schemas.chain`).

use crate::avro::Buffer;

/// An event of an edge.
pub trait Event {
    /// Lay it out for a chain: its place in the union, the time, its fields.
    fn lay_out(&self, time_ms: i64, out: &mut Buffer);

    /// Append it to a run; return its bytes.
    fn write_to(&self, out: &mut Buffer) -> usize;
}

/// Hashed in pieces of about this size: long ones are hashed several times as fast as short ones.
const PIECE: usize = 4_096;

/// A running hash. What was put is hashed when its value is asked for.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    value: u32,
    waiting: Buffer,
}

impl Chain {
    /// Go on from a value.
    #[must_use]
    pub fn from_value(value: u32) -> Self {
        Self {
            value,
            waiting: Buffer::default(),
        }
    }

    /// Roll over one more event.
    #[inline]
    pub fn put(&mut self, event: &impl Event, time_ms: i64) {
        event.lay_out(time_ms, &mut self.waiting);
        if self.waiting.len() >= PIECE {
            self.hash();
        }
    }

    /// The hash over all events so far.
    #[inline]
    pub fn value(&mut self) -> u32 {
        if !self.waiting.is_empty() {
            self.hash();
        }
        self.value
    }

    fn hash(&mut self) {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.value);
        hasher.update(self.waiting.bytes());
        self.value = hasher.finalize();
        self.waiting.truncate(0);
    }
}
