//! A message of RFC 5424, framed by its length as RFC 5425 has it.

use std::io::Write as _;

use jiff::Timestamp;

use crate::form::{Outcome, Rendered};

/// Appends the message of an event.
pub(super) fn put(event: &Rendered, out: &mut Vec<u8>) {
    let mut message = Vec::with_capacity(event.text.len() + 200);
    let severity = match event.outcome {
        Outcome::Success | Outcome::Neither => INFORMATIONAL,
        Outcome::Failure => WARNING,
    };
    let at = Timestamp::from_millisecond(event.at).unwrap_or(Timestamp::UNIX_EPOCH);
    // From 1 to 2147483647, and then from 1 again.
    let sequence = (event.origin.sequence.saturating_sub(1)) % SEQUENCE_IDS + 1;
    // Writing to memory does not fail.
    let _ = write!(
        message,
        "<{}>1 {at:.3} {} crossgate {} sign-in [meta sequenceId=\"{sequence}\"][origin software=\"crossgate\" swVersion=\"{}\"] {BOM}{}",
        AUTHORIZATION * 8 + severity,
        event.origin.gateway,
        std::process::id(),
        env!("CARGO_PKG_VERSION"),
        event.text,
    );
    let _ = write!(out, "{} ", message.len());
    out.append(&mut message);
}

/// Facility `authpriv`: security and authorization, not for everybody.
const AUTHORIZATION: u8 = 10;

const WARNING: u8 = 4;

const INFORMATIONAL: u8 = 6;

const SEQUENCE_IDS: u64 = 2_147_483_647;

/// Says that UTF-8 follows.
const BOM: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;

    #[test]
    fn a_message_has_the_fields_of_rfc_5424_and_its_length_before_it() {
        let event = Rendered {
            id: "id".to_owned(),
            at: 1_700_000_000_123,
            outcome: Outcome::Failure,
            origin: Origin {
                gateway: "gw-1".into(),
                stream: "s".into(),
                sequence: 2_147_483_648,
            },
            text: "{\"ä\":1}".to_owned(),
        };
        let mut out = Vec::new();
        put(&event, &mut out);
        put(&event, &mut out);
        let text = String::from_utf8(out).unwrap();
        let expected = format!(
            "<84>1 2023-11-14T22:13:20.123Z gw-1 crossgate {} sign-in [meta sequenceId=\"1\"][origin software=\"crossgate\" swVersion=\"{}\"] \u{feff}{{\"ä\":1}}",
            std::process::id(),
            env!("CARGO_PKG_VERSION"),
        );
        let framed = format!("{} {expected}", expected.len());
        assert_eq!(text, framed.repeat(2));
    }
}
