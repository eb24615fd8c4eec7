//! Whether a genuine answer is one to us, and what it says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossgate_portal::saml::{Expected, SamlFault, Status, read_response};
use crossgate_portal::signed_xml::{LARGEST, XmlFault};
use serde_json::json;

use crate::stage::{
    ASSERTION, RESPONSE, cut, expected, now, read, replaced, response, sign, signed_with,
};

const CONTEXT: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

#[test]
fn a_genuine_answer_says_who_signed_in_when_and_how() {
    let read = read(&response(json!({ "session_index": "s1" }))).unwrap();
    assert_eq!(read.name_id, "ada");
    assert_eq!(
        read.name_id_format.as_deref(),
        Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
    );
    assert_eq!(read.session_index.as_deref(), Some("s1"));
    assert_eq!(read.authn_context.as_deref(), Some(CONTEXT));
    assert_eq!(read.attributes["mail"], ["ada@contoso.example"]);
    assert_eq!(read.attributes["groups"], ["staff", "R&D <1>"]);
    assert_eq!(read.attributes.len(), 2);
    assert!(now().abs_diff(read.authn_instant) < 30);
    assert!((now() + 3600).abs_diff(read.not_on_or_after) < 30);
    assert_eq!(read.session_not_on_or_after, None);
    assert!(read.id.starts_with('_'));
    assert!(!format!("{read:?}").contains("ada"));
}

#[test]
fn an_answer_is_read_as_xml_and_as_base64_with_or_without_lines() {
    let xml = response(json!({}));
    let packed = STANDARD.encode(&xml);
    let lines: String = packed
        .as_bytes()
        .chunks(76)
        .map(|line| format!("{}\r\n", str::from_utf8(line).unwrap()))
        .collect();
    for form in [&xml, &packed, &lines, &format!("\u{feff}{xml}\n")] {
        assert_eq!(read(form).unwrap().name_id, "ada");
    }
    let large = " ".repeat(LARGEST);
    for (odd, fault) in [
        ("", XmlFault::NotXml),
        ("%%%", XmlFault::NotXml),
        ("/////w==", XmlFault::NotXml),
        (&packed[..100], XmlFault::NotXml),
        (
            &replaced(&xml, "<saml:Subject>", &format!("{large}<saml:Subject>")),
            XmlFault::TooLarge,
        ),
        (&"A".repeat(LARGEST * 2), XmlFault::TooLarge),
    ] {
        assert_eq!(read(odd), Err(SamlFault::Xml(fault)), "{odd:.40}");
    }
}

#[test]
fn an_answer_to_somebody_else_is_refused() {
    let genuine = response(json!({}));
    let expected = expected();
    let elsewhere = |other: Expected<'_>| read_response(&genuine, &other).unwrap_err();
    assert_eq!(
        elsewhere(Expected {
            sp_entity_id: "https://other.example/",
            ..expected
        }),
        SamlFault::WrongAudience
    );
    assert_eq!(
        elsewhere(Expected {
            acs_url: "https://payroll.example/other",
            ..expected
        }),
        SamlFault::WrongDestination
    );
    assert_eq!(
        elsewhere(Expected {
            request_id: "_other",
            ..expected
        }),
        SamlFault::WrongRequest
    );
    assert_eq!(
        elsewhere(Expected {
            idp_entity_id: "https://id.example/",
            ..expected
        }),
        SamlFault::WrongIssuer
    );
    // Nor do the words around a signed assertion make it one to us, or the signed words in another answer.
    for (change, fault) in [
        (
            json!({ "audience": "https://other.example/" }),
            SamlFault::WrongAudience,
        ),
        (
            json!({ "in_response_to": "_other" }),
            SamlFault::WrongRequest,
        ),
        (
            json!({ "acs_url": "https://other.example/acs" }),
            SamlFault::WrongDestination,
        ),
        (json!({ "in_response_to": null }), SamlFault::WrongRequest),
    ] {
        for signed in ["assertion", "response"] {
            let mut change = change.clone();
            change["sign"] = json!(signed);
            let other = response(change);
            assert_eq!(read(&other), Err(fault), "{other}");
            let dressed = genuine.replace(
                cut(&genuine, "saml:Assertion"),
                cut(&other, "saml:Assertion"),
            );
            let expected = if signed == "response" {
                SamlFault::NotSigned
            } else {
                fault
            };
            assert_eq!(read(&dressed), Err(expected), "{dressed}");
        }
    }
}

#[test]
fn an_answer_holds_from_a_minute_before_to_a_minute_after() {
    let genuine = response(json!({ "lifetime": 600 }));
    let until = read(&genuine).unwrap().not_on_or_after;
    let at = |now| read_response(&genuine, &Expected { now, ..expected() }).err();
    assert_eq!(at(until + 59), None);
    assert_eq!(at(until + 60), Some(SamlFault::Expired));
    assert_eq!(at(until - 600 - 59), None);
    assert_eq!(at(until - 600 - 62), Some(SamlFault::NotYet));
}

#[test]
fn an_answer_read_twice_is_the_same_assertion_and_to_see_that_is_the_callers() {
    let genuine = response(json!({}));
    assert_eq!(read(&genuine).unwrap().id, read(&genuine).unwrap().id);
    assert_ne!(
        read(&genuine).unwrap().id,
        read(&response(json!({}))).unwrap().id
    );
}

#[test]
fn where_nobody_signed_in_the_provider_says_why() {
    for (status, expected) in [
        ("AuthnFailed", Status::AuthnFailed),
        ("Requester", Status::Requester),
        ("Unheard", Status::Other),
    ] {
        for signed in ["response", "assertion", "none"] {
            let refusal = response(json!({ "status": status, "sign": signed }));
            assert_eq!(read(&refusal), Err(SamlFault::NotSuccess(expected)));
        }
    }
    let more = "Responder\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext\"/></samlp:StatusCode>";
    let refusal = replaced(&response(json!({})), "Success\"/>", more);
    assert_eq!(
        read(&refusal),
        Err(SamlFault::NotSuccess(Status::NoAuthnContext))
    );
    let whole = response(json!({ "sign": "response", "status": "Responder" }));
    let turned = replaced(&whole, "status:Responder", "status:Success");
    assert!(matches!(read(&turned), Err(SamlFault::Signature(_))));
}

#[test]
fn an_encrypted_assertion_is_refused_as_one() {
    let encrypted = response(json!({ "encrypt": true }));
    assert!(encrypted.contains("EncryptedAssertion"));
    assert_eq!(read(&encrypted), Err(SamlFault::Encrypted));
    let signed = response(json!({ "encrypt": true, "sign": "both" }));
    assert_eq!(read(&signed), Err(SamlFault::Encrypted));
}

#[test]
fn two_assertions_are_one_too_many_even_where_both_are_signed() {
    let (one, other) = (response(json!({})), response(json!({})));
    let (one_of, other_of) = (cut(&one, "saml:Assertion"), cut(&other, "saml:Assertion"));
    let both = replaced(&one, one_of, &format!("{one_of}{other_of}"));
    assert_eq!(read(&both), Err(SamlFault::SeveralAssertions));
    let whole = sign(&both, RESPONSE, json!({}));
    assert_eq!(read(&whole), Err(SamlFault::SeveralAssertions));
}

#[test]
fn who_signs_a_response_says_where_it_goes() {
    let plain = response(json!({ "sign": "none" }));
    let destination = " Destination=\"https://payroll.example/.crossgate/saml/contoso\"";
    let nowhere = replaced(&plain, destination, "");
    assert_eq!(
        read(&sign(&nowhere, ASSERTION, json!({}))).unwrap().name_id,
        "ada"
    );
    let whole = sign(&nowhere, RESPONSE, json!({}));
    assert_eq!(read(&whole), Err(SamlFault::WrongDestination));
}

#[test]
fn the_words_around_a_signed_assertion_have_to_fit_too() {
    let genuine = response(json!({}));
    let start = genuine.find("<saml:Assertion").unwrap();
    let (around, assertion) = genuine.split_at(start);
    for (from, to, fault) in [
        (
            " InResponseTo=\"_request\"",
            " InResponseTo=\"_other\"",
            SamlFault::WrongRequest,
        ),
        (" InResponseTo=\"_request\"", "", SamlFault::WrongRequest),
        (
            " Destination=\"",
            " Destination=\"https://x.example/",
            SamlFault::WrongDestination,
        ),
        (
            " Version=\"2.0\"",
            " Version=\"2.1\"",
            SamlFault::NotAnAnswer,
        ),
        ("</saml:Issuer>", "/x</saml:Issuer>", SamlFault::WrongIssuer),
        (
            " IssueInstant=\"",
            " IssueInstant=\"2999-01-01T00:00:00Z\" Was=\"",
            SamlFault::NotYet,
        ),
        ("samlp:Status>", "samlp:State>", SamlFault::Malformed),
        (
            "samlp:Response ",
            "samlp:LogoutResponse ",
            SamlFault::NotAnAnswer,
        ),
    ] {
        let changed = replaced(around, from, to);
        let end = if from.starts_with("samlp:R") {
            "samlp:LogoutResponse"
        } else {
            "samlp:Response"
        };
        let changed =
            format!("{changed}{assertion}").replace("</samlp:Response", &format!("</{end}"));
        assert_eq!(read(&changed), Err(fault), "{from} {to}");
    }
}

#[test]
fn what_a_provider_signs_and_should_not_is_refused() {
    let bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    for (from, to, fault) in [
        (
            "<saml:Audience>",
            "<saml:Audience>https://x.example/",
            SamlFault::WrongAudience,
        ),
        (
            "</saml:AudienceRestriction>",
            "</saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>a</saml:Audience></saml:AudienceRestriction>",
            SamlFault::WrongAudience,
        ),
        (
            "saml:AudienceRestriction",
            "saml:ProxyRestriction",
            SamlFault::WrongAudience,
        ),
        ("saml:Conditions", "saml:Advice", SamlFault::WrongAudience),
        (
            "</saml:Conditions>",
            "<saml:Condition/></saml:Conditions>",
            SamlFault::UnknownCondition,
        ),
        (
            bearer,
            "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches",
            SamlFault::NotConfirmed,
        ),
        (" Recipient=", " Address=", SamlFault::WrongDestination),
        (
            "\" InResponseTo=\"_request\"/>",
            "\"/>",
            SamlFault::WrongRequest,
        ),
        (" NotOnOrAfter=", " NotOnOrBefore=", SamlFault::Time),
        (
            " NotBefore=",
            " NotBefore=\"2999-01-01T00:00:00Z\" Was=",
            SamlFault::NotYet,
        ),
        (
            " NotOnOrAfter=",
            " NotOnOrAfter=\"2001-01-01T00:00:00Z\" Was=",
            SamlFault::Expired,
        ),
        (
            " NotOnOrAfter=",
            " NotOnOrAfter=\"soon\" Was=",
            SamlFault::Time,
        ),
        (
            " AuthnInstant=",
            " AuthnInstant=\"2999-01-01T00:00:00Z\" Was=",
            SamlFault::NotYet,
        ),
        (" AuthnInstant=", " Was=", SamlFault::NoSignIn),
        (
            "<saml:AuthnStatement ",
            "<saml:AuthnStatement SessionNotOnOrAfter=\"2001-01-01T00:00:00Z\" ",
            SamlFault::Expired,
        ),
        (
            "saml:AuthnStatement",
            "saml:OtherStatement",
            SamlFault::NoSignIn,
        ),
        ("saml:NameID", "saml:BaseID", SamlFault::NoNameId),
        ("saml:NameID", "saml:EncryptedID", SamlFault::Encrypted),
        (">ada<", "> <", SamlFault::NoNameId),
        (">ada<", "><a>ada</a><", SamlFault::NoNameId),
        (
            "</saml:NameID>",
            "</saml:NameID><saml:NameID>b</saml:NameID>",
            SamlFault::NoNameId,
        ),
        ("saml:Subject>", "saml:Object>", SamlFault::NoNameId),
        (
            "</saml:AttributeStatement>",
            "<saml:EncryptedAttribute/></saml:AttributeStatement>",
            SamlFault::Encrypted,
        ),
        (
            "<saml:Attribute Name=",
            "<saml:Attribute Title=",
            SamlFault::Malformed,
        ),
        (
            " Version=\"2.0\"",
            " Version=\"1.1\"",
            SamlFault::NotAnAnswer,
        ),
        (
            " IssueInstant=",
            " IssueInstant=\"2999-01-01T00:00:00Z\" Was=",
            SamlFault::NotYet,
        ),
        (" IssueInstant=", " Was=", SamlFault::Time),
        (
            "/metadata</saml:Issuer>",
            "/other</saml:Issuer>",
            SamlFault::WrongIssuer,
        ),
    ] {
        let signed = signed_with(from, to);
        assert_eq!(read(&signed), Err(fault), "{from} {to}");
    }
}

#[test]
fn one_fitting_confirmation_of_several_is_enough() {
    let other = "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
        <saml:SubjectConfirmationData Recipient=\"https://other.example/\"/></saml:SubjectConfirmation>";
    let signed = signed_with("</saml:NameID>", &format!("</saml:NameID>{other}"));
    assert_eq!(read(&signed).unwrap().name_id, "ada");
}
