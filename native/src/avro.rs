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
    #[inline(always)]
    pub fn long(&mut self) -> Result<i64> {
        if let Some(first) = self.data.get(self.at)
            && *first < 0x80
        {
            self.at += 1; // most fields are always so small, or never
            return Ok(unzigzag(u64::from(*first)));
        }
        // Eight bytes at once, without a branch for each, which could not be guessed.
        if let Some(next) = self.data.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let bytes = u64::from_le_bytes(*next);
            let ends = !bytes & CONTINUES;
            if ends != 0 {
                let last = ends & ends.wrapping_neg();
                self.at += (last.trailing_zeros() >> 3) as usize + 1;
                return Ok(unzigzag(squeezed(bytes & (last ^ last.wrapping_sub(1)))));
            }
        }
        self.long_by_bytes()
    }

    /// Go past so many varints.
    ///
    /// # Errors
    /// There are not so many.
    #[inline]
    pub fn skip_longs(&mut self, mut count: u32) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        // Eight bytes at once, in which the last bytes of varints are counted.
        while let Some(next) = self.data.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let mut ends = !u64::from_le_bytes(*next) & CONTINUES;
            let found = ends.count_ones();
            if found >= count {
                for _ in 1..count {
                    ends &= ends - 1;
                }
                self.at += (ends.trailing_zeros() >> 3) as usize + 1;
                return Ok(());
            }
            count -= found;
            self.at += 8;
        }
        for _ in 0..count {
            while self.byte()? >= 0x80 {}
        }
        Ok(())
    }

    #[cold]
    fn long_by_bytes(&mut self) -> Result<i64> {
        let (mut value, mut shift) = (0, 0_u32);
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

    /// Read an array whole.
    ///
    /// # Errors
    /// A count, or an item, cannot be read.
    #[inline]
    pub fn items<T: Value<'a>>(&mut self) -> Result<Vec<T>> {
        let mut items = Vec::new();
        loop {
            let mut count = self.long()?;
            if count == 0 {
                return Ok(items);
            }
            if count < 0 {
                count = count.wrapping_neg();
                self.long()?; // the block's bytes, for those who skip it
            }
            // A count is anybody's word: no more room than there can be items, or is usual.
            let room = usize::try_from(count).unwrap_or(0);
            items.reserve(room.min(self.left()).min(ITEMS_AT_ONCE));
            for _ in 0..count {
                items.push(T::read(self)?);
            }
        }
    }
}

/// Items for which room is made before the first is read.
const ITEMS_AT_ONCE: usize = 8_192;

/// The bits of eight bytes that say that a varint goes on.
const CONTINUES: u64 = 0x8080_8080_8080_8080;

/// Bring the lower seven bits of each of eight bytes together.
#[inline(always)]
fn squeezed(bytes: u64) -> u64 {
    let pairs = (bytes & 0x007f_007f_007f_007f) | ((bytes & 0x7f00_7f00_7f00_7f00) >> 1);
    let fours = (pairs & 0x0000_3fff_0000_3fff) | ((pairs & 0x3fff_0000_3fff_0000) >> 2);
    (fours & 0x0fff_ffff) | ((fours >> 4) & 0x00ff_ffff_f000_0000)
}

/// Spread 56 bits over the lower seven of each of eight bytes.
#[inline(always)]
fn spread(bits: u64) -> u64 {
    let fours = (bits & 0x0fff_ffff) | ((bits & 0x00ff_ffff_f000_0000) << 4);
    let pairs = (fours & 0x0000_3fff_0000_3fff) | ((fours & 0x0fff_c000_0fff_c000) << 2);
    (pairs & 0x007f_007f_007f_007f) | ((pairs & 0x3f80_3f80_3f80_3f80) << 1)
}

#[inline(always)]
#[allow(clippy::cast_possible_wrap)] // the zigzag code is defined by the bits
fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Room for values: bytes that are there already, so that writing looks at no capacity.
#[derive(Debug)]
pub struct Slot<'o> {
    bytes: &'o mut [u8],
    at: usize,
}

impl Slot<'_> {
    /// Write a zigzag varint.
    #[inline(always)]
    #[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation)] // the code is by bits
    pub fn long(&mut self, value: i64) {
        let code = ((value << 1) ^ (value >> 63)) as u64;
        if code < 0x80 {
            // Most fields are always so small, or never.
            return self.plain([code as u8]);
        }
        if code >= 1 << 56 {
            return self.long_by_bytes(code);
        }
        // Eight bytes at once, of which those behind the last are written over.
        let bits = 64 - (code | 1).leading_zeros();
        let count = (bits * 9 + 64) >> 6; // bits / 7, rounded up, for up to 56 bits
        let continues = CONTINUES & ((1_u64 << (8 * (count - 1))) - 1);
        self.plain((spread(code) | continues).to_le_bytes());
        self.at -= 8 - count as usize;
    }

    #[cold]
    #[allow(clippy::cast_possible_truncation)] // as above
    fn long_by_bytes(&mut self, mut rest: u64) {
        while rest >= 0x80 {
            self.plain([rest as u8 | 0x80]);
            rest >>= 7;
        }
        self.plain([rest as u8]);
    }

    /// Write bytes as they are.
    #[inline]
    pub fn plain<const N: usize>(&mut self, bytes: [u8; N]) {
        *self.bytes[self.at..].first_chunk_mut::<N>().expect("room") = bytes;
        self.at += N;
    }

    /// Write bytes with their length before them.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.long(counted(bytes.len()));
        self.slice(bytes);
    }

    /// Write bytes of any number as they are.
    #[inline]
    pub fn slice(&mut self, bytes: &[u8]) {
        self.bytes[self.at..][..bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }
}

/// Append what is written into a slot with this much room.
#[inline]
pub fn append(out: &mut Vec<u8>, room: usize, write: impl FnOnce(&mut Slot<'_>)) {
    let before = out.len();
    out.resize(before + room, 0);
    let mut slot = Slot {
        bytes: &mut out[before..],
        at: 0,
    };
    write(&mut slot);
    let written = slot.at;
    out.truncate(before + written);
}

/// Bytes that events are appended to. What lies behind them was set once, when it grew: room for
/// an event costs a comparison.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    used: usize,
}

/// What a buffer has room for when it first grows.
const BUFFER_BYTES: usize = 512;

impl Buffer {
    /// Append what is written into a slot with this much room; return how many bytes that were.
    #[inline(always)]
    pub fn append(&mut self, room: usize, write: impl FnOnce(&mut Slot<'_>)) -> usize {
        if self.bytes.len() - self.used < room {
            self.grow(room);
        }
        let mut slot = Slot {
            bytes: &mut self.bytes[self.used..][..room],
            at: 0,
        };
        write(&mut slot);
        let written = slot.at;
        self.used += written;
        written
    }

    #[cold]
    fn grow(&mut self, room: usize) {
        let size = (2 * self.bytes.len()).max(self.used + room);
        self.bytes.resize(size.max(BUFFER_BYTES), 0);
    }

    /// What was appended.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    /// How many bytes that are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether it is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Forget what is behind so many bytes.
    pub fn truncate(&mut self, length: usize) {
        self.used = self.used.min(length);
    }
}

/// Append a zigzag varint.
#[inline]
pub fn put_long(value: i64, out: &mut Vec<u8>) {
    append(out, LONG_ROOM, |slot| slot.long(value));
}

/// Append bytes with their length before them.
#[inline]
pub fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Append a count or a length.
#[inline]
pub fn put_length(length: usize, out: &mut Vec<u8>) {
    put_long(counted(length), out);
}

#[inline]
fn counted(length: usize) -> i64 {
    i64::try_from(length).expect("what is in memory is counted in 63 bits")
}

/// What a 64-bit integer takes at most, written or laid out.
pub const LONG_ROOM: usize = 10;

/// A value of the log's schemas: how it is read and written, and laid out for a chain.
pub trait Value<'a>: Sized {
    /// Read it.
    ///
    /// # Errors
    /// The bytes are not such a value.
    fn read(input: &mut Reader<'a>) -> Result<Self>;

    /// How many bytes it takes at most, written or laid out.
    fn room(&self) -> usize;

    /// Write it where there is room.
    fn put(&self, slot: &mut Slot<'_>);

    /// Lay it out for a chain (`partita.schemas.chain`) where there is room.
    fn lay(&self, slot: &mut Slot<'_>);

    /// Append it.
    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        append(out, self.room(), |slot| self.put(slot));
    }
}

impl Value<'_> for i64 {
    #[inline]
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        input.long()
    }

    #[inline]
    fn room(&self) -> usize {
        LONG_ROOM
    }

    #[inline]
    fn put(&self, slot: &mut Slot<'_>) {
        slot.long(*self);
    }

    #[inline]
    fn lay(&self, slot: &mut Slot<'_>) {
        slot.plain(self.to_le_bytes());
    }
}

impl Value<'_> for bool {
    #[inline]
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        Ok(input.byte()? != 0) // as fastavro has it
    }

    #[inline]
    fn room(&self) -> usize {
        LONG_ROOM
    }

    #[inline]
    fn put(&self, slot: &mut Slot<'_>) {
        slot.plain([u8::from(*self)]);
    }

    #[inline]
    fn lay(&self, slot: &mut Slot<'_>) {
        i64::from(*self).lay(slot);
    }
}

/// Read the bytes of a 128-bit integer.
///
/// # Errors
/// They are too few or too many.
#[inline]
pub fn int128<'a>(input: &mut Reader<'a>) -> Result<&'a [u8]> {
    let bytes = input.bytes()?;
    if bytes.is_empty() || bytes.len() > 16 {
        return Err(Broken("an int128 has 1 to 16 bytes"));
    }
    Ok(bytes)
}

impl Value<'_> for i128 {
    #[inline]
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        let bytes = int128(input)?;
        let fill = if bytes[0] < 0x80 { 0 } else { -1 };
        Ok(bytes
            .iter()
            .fold(fill, |value, byte| (value << 8) | Self::from(*byte)))
    }

    #[inline]
    fn room(&self) -> usize {
        LONG_ROOM + 16
    }

    #[inline]
    fn put(&self, slot: &mut Slot<'_>) {
        // As few bytes of the two's complement as keep the sign.
        let magnitude = if *self < 0 { !*self } else { *self };
        let bits = 128 - magnitude.leading_zeros() as usize;
        let count = bits / 8 + 1;
        slot.long(counted(count));
        // All sixteen from the first that counts: one copy of a known length, of which the rest is
        // written over.
        let shifted = *self << (8 * (16 - count));
        slot.plain(shifted.to_be_bytes());
        slot.at -= 16 - count;
    }

    #[inline]
    fn lay(&self, slot: &mut Slot<'_>) {
        slot.plain(self.to_le_bytes());
    }
}

impl<'a> Value<'a> for &'a str {
    #[inline]
    fn read(input: &mut Reader<'a>) -> Result<Self> {
        std::str::from_utf8(input.bytes()?).map_err(|_| Broken("a text that is not UTF-8"))
    }

    #[inline]
    fn room(&self) -> usize {
        LONG_ROOM + self.len()
    }

    #[inline]
    fn put(&self, slot: &mut Slot<'_>) {
        slot.bytes(self.as_bytes());
    }

    #[inline]
    fn lay(&self, slot: &mut Slot<'_>) {
        slot.plain((self.len() as u64).to_le_bytes());
        slot.slice(self.as_bytes());
    }
}

impl<'a> Value<'a> for &'a [u8] {
    #[inline]
    fn read(input: &mut Reader<'a>) -> Result<Self> {
        input.bytes()
    }

    #[inline]
    fn room(&self) -> usize {
        LONG_ROOM + self.len()
    }

    #[inline]
    fn put(&self, slot: &mut Slot<'_>) {
        slot.bytes(self);
    }

    #[inline]
    fn lay(&self, slot: &mut Slot<'_>) {
        slot.plain((self.len() as u64).to_le_bytes());
        slot.slice(self);
    }
}

impl<'a, T: Value<'a>> Value<'a> for Box<T> {
    fn read(input: &mut Reader<'a>) -> Result<Self> {
        T::read(input).map(Self::new)
    }

    fn room(&self) -> usize {
        self.as_ref().room()
    }

    fn put(&self, slot: &mut Slot<'_>) {
        self.as_ref().put(slot);
    }

    fn lay(&self, slot: &mut Slot<'_>) {
        self.as_ref().lay(slot);
    }
}

impl<'a> Value<'a> for String {
    fn read(input: &mut Reader<'a>) -> Result<Self> {
        <&str>::read(input).map(ToOwned::to_owned)
    }

    fn room(&self) -> usize {
        self.as_str().room()
    }

    fn put(&self, slot: &mut Slot<'_>) {
        self.as_str().put(slot);
    }

    fn lay(&self, slot: &mut Slot<'_>) {
        self.as_str().lay(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_passed_are_those_that_would_be_read() {
        let numbers = [0, -1, i64::MAX, 1, 1 << 20, i64::MIN, 64, 1 << 40, 3, -70];
        let mut bytes = Vec::new();
        for number in numbers {
            put_long(number, &mut bytes);
        }
        for (passed, number) in (0..).zip(numbers) {
            let mut input = Reader::new(&bytes);
            input.skip_longs(passed).unwrap();
            assert_eq!(input.long(), Ok(number), "{passed}");
        }
        assert!(Reader::new(&bytes).skip_longs(11).is_err());
    }

    #[test]
    fn a_number_is_read_as_it_was_written_and_takes_no_more_bytes_than_it_needs() {
        let mut numbers = vec![0, -1, i64::MIN, i64::MAX];
        for bit in 0..63 {
            let power = 1_i64 << bit;
            numbers.extend([power - 1, power, power + 1, -power, -power - 1]);
        }
        for number in numbers {
            for padding in [0, 16] {
                let mut bytes = Vec::new();
                put_long(number, &mut bytes);
                let code = ((i128::from(number) << 1) ^ (i128::from(number) >> 127)).unsigned_abs();
                let groups = (128 - code.leading_zeros()).div_ceil(7).max(1);
                assert_eq!(bytes.len(), groups as usize, "{number}");
                let length = bytes.len();
                bytes.resize(length + padding, 0xff);
                let mut input = Reader::new(&bytes);
                assert_eq!(input.long(), Ok(number));
                assert_eq!(input.left(), padding, "{number}");
                let mut input = Reader::new(&bytes);
                assert_eq!(input.skip_longs(1), Ok(()));
                assert_eq!(input.left(), padding, "{number}");
            }
        }
    }
}
