//! Security event tokens: the rules one by one.

mod effects;
mod hostile;
mod subjects;

use crossgate_policy::ids::{Cloud, UnixTime};
use crossgate_token::{
    Algorithm, Event, EventKind, Initiator, Issuer, KeySet, Reason, SecurityEvent, SetFault,
    StreamStatus, TokenFault, Transmitter, verify, verify_security_event,
};
use serde_json::{Value, json};

use crate::site::{
    CONTOSO, FABRIKAM, FABRIKAM_URL, REMOVED, Signer, entra, fabrikam_claims, issuers, key_set,
    oidc, tenant, v1, v2, v2_usgov, with,
};

const NOW: u32 = 1_767_225_600;
const RECEIVER: &str = "https://gate.contoso.example/events";
const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";
const SSF: &str = "https://schemas.openid.net/secevent/ssf/event-type/";

/// One transmitter and its key.
struct Stream {
    signer: Signer,
    keys: KeySet,
    issuer: Issuer,
}

impl Stream {
    fn of(issuer: Issuer) -> Self {
        let signer = Signer::new("k");
        Self {
            keys: key_set(&[signer.jwk()]),
            signer,
            issuer,
        }
    }

    fn fabrikam() -> Self {
        Self::of(oidc("fabrikam", FABRIKAM_URL, FABRIKAM, Cloud::Global))
    }

    fn entra() -> Self {
        Self::of(entra("entra", Cloud::Global))
    }

    fn verify(&self, jws: &str) -> Result<SecurityEvent, SetFault> {
        let transmitter = Transmitter {
            issuer: &self.issuer,
            audience: &["other", RECEIVER],
            domains: &["fabrikam.example"],
            tenant_names: &["org-1"],
        };
        let now = UnixTime::from_secs(NOW);
        verify_security_event(jws, &transmitter, &self.keys, now)
    }

    fn push(&self, payload: &Value) -> Result<SecurityEvent, SetFault> {
        self.verify(&sign(&self.signer, payload))
    }
}

fn sign(signer: &Signer, payload: &Value) -> String {
    let header = json!({"alg": "ES256", "kid": "k", "typ": "secevent+jwt"});
    signer.sign_parts(&header.to_string(), &payload.to_string())
}

/// Fabrikam says that Bob's sessions are revoked.
fn revoked() -> Value {
    set(&bob(), &format!("{CAEP}session-revoked"), &json!({}))
}

fn set(subject: &Value, uri: &str, event: &Value) -> Value {
    json!({
        "iss": FABRIKAM_URL, "aud": RECEIVER, "iat": f64::from(NOW) - 10.0, "jti": "1",
        "sub_id": subject, "events": {uri: event},
    })
}

fn bob() -> Value {
    json!({"format": "iss_sub", "iss": FABRIKAM_URL, "sub": "bob"})
}

fn fault(payload: &Value) -> SetFault {
    Stream::fabrikam().push(payload).unwrap_err()
}

fn only(event: &SecurityEvent) -> &Event {
    let [event] = event.events() else {
        unreachable!("{event:?}")
    };
    event
}

#[test]
fn a_genuine_event_is_verified_and_says_who_signed_it() {
    let stream = Stream::fabrikam();
    let event = stream.push(&revoked()).unwrap();
    assert_eq!(&**event.issuer(), "fabrikam");
    assert_eq!(event.tenant(), tenant(FABRIKAM));
    assert_eq!(event.jwt_id(), "1");
    assert_eq!(event.issued_at(), UnixTime::from_secs(NOW - 10));
    assert_eq!(only(&event).kind, EventKind::SessionRevoked);
}

#[test]
fn the_header_names_a_security_event_an_allowed_algorithm_and_a_known_key() {
    let stream = Stream::fabrikam();
    let header = json!({"alg": "ES256", "kid": "k", "typ": "secevent+jwt"});
    let of = |name: &str, value: Value| {
        let header = with(header.clone(), &[(name, value)]);
        let signed = stream
            .signer
            .sign_parts(&header.to_string(), &revoked().to_string());
        stream.verify(&signed).map(|_| ())
    };
    for typ in [
        "secevent+jwt",
        "application/secevent+jwt",
        "Application/SecEvent+JWT",
    ] {
        assert_eq!(of("typ", json!(typ)), Ok(()), "{typ}");
    }
    for (name, value, expected) in [
        ("typ", json!(REMOVED), SetFault::NotASecurityEvent),
        ("typ", json!("JWT"), SetFault::NotASecurityEvent),
        ("typ", json!("at+jwt"), SetFault::NotASecurityEvent),
        (
            "typ",
            json!("text/secevent+jwt"),
            SetFault::NotASecurityEvent,
        ),
        ("typ", json!(1), TokenFault::WrongType("typ").into()),
        ("alg", json!("none"), TokenFault::AlgorithmNotAllowed.into()),
        (
            "alg",
            json!("HS256"),
            TokenFault::AlgorithmNotAllowed.into(),
        ),
        (
            "alg",
            json!("ES384"),
            TokenFault::AlgorithmNotAllowed.into(),
        ),
        ("alg", json!("RS256"), TokenFault::UnfitKey.into()),
        ("alg", json!(REMOVED), TokenFault::Missing("alg").into()),
        ("kid", json!(REMOVED), TokenFault::NoKeyId.into()),
        ("kid", json!("other"), SetFault::UnknownKey),
        ("crit", json!(["x"]), TokenFault::CriticalHeader.into()),
        ("b64", json!(false), TokenFault::UnencodedPayload.into()),
    ] {
        assert_eq!(of(name, value.clone()), Err(expected), "{name} {value}");
    }
}

#[test]
fn the_algorithm_is_one_of_the_issuers() {
    let mut stream = Stream::fabrikam();
    stream.issuer.algorithms = [Algorithm::Rs256].into();
    let refused = stream.push(&revoked()).unwrap_err();
    assert_eq!(refused, TokenFault::AlgorithmNotAllowed.into());
    assert_eq!(refused.code(), "invalid_key");
}

#[test]
fn a_key_of_the_same_id_or_of_another_tenant_signs_nothing() {
    let stream = Stream::fabrikam();
    let forged = sign(&Signer::new("k"), &revoked());
    let refused = stream.verify(&forged).unwrap_err();
    assert_eq!(refused, TokenFault::BadSignature.into());
    assert_eq!(refused.code(), "authentication_failed");

    let mut stream = Stream::entra();
    let payload = with(
        revoked(),
        &[
            ("iss", json!(v2(CONTOSO))),
            ("sub_id", json!({"format": "opaque", "id": "x"})),
        ],
    );
    assert!(stream.push(&payload).is_ok());
    for (of, is_ok) in [
        (v2("{tenantid}"), true),
        (v2(CONTOSO), true),
        (v2(FABRIKAM), false),
    ] {
        stream.keys = key_set(&[with(stream.signer.jwk(), &[("issuer", json!(of))])]);
        let expected = if is_ok {
            Ok(())
        } else {
            Err(TokenFault::KeyOfAnotherIssuer.into())
        };
        assert_eq!(stream.push(&payload).map(|_| ()), expected, "{of}");
    }
}

#[test]
fn what_is_inside_is_told_to_nobody_whose_signature_is_wrong() {
    let stream = Stream::fabrikam();
    let stranger = Signer::new("k");
    for payload in [
        with(revoked(), &[("aud", json!("x"))]),
        with(revoked(), &[("events", json!({}))]),
        with(revoked(), &[("exp", json!(NOW))]),
    ] {
        let refused = stream.verify(&sign(&stranger, &payload));
        assert_eq!(refused, Err(TokenFault::BadSignature.into()));
    }
}

#[test]
fn an_event_is_no_access_token_nor_the_reverse() {
    let stream = Stream::fabrikam();
    let like_both = with(
        fabrikam_claims(),
        &[
            ("jti", json!("1")),
            ("iat", json!(NOW)),
            ("events", json!({"x": {}})),
        ],
    );
    let event = sign(&stream.signer, &like_both);
    let refused = verify(&event, &issuers(), |_| Some(&stream.keys)).unwrap_err();
    assert_eq!(refused.fault(), Some(TokenFault::UnacceptableType));
    let access = stream.signer.sign(&revoked());
    assert_eq!(stream.verify(&access), Err(SetFault::NotASecurityEvent));
}

#[test]
fn each_rule_of_the_claims_is_broken_once() {
    let missing = |name| SetFault::Token(TokenFault::Missing(name));
    let wrong = |name| SetFault::Token(TokenFault::WrongType(name));
    let event = || json!({});
    let nine: Value = (0..9).map(|n| (format!("urn:{n}"), event())).collect();
    for (name, value, expected, code) in [
        ("iss", json!(REMOVED), missing("iss"), "invalid_issuer"),
        ("iss", json!(1), wrong("iss"), "invalid_request"),
        (
            "iss",
            json!("https://id.fabrikam.example/"),
            SetFault::WrongIssuer,
            "invalid_issuer",
        ),
        (
            "iss",
            json!(v2(FABRIKAM)),
            SetFault::WrongIssuer,
            "invalid_issuer",
        ),
        ("aud", json!(REMOVED), missing("aud"), "invalid_audience"),
        ("aud", json!([]), missing("aud"), "invalid_audience"),
        ("aud", json!([RECEIVER, 1]), wrong("aud"), "invalid_request"),
        (
            "aud",
            json!(RECEIVER.to_uppercase()),
            SetFault::WrongAudience,
            "invalid_audience",
        ),
        (
            "aud",
            json!(["a", "b"]),
            SetFault::WrongAudience,
            "invalid_audience",
        ),
        (
            "exp",
            json!(NOW + 600),
            SetFault::HasExpiry,
            "invalid_request",
        ),
        ("exp", json!(null), SetFault::HasExpiry, "invalid_request"),
        ("sub", json!("bob"), SetFault::HasSubject, "invalid_request"),
        ("iat", json!(REMOVED), missing("iat"), "invalid_request"),
        ("iat", json!("1"), wrong("iat"), "invalid_request"),
        (
            "iat",
            json!(-1),
            TokenFault::NotATime("iat").into(),
            "invalid_request",
        ),
        (
            "iat",
            json!(f64::from(NOW) + 60.5),
            TokenFault::IssuedInTheFuture.into(),
            "invalid_request",
        ),
        (
            "nbf",
            json!(NOW + 61),
            TokenFault::NotYetValid.into(),
            "invalid_request",
        ),
        ("nbf", json!("1"), wrong("nbf"), "invalid_request"),
        ("jti", json!(REMOVED), missing("jti"), "invalid_request"),
        ("jti", json!(1), wrong("jti"), "invalid_request"),
        ("jti", json!(""), SetFault::JwtIdLength, "invalid_request"),
        (
            "jti",
            json!("é".repeat(257)),
            SetFault::JwtIdLength,
            "invalid_request",
        ),
        (
            "events",
            json!(REMOVED),
            missing("events"),
            "invalid_request",
        ),
        ("events", json!([]), wrong("events"), "invalid_request"),
        ("events", json!({}), SetFault::NoEvent, "invalid_request"),
        (
            "events",
            json!({"urn:x": null}),
            wrong("events"),
            "invalid_request",
        ),
        ("events", nine, SetFault::TooManyEvents, "invalid_request"),
        (
            "sub_id",
            json!(REMOVED),
            SetFault::NoSubject,
            "invalid_request",
        ),
        ("sub_id", json!("bob"), wrong("sub_id"), "invalid_request"),
        ("sub_id", json!({}), missing("format"), "invalid_request"),
    ] {
        let refused = fault(&with(revoked(), &[(name, value.clone())]));
        assert_eq!(refused, expected, "{name} {value}");
        assert_eq!(refused.code(), code, "{name} {value}");
    }
}

#[test]
fn what_is_at_the_edge_of_a_rule_is_taken() {
    let stream = Stream::fabrikam();
    let eight: Value = (0..8).map(|n| (format!("urn:{n}"), json!({}))).collect();
    for (name, value) in [
        ("aud", json!(["x", RECEIVER])),
        ("iat", json!(NOW + 60)),
        ("iat", json!(0)),
        ("nbf", json!(NOW + 60)),
        ("jti", json!("é".repeat(256))),
        ("events", eight),
        ("txn", json!(8_675_309)),
        ("toe", json!(NOW)),
    ] {
        let taken = stream.push(&with(revoked(), &[(name, value.clone())]));
        assert!(taken.is_ok(), "{name} {value}: {taken:?}");
    }
}

#[test]
fn json_that_two_readers_could_take_differently_is_refused() {
    let stream = Stream::fabrikam();
    let header = json!({"alg": "ES256", "kid": "k", "typ": "secevent+jwt"}).to_string();
    let payload = revoked().to_string();
    for (from, to, expected) in [
        (
            "\"jti\":\"1\"",
            "\"jti\":\"1\",\"jti\":\"2\"",
            TokenFault::DuplicateMember,
        ),
        (
            "\"sub\":\"bob\"",
            "\"sub\":\"bob\",\"\\u0073ub\":\"eve\"",
            TokenFault::DuplicateMember,
        ),
        (
            "\"jti\":\"1\"",
            "\"jti\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
            TokenFault::NestedTooDeep,
        ),
        ("{\"aud\"", "{aud", TokenFault::NotJson),
    ] {
        assert!(payload.contains(from), "{payload}");
        let token = stream
            .signer
            .sign_parts(&header, &payload.replacen(from, to, 1));
        assert_eq!(stream.verify(&token), Err(expected.into()), "{to}");
    }
    let twice = format!("{{\"a\":{payload},\"a\":1}}");
    let token = stream.signer.sign_parts(&header, &twice);
    assert_eq!(
        stream.verify(&token),
        Err(TokenFault::DuplicateMember.into())
    );
    let token = stream.signer.sign_parts(&header, "[]");
    assert_eq!(stream.verify(&token), Err(TokenFault::NotAnObject.into()));
    let long = with(revoked(), &[("x", json!("x".repeat(16 * 1024)))]);
    assert_eq!(stream.push(&long), Err(TokenFault::TooLong.into()));
}

#[test]
fn an_entra_tenant_speaks_under_either_form_and_for_itself_only() {
    let stream = Stream::entra();
    let opaque = json!({"format": "opaque", "id": "x"});
    let by = |iss: String| {
        let changes = [("iss", json!(iss)), ("sub_id", opaque.clone())];
        stream
            .push(&with(revoked(), &changes))
            .map(|event| event.tenant())
    };
    assert_eq!(by(v2(CONTOSO)), Ok(tenant(CONTOSO)));
    assert_eq!(by(v1(FABRIKAM)), Ok(tenant(FABRIKAM)));
    assert_eq!(by(v2_usgov(CONTOSO)), Err(SetFault::WrongIssuer));
    assert_eq!(by(FABRIKAM_URL.into()), Err(SetFault::WrongIssuer));
}

#[test]
fn what_is_common_to_events_is_read() {
    let stream = Stream::fabrikam();
    let with_members =
        |members: &Value| stream.push(&set(&bob(), &format!("{CAEP}session-revoked"), members));
    let event = with_members(&json!({
        "event_timestamp": f64::from(NOW) - 20.5, "initiating_entity": "policy",
        "reason_admin": {"en": "Left", "de": "Weg"}, "reason_user": "Landspeed", "https://x.example": 1,
    }))
    .unwrap();
    let event = only(&event);
    assert_eq!(event.timestamp, UnixTime::new(f64::from(NOW) - 20.5));
    assert_eq!(event.initiator, Some(Initiator::Policy));
    assert_eq!(event.reason_user, Some(Reason::Text("Landspeed".into())));
    let Some(Reason::ByLanguage(languages)) = &event.reason_admin else {
        unreachable!("{event:?}")
    };
    assert!(languages.contains(&("de".into(), "Weg".into())));

    for (name, value, expected) in [
        (
            "event_timestamp",
            json!("1"),
            TokenFault::WrongType("event_timestamp").into(),
        ),
        (
            "event_timestamp",
            json!(-1),
            TokenFault::NotATime("event_timestamp").into(),
        ),
        (
            "event_timestamp",
            json!(NOW + 61),
            SetFault::EventInTheFuture,
        ),
        (
            "event_timestamp",
            json!(u64::from(NOW) * 1000),
            SetFault::EventInTheFuture,
        ),
        (
            "initiating_entity",
            json!("robot"),
            SetFault::UnknownValue("initiating_entity"),
        ),
        (
            "initiating_entity",
            json!(null),
            TokenFault::WrongType("initiating_entity").into(),
        ),
        (
            "reason_admin",
            json!(1),
            TokenFault::WrongType("reason_admin").into(),
        ),
        ("reason_admin", json!({}), SetFault::Empty("reason_admin")),
        (
            "reason_user",
            json!({"en": 1}),
            TokenFault::WrongType("reason_user").into(),
        ),
        (
            "subject",
            json!("bob"),
            TokenFault::WrongType("subject").into(),
        ),
    ] {
        let refused = with_members(&json!({name: value})).unwrap_err();
        assert_eq!(refused, expected, "{name}");
        assert_eq!(refused.code(), "invalid_request");
    }
    assert!(with_members(&json!({"event_timestamp": NOW + 60})).is_ok());
}

#[test]
fn each_type_of_event_is_read_and_what_it_must_say_is_required() {
    let stream = Stream::fabrikam();
    let good = [
        (
            format!("{CAEP}token-claims-change"),
            json!({"claims": {"role": "ro"}}),
        ),
        (
            format!("{CAEP}credential-change"),
            json!({"change_type": "revoke", "credential_type": "pin"}),
        ),
        (
            format!("{CAEP}assurance-level-change"),
            json!({"namespace": "NIST-AAL", "current_level": "1"}),
        ),
        (
            format!("{CAEP}device-compliance-change"),
            json!({"previous_status": "compliant", "current_status": "not-compliant"}),
        ),
        (format!("{SSF}stream-updated"), json!({"status": "paused"})),
    ];
    for (uri, event) in &good {
        assert!(stream.push(&set(&bob(), uri, event)).is_ok(), "{uri}");
        for name in event.as_object().unwrap().keys() {
            let of = |value: Value| {
                let event = with(event.clone(), &[(name, value)]);
                fault(&set(&bob(), uri, &event))
            };
            let missing = of(json!(REMOVED));
            assert_eq!(missing.reason(), "missing_claim", "{uri} {name}");
            assert_eq!(missing.member(), Some(&**name));
            assert_eq!(of(json!(1)).reason(), "wrong_json_type", "{uri} {name}");
        }
    }
    for (uri, event, expected) in [
        (&good[0].0, json!({"claims": {}}), SetFault::Empty("claims")),
        (
            &good[1].0,
            json!({"change_type": "reset", "credential_type": "pin"}),
            SetFault::UnknownValue("change_type"),
        ),
        (
            &good[2].0,
            json!({"namespace": "x", "current_level": "1", "change_direction": "up"}),
            SetFault::UnknownValue("change_direction"),
        ),
        (
            &good[3].0,
            json!({"previous_status": "compliant", "current_status": "unknown"}),
            SetFault::UnknownValue("current_status"),
        ),
        (
            &good[4].0,
            json!({"status": "gone"}),
            SetFault::UnknownValue("status"),
        ),
    ] {
        assert_eq!(fault(&set(&bob(), uri, &event)), expected, "{event}");
    }
    let event = stream.push(&set(&bob(), &good[4].0, &good[4].1)).unwrap();
    let (status, reason) = (StreamStatus::Paused, None);
    assert_eq!(
        only(&event).kind,
        EventKind::StreamUpdated { status, reason }
    );
    let event = stream.push(&set(&bob(), &good[0].0, &good[0].1)).unwrap();
    let claims = ["role".into()].into();
    assert_eq!(only(&event).kind, EventKind::TokenClaimsChange { claims });
}

#[test]
fn an_event_of_an_unknown_type_is_kept_by_its_name() {
    let stream = Stream::fabrikam();
    for uri in [
        "urn:x",
        "https://schemas.openid.net/secevent/caep/event-type/session-presented",
    ] {
        let event = set(
            &bob(),
            uri,
            &json!({"subject": 1, "event_timestamp": "now"}),
        );
        let event = stream.push(&event).unwrap();
        assert_eq!(only(&event).kind, EventKind::Unknown(uri.into()));
    }
    let without_subject = with(
        set(&bob(), "urn:x", &json!({})),
        &[("sub_id", json!(REMOVED))],
    );
    assert!(stream.push(&without_subject).is_ok());
}

#[test]
fn a_fault_is_a_word_and_shows_nothing_of_the_token() {
    let refused = fault(&with(
        revoked(),
        &[(
            "sub_id",
            json!({"format": "email", "email": "eve@evil.example"}),
        )],
    ));
    assert_eq!(
        (refused.code(), refused.reason(), refused.member()),
        ("access_denied", "subject_in_another_domain", None)
    );
    assert!(!format!("{refused} {refused:?}").contains("evil"));
    assert!(size_of::<SetFault>() <= 32);
}
