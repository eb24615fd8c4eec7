//! Policy documents by address: what the store keeps, and what a change names.

use std::fmt;
use std::str::FromStr;

pub use crossgate_graph::DocumentKind;
use crossgate_policy::ids::Id;

/// Which document.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Address {
    /// What it is.
    pub kind: DocumentKind,
    /// Which of its kind: a tenant id, a policy id. Empty where there can be only one.
    pub key: Box<str>,
}

impl Address {
    /// One of many.
    #[must_use]
    pub fn new(kind: DocumentKind, key: &str) -> Self {
        Self {
            kind,
            key: key.into(),
        }
    }

    /// The only one of its kind.
    #[must_use]
    pub fn only(kind: DocumentKind) -> Self {
        Self::new(kind, "")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if !self.key.is_empty() {
            write!(f, "/{}", self.key)?;
        }
        Ok(())
    }
}

/// A text names no document.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` names no document; expected a kind and a key such as `partners/3f2504e0-4f89-41d3-9a0c-0305e82c3301`, or the name of a single document such as `default`; kinds are {kinds}", kinds = kinds())]
pub struct AddressError(String);

fn kinds() -> String {
    DocumentKind::ALL
        .map(|kind| format!("`{}`", kind.name()))
        .join(", ")
}

impl FromStr for Address {
    type Err = AddressError;

    /// Reads what [`Display`](fmt::Display) writes; letter case does not count in a GUID.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let of = |kind: DocumentKind| {
            let rest = text.strip_prefix(kind.name())?;
            if kind.is_single() {
                return rest.is_empty().then(|| Self::only(kind));
            }
            let key = rest.strip_prefix('/').filter(|key| !key.is_empty())?;
            let key = match key.split_once('/') {
                Some((what, id)) if kind == DocumentKind::Revocation => {
                    // `user@TENANT`: the tenant's id in any letter case, too.
                    let what = match what.split_once('@') {
                        Some((what, tenant)) => format!("{what}@{}", Id::new(tenant)),
                        None => what.to_owned(),
                    };
                    format!("{what}/{}", Id::new(id))
                }
                Some(_)
                    if matches!(
                        kind,
                        DocumentKind::AppRoleAssignment
                            | DocumentKind::GroupMember
                            | DocumentKind::Owner
                    ) =>
                {
                    let parts = key.split('/').map(|part| Id::new(part).to_string());
                    parts.collect::<Vec<_>>().join("/")
                }
                _ => Id::new(key).to_string(),
            };
            Some(Self::new(kind, &key))
        };
        let mut found = DocumentKind::ALL.into_iter().filter_map(of);
        found.next().ok_or_else(|| AddressError(text.to_owned()))
    }
}

/// What becomes of one document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Write {
    /// Which.
    pub address: Address,
    /// Its new text, one JSON object; `None` removes it.
    pub text: Option<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written_and_in_any_letter_case_of_a_guid() {
        let tenant = "aaaaaaaa-0000-4000-8000-000000000001";
        for kind in DocumentKind::ALL {
            let address = if kind.is_single() {
                Address::only(kind)
            } else {
                Address::new(kind, tenant)
            };
            assert_eq!(address.to_string().parse(), Ok(address));
        }
        let parsed = |text: &str| text.parse::<Address>().map(|address| address.to_string());
        let upper = tenant.to_uppercase();
        assert_eq!(
            parsed(&format!("partners/{upper}")),
            Ok(format!("partners/{tenant}"))
        );
        assert_eq!(
            parsed(&format!("revocations/user/{upper}")),
            Ok(format!("revocations/user/{tenant}"))
        );
        assert_eq!(
            parsed(&format!("revocations/user@{upper}/ada")),
            Ok(format!("revocations/user@{tenant}/ada"))
        );
        assert_eq!(
            parsed(&format!("owners/{upper}/group/{upper}")),
            Ok(format!("owners/{tenant}/group/{tenant}"))
        );
        assert_eq!(
            parsed("conditional-access/MFA"),
            Ok("conditional-access/MFA".to_owned())
        );
        for wrong in ["", "partners", "partners/", "default/x", "defaults", "x/y"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
