//! Avro's binary encoding, as far as the log uses it.
//!
//! A reader takes what the reference codec's library (fastavro) takes, also where that is more than
//! the specification says: a longer varint, an array in several blocks, a place counted from the
//! end of an enum or union. Two engines must agree on which record is a dead letter.

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

/// What reading gives.
pub type Result<T> = std::result::Result<T, Broken>;

const ENDS: Broken = Broken("it ends too early");

/// Reads from a record's bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Start at the first byte.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    /// How many bytes are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.data.len() - self.at
    }

    /// Read one byte.
    ///
    /// # Errors
    /// There is none.
    #[inline]
    pub fn byte(&mut self) -> Result<u8> {
        let byte = *self.data.get(self.at).ok_or(ENDS)?;
        self.at += 1;
        Ok(byte)
    }

    /// Read a zigzag varint.
    ///
    /// # Errors
    /// It does not end.
    #[inline]
    pub fn long(&mut self) -> Result<i64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(unzigzag(u64::from(first)));
        }
        self.longer(first)
    }

    fn longer(&mut self, first: u8) -> Result<i64> {
        let mut value = u64::from(first & 0x7f);
        let mut shift = 7;
        loop {
            let byte = self.byte()?;
            // Beyond ten bytes the bits wrap around, as they do in fastavro on this hardware.
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte < 0x80 {
                return Ok(unzigzag(value));
            }
            shift = shift.wrapping_add(7);
        }
    }

    /// Read bytes with their length before them.
    ///
    /// # Errors
    /// There are not so many.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.long()?;
        let left = &self.data[self.at..];
        let Ok(length) = usize::try_from(length) else {
            return Err(Broken("a negative length"));
        };
        let bytes = left.get(..length).ok_or(ENDS)?;
        self.at += length;
        Ok(bytes)
    }

    /// Read the items of an array, block by block.
    ///
    /// # Errors
    /// A count, or an item, cannot be read.
    #[inline]
    pub fn array(&mut self, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        loop {
            let mut count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                count = count.wrapping_neg();
                self.long()?; // the block's bytes, for those who skip it
            }
            for _ in 0..count {
                item(self)?;
            }
        }
    }
}

#[inline]
#[allow(clippy::cast_possible_wrap)] // the zigzag code is defined by the bits
fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Write a zigzag varint.
#[inline]
#[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation)] // the code is defined by bits
pub fn put_long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Write bytes with their length before them.
#[inline]
pub fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Write a count or a length.
#[inline]
pub fn put_length(length: usize, out: &mut Vec<u8>) {
    put_long(
        i64::try_from(length).expect("what is in memory is counted in 63 bits"),
        out,
    );
}

/// A value of the log's schemas: how it is read and written, and laid out for a chain.
pub trait Value<'a>: Sized {
    /// Read it.
    ///
    /// # Errors
    /// The bytes are not such a value.
    fn read(input: &mut Reader<'a>) -> Result<Self>;

    /// Write it.
    fn write(&self, out: &mut Vec<u8>);

    /// Lay it out for a chain (`partita.schemas.chain`).
    fn lay_out(&self, out: &mut Vec<u8>);
}

impl Value<'_> for i64 {
    #[inline]
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        input.long()
    }

    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        put_long(*self, out);
    }

    #[inline]
    fn lay_out(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Value<'_> for bool {
    #[inline]
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        Ok(input.byte()? != 0) // as fastavro has it
    }

    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    #[inline]
    fn lay_out(&self, out: &mut Vec<u8>) {
        i64::from(*self).lay_out(out);
    }
}

impl Value<'_> for i128 {
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        let bytes = input.bytes()?;
        if bytes.is_empty() || bytes.len() > 16 {
            return Err(Broken("an int128 has 1 to 16 bytes"));
        }
        let fill = if bytes[0] < 0x80 { 0 } else { 0xff };
        let mut all = [fill; 16];
        all[16 - bytes.len()..].copy_from_slice(bytes);
        Ok(Self::from_be_bytes(all))
    }

    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        // As few bytes of the two's complement as keep the sign.
        let magnitude = if *self < 0 { !*self } else { *self };
        let bits = 128 - magnitude.leading_zeros() as usize;
        let count = bits / 8 + 1;
        put_bytes(&self.to_be_bytes()[16 - count..], out);
    }

    #[inline]
    fn lay_out(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl<'a> Value<'a> for &'a str {
    #[inline]
    fn read(input: &mut Reader<'a>) -> Result<Self> {
        std::str::from_utf8(input.bytes()?).map_err(|_| Broken("a text that is not UTF-8"))
    }

    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        put_bytes(self.as_bytes(), out);
    }

    #[inline]
    fn lay_out(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.len() as u64).to_le_bytes());
        out.extend_from_slice(self.as_bytes());
    }
}

impl<'a> Value<'a> for String {
    fn read(input: &mut Reader<'a>) -> Result<Self> {
        <&str>::read(input).map(ToOwned::to_owned)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.as_str().write(out);
    }

    fn lay_out(&self, out: &mut Vec<u8>) {
        self.as_str().lay_out(out);
    }
}
