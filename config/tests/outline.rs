//! What is still known of a configuration that is wrong somewhere.

use std::path::{Path, PathBuf};

use crossgate_config::{Outline, PolicySource};
use crossgate_policy::ids::Cloud;

const TENANT: &str = "[tenant]\nid = \"11111111-1111-4111-8111-111111111111\"\n";

fn outline(text: &str) -> Option<Outline> {
    Outline::parse(text, Path::new("/etc/crossgate"), &|_| None)
}

fn directory(text: &str) -> Option<PathBuf> {
    outline(text)?.policy.and_then(|source| match source {
        PolicySource::Directory(path) => Some(path),
        PolicySource::Sqlite(_) => None,
    })
}

#[test]
fn faults_elsewhere_leave_tenant_and_policy_known() {
    let text = format!(
        "{TENANT}cloud = \"usgov\"\ndomain = 7\n[policy]\nsource = \"dir:rules\"\nenforcement = \"maybe\"\n[[app]]\n"
    );
    assert_eq!(
        directory(&text),
        Some(PathBuf::from("/etc/crossgate/rules"))
    );
    assert_eq!(
        outline(&text).map(|outline| outline.cloud),
        Some(Cloud::UsGov)
    );
}

#[test]
fn a_policy_that_is_not_named_is_where_it_usually_is() {
    assert_eq!(
        directory(TENANT),
        Some(PathBuf::from("/etc/crossgate/policy"))
    );
}

#[test]
fn what_is_wrong_is_not_guessed() {
    for text in [
        "",
        "[tenant]\nid = \"contoso\"\n",
        "[tenant]\nid = 7\n",
        &format!("{TENANT}cloud = \"mars\"\n"),
        &format!("{TENANT}[policy\n"),
    ] {
        assert_eq!(outline(text), None, "{text}");
    }
    let text = format!("{TENANT}[policy]\nsource = \"sqlite:x\"\n");
    assert_eq!(directory(&text), None);
    assert!(outline(&text).is_some());
}
