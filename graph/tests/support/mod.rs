//! What the tests of this crate share: loading a directory given as pairs.

#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod store;

use crossgate_graph::{Compiled, PolicyFile, load};
use crossgate_policy::ids::{Cloud, TenantId};
use crossgate_policy::snapshot::OwnTenant;

pub(crate) const OWN: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const PARTNER: &str = "22222222-2222-4222-8222-222222222222";

pub(crate) fn own() -> OwnTenant {
    OwnTenant {
        id: TenantId::parse(OWN).unwrap(),
        cloud: Cloud::Global,
        domains: Box::new([]),
    }
}

pub(crate) fn partner() -> TenantId {
    TenantId::parse(PARTNER).unwrap()
}

fn files<'a>(files: &[(&'a str, &'a str)]) -> Vec<PolicyFile<'a>> {
    let file = |(path, text): &(&'a str, &'a str)| PolicyFile { path, text };
    files.iter().map(file).collect()
}

/// Loads a directory that is in order.
#[track_caller]
pub(crate) fn loaded(directory: &[(&str, &str)]) -> Compiled {
    load(&files(directory), &own()).unwrap_or_else(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", faults.join("\n"))
    })
}

/// Every fault of a directory, as an operator reads it.
#[track_caller]
pub(crate) fn faults(directory: &[(&str, &str)]) -> Vec<String> {
    let faults = load(&files(directory), &own()).expect_err("a directory with faults");
    faults.iter().map(ToString::to_string).collect()
}

/// Every advisory of a directory that is in order.
#[track_caller]
pub(crate) fn advisories(directory: &[(&str, &str)]) -> Vec<String> {
    let compiled = loaded(directory);
    compiled
        .advisories
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// A partner document with these members beside its id.
pub(crate) fn partner_with(members: &str) -> String {
    format!(r#"{{"tenantId":"{PARTNER}",{members}}}"#)
}

/// An enabled policy for everybody and every app, with these members of `conditions` and this rest.
pub(crate) fn policy(conditions: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"p","displayName":"P","state":"enabled","conditions":{{"users":{{"includeUsers":["All"]}},"applications":{{"includeApplications":["All"]}}{conditions}}}{rest}}}"#
    )
}

pub(crate) const MFA: &str = r#","grantControls":{"operator":"OR","builtInControls":["mfa"]}"#;
