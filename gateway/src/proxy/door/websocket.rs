//! Where the frames of a WebSocket end (RFC 6455, section 5.2), so that a last one can be put after them.

/// Follows what is written to a client, up to the head that switches protocols, and from there on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frames {
    /// Within a head, of whose status line so many bytes came, or [`OTHER`]; and so many of the empty line that ends it.
    Head(u8, u8),
    /// Within a frame's own head, of which these bytes have come.
    Opening([u8; LONGEST_OPENING], u8),
    /// So many bytes of a frame are still to come.
    Within(u64, Kind),
    /// The app has closed it.
    Closed,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// The last one.
    Close,
    /// Any other.
    Other,
}

impl Frames {
    pub(super) const START: Self = Self::Head(0, 0);
    pub(super) const BETWEEN: Self = Self::Opening([0; LONGEST_OPENING], 0);

    /// Whether another frame can follow here.
    pub(super) const fn are_whole(&self) -> bool {
        matches!(self, Self::Opening(_, 0))
    }

    /// Whether the last one has come.
    pub(super) const fn are_over(&self) -> bool {
        matches!(self, Self::Closed)
    }

    /// Goes on by what was written.
    pub(super) fn advance(&mut self, mut written: &[u8]) {
        while let Some((byte, rest)) = written.split_first() {
            match self {
                Self::Head(said, seen) => {
                    *said = status_line(*said, *byte);
                    *seen = match (*seen, byte) {
                        (0 | 2, b'\r') | (1 | 3, b'\n') => *seen + 1,
                        (_, b'\r') => 1,
                        _ => 0,
                    };
                    if *seen == 4 {
                        // News such as 103 may come before, and be written together with it.
                        *self = if *said == SWITCHES {
                            Self::BETWEEN
                        } else {
                            Self::START
                        };
                    }
                    written = rest;
                }
                Self::Opening(bytes, length) => {
                    if let Some(place) = bytes.get_mut(usize::from(*length)) {
                        *place = *byte;
                    }
                    *length += 1;
                    if let Some((left, kind)) = opened(bytes, *length) {
                        *self = Self::after(left, kind);
                    }
                    written = rest;
                }
                Self::Within(left, kind) => {
                    let came = usize::try_from(*left)
                        .map_or(written.len(), |left| left.min(written.len()));
                    *self = Self::after(*left - came as u64, *kind);
                    written = written.get(came..).unwrap_or_default();
                }
                Self::Closed => return,
            }
        }
    }

    const fn after(left: u64, kind: Kind) -> Self {
        match (left, kind) {
            (0, Kind::Close) => Self::Closed,
            (0, Kind::Other) => Self::BETWEEN,
            (left, kind) => Self::Within(left, kind),
        }
    }
}

/// Goes on by a byte of a status line that was followed as far as this.
fn status_line(said: u8, byte: u8) -> u8 {
    const CODE: &[u8] = b" 101";
    match said {
        0..AFTER_VERSION => said + 1,
        AFTER_VERSION..SWITCHES => {
            let place = usize::from(said - AFTER_VERSION);
            if CODE.get(place) == Some(&byte) {
                said + 1
            } else {
                OTHER
            }
        }
        SWITCHES.. => said,
    }
}

/// What follows a frame's head, and what the frame is; nothing while the head is not whole.
fn opened(bytes: &[u8; LONGEST_OPENING], length: u8) -> Option<(u64, Kind)> {
    let [first, second, extended @ ..] = *bytes;
    let [a, b, c, d, e, f, g, h, ..] = extended;
    let short = second & 0x7f;
    let more = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    if length < 2 + more + mask {
        return None;
    }
    let left = match short {
        126 => u64::from(u16::from_be_bytes([a, b])),
        127 => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        _ => u64::from(short),
    };
    let kind = if first & 0x0f == CLOSE {
        Kind::Close
    } else {
        Kind::Other
    };
    Some((left, kind))
}

/// The frame that says a WebSocket is closed, and why.
pub(super) fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut end = reason.len().min(LONGEST_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let reason = reason.as_bytes().get(..end).unwrap_or_default();
    // Never more than 125.
    let length = u8::try_from(reason.len() + 2).unwrap_or_default();
    let mut frame = vec![0x80 | CLOSE, length];
    frame.extend(code.to_be_bytes());
    frame.extend(reason);
    frame
}

const CLOSE: u8 = 8;

/// `HTTP/1.1`.
const AFTER_VERSION: u8 = 8;
/// `HTTP/1.1 101`.
const SWITCHES: u8 = 12;
/// Another status than that.
const OTHER: u8 = u8::MAX;

/// Two bytes, eight of a length, four of a mask.
const LONGEST_OPENING: usize = 14;

/// A control frame holds 125 bytes, two of them the code.
const LONGEST_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: usize) -> Vec<u8> {
        let mut frame = vec![0x80 | kind];
        match payload {
            0..=125 => frame.push(u8::try_from(payload).unwrap()),
            126..=0xffff => {
                frame.push(126);
                frame.extend(u16::try_from(payload).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((payload as u64).to_be_bytes());
            }
        }
        // Payload that looks like frames, and like the end of a head.
        frame.extend(b"\x88\x00\r\n\r\n".iter().cycle().take(payload));
        frame
    }

    #[test]
    fn frames_are_whole_at_their_ends_and_nowhere_else_however_they_are_cut() {
        let news = b"HTTP/1.1 103 Early Hints\r\nX: HTTP/1.1 101\r\n\r\n";
        let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        let mut bytes = [&news[..], head].concat();
        let mut ends = vec![bytes.len()];
        for payload in [0, 1, 125, 126, 300, 70_000, 0] {
            bytes.extend(frame(2, payload));
            ends.push(bytes.len());
        }
        for size in [1, 2, 3, 7, 1000, bytes.len()] {
            let (mut frames, mut at) = (Frames::START, 0);
            for part in bytes.chunks(size) {
                frames.advance(part);
                at += part.len();
                assert_eq!(frames.are_whole(), ends.contains(&at), "{at} by {size}");
            }
        }
    }

    #[test]
    fn a_frame_with_a_mask_is_followed_too() {
        let mut frames = Frames::BETWEEN;
        frames.advance(&[0x82, 0x82, 1, 2, 3, 4, 9]);
        assert!(!frames.are_whole());
        frames.advance(&[9]);
        assert!(frames.are_whole());
    }

    #[test]
    fn nothing_follows_what_the_app_closed() {
        let mut frames = Frames::BETWEEN;
        frames.advance(&close(1000, "bye"));
        assert!(matches!(frames, Frames::Closed));
        frames.advance(&frame(2, 3));
        assert!(!frames.are_whole());
    }

    #[test]
    fn a_long_reason_is_cut_between_letters() {
        let frame = close(1008, &"ä".repeat(100));
        assert_eq!((frame[0], frame[1]), (0x88, 124));
        assert_eq!(frame[2..4], 1008_u16.to_be_bytes());
        assert!(std::str::from_utf8(&frame[4..]).is_ok());
    }
}
