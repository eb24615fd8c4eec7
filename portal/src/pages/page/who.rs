//! Who somebody is, as that person is shown it.

use serde::Serialize;

use super::super::value::moment;

/// Who is signed in.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Who<'a> {
    /// The person's name or address.
    pub name: &'a str,
    /// The id of the tenant that vouches for the person.
    pub home_tenant: &'a str,
    /// That tenant's name, where it is known.
    pub home_tenant_name: Option<&'a str>,
    /// The way to sign in, by the label that it was chosen by.
    pub signed_in_with: &'a str,
    /// Whether a second factor counts.
    pub mfa: bool,
    /// What counts of the device.
    pub device: Device,
    /// When the person signed in.
    #[serde(serialize_with = "moment")]
    pub since: &'a str,
    /// When the session ends.
    #[serde(serialize_with = "moment")]
    pub until: &'a str,
}

/// What counts of a device.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// Nothing is known, or nothing of it is trusted.
    NotKnown,
    /// Compliant.
    Compliant,
    /// Joined, whether it complies or not.
    Joined,
}
