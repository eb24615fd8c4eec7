//! The rule that a refused token broke, as it was recorded.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crossgate_policy::decision::TokenRefusal;
use serde_json::Value;

use super::object::{self, Object};

/// Reads `refused`.
pub(super) fn read(refused: &mut Object<'_>) -> Option<TokenRefusal> {
    let code = refused.required("code", "an AADSTS number", |value: &Value| {
        u32::try_from(value.as_u64()?).ok()
    });
    let reason = refused.required(
        "reason",
        "the name of a rule, such as `token_expired`",
        object::text,
    );
    let Some(known) = reason.as_deref().and_then(known) else {
        if reason.is_some() {
            refused.fault(
                "reason",
                "is no name of a rule; expected lower-case letters, digits and `_`",
            );
        }
        return None;
    };
    Some(TokenRefusal {
        code: code?,
        reason: known,
    })
}

/// The name, for as long as the program runs: decisions hold names of rules that stand in the program, and these came from a file.
/// There are some dozens of rules; a file that names more than there could be is none of ours.
fn known(name: &str) -> Option<&'static str> {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let is_name = name.len() <= LONGEST
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name {
        return None;
    }
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return Some(known);
    }
    if names.len() >= MOST {
        return None;
    }
    let kept: &'static str = Box::leak(Box::from(name));
    names.insert(kept);
    Some(kept)
}

const LONGEST: usize = 64;
const MOST: usize = 1024;
