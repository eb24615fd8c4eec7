//! Graph's `crossTenantAccessPolicyTargetConfiguration`: who or what one half of a setting names.

use crossgate_policy::ids::Id;
use serde::{Deserialize, Deserializer};

use crate::reader::values::{Object, read_text, words};

/// Graph's `crossTenantAccessPolicyTargetConfiguration`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TargetConfiguration {
    pub(crate) access_type: Option<AccessType>,
    pub(crate) targets: Option<Vec<Object<Target>>>,
}

/// Graph's `crossTenantAccessPolicyTarget`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Target {
    pub(crate) target: Option<TargetName>,
    pub(crate) target_type: Option<TargetType>,
}

words! {
    /// Graph's `crossTenantAccessPolicyTargetConfigurationAccessType`.
    AccessType, "an access type", "`allowed` or `blocked`" { Allowed = "allowed", Blocked = "blocked" }
}

words! {
    /// Graph's `crossTenantAccessPolicyTargetType`.
    TargetType, "a target type", "`user`, `group` or `application`" {
        User = "user",
        Group = "group",
        Application = "application",
    }
}

/// `target`: a keyword or an id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum TargetName {
    /// `AllUsers`.
    AllUsers,
    /// `AllApplications`.
    AllApplications,
    /// A bundle of Microsoft's own apps; none of ours is in one.
    Bundle(&'static str),
    /// Anything else.
    Id(Id),
}

/// Keywords for Microsoft's own apps.
pub(crate) const BUNDLES: [&str; 3] = ["Office365", "AllMicrosoftApps", "MicrosoftAdminPortals"];

impl<'de> Deserialize<'de> for TargetName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "an id or a keyword", |text| {
            let keywords = ["AllUsers", "AllApplications"].into_iter().chain(BUNDLES);
            let keyword = keywords
                .into_iter()
                .find(|keyword| keyword.eq_ignore_ascii_case(text));
            match keyword {
                Some(keyword) if keyword != text => Err(format!(
                    "`{text}` is not a keyword; they are case-sensitive: write `{keyword}`"
                )),
                Some("AllUsers") => Ok(Self::AllUsers),
                Some("AllApplications") => Ok(Self::AllApplications),
                Some(bundle) => Ok(Self::Bundle(bundle)),
                None if text.trim().is_empty() => Err(
                    "an empty target names nothing; expected an id, `AllUsers` or `AllApplications`"
                        .to_owned(),
                ),
                None => Ok(Self::Id(Id::new(text))),
            }
        })
    }
}
