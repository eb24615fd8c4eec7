//! Bodies without end, and what is kept of them.

use std::fmt::Write as _;

use crossgate_control::document::DocumentKind;
use serde_json::{Value, json};

use super::support::{OWN, PARTNERS, Site, application, body, break_glass, put};

const PARTNER: &str = "22222222-2222-4222-8222-222222222222";
const LOCATIONS: &str = "/v1.0/identity/conditionalAccess/namedLocations";

/// A partner with this many members that say nothing of it.
fn annotated(many: usize) -> String {
    let mut body = format!("{{\"tenantId\":\"{PARTNER}\"");
    for number in 0..many {
        write!(body, ",\"@a{number}\":0").unwrap();
    }
    body + "}"
}

fn partner() -> crossgate_control::document::Write {
    put(
        DocumentKind::Partner,
        PARTNER,
        &json!({ "tenantId": PARTNER }),
    )
}

#[test]
fn a_body_of_members_or_items_without_end_is_refused_for_their_number() {
    let site = Site::new();
    let refused = site.send(&break_glass(), "POST", PARTNERS, &annotated(10_000));
    assert_eq!(refused.status, 400);
    let told = body(&refused)["error"]["message"].to_string();
    assert!(
        told.contains("10001 members") && told.contains("10000"),
        "{told}"
    );
    let made = site.send(&break_glass(), "POST", PARTNERS, &annotated(9_999));
    assert_eq!(made.status, 201, "{:?}", body(&made));

    let path = format!("{PARTNERS}/{PARTNER}");
    for value in [
        json!(vec![0; 10_000]),
        json!({ "b": vec![json!({ "c": 0 }); 5_000] }),
    ] {
        let inside = json!({ "b2bCollaborationInbound": value }).to_string();
        let refused = site.send(&break_glass(), "PATCH", &path, &inside);
        let told = body(&refused)["error"]["message"].to_string();
        assert!(told.contains("members and items"), "{told}");
    }

    // As many addresses as Entra takes.
    let range = |number: usize| {
        json!({
            "@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": format!("10.{}.{}.0/24", number / 256, number % 256),
        })
    };
    let office = json!({
        "@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Office",
        "ipRanges": (0..2_000).map(range).collect::<Vec<_>>(),
    });
    let made = site.send(&break_glass(), "POST", LOCATIONS, &office.to_string());
    assert_eq!(made.status, 201, "{:?}", body(&made)["error"]);
}

#[test]
fn what_a_refused_caller_wrote_is_kept_within_bounds() {
    let site = Site::with(vec![partner()]);
    let stranger = application(&["AuditLog.Read.All"]);
    let long = "x".repeat(1_000_000);
    let kept = |what: &str| -> Value {
        let record = site.latest();
        assert_eq!(record["result"], "failure", "{what}");
        assert!(
            record.to_string().len() < 12_000,
            "{what}: {}",
            record.to_string().len()
        );
        record
    };

    let body = json!({ "tenantId": long }).to_string();
    assert_eq!(site.send(&stranger, "POST", PARTNERS, &body).status, 403);
    assert_eq!(kept("a key")["targetResources"][0]["id"], "");
    let body = json!({ "tenantId": OWN }).to_string();
    assert_eq!(site.send(&stranger, "POST", PARTNERS, &body).status, 403);
    assert_eq!(kept("a short key")["targetResources"][0]["id"], OWN);

    for path in [
        format!("{PARTNERS}/{long}"),
        format!("/v1.0/users/{long}/revokeSignInSessions"),
    ] {
        let method = if path.contains("users") {
            "POST"
        } else {
            "DELETE"
        };
        assert_eq!(site.call(&stranger, method, &path).status, 403);
        let id = kept("a path")["targetResources"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            id.starts_with("xxx") && id.ends_with('…') && id.len() < 300,
            "{id}"
        );
    }

    let mut many = String::from("{\"a\":0");
    for number in 0..5_000 {
        write!(many, ",\"b{number}\":0").unwrap();
    }
    many.push('}');
    let path = format!("{PARTNERS}/{PARTNER}");
    let name = json!({ &long: 0 }).to_string();
    for body in [&many, &name] {
        assert_eq!(site.send(&break_glass(), "PATCH", &path, body).status, 400);
        kept("faults");
    }
    site.send(&break_glass(), "PATCH", &path, &many);
    let reason = site.latest()["resultReason"].as_str().unwrap().to_owned();
    assert!(
        reason.starts_with("5001 faults") && reason.ends_with(" more"),
        "{reason}"
    );
}
