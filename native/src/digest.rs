//! One digest for any value made of tuples, integers, texts, bytes and booleans
//! (`partita.schemas.digest`): how two engines compare a state.

use sha2::{Digest as _, Sha256};
use std::io::Write as _;

/// Hashed in pieces of at least this size: a part alone is short.
const PIECE: usize = 4_096;

/// Builds a digest part by part, in the order of the value.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    sha: Sha256,
    waiting: Vec<u8>,
}

impl Digest {
    /// Begin a tuple of so many parts, which follow.
    pub fn tuple(&mut self, parts: usize) -> &mut Self {
        self.tagged(format_args!("({parts}"))
    }

    /// An integer, or a boolean as 0 or 1.
    pub fn int(&mut self, value: impl Into<i128>) -> &mut Self {
        let value = value.into();
        match u64::try_from(value) {
            Ok(small) => self.natural(small),
            Err(_) => self.tagged(format_args!("i{value};")),
        }
    }

    /// A boolean. Python writes it as a number, 0 or 1.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.int(i64::from(value))
    }

    /// A text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.tagged(format_args!("s{}:", value.len()));
        self.part(value.as_bytes())
    }

    /// Bytes.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.tagged(format_args!("y{}:", value.len()));
        self.part(value)
    }

    /// The SHA-256 of it all.
    #[must_use]
    pub fn finish(mut self) -> [u8; 32] {
        self.sha.update(&self.waiting);
        self.sha.finalize().into()
    }

    /// An integer as nearly all are: the formatting of 128 bits takes several times as long.
    fn natural(&mut self, mut value: u64) -> &mut Self {
        let mut text = [b';'; 22];
        let mut at = text.len() - 1;
        loop {
            at -= 1;
            text[at] = b'0' + u8::try_from(value % 10).expect("a digit");
            value /= 10;
            if value == 0 {
                break;
            }
        }
        text[at - 1] = b'i';
        self.part(&text[at - 1..])
    }

    fn tagged(&mut self, tag: std::fmt::Arguments<'_>) -> &mut Self {
        let written = self.waiting.write_fmt(tag);
        written.expect("a vector takes what is written");
        self
    }

    fn part(&mut self, bytes: &[u8]) -> &mut Self {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE {
            self.sha.update(&self.waiting);
            self.waiting.clear();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn integers_are_written_as_their_digits() {
        let values = [0, 1, 9, 10, 42, i128::from(u64::MAX), i128::MAX, -1, -10];
        let (mut one, mut text) = (Digest::default(), String::new());
        for value in std::iter::repeat_n(values, 700).flatten() {
            one.int(value);
            write!(text, "i{value};").expect("a text takes what is written");
        }
        let whole: [u8; 32] = Sha256::digest(text).into();
        assert_eq!(one.finish(), whole);
    }
}
