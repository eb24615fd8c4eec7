//! What is done to a draft: each form of its page is one call.

use http::Method;
use serde_json::{Value, json};

use crate::api::{Ask, part};
use crate::draft::DRAFTS;
use crate::visit::Visit;

/// The field that says what is to be done.
pub(super) const DO: &str = "do";
pub(super) const DELETE: &str = "delete";

/// The fields that something can be wrong with.
pub(super) fn fields() -> Vec<String> {
    let fields = [
        "displayName",
        "description",
        "comment",
        "percent",
        "gateway",
        "maxNewRefusals",
        "range",
        "since",
        "until",
    ];
    fields.map(str::to_owned).to_vec()
}

/// The call that a form wants; `None` where it wants nothing that there is.
pub(super) fn ask(visit: &Visit, id: &str) -> Option<Ask> {
    let draft = format!("{DRAFTS}/{}", part(id));
    let below = |method: Method, place: &str| Ask::of(method, &format!("{draft}/{place}"));
    let act = visit.field(DO);
    let ask = match act {
        "rename" => Ask::of(Method::PATCH, &draft).body(&named(visit)),
        DELETE => Ask::of(Method::DELETE, &draft),
        "take-out" => {
            let document = part(visit.field("document"));
            below(Method::DELETE, &format!("changes/{document}"))
        }
        "approve" | "reject" => below(Method::POST, "reviews").body(&json!({
            "decision": act,
            "comment": or_null(visit.field("comment")),
            "revision": number(visit.field("revision")),
        })),
        "publish" => below(Method::POST, "publish").body(&json!({ "mode": "all" })),
        "stage" => {
            let (reach, of) = if visit.field("reach") == "gateway" {
                ("gateway", json!(visit.field("gateway")))
            } else {
                ("percent", json!(number(visit.field("percent"))))
            };
            below(Method::POST, "publish").body(&json!({
                "mode": "staged",
                reach: of,
                "maxNewRefusals": number(visit.field("maxNewRefusals")),
            }))
        }
        "complete" | "return" => below(Method::POST, act),
        _ => return None,
    };
    Some(ask)
}

/// What a draft is called.
pub(super) fn named(visit: &Visit) -> Value {
    json!({
        "displayName": visit.field("displayName"),
        "description": or_null(visit.field("description")),
    })
}

fn or_null(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A number as it was typed; what is none is for the API to refuse.
fn number(text: &str) -> Value {
    text.parse::<u64>()
        .map_or_else(|_| json!(or_null(text)), |number| json!(number))
}
