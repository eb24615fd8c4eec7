//! Signature wrapping: a genuine signature stays in the answer, and what is read is to be something else (Somorovsky, Mayer,
//! Schwenk, Kampmann and Jensen, "On Breaking SAML: Be Whoever You Want to Be", USENIX Security 2012).

use crossgate_portal::saml::{PROTOCOL, SAML, SamlFault};
use crossgate_portal::signed_xml::{SignatureFault, Xml, XmlFault, verify};
use serde_json::json;

use crate::stage::{STAGE, cut, read, replaced, response};

/// The parts of a genuine answer, and what an attacker puts beside them.
struct Parts {
    whole: String,
    original: String,
    bare: String,
    signature: String,
    evil: String,
}

// Of the eight, the first two are about a signed response and the others about a signed assertion.
fn parts(signed: &str, name: &str) -> Parts {
    let whole = response(json!({ "sign": signed }));
    let original = cut(&whole, name).to_owned();
    let signature = cut(&whole, "Signature").to_owned();
    let bare = replaced(&original, &signature, "");
    let evil = replaced(&bare, " ID=\"", " ID=\"_evil");
    let evil = replaced(&evil, ">ada<", ">evil<");
    Parts {
        whole,
        original,
        bare,
        signature,
        evil,
    }
}

/// Puts something before the end of the outermost element.
fn last_in(element: &str, what: &str) -> String {
    let (before, end) = element.split_at(element.rfind("</").unwrap());
    format!("{before}{what}{end}")
}

/// Puts something behind the issuer, where signatures stand.
fn signed_place(element: &str, what: &str) -> String {
    let at = element.find("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
    let (before, after) = element.split_at(at);
    format!("{before}{what}{after}")
}

fn object(what: &str) -> String {
    format!("<Object>{what}</Object>")
}

fn forms() -> Vec<(&'static str, String)> {
    let of_response = parts("response", "samlp:Response");
    let of_assertion = parts("assertion", "saml:Assertion");
    let Parts {
        whole,
        original,
        bare,
        signature,
        evil,
    } = &of_assertion;
    let instead = |assertion: &str| replaced(whole, original, assertion);
    let wrapped = |what: &str| last_in(signature, &object(what));
    let extensions = |what: &str| format!("<samlp:Extensions>{what}</samlp:Extensions>");
    vec![
        (
            "1: the genuine response in the signature of the evil one",
            signed_place(
                &of_response.evil,
                &last_in(&of_response.signature, &of_response.bare),
            ),
        ),
        (
            "2: the genuine response before its signature in the evil one",
            signed_place(
                &of_response.evil,
                &format!("{}{}", of_response.bare, of_response.signature),
            ),
        ),
        (
            "3: an evil assertion before it",
            instead(&format!("{evil}{original}")),
        ),
        (
            "4: an evil assertion around it",
            instead(&last_in(evil, original)),
        ),
        (
            "5: its signature in the evil assertion, it behind that",
            instead(&format!("{}{bare}", signed_place(evil, signature))),
        ),
        (
            "6: it in its signature in the evil assertion",
            instead(&signed_place(evil, &last_in(signature, bare))),
        ),
        (
            "7: an evil assertion in extensions before it",
            instead(&format!("{}{original}", extensions(evil))),
        ),
        (
            "8: it in an object of its signature in the evil assertion",
            instead(&signed_place(evil, &wrapped(bare))),
        ),
        (
            "an evil assertion behind it",
            instead(&format!("{original}{evil}")),
        ),
        (
            "it in extensions, an evil one in its place",
            instead(&format!("{}{evil}", extensions(original))),
        ),
        (
            "an evil assertion in an object of its signature",
            replaced(whole, signature, &wrapped(evil)),
        ),
    ]
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
    let Parts {
        whole, original, ..
    } = parts("assertion", "saml:Assertion");
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
