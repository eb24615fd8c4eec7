//! Numbers and texts as bytes, and bytes packed.

use super::error::Broken;

/// Appends a number, seven bits a byte.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a number that may be below zero.
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// Appends a text, or that there is none.
pub(super) fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => out.push(0),
        Some(text) => {
            put_number(out, text.len() as u64 + 1);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// What is left of some bytes.
pub(super) struct Rest<'b>(pub(super) &'b [u8]);

impl<'b> Rest<'b> {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn number(&mut self) -> Result<u64, Broken> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (byte, rest) = self.0.split_first().ok_or(Broken)?;
            self.0 = rest;
            if shift > 63 {
                return Err(Broken);
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    pub(super) fn signed(&mut self) -> Result<i64, Broken> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number of things that take at least a byte each.
    pub(super) fn count(&mut self) -> Result<usize, Broken> {
        let count = usize::try_from(self.number()?).map_err(|_| Broken)?;
        if count > self.0.len() {
            return Err(Broken);
        }
        Ok(count)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'b [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn text(&mut self) -> Result<Option<&'b str>, Broken> {
        let bytes = self.bytes()?.map(std::str::from_utf8);
        bytes.transpose().map_err(|_| Broken)
    }

    /// The same, of which nobody has asked whether it is text.
    pub(super) fn bytes(&mut self) -> Result<Option<&'b [u8]>, Broken> {
        let Some(length) = self.number()?.checked_sub(1) else {
            return Ok(None);
        };
        let length = usize::try_from(length).map_err(|_| Broken)?;
        self.take(length).map(Some)
    }
}

/// Packs and unpacks; keeps the room that it needs for that.
pub(super) struct Packer(zstd::bulk::Compressor<'static>);

impl Packer {
    pub(super) fn new() -> Result<Self, Broken> {
        Self::knowing(&[])
    }

    /// One that packs what is like these bytes smaller.
    pub(super) fn knowing(dictionary: &[u8]) -> Result<Self, Broken> {
        zstd::bulk::Compressor::with_dictionary(LEVEL, dictionary)
            .map(Self)
            .map_err(|_| Broken)
    }

    /// What was given, smaller, behind its length.
    pub(super) fn pack(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut out = Vec::with_capacity(bytes.len() / 4 + 16);
        put_number(&mut out, bytes.len() as u64);
        out.extend_from_slice(&self.0.compress(bytes).map_err(|_| Broken)?);
        Ok(out)
    }
}

/// See [`Packer`].
pub(super) struct Unpacker(zstd::bulk::Decompressor<'static>);

impl Unpacker {
    pub(super) fn new() -> Result<Self, Broken> {
        zstd::bulk::Decompressor::new()
            .map(Self)
            .map_err(|_| Broken)
    }

    /// From now on for what was packed knowing these bytes.
    pub(super) fn know(&mut self, dictionary: &[u8]) -> Result<(), Broken> {
        self.0.set_dictionary(dictionary).map_err(|_| Broken)
    }

    pub(super) fn unpack(&mut self, packed: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut rest = Rest(packed);
        let length = usize::try_from(rest.number()?).map_err(|_| Broken)?;
        if length > LARGEST {
            return Err(Broken);
        }
        let bytes = self.0.decompress(rest.0, length).map_err(|_| Broken)?;
        if bytes.len() == length {
            Ok(bytes)
        } else {
            Err(Broken)
        }
    }
}

/// Measured: more costs time that a busy gateway has not, and gains little.
const LEVEL: i32 = 3;

/// More than anything here is; a file that says more is damaged.
const LARGEST: usize = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_read_again() {
        let mut out = Vec::new();
        let numbers = [0, 1, 127, 128, 300, u64::MAX];
        let signed = [0, -1, 1, i64::MIN, i64::MAX];
        for number in numbers {
            put_number(&mut out, number);
        }
        for number in signed {
            put_signed(&mut out, number);
        }
        for text in [None, Some(""), Some("Ähre")] {
            put_text(&mut out, text);
        }
        let packed = Packer::new().unwrap().pack(&out).unwrap();
        let unpacked = Unpacker::new().unwrap().unpack(&packed).unwrap();
        let mut rest = Rest(&unpacked);
        for number in numbers {
            assert_eq!(rest.number(), Ok(number));
        }
        for number in signed {
            assert_eq!(rest.signed(), Ok(number));
        }
        for text in [None, Some(""), Some("Ähre")] {
            assert_eq!(rest.text(), Ok(text));
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn what_is_damaged_is_told_of_and_does_no_harm() {
        assert_eq!(Rest(&[0x80]).number(), Err(Broken));
        assert_eq!(Rest(&[0xff; 12]).number(), Err(Broken));
        assert_eq!(Rest(&[9, b'a']).text(), Err(Broken));
        assert_eq!(Rest(&[2, 0xff]).text(), Err(Broken));
        assert_eq!(Rest(&[200, 1]).count(), Err(Broken));
        let mut unpacker = Unpacker::new().unwrap();
        assert_eq!(unpacker.unpack(&[3, 1, 2, 3]), Err(Broken));
        assert_eq!(unpacker.unpack(&[0xff; 9]), Err(Broken));
    }
}
