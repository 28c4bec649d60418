//! One digest for any value made of tuples, integers, texts, bytes and booleans
//! (`partita.schemas.digest`): how two engines compare a state.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Builds a digest part by part, in the order of the value.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    sha: Sha256,
    text: String,
}

impl Digest {
    /// Begin a tuple of so many parts, which follow.
    pub fn tuple(&mut self, parts: usize) -> &mut Self {
        self.tagged(format_args!("({parts}"))
    }

    /// An integer, or a boolean as 0 or 1.
    pub fn int(&mut self, value: impl Into<i128>) -> &mut Self {
        let value = value.into();
        self.tagged(format_args!("i{value};"))
    }

    /// A boolean. Python writes it as a number, 0 or 1.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.int(i64::from(value))
    }

    /// A text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.tagged(format_args!("s{}:", value.len()));
        self.sha.update(value.as_bytes());
        self
    }

    /// Bytes.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.tagged(format_args!("y{}:", value.len()));
        self.sha.update(value);
        self
    }

    /// The SHA-256 of it all.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.sha.finalize().into()
    }

    fn tagged(&mut self, tag: std::fmt::Arguments<'_>) -> &mut Self {
        self.text.clear();
        self.text
            .write_fmt(tag)
            .expect("a text takes what is written");
        self.sha.update(self.text.as_bytes());
        self
    }
}
