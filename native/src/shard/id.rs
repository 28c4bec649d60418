//! An identifier of a client, kept in place.

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
    pub fn as_str(&self) -> &str {
        let text = std::str::from_utf8(self.bytes());
        text.expect("an id is ASCII")
    }

    /// Its text as bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// Whether a text is an identifier.
#[inline]
pub fn is_id(text: &str) -> bool {
    // Without a way out of the loop, so that it is done many bytes at a time.
    let printable = |all, byte: u8| all & (0x20..=0x7e).contains(&byte);
    (1..=ID_CHARACTERS_MAX).contains(&text.len()) && text.bytes().fold(true, printable)
}
