//! What is signed, by whom, and with what.

use crossgate_portal::saml::{Expected, SamlFault, read_response};
use crossgate_portal::signed_xml::{Certificate, SignatureFault, XmlFault};
use crossgate_testkit::saml::Signer;
use serde_json::json;

use crate::stage::{ASSERTION, RESPONSE, STAGE, cut, expected, read, replaced, response, sign};

const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";

fn refused(message: &str, fault: SignatureFault) {
    assert_eq!(read(message), Err(SamlFault::Signature(fault)), "{message}");
}

#[test]
fn a_signature_over_the_assertion_the_response_or_both_will_do_and_none_will_not() {
    for signed in ["assertion", "response", "both"] {
        let read = read(&response(json!({ "sign": signed }))).unwrap();
        assert_eq!(read.name_id, "ada", "{signed}");
    }
    let unsigned = response(json!({ "sign": "none" }));
    assert_eq!(read(&unsigned), Err(SamlFault::NotSigned));
}

#[test]
fn other_prefixes_kept_namespaces_and_stronger_hashes_are_understood() {
    let plain = response(json!({ "sign": "none" }));
    for signed in [
        response(json!({ "prefix": "ds" })),
        sign(
            &plain,
            ASSERTION,
            json!({ "prefixes": ["xs", "samlp", "#default"] }),
        ),
        sign(&plain, RESPONSE, json!({ "prefixes": ["xs", "saml"] })),
        sign(
            &plain,
            ASSERTION,
            json!({
                "signature": format!("{MORE}rsa-sha512"),
                "digest": "http://www.w3.org/2001/04/xmlenc#sha512",
            }),
        ),
    ] {
        assert_eq!(read(&signed).unwrap().name_id, "ada", "{signed}");
    }
}

#[test]
fn elliptic_curves_sign_with_the_hash_of_their_size() {
    let plain = response(json!({ "sign": "none" }));
    for (signer, hash, fits) in [
        (Signer::p256(), "ecdsa-sha256", true),
        (Signer::p384(), "ecdsa-sha384", true),
        (Signer::p256(), "ecdsa-sha384", false),
    ] {
        let certificates = [Certificate::from_text(&signer.certificate).unwrap()];
        let signed = sign(
            &plain,
            ASSERTION,
            json!({
                "signature": format!("{MORE}{hash}"),
                "key": signer.key,
                "certificate": signer.certificate,
            }),
        );
        let expected = Expected {
            idp_certificates: &certificates,
            ..expected()
        };
        let read = read_response(&signed, &expected);
        assert_eq!(read.is_ok(), fits, "{hash}: {read:?}");
    }
}

#[test]
fn a_key_that_is_only_in_the_answer_counts_for_nothing() {
    let stranger = &STAGE.stranger;
    let forged = response(json!({ "key": stranger.key, "certificate": stranger.certificate }));
    let der: String = stranger
        .certificate
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    assert!(forged.contains(&der), "the key is there");
    refused(&forged, SignatureFault::UnknownKey);
    // Nor does a genuine certificate beside a foreign signature.
    let dressed = response(json!({ "key": stranger.key }));
    refused(&dressed, SignatureFault::UnknownKey);
    let none = Expected {
        idp_certificates: &[],
        ..expected()
    };
    let genuine = response(json!({}));
    assert_eq!(
        read_response(&genuine, &none),
        Err(SamlFault::Signature(SignatureFault::UnknownKey))
    );
}

#[test]
fn no_letter_of_what_was_signed_can_be_changed() {
    let genuine = response(json!({}));
    for (from, to, fault) in [
        (">ada<", ">root<", SignatureFault::Changed),
        (">staff<", ">admins<", SignatureFault::Changed),
        ("Recipient=\"", "Recipient=\" ", SignatureFault::Changed),
        (
            "<SignatureValue>",
            "<SignatureValue>AAAA",
            SignatureFault::UnknownKey,
        ),
        (
            "<DigestValue>",
            "<DigestValue>AAAA",
            SignatureFault::UnknownKey,
        ),
        ("URI=\"#", "URI=\"#_", SignatureFault::UnknownKey),
        (
            "<SignatureValue>",
            "<SignatureValue>-",
            SignatureFault::Malformed,
        ),
        (
            "SignatureMethod",
            "signatureMethod",
            SignatureFault::Malformed,
        ),
    ] {
        refused(&replaced(&genuine, from, to), fault);
    }
    let whole = response(json!({ "sign": "response" }));
    refused(
        &replaced(&whole, ">ada<", ">root<"),
        SignatureFault::Changed,
    );
}

#[test]
fn whatever_letter_is_changed_nobody_else_has_signed_in() {
    let genuine = response(json!({}));
    let said = read(&genuine).unwrap();
    let mut refused = 0;
    for (place, letter) in genuine.char_indices() {
        for other in ['<', '\'', 'x'] {
            let changed = [&genuine[..place], &genuine[place + letter.len_utf8()..]];
            match read(&changed.join(&String::from(other))) {
                Ok(read) => assert_eq!(read, said, "{other} at {place}"),
                Err(_) => refused += 1,
            }
        }
    }
    // What is in the certificate that is sent along, and in the words around, is not looked at.
    assert!(
        refused > genuine.len() * 3 / 2,
        "{refused} of {}",
        genuine.len()
    );
}

#[test]
fn sha_1_and_keyed_hashes_are_refused() {
    let plain = response(json!({ "sign": "none" }));
    for weak in [
        response(json!({ "signature": "rsa-sha1", "digest": "sha1" })),
        response(json!({ "signature": "rsa-sha256", "digest": "sha1" })),
        response(json!({ "signature": "rsa-sha1", "digest": "sha256" })),
        // Whoever has the certificate could make this one.
        sign(
            &plain,
            ASSERTION,
            json!({
                "signature": "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
                "hmac": STAGE.provider.certificate(),
            }),
        ),
    ] {
        refused(&weak, SignatureFault::Algorithm);
    }
}

#[test]
fn only_the_two_transforms_of_saml_are_taken() {
    let plain = response(json!({ "sign": "none" }));
    for more in [
        json!({ "transforms": [ENVELOPED] }),
        json!({ "transforms": [ENVELOPED, INCLUSIVE] }),
        json!({ "transforms": [ENVELOPED, EXCLUSIVE, INCLUSIVE] }),
        json!({ "transforms": [ENVELOPED, format!("{EXCLUSIVE}WithComments")] }),
        json!({ "canonicalization": INCLUSIVE }),
    ] {
        refused(&sign(&plain, ASSERTION, more), SignatureFault::Transform);
    }
}

#[test]
fn a_signature_covers_the_element_that_it_stands_in_and_nothing_else() {
    let plain = response(json!({ "sign": "none" }));
    let after = format!("{ASSERTION}/*[local-name(.)='Issuer']");
    let subject = "//*[local-name(.)='Subject']";
    for element in [
        json!(subject),
        json!([ASSERTION, subject]),
        json!([ASSERTION, ASSERTION]),
        json!(RESPONSE),
    ] {
        let signed = sign(
            &plain,
            ASSERTION,
            json!({ "element": element, "after": after }),
        );
        refused(&signed, SignatureFault::NotThis);
    }
}

#[test]
fn a_signature_that_is_there_is_right_or_the_answer_is_refused() {
    let stranger = &STAGE.stranger;
    let foreign = json!({ "key": stranger.key, "certificate": stranger.certificate });
    let by_stranger = response(foreign.clone());
    refused(
        &sign(&by_stranger, RESPONSE, json!({})),
        SignatureFault::UnknownKey,
    );
    let genuine = response(json!({}));
    refused(
        &sign(&genuine, RESPONSE, foreign),
        SignatureFault::UnknownKey,
    );
    let twice = sign(&genuine, ASSERTION, json!({}));
    refused(&twice, SignatureFault::NotOne);
    let elsewhere = cut(&genuine, "Signature");
    let elsewhere = replaced(
        &genuine,
        "<saml:Subject>",
        &format!("<saml:Subject>{elsewhere}"),
    );
    assert_eq!(read(&elsewhere), Err(SamlFault::SeveralAssertions));
}

#[test]
fn markup_in_a_signed_name_is_refused_although_the_signature_does_not_see_it() {
    let genuine = response(json!({}));
    for split in ["a<!-- -->da", "<![CDATA[ada]]>", "a<?b?>da"] {
        let split = replaced(&genuine, ">ada<", &format!(">{split}<"));
        assert_eq!(
            read(&split),
            Err(SamlFault::Xml(XmlFault::Markup)),
            "{split}"
        );
    }
    let entity = format!("<!DOCTYPE a [<!ENTITY b \"ada\">]>{genuine}");
    let entity = replaced(&entity, ">ada<", ">&b;<");
    assert_eq!(read(&entity), Err(SamlFault::Xml(XmlFault::DocumentType)));
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_when_it_is_configured() {
    let good = STAGE.provider.certificate();
    let bare: String = good.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(Certificate::from_text(&bare), Certificate::from_text(good));
    for bad in [
        "",
        "AAAA",
        "-----BEGIN CERTIFICATE-----",
        &STAGE.stranger.key,
    ] {
        assert!(Certificate::from_text(bad).is_err(), "{bad}");
    }
}
