//! Signature wrapping: a genuine signature stays in the answer, and what is read is to be something else.

use crossgate_portal::saml::{PROTOCOL, SAML, SamlFault};
use crossgate_portal::signed_xml::{SignatureFault, Xml, XmlFault, verify};
use crossgate_testkit::saml::wrapping::wrappings;
use serde_json::json;

use crate::stage::{STAGE, cut, read, replaced, response};

fn forms() -> Vec<(&'static str, String)> {
    let signed = |what: &str| response(json!({ "sign": what }));
    wrappings(&signed("response"), &signed("assertion"), ">ada<", ">evil<")
}

#[test]
fn the_eight_published_forms_and_some_more_are_refused() {
    for (form, wrapped) in forms() {
        let fault = read(&wrapped).expect_err(form);
        assert_eq!(fault, SamlFault::SeveralAssertions, "{form}");
    }
}

#[test]
fn the_same_forms_with_one_id_for_both_are_refused_before_that() {
    for (form, wrapped) in forms() {
        let same = replaced(&wrapped, " ID=\"_evil", " ID=\"");
        assert_eq!(read(&same), Err(SamlFault::Xml(XmlFault::SameId)), "{form}");
    }
}

/// Where nothing looked at how an answer is built, its signature would still give only what was signed.
#[test]
fn what_a_signature_gives_was_never_written_by_an_attacker() {
    let mut given = 0;
    for (form, wrapped) in forms() {
        let xml = Xml::read(&wrapped).unwrap();
        for element in xml
            .all(SAML, "Assertion")
            .chain(xml.all(PROTOCOL, "Response"))
        {
            let id = element.attribute("ID").unwrap();
            match verify(&xml, element, id, &STAGE.certificates) {
                Ok(signed) => {
                    let signed = signed.xml().unwrap();
                    assert!(signed.source().contains(">ada<"), "{form}");
                    assert!(!signed.source().contains("evil"), "{form}");
                    given += 1;
                }
                Err(fault) => assert!(
                    matches!(
                        fault,
                        SignatureFault::NotOne | SignatureFault::NotThis | SignatureFault::Changed
                    ),
                    "{form}: {fault}"
                ),
            }
        }
    }
    assert!(given > 3, "some forms keep the genuine assertion whole");
}

#[test]
fn a_genuine_assertion_is_taken_out_of_no_foreign_place() {
    let whole = response(json!({ "sign": "assertion" }));
    let original = cut(&whole, "saml:Assertion").to_owned();
    for (place, foreign) in [
        (
            "extensions",
            format!("<samlp:Extensions>{original}</samlp:Extensions>"),
        ),
        ("an element of no meaning", format!("<a>{original}</a>")),
    ] {
        let moved = replaced(&whole, &original, &foreign);
        assert_eq!(read(&moved), Err(SamlFault::SeveralAssertions), "{place}");
    }
    let gone = replaced(&whole, &original, "");
    assert_eq!(read(&gone), Err(SamlFault::NoAssertion));
    assert_eq!(read(&original), Err(SamlFault::NotAnAnswer));
}
