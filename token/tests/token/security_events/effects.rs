//! What an event means here.

use crossgate_policy::ids::{Id, UnixTime};
use crossgate_token::{Effect, Pointer, Why};
use serde_json::{Value, json};

use super::{CAEP, NOW, RISC, SSF, Stream, bob, revoked, set};
use crate::site::{ADA, CONTOSO, FABRIKAM, FABRIKAM_URL, REMOVED, tenant, v1, v2, with};

const SESSION_REVOKED: &str = "caep/event-type/session-revoked";

fn uri(name: &str) -> String {
    format!("https://schemas.openid.net/secevent/{name}")
}

fn effect(subject: &Value, name: &str, event: &Value) -> Vec<Effect> {
    let stream = Stream::fabrikam();
    stream
        .push(&set(subject, &uri(name), event))
        .unwrap()
        .effect()
}

/// Of sessions revoked, and of an event that is about the user.
fn both(subject: &Value) -> [Vec<Effect>; 2] {
    let claims = json!({"claims": {"role": "x"}});
    [
        effect(subject, SESSION_REVOKED, &json!({})),
        effect(subject, "caep/event-type/token-claims-change", &claims),
    ]
}

fn issued() -> UnixTime {
    UnixTime::from_secs(NOW - 10)
}

fn user(id: &str) -> Effect {
    Effect::RevokeUser {
        tenant: tenant(FABRIKAM),
        id: Id::new(id),
        not_before: issued(),
    }
}

fn session(id: &str) -> Effect {
    Effect::RevokeSession {
        tenant: tenant(FABRIKAM),
        id: Id::new(id),
        not_before: issued(),
    }
}

fn token(jti: &str) -> Effect {
    Effect::RevokeToken {
        tenant: tenant(FABRIKAM),
        jti: Id::new(jti),
        not_before: issued(),
    }
}

fn nothing(why: Why) -> Vec<Effect> {
    vec![Effect::Nothing(why)]
}

#[test]
fn each_type_of_event_means_what_it_means() {
    let credential = |change| json!({"change_type": change, "credential_type": "password"});
    let device = |current| json!({"previous_status": "compliant", "current_status": current});
    let level =
        |direction| json!({"namespace": "x", "current_level": "1", "change_direction": direction});
    let bobs = vec![user("bob")];
    for (name, event, expected) in [
        ("caep/event-type/session-revoked", json!({}), bobs.clone()),
        (
            "caep/event-type/token-claims-change",
            json!({"claims": {"a": 1}}),
            bobs.clone(),
        ),
        (
            "caep/event-type/credential-change",
            credential("revoke"),
            bobs.clone(),
        ),
        (
            "caep/event-type/credential-change",
            credential("update"),
            bobs.clone(),
        ),
        (
            "caep/event-type/credential-change",
            credential("delete"),
            bobs.clone(),
        ),
        (
            "caep/event-type/credential-change",
            credential("create"),
            nothing(Why::CredentialCreated),
        ),
        (
            "caep/event-type/device-compliance-change",
            device("not-compliant"),
            bobs.clone(),
        ),
        (
            "caep/event-type/device-compliance-change",
            device("compliant"),
            nothing(Why::DeviceCompliant),
        ),
        (
            "caep/event-type/assurance-level-change",
            level("decrease"),
            bobs.clone(),
        ),
        (
            "caep/event-type/assurance-level-change",
            level("increase"),
            nothing(Why::AssuranceIncreased),
        ),
        (
            "caep/event-type/assurance-level-change",
            json!({"namespace": "x", "current_level": "1"}),
            bobs.clone(),
        ),
        (
            "risc/event-type/account-disabled",
            json!({"reason": "hijacking"}),
            bobs.clone(),
        ),
        ("risc/event-type/account-purged", json!({}), bobs.clone()),
        (
            "risc/event-type/account-credential-change-required",
            json!({}),
            bobs.clone(),
        ),
        ("risc/event-type/sessions-revoked", json!({}), bobs.clone()),
        (
            "risc/event-type/account-enabled",
            json!({}),
            nothing(Why::UnknownEvent),
        ),
        (
            "ssf/event-type/stream-updated",
            json!({"status": "disabled", "reason": "x"}),
            nothing(Why::StreamUpdated),
        ),
        (
            "ssf/event-type/verification",
            json!({"state": "s"}),
            vec![Effect::Verified {
                state: Some("s".into()),
            }],
        ),
        (
            "ssf/event-type/verification",
            json!({}),
            vec![Effect::Verified { state: None }],
        ),
    ] {
        assert_eq!(effect(&bob(), name, &event), expected, "{name} {event}");
    }
    let about_nobody = with(
        set(&bob(), &format!("{SSF}verification"), &json!({})),
        &[("sub_id", json!(REMOVED))],
    );
    let event = Stream::fabrikam().push(&about_nobody).unwrap();
    assert_eq!(event.effect(), [Effect::Verified { state: None }]);
}

#[test]
fn the_time_is_the_events_else_the_tokens_with_its_fraction() {
    let at = |iat: f64, event: &Value| {
        let payload = set(&bob(), &uri(SESSION_REVOKED), event);
        let payload = with(payload, &[("iat", json!(iat)), ("toe", json!(1))]);
        match Stream::fabrikam().push(&payload).unwrap().effect()[..] {
            [Effect::RevokeUser { not_before, .. }] => not_before.seconds(),
            ref other => unreachable!("{other:?}"),
        }
    };
    let now = f64::from(NOW);
    assert_eq!(at(now - 1.25, &json!({})), now - 1.25);
    assert_eq!(at(now, &json!({"event_timestamp": now - 9.75})), now - 9.75);
}

#[test]
fn a_simple_subject_is_the_user_an_opaque_one_perhaps_a_session() {
    let opaque = json!({"format": "opaque", "id": "x"});
    assert_eq!(
        both(&opaque),
        [vec![session("x"), user("x")], vec![user("x")]]
    );
    let jwt = json!({"format": "jwt_id", "iss": FABRIKAM_URL, "jti": "t"});
    assert_eq!(both(&jwt), [vec![token("t")], vec![token("t")]]);
    let email = json!({"format": "email", "email": "bob@fabrikam.example"});
    let unknown = nothing(Why::NoIdOfTheDirectory);
    for subject in [
        email.clone(),
        json!({"format": "phone_number", "phone_number": "+1"}),
        json!({"format": "account", "uri": "acct:bob@fabrikam.example"}),
        json!({"format": "uri", "uri": "urn:bob"}),
        json!({"format": "did", "url": "did:x:1"}),
        json!({"format": "catalog_item"}),
    ] {
        assert_eq!(
            both(&subject),
            [unknown.clone(), unknown.clone()],
            "{subject}"
        );
    }
    let aliases = json!({"format": "aliases", "identifiers": [email, bob(), opaque, bob(), jwt]});
    assert_eq!(
        both(&aliases),
        [
            vec![session("x"), user("bob"), user("x"), token("t")],
            vec![user("bob"), user("x"), token("t")],
        ]
    );
}

#[test]
fn an_address_is_the_users_id_where_the_issuers_claims_say_so() {
    let email = json!({"format": "email", "email": "bob@fabrikam.example"});
    let payload = with(revoked(), &[("sub_id", email)]);
    let mut stream = Stream::fabrikam();
    for claim in ["email", "preferred_username", "upn"] {
        stream.issuer.claims.user = Pointer::to_claim(claim);
        let event = stream.push(&payload).unwrap();
        assert_eq!(event.effect(), [user("bob@fabrikam.example")]);
    }
    stream.issuer.claims.user = Pointer::to_claim("uid");
    let event = stream.push(&payload).unwrap();
    assert_eq!(event.effect(), nothing(Why::NoIdOfTheDirectory));
}

#[test]
fn entras_users_are_told_by_their_object_ids() {
    let stream = Stream::entra();
    let of = |subject: Value| {
        let changes = [("iss", json!(v1(CONTOSO))), ("sub_id", subject)];
        stream.push(&with(revoked(), &changes)).unwrap().effect()
    };
    let ada = Effect::RevokeUser {
        tenant: tenant(CONTOSO),
        id: Id::new(ADA),
        not_before: issued(),
    };
    let upper = json!({"format": "iss_sub", "iss": v2(CONTOSO), "sub": ADA.to_uppercase()});
    assert_eq!(of(upper), [ada]);
    let pairwise = json!({"format": "iss_sub", "iss": v2(CONTOSO), "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ"});
    assert_eq!(of(pairwise), nothing(Why::NoIdOfTheDirectory));
}

#[test]
fn a_complex_subject_is_the_session_else_the_user_else_a_tenant_alone() {
    let opaque = |id: &str| json!({"format": "opaque", "id": id});
    let (s, d, t) = (opaque("s"), opaque("d"), opaque(FABRIKAM));
    let jwt = json!({"format": "jwt_id", "iss": FABRIKAM_URL, "jti": "t"});
    let phone = json!({"format": "phone_number", "phone_number": "+1"});
    let everybody = Effect::RevokeTenant {
        tenant: tenant(FABRIKAM),
        not_before: issued(),
    };
    let no_id = || nothing(Why::NoIdOfTheDirectory);
    let no_user = || nothing(Why::NoUser);
    for (subject, of_session, of_user) in [
        (
            json!({"user": bob(), "session": s}),
            vec![session("s")],
            vec![user("bob")],
        ),
        (
            json!({"user": bob(), "session": s, "tenant": t, "device": d}),
            vec![session("s")],
            vec![user("bob")],
        ),
        (
            json!({"session": s}),
            vec![session("s")],
            vec![session("s")],
        ),
        (
            json!({"session": bob()}),
            vec![session("bob")],
            vec![session("bob")],
        ),
        (
            json!({"user": bob(), "session": jwt}),
            vec![user("bob"), token("t")],
            vec![user("bob")],
        ),
        (
            json!({"user": bob(), "session": phone}),
            vec![user("bob")],
            vec![user("bob")],
        ),
        (
            json!({"user": phone, "session": s}),
            vec![session("s")],
            vec![session("s")],
        ),
        (json!({"user": phone}), no_id(), no_id()),
        (json!({"user": phone, "tenant": t}), no_id(), no_id()),
        (
            json!({"user": bob(), "device": d}),
            vec![user("bob")],
            vec![user("bob")],
        ),
        (
            json!({"user": bob(), "group": d, "application": d, "org_unit": d}),
            vec![user("bob")],
            vec![user("bob")],
        ),
        (
            json!({"user": jwt, "session": s}),
            vec![session("s")],
            vec![token("t"), session("s")],
        ),
        (json!({"device": d}), no_user(), no_user()),
        (json!({"device": d, "tenant": t}), no_user(), no_user()),
        (json!({"group": d, "tenant": t}), no_user(), no_user()),
        (json!({"more": d, "tenant": t}), no_user(), no_user()),
        (json!({"tenant": t}), vec![everybody.clone()], no_user()),
    ] {
        let complex = with(subject, &[("format", json!("complex"))]);
        assert_eq!(both(&complex), [of_session, of_user], "{complex}");
    }
    // A tenant as the only subject of anything but CAEP's session-revoked.
    let alone = json!({"format": "complex", "tenant": t});
    for name in ["sessions-revoked", "account-disabled", "account-purged"] {
        let event = set(&alone, &format!("{RISC}{name}"), &json!({}));
        let event = Stream::fabrikam().push(&event).unwrap();
        assert_eq!(event.effect(), no_user(), "{name}");
    }
}

#[test]
fn of_several_events_each_has_its_effects_and_each_effect_is_told_once() {
    let mut payload = revoked();
    payload["events"]["urn:x"] = json!({});
    payload["events"][format!("{RISC}sessions-revoked")] = json!({});
    payload["events"][format!("{CAEP}token-claims-change")] =
        json!({"claims": {"a": 1}, "event_timestamp": NOW - 99});
    let event = Stream::fabrikam().push(&payload).unwrap();
    let effects = event.effect();
    assert_eq!(effects.len(), 3, "{effects:?}");
    assert!(effects.contains(&user("bob")));
    assert!(effects.contains(&Effect::Nothing(Why::UnknownEvent)));
    for one in event.events() {
        assert_eq!(event.effect_of(one).len(), 1);
    }
}
