//! Revocations that transmitters of security events tell.

use crossgate_control::audit::{Activity, Attempt, Initiator, TargetResource};
use crossgate_control::document::{Address, DocumentKind};
use crossgate_policy::ids::{Id, TenantId, UnixTime};
use crossgate_policy::snapshot::{Revocation, RevocationKind};
use serde_json::json;
use uuid::Uuid;

use crate::support::{ADA, Site, put};

const PARTNER: &str = "22222222-2222-4222-8222-222222222222";

fn attempt() -> Attempt<'static> {
    Attempt {
        activity: Activity::new("UserManagement", "Update", "Receive security event"),
        by: Initiator::Transmitter("fabrikam"),
        correlation: Uuid::new_v4(),
        target: TargetResource::default(),
        details: Vec::new(),
    }
}

fn user(id: &str, second: f64) -> Revocation {
    Revocation {
        kind: RevocationKind::User,
        id: Id::new(id),
        tenant: TenantId::parse(PARTNER),
        not_before: UnixTime::new(second).unwrap(),
    }
}

fn text(site: &Site, key: &str) -> Option<String> {
    let address = Address::new(DocumentKind::Revocation, key);
    let current = site.ledger.current(&address).unwrap()?;
    Some(current.document.to_text())
}

#[test]
fn what_is_told_stands_with_one_record_and_telling_it_again_changes_nothing() {
    let site = Site::new();
    let told = |list: &[Revocation]| site.ledger.revoke(&attempt(), list).unwrap();
    let session = Revocation {
        kind: RevocationKind::Session,
        ..user("s-1", 1_767_225_600.0)
    };
    assert!(told(&[user("ada", 1_767_225_600.999), session.clone()]));
    let record = site.latest();
    assert_eq!(record["initiatedBy"]["app"]["displayName"], "fabrikam");
    assert_eq!(record["additionalDetails"].as_array().unwrap().len(), 2);
    let expected = json!({
        "kind": "user", "id": "ada", "tenant": PARTNER, "notBefore": "2026-01-01T00:00:00.999Z",
    });
    let found = text(&site, &format!("user@{PARTNER}/ada")).unwrap();
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found, expected);

    let head = site.ledger.store().head().unwrap();
    for again in [1_767_225_600.999, 1_767_225_600.0, 0.0] {
        assert!(!told(&[user("ada", again), session.clone()]), "{again}");
    }
    assert_eq!(site.ledger.store().head().unwrap(), head);
    assert!(told(&[user("ada", 1_767_225_601.0)]));
    assert!(
        text(&site, &format!("user@{PARTNER}/ada"))
            .unwrap()
            .contains("00:00:01Z")
    );
}

#[test]
fn an_id_that_looks_like_a_numbered_one_takes_nobodys_place() {
    let key = format!("user@{PARTNER}/{ADA}");
    let stored =
        |time: &str| json!({ "kind": "user", "id": ADA, "tenant": PARTNER, "notBefore": time });
    let site = Site::with(vec![
        put(
            DocumentKind::Revocation,
            &key,
            &stored("2026-01-01T00:00:00Z"),
        ),
        put(
            DocumentKind::Revocation,
            &format!("{key}#2"),
            &stored("2026-01-02T00:00:00Z"),
        ),
    ]);
    let odd = user(&format!("{ADA}#2"), 1_767_225_600.0);
    assert!(site.ledger.revoke(&attempt(), &[odd]).unwrap());
    assert!(
        text(&site, &format!("{key}#2"))
            .unwrap()
            .contains("2026-01-02")
    );
    let odd = text(&site, &format!("{key}#2#2")).unwrap();
    assert!(odd.contains(&format!("{ADA}#2")), "{odd}");
}
