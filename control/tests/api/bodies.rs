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
