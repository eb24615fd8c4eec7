//! What administrators of ours decide about a record that a partner synchronises, kept where the partner's calls find it and cannot undo it.

use serde_json::{Value, json};

use super::person::MEMBER;
use crate::text::Document;

/// Deleted or restored here: whatever the partner removed before is no removal of the partner's any more.
pub(crate) fn decided_here(record: &mut Document) {
    change(record, &mut |told| drop(told.remove("removed")));
}

/// An administrator says whether the account is enabled. Where the partner has deactivated it too, only this tells that it is not the
/// partner's to activate.
pub(crate) fn holds(record: &mut Document, is_held: bool) {
    change(record, &mut |told| {
        if is_held {
            told.insert("held".to_owned(), json!(true));
        } else {
            told.remove("held");
        }
    });
}

/// Whether an administrator has said that the account is disabled.
pub(crate) fn is_held(record: &Document) -> bool {
    let crossgate = record.get("crossgate");
    let told = crossgate
        .as_ref()
        .and_then(|crossgate| crossgate.get(MEMBER));
    told.and_then(|told| told.get("held")) == Some(&Value::Bool(true))
}

/// Whether the partner lets the account be used, where a partner synchronises it.
pub(crate) fn is_active(record: &Document) -> bool {
    let crossgate = record.get("crossgate").unwrap_or_default();
    let active = crossgate.pointer(&format!("/{MEMBER}/resource/active"));
    active != Some(&Value::Bool(false))
}

fn change(record: &mut Document, with: &mut dyn FnMut(&mut serde_json::Map<String, Value>)) {
    let Some(mut crossgate) = record.get("crossgate") else {
        return;
    };
    let before = crossgate.clone();
    let told = crossgate.get_mut(MEMBER).and_then(Value::as_object_mut);
    if let Some(told) = told {
        with(told);
    }
    // What does not change stays as it was written.
    if crossgate != before {
        record.set("crossgate", &crossgate);
    }
}
