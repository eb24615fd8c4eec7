//! Where facts stand in an issuer's tokens.

use crate::json::{Members, Node};

/// A JSON pointer (RFC 6901) into a token's claims, taken apart once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pointer {
    first: Box<str>,
    rest: Box<[Box<str>]>,
}

/// The text is not a JSON pointer below the root.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a JSON pointer that starts with `/`")]
pub struct NotAPointer;

impl Pointer {
    /// Reads a pointer such as `/amr`. The root, which is no claim, is refused.
    pub fn parse(text: &str) -> Result<Self, NotAPointer> {
        let mut parts = text.strip_prefix('/').ok_or(NotAPointer)?.split('/');
        let first = parts.next().ok_or(NotAPointer).and_then(unescape)?;
        let rest = parts.map(unescape).collect::<Result<_, _>>()?;
        Ok(Self { first, rest })
    }

    /// The pointer to a top-level claim.
    #[must_use]
    pub fn to_claim(name: &str) -> Self {
        Self {
            first: name.into(),
            rest: [].into(),
        }
    }

    /// Whether it points to that top-level claim.
    pub(crate) fn is_claim(&self, name: &str) -> bool {
        *self.first == *name && self.rest.is_empty()
    }

    /// The value it points to.
    pub(crate) fn find<'a>(&self, claims: &'a Members<'a>) -> Option<&'a Node<'a>> {
        let first = claims.get(&self.first)?;
        self.rest.iter().try_fold(first, |value, part| match value {
            Node::Object(members) => members.get(part),
            Node::Array(items) => items.get(array_index(part)?),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => None,
        })
    }
}

fn unescape(part: &str) -> Result<Box<str>, NotAPointer> {
    let escapes_are_known = part
        .split('~')
        .skip(1)
        .all(|rest| rest.starts_with(['0', '1']));
    if !escapes_are_known {
        return Err(NotAPointer);
    }
    Ok(part.replace("~1", "/").replace("~0", "~").into())
}

/// An index as RFC 6901 writes it: digits, no leading zero.
fn array_index(part: &str) -> Option<usize> {
    let digits = part.bytes().all(|byte| byte.is_ascii_digit());
    let padded = part.len() > 1 && part.starts_with('0');
    (digits && !padded).then(|| part.parse().ok()).flatten()
}

/// A fact that a token shows by carrying one of some values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimTest {
    /// Where the value or the list of values stands.
    pub pointer: Pointer,
    /// Any one of these shows the fact, compared exactly.
    pub contains: Box<[Box<str>]>,
}

impl ClaimTest {
    /// The test whether the claim there is, or holds, one of these.
    #[must_use]
    pub fn new(pointer: Pointer, contains: &[impl AsRef<str>]) -> Self {
        Self {
            pointer,
            contains: contains.iter().map(|value| value.as_ref().into()).collect(),
        }
    }
}

/// Where facts stand in an issuer's tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimMap {
    /// The user's id in the issuer's directory.
    pub user: Pointer,
    /// Ids of the user's groups.
    pub groups: Pointer,
    /// Authentication contexts that were met.
    pub auth_contexts: Pointer,
    /// Multifactor authentication was done.
    pub mfa: ClaimTest,
    /// The device complies with its organisation's rules.
    pub compliant_device: ClaimTest,
    /// The device is joined to a domain too.
    pub hybrid_joined_device: ClaimTest,
    /// A method without a password was used.
    pub passwordless: ClaimTest,
    /// A method that resists phishing was used.
    pub phishing_resistant: ClaimTest,
    /// Multifactor authentication was done at the own tenant. `None`: its tokens do not tell.
    pub resource_mfa: Option<ClaimTest>,
}

impl ClaimMap {
    /// Entra's claims; the user is `oid`.
    #[must_use]
    pub fn entra() -> Self {
        let test = |claim, contains: &[&str]| ClaimTest::new(Pointer::to_claim(claim), contains);
        Self {
            user: Pointer::to_claim("oid"),
            groups: Pointer::to_claim("groups"),
            auth_contexts: Pointer::to_claim("acrs"),
            mfa: test("amr", &["mfa", "ngcmfa"]),
            compliant_device: test("signin_state", &["dvc_cmp"]),
            hybrid_joined_device: test("signin_state", &["dvc_dmjd"]),
            passwordless: test("amr", &["rsa", "swk", "hwk", "sc", "fido"]),
            phishing_resistant: test("amr", &["hwk", "sc", "fido"]),
            resource_mfa: None,
        }
    }

    /// The same for other OpenID providers; the user is `sub`.
    #[must_use]
    pub fn oidc() -> Self {
        Self {
            user: Pointer::to_claim("sub"),
            ..Self::entra()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::borrowed;
    use serde_json::{Value, json};

    fn find(pointer: &str, claims: &Value) -> Option<Value> {
        let pointer = Pointer::parse(pointer).unwrap();
        let claims = borrowed(claims.as_object().unwrap());
        pointer.find(&claims).cloned().map(Value::from)
    }

    #[test]
    fn pointers_reach_into_objects_and_arrays() {
        let claims = json!({"a": {"b": ["x", {"c": 1}]}, "d/e~f": 2, "": 3});
        assert_eq!(find("/a/b/0", &claims), Some(json!("x")));
        assert_eq!(find("/a/b/1/c", &claims), Some(json!(1)));
        assert_eq!(find("/d~1e~0f", &claims), Some(json!(2)));
        assert_eq!(find("/", &claims), Some(json!(3)));
        for absent in [
            "/x", "/a/x", "/a/b/2", "/a/b/00", "/a/b/+1", "/a/b/-", "/a/b/", "/a/b/0/c",
        ] {
            assert_eq!(find(absent, &claims), None, "{absent}");
        }
    }

    #[test]
    fn an_escape_is_undone_once() {
        assert_eq!(find("/~01", &json!({"~1": 1})), Some(json!(1)));
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for text in ["", "amr", "/a~", "/a~2", "#/amr"] {
            assert_eq!(Pointer::parse(text), Err(NotAPointer), "{text}");
        }
    }
}
