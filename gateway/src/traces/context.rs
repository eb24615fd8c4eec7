//! W3C Trace Context: what a client says of the trace that its request belongs to, and what an upstream is told.
//!
//! Read strictly, as the recommendation has it (level 1, with the random flag of level 2): whatever is not to the letter begins another
//! trace, and no `tracestate` counts beside it.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// `traceparent`.
pub(super) static PARENT: HeaderName = HeaderName::from_static("traceparent");
/// `tracestate`.
pub(super) static STATE: HeaderName = HeaderName::from_static("tracestate");

/// The id of a whole trace: not all zero.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TraceId([u8; 16]);

/// The id of one span: not all zero.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct SpanId([u8; 8]);

/// `trace-flags`, as far as they are known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Flags {
    /// Whoever is before us keeps this trace.
    pub(super) sampled: bool,
    /// The last seven bytes of the trace's id are random (level 2).
    pub(super) random: bool,
}

/// What a request belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Parent {
    /// The trace.
    pub(super) trace: TraceId,
    /// The span that called.
    pub(super) span: SpanId,
    /// What is known of the trace.
    pub(super) flags: Flags,
}

impl TraceId {
    /// A new one, whose last seven bytes are random.
    pub(super) fn new() -> Self {
        // The version stands before them, the variant too.
        Self(Uuid::new_v4().into_bytes())
    }

    /// Its bytes.
    pub(super) const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The random part, below 2^56.
    pub(super) const fn random_part(self) -> u64 {
        (u128::from_be_bytes(self.0) & 0x00ff_ffff_ffff_ffff) as u64
    }
}

impl SpanId {
    /// Two new ones: the version of the UUID keeps the first from being zero, its variant the second.
    pub(super) fn new_pair() -> (Self, Self) {
        let (first, second) = Uuid::new_v4().as_u64_pair();
        (Self(first.to_be_bytes()), Self(second.to_be_bytes()))
    }

    /// Its bytes.
    pub(super) const fn bytes(self) -> [u8; 8] {
        self.0
    }
}

impl Parent {
    /// What the headers of a request say; `None` where they say nothing that counts.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(&PARENT).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Self::parse(value.as_bytes()),
            (_, _) => None,
        }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let (text, more) = text.split_at_checked(LENGTH)?;
        let mut parts = text.split(|byte| *byte == b'-');
        let [version] = hex(parts.next()?)?;
        let trace = hex(parts.next()?)?;
        let span = hex(parts.next()?)?;
        let [flags] = hex(parts.next()?)?;
        // Later versions may add parts; what is known of them stands where it always has.
        let is_whole = match version {
            0 => more.is_empty(),
            255 => false,
            _ => more.first().is_none_or(|byte| *byte == b'-'),
        };
        let is_one = is_whole && parts.next().is_none() && trace != [0; 16] && span != [0; 8];
        is_one.then_some(Self {
            trace: TraceId(trace),
            span: SpanId(span),
            flags: Flags {
                sampled: flags & SAMPLED != 0,
                random: flags & RANDOM != 0,
            },
        })
    }

    /// `traceparent` of whoever is called. Nothing in it is what a header cannot carry.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.to_string()).ok()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = |set, flag| if set { flag } else { 0 };
        let flags = flag(self.flags.sampled, SAMPLED) | flag(self.flags.random, RANDOM);
        write!(f, "00-{}-{}-{flags:02x}", self.trace, self.span)
    }
}

/// Whether `tracestate` is a list as it must be: else none of it goes on (section 3.3).
pub(super) fn is_state(headers: &HeaderMap) -> bool {
    let mut members = 0;
    let mut keys: [&str; MOST_MEMBERS] = [""; MOST_MEMBERS];
    for value in headers.get_all(&STATE) {
        let Ok(value) = value.to_str() else {
            return false;
        };
        for member in value
            .split(',')
            .map(|member| member.trim_matches([' ', '\t']))
        {
            // Empty members are let pass, as intermediaries join lists.
            if member.is_empty() {
                continue;
            }
            let Some((key, value)) = member.split_once('=') else {
                return false;
            };
            let known = keys.get(..members).unwrap_or_default();
            if !is_key(key) || !is_value(value) || known.contains(&key) {
                return false;
            }
            let Some(place) = keys.get_mut(members) else {
                return false;
            };
            *place = key;
            members += 1;
        }
    }
    true
}

fn is_key(key: &str) -> bool {
    let may_stand =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/".contains(&byte);
    let is_part = |part: &str, most: usize, digit_first: bool| {
        let first = part.bytes().next();
        let begins = first.is_some_and(|byte| {
            byte.is_ascii_lowercase() || (digit_first && byte.is_ascii_digit())
        });
        begins && part.len() <= most && part.bytes().all(may_stand)
    };
    match key.split_once('@') {
        None => is_part(key, 256, false),
        Some((tenant, system)) => is_part(tenant, 241, true) && is_part(system, 14, false),
    }
}

fn is_value(value: &str) -> bool {
    // Commas and equals signs end it; a blank at its end was trimmed.
    let may_stand = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'=';
    (1..=256).contains(&value.len()) && value.bytes().all(may_stand)
}

/// Bytes of lower-case hexadecimal digits, exactly as many.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(bytes)
}

/// `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
const LENGTH: usize = 55;
const SAMPLED: u8 = 0x01;
const RANDOM: u8 = 0x02;
const MOST_MEMBERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    fn read(values: &[&str]) -> Option<String> {
        let parent = Parent::read(&headers(&PARENT, values))?;
        Some(parent.to_string())
    }

    #[test]
    fn a_parent_to_the_letter_is_read_and_told_alike() {
        assert_eq!(read(&[GOOD]).as_deref(), Some(GOOD));
        let unsampled = GOOD.replace("-01", "-00");
        assert_eq!(read(&[&unsampled]), Some(unsampled));
        let random = GOOD.replace("-01", "-03");
        assert_eq!(read(&[&random]), Some(random));
        // Flags that nobody has defined are not passed on.
        assert_eq!(read(&[&GOOD.replace("-01", "-fd")]).as_deref(), Some(GOOD));
        // Of later versions what is known counts.
        assert_eq!(
            read(&[&GOOD.replacen("00", "cc", 1)]).as_deref(),
            Some(GOOD)
        );
        let longer = GOOD.replacen("00", "01", 1) + "-what-the-future-brings";
        assert_eq!(read(&[&longer]).as_deref(), Some(GOOD));
    }

    #[test]
    fn what_is_not_to_the_letter_begins_another_trace() {
        for bad in [
            "",
            "00",
            &GOOD[1..],
            &GOOD.to_uppercase(),
            &GOOD.replacen("00", "ff", 1),
            &GOOD.replacen('-', "_", 1),
            &GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &GOOD.replace("-01", "-0"),
            &GOOD.replace("-01", "-1g"),
            &format!("{GOOD}-"),
            &format!("{GOOD}-extra"),
            &format!("{}extra", GOOD.replacen("00", "01", 1)),
            &format!(" {GOOD}")[..55],
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\u{7f}",
        ] {
            let mut map = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(bad.as_bytes()) {
                map.insert(&PARENT, value);
            }
            assert_eq!(Parent::read(&map), None, "{bad}");
        }
        assert_eq!(read(&[GOOD, GOOD]), None, "two are one too many");
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_state_is_a_list_of_keys_that_differ() {
        let most: Vec<String> = (0..32).map(|number| format!("k{number}=v")).collect();
        for good in [
            vec![],
            vec![""],
            vec!["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"],
            vec!["a=1", "b=2"],
            vec!["a=1, ,b=2,"],
            vec!["0tenant@system=x y", "b=a;c:d"],
            vec![&most.join(",")],
        ] {
            assert!(is_state(&headers(&STATE, &good)), "{good:?}");
        }
        let long = format!("{}=v", "k".repeat(257));
        let too_many = most.join(",") + ",more=1";
        for bad in [
            vec!["a"],
            vec!["=1"],
            vec!["a="],
            vec!["A=1"],
            vec!["1a=1"],
            vec!["a=1,a=2"],
            vec!["a=1", "a=2"],
            vec!["a=1=2"],
            vec!["a b=1"],
            vec!["a@1b=1"],
            vec![&long],
            vec![&too_many],
        ] {
            assert!(!is_state(&headers(&STATE, &bad)), "{bad:?}");
        }
    }

    #[test]
    fn ids_are_new_each_time_and_never_zero() {
        let (first, second) = SpanId::new_pair();
        assert_ne!(first, second);
        assert!(first.bytes() != [0; 8] && second.bytes() != [0; 8]);
        assert_ne!(TraceId::new(), TraceId::new());
        assert!(TraceId::new().random_part() < 1 << 56);
    }
}
