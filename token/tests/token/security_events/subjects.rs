//! Whom a transmitter may speak of.

use crossgate_token::{SetFault, Subject, SubjectId, TokenFault};
use serde_json::{Value, json};

use super::{CAEP, Stream, bob, fault, only, revoked, set};
use crate::site::{CONTOSO, FABRIKAM, FABRIKAM_URL, REMOVED, v1, v2, v2_usgov, with};

fn about(subject: &Value) -> Result<Subject, SetFault> {
    about_by(&Stream::fabrikam(), FABRIKAM_URL, subject)
}

fn about_by(stream: &Stream, iss: &str, subject: &Value) -> Result<Subject, SetFault> {
    let changes = [("iss", json!(iss)), ("sub_id", subject.clone())];
    let event = stream.push(&with(revoked(), &changes))?;
    Ok(only(&event).subject.clone().unwrap())
}

/// One sound identifier of each format.
fn identifiers() -> Vec<(Value, SubjectId)> {
    let text = |text: &str| text.into();
    vec![
        (
            bob(),
            SubjectId::IssSub {
                iss: text(FABRIKAM_URL),
                sub: text("bob"),
            },
        ),
        (
            json!({"format": "opaque", "id": "x"}),
            SubjectId::Opaque { id: text("x") },
        ),
        (
            json!({"format": "email", "email": "bob@Fabrikam.EXAMPLE"}),
            SubjectId::Email {
                email: text("bob@Fabrikam.EXAMPLE"),
            },
        ),
        (
            json!({"format": "phone_number", "phone_number": "+1 206 555 0123"}),
            SubjectId::PhoneNumber {
                phone_number: text("+1 206 555 0123"),
            },
        ),
        (
            json!({"format": "account", "uri": "acct:bob@fabrikam.example"}),
            SubjectId::Account {
                uri: text("acct:bob@fabrikam.example"),
            },
        ),
        (
            json!({"format": "uri", "uri": "urn:bob"}),
            SubjectId::Uri {
                uri: text("urn:bob"),
            },
        ),
        (
            json!({"format": "did", "url": "did:x:1#k"}),
            SubjectId::Did {
                url: text("did:x:1#k"),
            },
        ),
        (
            json!({"format": "jwt_id", "iss": FABRIKAM_URL, "jti": "t"}),
            SubjectId::JwtId {
                iss: text(FABRIKAM_URL),
                jti: text("t"),
            },
        ),
    ]
}

#[test]
fn each_format_is_read_and_needs_each_of_its_members() {
    for (written, read) in identifiers() {
        assert_eq!(about(&written), Ok(Subject::Simple(read)), "{written}");
        for name in written.as_object().unwrap().keys() {
            let of = |value| about(&with(written.clone(), &[(name, value)])).unwrap_err();
            assert_eq!(
                of(json!(REMOVED)).reason(),
                "missing_claim",
                "{written} {name}"
            );
            assert_eq!(of(json!(1)).reason(), "wrong_json_type", "{written} {name}");
            assert_eq!(of(json!("")).reason(), "empty_member", "{written} {name}");
        }
        // SSF 1.0, section 4.2.3.
        assert!(about(&with(written, &[("more", json!(1))])).is_ok());
    }
}

#[test]
fn a_format_of_ones_own_is_kept_and_not_understood() {
    let own = json!({"format": "catalog_item", "catalog_id": "1"});
    let format = "catalog_item".into();
    assert_eq!(
        about(&own),
        Ok(Subject::Simple(SubjectId::Unknown { format }))
    );
}

#[test]
fn nobody_speaks_of_another_issuers_users_or_tokens() {
    for iss in [
        "https://id.fabrikam.example/",
        "https://id.northwind.example",
        &v2(FABRIKAM),
    ] {
        for subject in [
            json!({"format": "iss_sub", "iss": iss, "sub": "bob"}),
            json!({"format": "jwt_id", "iss": iss, "jti": "t"}),
        ] {
            let denied = Err(SetFault::SubjectOfAnotherIssuer);
            assert_eq!(about(&subject), denied, "{subject}");
            let aliases = json!({"format": "aliases", "identifiers": [bob(), subject]});
            assert_eq!(about(&aliases), denied, "{aliases}");
            for member in [
                "user",
                "session",
                "device",
                "tenant",
                "application",
                "org_unit",
                "group",
                "more",
            ] {
                let complex = json!({"format": "complex", "user": bob(), member: subject});
                assert_eq!(about(&complex), denied, "{complex}");
            }
        }
    }
    assert_eq!(SetFault::SubjectOfAnotherIssuer.code(), "access_denied");
}

#[test]
fn an_entra_tenants_users_are_named_under_either_of_its_forms() {
    let stream = Stream::entra();
    let by = |iss: &str| {
        let subject = json!({"format": "iss_sub", "iss": iss, "sub": "x"});
        about_by(&stream, &v2(CONTOSO), &subject).map(|_| ())
    };
    assert_eq!(by(&v2(CONTOSO)), Ok(()));
    assert_eq!(by(&v1(CONTOSO)), Ok(()));
    for iss in [
        v2(FABRIKAM),
        v2_usgov(CONTOSO),
        FABRIKAM_URL.into(),
        String::from("x"),
    ] {
        assert_eq!(by(&iss), Err(SetFault::SubjectOfAnotherIssuer), "{iss}");
    }
}

#[test]
fn an_address_is_in_a_domain_of_the_tenants() {
    for (address, expected) in [
        ("bob@fabrikam.example", Ok(())),
        ("\"a@b\"@FABRIKAM.example", Ok(())),
        ("bob@contoso.example", Err(SetFault::SubjectInAnotherDomain)),
        (
            "bob@eu.fabrikam.example",
            Err(SetFault::SubjectInAnotherDomain),
        ),
        (
            "bob@fabrikam.example.",
            Err(SetFault::SubjectInAnotherDomain),
        ),
        (
            "bob@fabrikam.example@contoso.example",
            Err(SetFault::SubjectInAnotherDomain),
        ),
        ("fabrikam.example", Err(SetFault::MalformedSubject("email"))),
        (
            "@fabrikam.example",
            Err(SetFault::MalformedSubject("email")),
        ),
        ("bob@", Err(SetFault::MalformedSubject("email"))),
    ] {
        let subject = json!({"format": "email", "email": address});
        assert_eq!(about(&subject).map(|_| ()), expected, "{address}");
    }
    for (uri, expected) in [
        ("acct:bob@Fabrikam.example", Ok(())),
        (
            "acct:bob@contoso.example",
            Err(SetFault::SubjectInAnotherDomain),
        ),
        (
            "bob@fabrikam.example",
            Err(SetFault::MalformedSubject("account")),
        ),
        ("acct:bob", Err(SetFault::MalformedSubject("account"))),
    ] {
        let subject = json!({"format": "account", "uri": uri});
        assert_eq!(about(&subject).map(|_| ()), expected, "{uri}");
    }
    let did = json!({"format": "did", "url": "https://x.example"});
    assert_eq!(about(&did), Err(SetFault::MalformedSubject("did")));
}

#[test]
fn a_tenant_is_the_transmitters_own() {
    let with_tenant = |tenant: &Value| {
        about(&json!({"format": "complex", "user": bob(), "tenant": tenant})).map(|_| ())
    };
    for own in [
        json!({"format": "opaque", "id": FABRIKAM}),
        json!({"format": "opaque", "id": FABRIKAM.to_uppercase()}),
        json!({"format": "opaque", "id": "org-1"}),
        json!({"format": "uri", "uri": FABRIKAM_URL}),
        json!({"format": "iss_sub", "iss": FABRIKAM_URL, "sub": "org-1"}),
        json!({"format": "aliases", "identifiers": [{"format": "opaque", "id": FABRIKAM}, {"format": "opaque", "id": "org-1"}]}),
    ] {
        assert_eq!(with_tenant(&own), Ok(()), "{own}");
    }
    for other in [
        json!({"format": "opaque", "id": CONTOSO}),
        json!({"format": "opaque", "id": "ORG-1"}),
        json!({"format": "uri", "uri": v2(FABRIKAM)}),
        json!({"format": "iss_sub", "iss": FABRIKAM_URL, "sub": "org-2"}),
        json!({"format": "email", "email": "bob@fabrikam.example"}),
        json!({"format": "did", "url": "did:x:1"}),
        json!({"format": "catalog_item", "id": FABRIKAM}),
        json!({"format": "aliases", "identifiers": [{"format": "opaque", "id": FABRIKAM}, {"format": "opaque", "id": CONTOSO}]}),
    ] {
        assert_eq!(with_tenant(&other), Err(SetFault::AnotherTenant), "{other}");
    }
    assert_eq!(SetFault::AnotherTenant.code(), "access_denied");
}

#[test]
fn aliases_are_one_to_sixteen_and_hold_no_others() {
    let aliases = |all: &[Value]| about(&json!({"format": "aliases", "identifiers": all}));
    let (written, read): (Vec<_>, Vec<_>) = identifiers().into_iter().unzip();
    let expected = Subject::Simple(SubjectId::Aliases(read.into()));
    assert_eq!(aliases(&written), Ok(expected));
    assert!(aliases(&vec![bob(); 16]).is_ok());
    assert_eq!(aliases(&vec![bob(); 17]), Err(SetFault::TooManyAliases));
    assert_eq!(aliases(&[]), Err(SetFault::EmptySubject));
    assert_eq!(
        aliases(&[json!("bob")]),
        Err(TokenFault::WrongType("identifiers").into())
    );
    for nested in [
        json!({"format": "aliases", "identifiers": [bob()]}),
        json!({"format": "complex", "user": bob()}),
    ] {
        assert_eq!(
            aliases(&[bob(), nested.clone()]),
            Err(SetFault::NestedSubject),
            "{nested}"
        );
    }
    let wrong = json!({"format": "aliases", "identifiers": bob()});
    assert_eq!(
        about(&wrong),
        Err(TokenFault::WrongType("identifiers").into())
    );
    let missing = json!({"format": "aliases"});
    assert_eq!(
        about(&missing),
        Err(TokenFault::Missing("identifiers").into())
    );
}

#[test]
fn a_complex_subject_has_a_member_that_is_an_identifier() {
    for empty in [
        json!({"format": "complex"}),
        json!({"format": "complex", "note": "x"}),
    ] {
        assert_eq!(about(&empty), Err(SetFault::EmptySubject), "{empty}");
    }
    let nested = json!({"format": "complex", "user": {"format": "complex", "user": bob()}});
    assert_eq!(about(&nested), Err(SetFault::NestedSubject));
    let wrong = json!({"format": "complex", "user": "bob"});
    assert_eq!(about(&wrong), Err(TokenFault::WrongType("user").into()));
    let unnamed = json!({"format": "complex", "user": bob(), "more": {"id": "x"}});
    assert_eq!(about(&unnamed), Err(TokenFault::Missing("format").into()));
    let Ok(Subject::Complex(complex)) = about(&json!({"format": "complex", "more": bob()})) else {
        unreachable!()
    };
    assert_eq!(complex.others.len(), 1);
}

#[test]
fn a_draft_has_the_subject_in_the_event() {
    let uri = format!("{CAEP}session-revoked");
    let push = |sub_id: &Value, subject: &Value| {
        let payload = set(&bob(), &uri, &json!({"subject": subject}));
        Stream::fabrikam().push(&with(payload, &[("sub_id", sub_id.clone())]))
    };
    let none = json!(REMOVED);
    let event = push(&none, &bob()).unwrap();
    assert_eq!(only(&event).subject, about(&bob()).ok());
    // A complex one had no `format`.
    let complex = json!({"user": bob(), "device": {"format": "opaque", "id": "d"}});
    let event = push(&none, &complex).unwrap();
    assert_eq!(
        only(&event).subject,
        about(&with(complex, &[("format", json!("complex"))])).ok()
    );

    assert!(push(&bob(), &bob()).is_ok(), "twice the same");
    let eve = with(bob(), &[("sub", json!("eve"))]);
    assert_eq!(push(&bob(), &eve), Err(SetFault::SubjectsDiffer));
    let others = with(bob(), &[("iss", json!("https://id.northwind.example"))]);
    assert_eq!(push(&none, &others), Err(SetFault::SubjectOfAnotherIssuer));
    let oldest = json!({"subject_type": "email", "email": "bob@fabrikam.example"});
    assert_eq!(push(&none, &oldest), Err(SetFault::EmptySubject));
    // At the top level `format` is required.
    let unnamed = json!({"user": bob()});
    assert_eq!(
        fault(&with(revoked(), &[("sub_id", unnamed)])),
        TokenFault::Missing("format").into()
    );
}
