//! `[issuer.claims]`: where facts stand in an issuer's tokens.

use crate::reader::{Section, Text};

/// Where facts stand in a token: JSON pointers. Defaults are Entra's claims.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimMap {
    /// The user's id; `/oid` for Entra, `/sub` for others.
    pub user: String,
    /// Ids of the user's groups.
    pub groups: String,
    /// Multifactor authentication was done.
    pub mfa: ClaimTest,
    /// The device complies with its organisation's rules.
    pub compliant_device: ClaimTest,
    /// The device is joined to a domain too.
    pub hybrid_joined_device: ClaimTest,
    /// Authentication contexts that were met.
    pub auth_contexts: String,
    /// A method without a password was used.
    pub passwordless: ClaimTest,
    /// A method that resists phishing was used.
    pub phishing_resistant: ClaimTest,
    /// Multifactor authentication was done at the own tenant. `None`: its tokens do not tell.
    pub resource_mfa: Option<ClaimTest>,
}

/// A fact that a token shows by carrying one of some values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimTest {
    /// Where the value or the list of values stands.
    pub pointer: String,
    /// Any one of these shows the fact; never empty.
    pub contains: Vec<String>,
}

impl ClaimMap {
    pub(crate) fn read(section: &mut Section<'_>, default_user: &str) -> Self {
        let user = section.text("user", pointer);
        let groups = section.text("groups", pointer);
        let auth_contexts = section.text("auth_contexts", pointer);
        Self {
            user: user.unwrap_or_else(|| default_user.to_owned()),
            groups: groups.unwrap_or_else(|| DEFAULT_GROUPS.to_owned()),
            mfa: test(section, "mfa", &DEFAULT_MFA),
            compliant_device: test(section, "compliant_device", &DEFAULT_COMPLIANT),
            hybrid_joined_device: test(section, "hybrid_joined_device", &DEFAULT_HYBRID),
            auth_contexts: auth_contexts.unwrap_or_else(|| DEFAULT_CONTEXTS.to_owned()),
            passwordless: test(section, "passwordless", &DEFAULT_PASSWORDLESS),
            phishing_resistant: test(section, "phishing_resistant", &DEFAULT_RESISTANT),
            resource_mfa: section
                .section("resource_mfa", |section| {
                    let pointer = section.required_text("pointer", EXPECTED_POINTER, pointer);
                    if section.field("contains").is_none() {
                        section.fault("contains", "missing; expected a list of values");
                    }
                    let contains = values(section);
                    Some(ClaimTest {
                        pointer: pointer?,
                        contains: contains?,
                    })
                })
                .flatten(),
        }
    }
}

struct DefaultTest {
    pointer: &'static str,
    contains: &'static [&'static str],
}

fn test(section: &mut Section<'_>, name: &'static str, default: &DefaultTest) -> ClaimTest {
    let (pointer, contains) = section.section_or_empty(name, |section| {
        (section.text("pointer", pointer), values(section))
    });
    ClaimTest {
        pointer: pointer.unwrap_or_else(|| default.pointer.to_owned()),
        contains: contains
            .unwrap_or_else(|| default.contains.iter().map(ToString::to_string).collect()),
    }
}

fn values(section: &mut Section<'_>) -> Option<Vec<String>> {
    let values = section.texts("contains", Text::filled)?;
    if values.is_empty() {
        section.fault(
            "contains",
            "an empty list, so the fact could never be shown; expected at least one value",
        );
    }
    Some(values)
}

fn pointer(text: &Text<'_>) -> Option<String> {
    let escaped = |rest: &str| rest.starts_with(['0', '1']);
    if text.value().starts_with('/') && text.value().split('~').skip(1).all(escaped) {
        Some(text.value().to_owned())
    } else {
        text.refuse(&format!(
            "is not a JSON pointer; expected {EXPECTED_POINTER}"
        ))
    }
}

const EXPECTED_POINTER: &str = "a pointer that starts with `/`, such as `/amr`";

/// Where Entra puts them.
const DEFAULT_GROUPS: &str = "/groups";

/// Where Entra puts the contexts it found met.
const DEFAULT_CONTEXTS: &str = "/acrs";

/// Entra's methods reference: `ngcmfa` is a fresh MFA with a Windows Hello key.
const DEFAULT_MFA: DefaultTest = DefaultTest {
    pointer: "/amr",
    contains: &["mfa", "ngcmfa"],
};

/// Entra's mark of a device managed and compliant.
const DEFAULT_COMPLIANT: DefaultTest = DefaultTest {
    pointer: "/signin_state",
    contains: &["dvc_cmp"],
};

/// Entra's mark of a device joined to a domain.
const DEFAULT_HYBRID: DefaultTest = DefaultTest {
    pointer: "/signin_state",
    contains: &["dvc_dmjd"],
};

/// Methods of RFC 8176 that use a key or a card.
const DEFAULT_PASSWORDLESS: DefaultTest = DefaultTest {
    pointer: "/amr",
    contains: &["rsa", "swk", "hwk", "sc", "fido"],
};

/// Those of them whose key cannot leave its device.
const DEFAULT_RESISTANT: DefaultTest = DefaultTest {
    pointer: "/amr",
    contains: &["hwk", "sc", "fido"],
};
