//! Tokens that were changed, and payloads that nobody would write.

use crossgate_token::Effect;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CAEP, NOW, RECEIVER, RISC, SSF, Stream, bob, revoked, sign};
use crate::site::{FABRIKAM, FABRIKAM_URL, encode, tenant};

#[test]
fn any_single_bit_flipped_in_an_event_refuses_it() {
    let stream = Stream::fabrikam();
    let token = sign(&stream.signer, &revoked());
    assert!(stream.verify(&token).is_ok());
    for position in 0..token.len() {
        for bit in 0..8 {
            let mut changed = token.clone().into_bytes();
            changed[position] ^= 1 << bit;
            if let Ok(changed) = String::from_utf8(changed) {
                let verified = stream.verify(&changed);
                assert!(verified.is_err(), "bit {bit} of byte {position}");
            }
        }
    }
}

/// Values that some rule looks at, and a few that none does.
fn leaf() -> impl Strategy<Value = Value> {
    let texts = [
        "",
        "bob",
        FABRIKAM_URL,
        FABRIKAM,
        RECEIVER,
        "bob@fabrikam.example",
        "acct:a@fabrikam.example",
        "did:x",
        "iss_sub",
        "opaque",
        "email",
        "account",
        "jwt_id",
        "uri",
        "did",
        "aliases",
        "complex",
        "create",
        "update",
        "compliant",
        "not-compliant",
        "increase",
        "enabled",
        "admin",
        "\u{0}é@",
    ];
    prop_oneof![
        prop::sample::select(texts.to_vec())
            .prop_map(|text| json!(text))
            .boxed(),
        any::<f64>().prop_map(|number| json!(number)).boxed(),
        Just(json!(NOW)).boxed(),
        Just(Value::Null).boxed(),
        any::<bool>().prop_map(|value| json!(value)).boxed(),
        Just(bob()).boxed(),
    ]
}

fn name() -> impl Strategy<Value = String> {
    let names = [
        "format",
        "iss",
        "sub",
        "id",
        "email",
        "uri",
        "url",
        "jti",
        "identifiers",
        "user",
        "session",
        "device",
        "tenant",
        "group",
        "more",
        "claims",
        "change_type",
        "credential_type",
        "namespace",
        "current_level",
        "previous_status",
        "current_status",
        "status",
        "state",
        "subject",
        "event_timestamp",
        "initiating_entity",
        "reason_admin",
    ];
    prop::sample::select(names.to_vec()).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// An identifier that is sound, or nearly.
fn identifier() -> impl Strategy<Value = Value> {
    let formats = [
        json!({"format": "opaque", "id": "x"}),
        json!({"format": "email", "email": "bob@fabrikam.example"}),
        json!({"format": "jwt_id", "iss": FABRIKAM_URL, "jti": "t"}),
        json!({"format": "opaque", "id": FABRIKAM}),
        json!({"format": "catalog_item"}),
        bob(),
    ];
    changed(prop::sample::select(formats.to_vec()))
}

fn subject() -> impl Strategy<Value = Value> {
    let members = ["user", "session", "device", "tenant", "more"].map(str::to_owned);
    let complex =
        prop::collection::btree_map(prop::sample::select(members.to_vec()), identifier(), 0..4)
            .prop_map(|members| {
                let mut complex: Value = members.into_iter().collect();
                complex["format"] = json!("complex");
                complex
            });
    let aliases = prop::collection::vec(identifier(), 0..4)
        .prop_map(|all| json!({"format": "aliases", "identifiers": all}));
    prop_oneof![3 => identifier(), 3 => complex, 2 => aliases, 1 => value()]
}

/// Events that are sound, or nearly.
fn event() -> impl Strategy<Value = (String, Value)> {
    let level = json!({"namespace": "x", "current_level": "1", "change_direction": "decrease"});
    let device = json!({"previous_status": "compliant", "current_status": "not-compliant"});
    let events = [
        (CAEP, "session-revoked", json!({"event_timestamp": NOW})),
        (
            CAEP,
            "session-revoked",
            json!({"reason_admin": {"en": "x"}}),
        ),
        (CAEP, "token-claims-change", json!({"claims": {"a": 1}})),
        (
            CAEP,
            "credential-change",
            json!({"change_type": "update", "credential_type": "x"}),
        ),
        (CAEP, "assurance-level-change", level),
        (CAEP, "device-compliance-change", device),
        (SSF, "verification", json!({"state": "x"})),
        (SSF, "stream-updated", json!({"status": "enabled"})),
        (RISC, "account-disabled", json!({"reason": "hijacking"})),
        ("urn:", "x", json!({})),
    ];
    prop::sample::select(events.to_vec()).prop_flat_map(|(base, name, event)| {
        changed(Just(event)).prop_map(move |event| (format!("{base}{name}"), event))
    })
}

/// Every third with a member changed or added.
fn changed(object: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let change = prop::option::weighted(0.33, (name(), value()));
    (object, change).prop_map(|(mut object, change)| {
        if let Some((name, value)) = change {
            object[name] = value;
        }
        object
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_verifier_panic(text in ".{0,256}") {
        prop_assert!(Stream::fabrikam().verify(&text).is_err());
    }

    #[test]
    fn no_parts_make_the_verifier_panic(
        header in prop::collection::vec(any::<u8>(), 0..64),
        payload in prop::collection::vec(any::<u8>(), 0..64),
        signature in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let parts = [header, payload, signature].map(encode);
        prop_assert!(Stream::fabrikam().verify(&parts.join(".")).is_err());
    }

    #[test]
    fn no_signed_payload_makes_it_panic_and_what_is_taken_has_an_effect_on_the_own_tenant(
        subject in subject(),
        events in prop::collection::vec(event(), 1..3),
        change in prop::option::weighted(
            0.33,
            (prop::sample::select(&["iat", "jti", "aud", "nbf", "events", "x"][..]), value()),
        ),
    ) {
        let mut payload = revoked();
        payload["events"] = events.into_iter().collect();
        payload["sub_id"] = subject;
        if let Some((claim, value)) = change {
            payload[claim] = value;
        }
        if let Ok(event) = Stream::fabrikam().push(&payload) {
            let effects = event.effect();
            prop_assert!(!effects.is_empty());
            for effect in effects {
                match effect {
                    Effect::RevokeUser { tenant: of, .. }
                    | Effect::RevokeSession { tenant: of, .. }
                    | Effect::RevokeToken { tenant: of, .. }
                    | Effect::RevokeTenant { tenant: of, .. } => {
                        prop_assert_eq!(of, tenant(FABRIKAM));
                    }
                    Effect::Verified { .. } | Effect::Nothing(_) => {}
                }
            }
        }
    }
}
