//! Signature wrapping: a genuine signature stays in the answer, and what is read is to be something else (Somorovsky, Mayer,
//! Schwenk, Kampmann and Jensen, "On Breaking SAML: Be Whoever You Want to Be", USENIX Security 2012).

/// The parts of a genuine answer, and what an attacker puts beside them.
struct Parts {
    whole: String,
    original: String,
    bare: String,
    signature: String,
    evil: String,
}

// Of the eight, the first two are about a signed response and the others about a signed assertion.
fn parts(whole: &str, name: &str, from: &str, to: &str) -> Parts {
    let whole = whole.to_owned();
    let original = cut(&whole, name).to_owned();
    let signature = cut(&whole, "Signature").to_owned();
    let bare = replaced(&original, &signature, "");
    let evil = replaced(&bare, " ID=\"", " ID=\"_evil");
    let evil = evil.replace(from, to);
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

/// The eight published forms, and some more, made of two genuine answers: one whose response is signed, and one whose
/// assertion is. In the evil part `from` is replaced by `to`, and its `ID` begins with `_evil`.
///
/// # Panics
/// Where the answers are not of the form that this provider writes.
#[must_use]
pub fn wrappings(
    signed_response: &str,
    signed_assertion: &str,
    from: &str,
    to: &str,
) -> Vec<(&'static str, String)> {
    let of_response = parts(signed_response, "samlp:Response", from, to);
    let of_assertion = parts(signed_assertion, "saml:Assertion", from, to);
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

/// Refuses to change nothing.
///
/// # Panics
/// Where it would.
#[must_use]
pub fn replaced(xml: &str, from: &str, to: &str) -> String {
    assert!(xml.contains(from), "no {from} in {xml}");
    xml.replace(from, to)
}

/// The first element of a qualified name, as it is written.
///
/// # Panics
/// Where there is none.
#[must_use]
pub fn cut<'a>(xml: &'a str, name: &str) -> &'a str {
    let start = xml.find(&format!("<{name}")).unwrap();
    let end = format!("</{name}>");
    let length = xml[start..].find(&end).unwrap() + end.len();
    &xml[start..start + length]
}
