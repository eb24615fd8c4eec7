//! A policy directory is the single documents that its files hold.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a failed test"
)]

#[cfg(test)]
mod support;

use crossgate_graph::{DocumentKind, PolicyFile, documents_of, kinds_of, path_of};
use support::store::Store;
use support::{MFA, PARTNER, loaded, policy};

/// Kind, key and text of each document.
fn split(path: &str, text: &str) -> Vec<(DocumentKind, String, String)> {
    let documents = documents_of(PolicyFile { path, text }).unwrap();
    documents
        .into_iter()
        .map(|document| (document.kind, document.key.into(), document.text.into()))
        .collect()
}

fn faults(path: &str, text: &str) -> Vec<String> {
    let faults = documents_of(PolicyFile { path, text }).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn documents_are_taken_byte_for_byte_from_each_form_of_a_file() {
    let upper = PARTNER.replace('2', "A");
    let one = format!("{{ \"tenantId\" :\t\"{upper}\" }}");
    let two = format!("{{\"tenantId\":\"{PARTNER}\",\"displayName\":\"\\u00e9\"}}");
    let keys = [upper.to_lowercase(), PARTNER.to_owned()];
    for (path, text) in [
        ("partners/a.json", format!("[\n {one} ,\n{two}]")),
        (
            "partners.json",
            format!("\u{feff}{{\"@odata.context\":\"x\",\"value\":[{one},{two}]}}\n"),
        ),
        ("partners.jsonl", format!("{one}\r\n\n{two}")),
    ] {
        let expected = [(&keys[0], &one), (&keys[1], &two)]
            .map(|(key, text)| (DocumentKind::Partner, key.clone(), text.clone()));
        assert_eq!(split(path, &text), expected, "{path}");
    }
    let whole = split("partners/a.json", &format!(" {two}\n"));
    assert_eq!(whole, [(DocumentKind::Partner, PARTNER.to_owned(), two)]);
}

#[test]
fn the_two_policies_of_external_collaboration_are_told_apart_also_in_one_object() {
    let path = "external-collaboration.json";
    let (inviters, domains) = (
        r#""allowInvitesFrom": "none""#,
        r#""definition" :["{\"B2BManagementPolicy\":{}}"]"#,
    );
    let of = |kind, text: &str| (kind, String::new(), text.to_owned());
    assert_eq!(
        split(
            path,
            &format!("{{\"id\":\"a\", {inviters}, {domains},\"type\":6}}")
        ),
        [
            of(
                DocumentKind::Authorization,
                &format!("{{\"id\":\"a\",{inviters}}}")
            ),
            of(DocumentKind::Domains, &format!("{{{domains},\"type\":6}}")),
        ]
    );
    let [one, two] = [
        format!("{{ {inviters} }}"),
        format!("{{\"id\":\"b\", {domains} }}"),
    ];
    assert_eq!(
        split(path, &format!("[{two}, {one}]")),
        [
            of(DocumentKind::Domains, &two),
            of(DocumentKind::Authorization, &one)
        ]
    );
    let twice = faults(path, &format!("[{one},{one}]"));
    let expected =
        "external-collaboration.json:1:33: [1]: there can be only one document here; keep one";
    assert_eq!(twice, [expected]);
}

#[test]
fn the_same_thing_revoked_again_is_numbered() {
    let line = |id: &str| {
        format!("{{\"kind\":\"user\",\"id\":\"{id}\",\"notBefore\":\"2026-01-01T00:00:00Z\"}}\n")
    };
    let keys = |ids: &[&str]| -> Vec<String> {
        let text: String = ids.iter().map(|id| line(id)).collect();
        let found = split("revocations.jsonl", &text).into_iter();
        found.map(|(_, key, _)| key).collect()
    };
    assert_eq!(keys(&["a", "b", "a"]), ["user/a", "user/b", "user/a#2"]);
    // An id may itself end like a number.
    assert_eq!(
        keys(&["a", "a#2", "a", "a#2"]),
        ["user/a", "user/a#2", "user/a#3", "user/a#2#2"]
    );
    assert_eq!(
        keys(&["a", "a", "a#2"]),
        ["user/a", "user/a#2", "user/a#2#2"]
    );
}

#[test]
fn assignments_members_and_owners_are_found_by_both_of_their_ids() {
    let guid = "22222222-2222-4222-8222-22222222ABCD";
    let lower = guid.to_lowercase();
    for (path, line, key) in [
        (
            "app-role-assignments.jsonl",
            format!(r#"{{"resourceId":"crm","principalId":"{guid}"}}"#),
            format!("crm/{lower}"),
        ),
        (
            "group-members.jsonl",
            format!(r#"{{"groupId":"{guid}","memberId":"ada"}}"#),
            format!("{lower}/ada"),
        ),
        (
            "owners.jsonl",
            format!(r#"{{"ownerId":"{guid}","objectType":"group","objectId":"team"}}"#),
            format!("{lower}/group/team"),
        ),
    ] {
        assert_eq!(split(path, &line).remove(0).1, key);
    }
}

#[test]
fn a_revocation_of_one_tenant_is_found_by_the_tenant_too() {
    let tenant = "22222222-2222-4222-8222-22222222ABCD";
    let line = |kind, id, tenant| {
        format!(
            "{{\"kind\":\"{kind}\",\"id\":\"{id}\",\"tenant\":\"{tenant}\",\"notBefore\":\"2026-01-01T00:00:00Z\"}}\n"
        )
    };
    let text = [
        line("user", "a", tenant),
        line("session", "a", tenant),
        line("user", "a", tenant),
        line("tenant", tenant, tenant),
    ]
    .concat();
    let keys: Vec<_> = split("revocations.jsonl", &text)
        .into_iter()
        .map(|(_, key, _)| key)
        .collect();
    let tenant = tenant.to_lowercase();
    assert_eq!(
        keys,
        [
            format!("user@{tenant}/a"),
            format!("session@{tenant}/a"),
            format!("user@{tenant}/a#2"),
            format!("tenant/{tenant}"),
        ]
    );
}

#[test]
fn a_document_without_what_it_is_found_by_is_refused_but_a_policy_goes_by_its_file() {
    for (path, member) in [
        ("partners.json", "tenantId"),
        ("named-locations/x.json", "id"),
        ("guests.jsonl", "id"),
        ("role-definitions/x.json", "id"),
        ("revocations.jsonl", "kind"),
        ("app-role-assignments.jsonl", "resourceId"),
        ("groups.jsonl", "id"),
        ("group-members.jsonl", "groupId"),
        ("owners.jsonl", "ownerId"),
    ] {
        let faults = faults(path, "{}");
        let found = faults
            .iter()
            .any(|fault| fault.contains(&format!("`{member}` is missing")));
        assert!(found, "{path}: {faults:?}");
    }
    let key = |path| split(path, "[{}]").remove(0).1;
    assert_eq!(key("conditional-access/mfa.json"), "mfa[0]");
    assert_eq!(
        split("conditional-access/mfa.json", "{}").remove(0).1,
        "mfa"
    );
    assert_eq!(faults("policy.json", "{}").len(), 1);
    assert!(
        documents_of(PolicyFile {
            path: "README.md",
            text: "x"
        })
        .unwrap()
        .is_empty()
    );
}

#[test]
fn every_document_has_a_file_that_holds_its_kind() {
    for kind in DocumentKind::ALL {
        for key in ["a", "../b", ".c", "README", PARTNER] {
            let path = path_of(kind, key);
            let holds = kinds_of(&path).contains(&kind);
            // The secret's digest is the store's own.
            assert_eq!(holds, kind.is_setting(), "{path}");
        }
    }
}

#[test]
fn a_policy_without_an_id_has_the_same_key_in_the_file_that_it_is_written_to() {
    let nameless = policy("", MFA).replace(r#""id":"p","#, "");
    for name in ["mfa", "MFA: guests?", "100%", "50%25", "é", "list[2]"] {
        let [(_, key, _)] = split(&format!("conditional-access/{name}.json"), &nameless)
            .try_into()
            .unwrap();
        let path = path_of(DocumentKind::ConditionalAccess, &key);
        assert_eq!(split(&path, &nameless)[0].1, key, "{path}");
    }
}

#[test]
fn a_directory_and_its_documents_come_to_the_same() {
    let partner = format!(
        r#"{{"tenantId":"{PARTNER}","b2bCollaborationInbound":{{"usersAndGroups":{{"accessType":"allowed","targets":[{{"target":"AllUsers","targetType":"user"}}]}}}}}}"#
    );
    let nameless = policy("", MFA).replace(r#""id":"p","#, "");
    let directory = [
        ("partners.jsonl", partner.as_str()),
        ("default.json", r#"{"inboundTrust":{"isMfaAccepted":true}}"#),
        ("conditional-access/mfa.json", &nameless),
        (
            "external-collaboration.json",
            r#"{"allowInvitesFrom":"none","B2BManagementPolicy":{"InvitationsAllowedAndBlockedDomainsPolicy":{"AllowedDomains":["a.example"]}}}"#,
        ),
        ("guests.jsonl", r#"{"id":"g"}"#),
        (
            "templates/partner-configuration.json",
            r#"{"inboundTrust":{"isMfaAccepted":true}}"#,
        ),
        (
            "templates/identity-synchronization.json",
            r#"{"userSyncInbound":{"isSyncAllowed":true}}"#,
        ),
        ("role-definitions/reader.json", r#"{"id":"r"}"#),
        ("role-assignments/reader.json", r#"{"id":"s"}"#),
    ];
    let mut store = Store::default();
    for (path, text) in directory {
        for (kind, key, text) in split(path, text) {
            store.0.insert((kind, key), text);
        }
    }
    assert_eq!(store.0.len(), 10);
    let (one, other) = (loaded(&directory), store.load().unwrap().compiled());
    assert_eq!(one.counts, other.counts);
    assert_eq!(one.external_collaboration, other.external_collaboration);
    assert_eq!(
        one.partners.get(support::partner()),
        other.partners.get(support::partner())
    );
    assert_eq!(
        format!("{:?}{:?}", one.conditional_access, one.default),
        format!("{:?}{:?}", other.conditional_access, other.default)
    );
    let messages = |advisories: &[crossgate_graph::Advisory]| -> Vec<_> {
        advisories
            .iter()
            .map(|advisory| (advisory.message.clone(), advisory.count))
            .collect()
    };
    assert_eq!(messages(&one.advisories), messages(&other.advisories));
}
