//! Documents by their ids, page by page, and what goes or stays with them.

use std::sync::atomic::Ordering;

use crossgate_control::bootstrap;
use crossgate_control::document::{Address, DocumentKind};
use crossgate_control::secret::{Purpose, Secret};
use crossgate_control::store::Store;
use serde_json::json;

use super::support::{
    ADA, ASSIGNMENTS, BOB, PARTNERS, READER, Site, application, body, break_glass, put,
};

#[test]
fn the_end_of_sessions_that_is_still_to_come_does_not_come_earlier() {
    let later = "2999-01-01T00:00:00Z";
    let key = format!("user/{ADA}");
    let stored = json!({ "kind": "user", "id": ADA, "notBefore": later });
    let old = json!({ "kind": "user", "id": BOB, "notBefore": "2001-01-01T00:00:00Z" });
    let site = Site::with(vec![
        put(DocumentKind::Revocation, &key, &stored),
        put(DocumentKind::Revocation, &format!("user/{BOB}"), &old),
    ]);
    for user in [ADA, BOB] {
        let path = format!("/v1.0/users/{user}/revokeSignInSessions");
        let revoked = site.call(&break_glass(), "POST", &path);
        assert_eq!(
            (revoked.status.as_u16(), &body(&revoked)["value"]),
            (200, &json!(true))
        );
        assert_eq!(site.latest()["result"], "success");
    }
    let time = |user: &str| {
        let address = Address::new(DocumentKind::Revocation, &format!("user/{user}"));
        let current = site.ledger.current(&address).unwrap().unwrap();
        current.document.text_of("notBefore").unwrap()
    };
    assert_eq!(time(ADA), later);
    assert!(&*time(BOB) > "2020", "{}", time(BOB));
}
