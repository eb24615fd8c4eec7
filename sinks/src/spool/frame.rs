//! One event in a segment: its length, a checksum, when it was taken, and its line.

/// Appends a frame.
pub(super) fn put(line: &[u8], taken: i64, out: &mut Vec<u8>) {
    let taken = taken.to_le_bytes();
    // Lines are shorter by far; one that is not would be found damaged.
    let length = u32::try_from(taken.len() + line.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&checksum(taken, line).to_le_bytes());
    out.extend_from_slice(&taken);
    out.extend_from_slice(line);
}

/// Bytes of the frame of a line.
pub(super) const fn size(line: &[u8]) -> usize {
    HEAD + line.len()
}

/// A whole frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Frame<'a> {
    /// Milliseconds since 1970.
    pub(super) taken: i64,
    pub(super) line: &'a [u8],
    /// Bytes that the frame takes.
    pub(super) size: usize,
}

/// The first frame of these bytes; `None` where it is not whole, or not as it was written.
pub(super) fn first(bytes: &[u8]) -> Option<Frame<'_>> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let (taken, line) = rest.get(..length)?.split_first_chunk::<8>()?;
    (checksum(*taken, line) == u32::from_le_bytes(*sum)).then_some(Frame {
        taken: i64::from_le_bytes(*taken),
        line,
        size: size(line),
    })
}

fn checksum(taken: [u8; 8], line: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&taken);
    sum.update(line);
    sum.finalize()
}

const HEAD: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_as_it_was_written_and_no_other_way() {
        let mut bytes = Vec::new();
        put(b"{\"a\":1}", 7, &mut bytes);
        put(b"{}", 8, &mut bytes);
        let frame = first(&bytes).unwrap();
        assert_eq!((frame.taken, frame.line), (7, &b"{\"a\":1}"[..]));
        let second = first(&bytes[frame.size..]).unwrap();
        assert_eq!((second.taken, second.line), (8, &b"{}"[..]));
        for end in 0..frame.size {
            assert_eq!(first(&bytes[..end]), None, "cut off at {end}");
        }
        for at in 0..frame.size {
            let mut other = bytes[..frame.size].to_vec();
            other[at] ^= 1;
            assert_eq!(first(&other), None, "changed at {at}");
        }
        // What a disk may have where nothing was written.
        assert_eq!(first(&[0; 64]), None);
    }
}
