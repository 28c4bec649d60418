//! An identifier of a client, kept in place.

use crate::avro::{Broken, LONG_ROOM, Reader, Result, Slot, Value};
use crate::limits::ID_CHARACTERS_MAX;

/// 1 to 36 printable ASCII characters, zeros behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    bytes: [u8; ID_CHARACTERS_MAX],
    length: u8,
}

impl Id {
    /// What stands where there is none.
    pub const NONE: Self = Self {
        bytes: [0; ID_CHARACTERS_MAX],
        length: 0,
    };

    /// The identifier that a text is; None when it cannot be one.
    #[inline]
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        if !is_id(text) {
            return None;
        }
        let mut id = Self::NONE;
        id.bytes[..text.len()].copy_from_slice(text.as_bytes());
        id.length = u8::try_from(text.len()).ok()?;
        Some(id)
    }

    /// Its text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = std::str::from_utf8(self.bytes());
        text.expect("an id is ASCII")
    }

    /// What its first 16 characters are in the order of ids.
    #[inline]
    #[must_use]
    pub fn begins(&self) -> [u64; 2] {
        let part = |at: usize| {
            let bytes = self.bytes[at..].first_chunk().expect("a longer array");
            u64::from_be_bytes(*bytes)
        };
        [part(0), part(8)]
    }

    /// Its text as bytes.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl Value<'_> for Id {
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        Self::new(<&str>::read(input)?).ok_or(Broken("a text that is no identifier"))
    }

    #[inline]
    fn room(&self) -> usize {
        LONG_ROOM + ID_CHARACTERS_MAX
    }

    #[inline]
    fn put(&self, slot: &mut Slot<'_>) {
        slot.bytes(self.bytes());
    }

    fn lay(&self, slot: &mut Slot<'_>) {
        self.as_str().lay(slot);
    }
}

/// Whether a text is an identifier.
#[inline]
#[must_use]
pub fn is_id(text: &str) -> bool {
    // Without a way out of the loop, so that it is done many bytes at a time.
    let printable = |all, byte: u8| all & (0x20..=0x7e).contains(&byte);
    (1..=ID_CHARACTERS_MAX).contains(&text.len()) && text.bytes().fold(true, printable)
}
