//! WS-Federation's answers: the same signatures, around SAML 1.1 or 2.0.

use crossgate_portal::saml::{Assertion, SamlFault};
use crossgate_portal::signed_xml::{SignatureFault, XmlFault};
use crossgate_portal::wsfed::{Expected, read_result};
use serde_json::{Value, json};

use crate::stage::{ACS, STAGE, US, cut, now, replaced, response};

const TOKEN: &str = "//*[local-name(.)='Assertion']";
const CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";

fn expected() -> Expected<'static> {
    Expected {
        issuer: STAGE.provider.issuer(),
        certificates: &STAGE.certificates,
        realm: US,
        reply: ACS,
        now: now(),
    }
}

fn read(wresult: &str) -> Result<Assertion, SamlFault> {
    read_result(wresult, &expected())
}

fn token() -> String {
    let asked = json!({ "login": "ada", "realm": US, "context": "state" });
    STAGE.provider.token(&asked)
}

fn unsigned() -> String {
    let token = token();
    replaced(&token, cut(&token, "Signature"), "")
}

fn sign(xml: &str, more: Value) -> String {
    let mut asked = json!({ "xml": xml, "element": TOKEN, "id_attribute": "AssertionID" });
    asked
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    STAGE.provider.sign(&asked)
}

#[test]
fn a_token_of_saml_1_1_says_who_signed_in() {
    // By the provider its attributes have no namespace.
    let named = replaced(
        &unsigned(),
        "Namespace=\"\"",
        &format!("Namespace=\"{CLAIM}\""),
    );
    for signed in [
        token(),
        sign(&unsigned(), json!({})),
        sign(&named, json!({})),
    ] {
        let read = read(&signed).unwrap();
        assert_eq!(read.name_id, "ada");
        assert_eq!(
            read.authn_context.as_deref(),
            Some("urn:oasis:names:tc:SAML:1.0:am:password")
        );
        assert!(now().abs_diff(read.authn_instant) < 30);
        assert!(read.not_on_or_after > now() + 3000);
        let groups = read
            .attributes
            .iter()
            .find(|(name, _)| name.ends_with("/groups"));
        assert_eq!(groups.unwrap().1, &["staff", "R&D <1>"]);
    }
    let read = read(&sign(&named, json!({}))).unwrap();
    assert_eq!(
        read.attributes[&format!("{CLAIM}/mail")],
        ["ada@contoso.example"]
    );
}

#[test]
fn a_token_of_saml_2_and_a_collection_of_one_will_do() {
    let response = response(json!({ "in_response_to": null }));
    let assertion = cut(&response, "saml:Assertion");
    let of_2005 = |token: &str| {
        format!(
            "<RequestSecurityTokenResponse xmlns=\"http://schemas.xmlsoap.org/ws/2005/02/trust\">\
             <RequestedSecurityToken>{token}</RequestedSecurityToken></RequestSecurityTokenResponse>"
        )
    };
    let collection = |responses: &str| {
        format!(
            "<RequestSecurityTokenResponseCollection xmlns=\"http://docs.oasis-open.org/ws-sx/ws-trust/200512\">\
             {responses}</RequestSecurityTokenResponseCollection>"
        )
    };
    let inner =
        of_2005(assertion).replace(" xmlns=\"http://schemas.xmlsoap.org/ws/2005/02/trust\"", "");
    for wresult in [of_2005(assertion), collection(&inner)] {
        assert_eq!(read(&wresult).unwrap().name_id, "ada");
    }
    assert_eq!(
        read(&collection(&format!("{inner}{inner}"))),
        Err(SamlFault::Xml(XmlFault::SameId))
    );
    let empty = "<RequestSecurityTokenResponse/>";
    assert_eq!(
        read(&collection(&format!("{inner}{empty}"))),
        Err(SamlFault::SeveralAssertions)
    );
    assert_eq!(read(assertion), Err(SamlFault::NotAnAnswer));
    assert_eq!(read(&of_2005("")), Err(SamlFault::NoAssertion));
    let encrypted = "<e:EncryptedData xmlns:e=\"http://www.w3.org/2001/04/xmlenc#\"/>";
    assert_eq!(read(&of_2005(encrypted)), Err(SamlFault::Encrypted));
}

#[test]
fn an_answer_to_a_saml_request_is_none_to_ws_federation() {
    let response = response(json!({}));
    let token = token();
    let swapped = replaced(
        &token,
        cut(&token, "saml:Assertion"),
        cut(&response, "saml:Assertion"),
    );
    assert_eq!(read(&swapped), Err(SamlFault::WrongRequest));
}

#[test]
fn a_token_for_somebody_else_or_of_another_time_is_refused() {
    let token = token();
    let until = read(&token).unwrap().not_on_or_after;
    let expected = expected();
    for (other, fault) in [
        (
            Expected {
                realm: "urn:other",
                ..expected
            },
            SamlFault::WrongAudience,
        ),
        (
            Expected {
                issuer: "urn:other",
                ..expected
            },
            SamlFault::WrongIssuer,
        ),
        (
            Expected {
                now: until + 60,
                ..expected
            },
            SamlFault::Expired,
        ),
        (
            Expected {
                now: until - 3600 - 62,
                ..expected
            },
            SamlFault::NotYet,
        ),
        (
            Expected {
                certificates: &STAGE.certificates[..1],
                ..expected
            },
            SamlFault::Signature(SignatureFault::UnknownKey),
        ),
    ] {
        assert_eq!(read_result(&token, &other), Err(fault));
    }
    let late = Expected {
        now: until + 59,
        ..expected
    };
    assert!(read_result(&token, &late).is_ok());
}

#[test]
fn a_token_is_signed_by_the_provider_and_not_changed() {
    let genuine = token();
    assert_eq!(read(&unsigned()), Err(SamlFault::NotSigned));
    let changed = replaced(&genuine, ">ada<", ">root<");
    assert_eq!(
        read(&changed),
        Err(SamlFault::Signature(SignatureFault::Changed))
    );
    let split = replaced(&genuine, ">ada<", ">a<!-- -->da<");
    assert_eq!(read(&split), Err(SamlFault::Xml(XmlFault::Markup)));
    let stranger = &STAGE.stranger;
    let foreign = json!({ "key": stranger.key, "certificate": stranger.certificate });
    assert_eq!(
        read(&sign(&unsigned(), foreign)),
        Err(SamlFault::Signature(SignatureFault::UnknownKey))
    );
    let sha1 = STAGE.provider.token(&json!({
        "login": "ada", "realm": US, "signature": "rsa-sha1", "digest": "sha1",
    }));
    assert_eq!(
        read(&sha1),
        Err(SamlFault::Signature(SignatureFault::Algorithm))
    );
}

#[test]
fn a_genuine_token_is_wrapped_in_no_other() {
    let genuine = token();
    let (original, signature) = (cut(&genuine, "saml:Assertion"), cut(&genuine, "Signature"));
    let bare = original.replace(signature, "");
    let evil = bare
        .replace(">ada<", ">evil<")
        .replace("AssertionID=\"", "AssertionID=\"_evil");
    let in_evil =
        |what: &str| evil.replace("</saml:Assertion>", &format!("{what}</saml:Assertion>"));
    for wrapped in [
        format!("{evil}{original}"),
        format!("{original}{evil}"),
        in_evil(original),
        format!("{}{bare}", in_evil(signature)),
        in_evil(&signature.replace(
            "</Signature>",
            &format!("<Object>{bare}</Object></Signature>"),
        )),
    ] {
        let wrapped = replaced(&genuine, original, &wrapped);
        assert_eq!(
            read(&wrapped),
            Err(SamlFault::SeveralAssertions),
            "{wrapped}"
        );
    }
    let beside = replaced(&genuine, original, &format!("<a/>{original}"));
    assert_eq!(read(&beside), Err(SamlFault::SeveralAssertions));
}

#[test]
fn what_a_provider_signs_and_should_not_is_refused() {
    let bearer = "urn:oasis:names:tc:SAML:1.0:cm:bearer";
    for (from, to, fault) in [
        (
            "<saml:Audience>",
            "<saml:Audience>a",
            SamlFault::WrongAudience,
        ),
        ("saml:Conditions", "saml:Advice", SamlFault::WrongAudience),
        (
            "saml:AudienceRestrictionCondition",
            "saml:DoNotCacheCondition",
            SamlFault::WrongAudience,
        ),
        (
            "</saml:Conditions>",
            "<saml:Condition/></saml:Conditions>",
            SamlFault::UnknownCondition,
        ),
        (" NotOnOrAfter=", " Was=", SamlFault::Time),
        (
            " NotBefore=",
            " NotBefore=\"2999-01-01T00:00:00Z\" Was=",
            SamlFault::NotYet,
        ),
        (
            " MinorVersion=\"1\"",
            " MinorVersion=\"0\"",
            SamlFault::NotAnAnswer,
        ),
        (
            bearer,
            "urn:oasis:names:tc:SAML:1.0:cm:sender-vouches",
            SamlFault::NotConfirmed,
        ),
        (
            "saml:AuthenticationStatement",
            "saml:OtherStatement",
            SamlFault::NoSignIn,
        ),
        (" AuthenticationInstant=", " Was=", SamlFault::NoSignIn),
        ("saml:NameIdentifier", "saml:OtherName", SamlFault::NoNameId),
        (" AttributeName=", " Name=", SamlFault::Malformed),
    ] {
        let signed = sign(&replaced(&unsigned(), from, to), json!({}));
        assert_eq!(read(&signed), Err(fault), "{from} {to}");
    }
    // What is said of another than the one who signed in.
    let other = unsigned().replacen(">ada<", ">root<", 1);
    assert_eq!(read(&sign(&other, json!({}))), Err(SamlFault::NoNameId));
}
