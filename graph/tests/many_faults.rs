//! All faults at once, each where it is.

#[cfg(test)]
mod support;

use support::faults;

#[test]
fn one_file_tells_all_its_faults_with_their_lines() {
    let text = r#"{
  "inboundTrust": { "isMfaAccepted": "yes", "isMfaAcepted": true },
  "b2bCollaborationInbound": {
    "usersAndGroups": {
      "accessType": "alowed",
      "targets": [ { "target": "AllUsers", "targetType": "users" }, 7 ]
    },
    "applications": { "accessType": "allowed", "targets": [] }
  },
  "b2bDirectConnectInbound": {
    "usersAndGroups": { "accessType": "blocked", "targets": [ { "target": "AllUsers", "targetType": "user" } ] },
    "applications": { "accessType": "allowed", "targets": [ { "target": "AllApplications", "targetType": "application" } ] }
  },
  "b2bCollaborationinbound": null
}"#;
    assert_eq!(
        faults(&[("default.json", text)]),
        [
            "default.json:2:38: inboundTrust.isMfaAccepted: expected a boolean, found the string `yes`",
            "default.json:2:45: inboundTrust.isMfaAcepted: `isMfaAcepted` is not a member that Graph has here; did you mean `isMfaAccepted`?",
            "default.json:5:21: b2bCollaborationInbound.usersAndGroups.accessType: `alowed` is not an access type; expected `allowed` or `blocked`",
            "default.json:6:58: b2bCollaborationInbound.usersAndGroups.targets[0].targetType: `users` is not a target type; expected `user`, `group` or `application`",
            "default.json:6:69: b2bCollaborationInbound.usersAndGroups.targets[1]: expected an object, found the number `7`",
            "default.json:8:59: b2bCollaborationInbound.applications.targets: no targets, which names nobody and nothing; write `AllApplications` for all",
            "default.json:10:30: b2bDirectConnectInbound: all users are blocked, so all applications must be blocked too; block `AllApplications`, or name the users and groups to block",
            "default.json:14:3: b2bCollaborationinbound: `b2bCollaborationinbound` is not a member that Graph has; names are case-sensitive: write `b2bCollaborationInbound`",
        ]
    );
}

#[test]
fn faults_of_all_files_come_together_in_order() {
    assert_eq!(
        faults(&[
            (
                "revocations.jsonl",
                "{\"kind\":\"user\",\"id\":\"a\",\"notBefore\":\"soon\"}"
            ),
            (
                "guests.jsonl",
                "{\"id\":\"a\"}\n{\"id\":\"b\",\"accountEnabled\":\"no\"}\n{\"id\":\"c\"}\n{\"id\":7}\n"
            ),
            ("default.json", "{\"id\":7}"),
        ]),
        [
            "default.json:1:7: id: expected a GUID, found the number `7`",
            "guests.jsonl:2:28: accountEnabled: expected a boolean, found the string `no`",
            "guests.jsonl:4:7: id: expected a string, found the number `7`",
            "revocations.jsonl:1:37: notBefore: `soon` is not a time; expected one such as `2026-01-01T00:00:00Z`",
        ]
    );
}

#[test]
fn a_faulty_default_gives_partners_no_faults_of_its_own() {
    let default = r#"{"b2bCollaborationInbound":{"usersAndGroups":{"accessType":"shut","targets":[{"target":"AllUsers","targetType":"user"}]}}}"#;
    let partner = support::partner_with(
        r#""b2bCollaborationInbound":{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]}}"#,
    );
    let told = faults(&[("default.json", default), ("partners/p.json", &partner)]);
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn two_files_with_one_partner_name_each_other() {
    let text = support::partner_with(r#""inboundTrust":null"#);
    assert_eq!(
        faults(&[("partners/b.json", &text), ("partners/a.json", &text)]),
        [
            "partners/b.json:1:13: tenantId: `22222222-2222-4222-8222-222222222222` has a document already, `partners/a.json`; keep one of them"
        ]
    );
}

#[test]
fn a_member_that_stands_twice_in_what_is_kept_is_told() {
    assert_eq!(
        faults(&[(
            "default.json",
            r#"{"m365CollaborationInbound":{"users":null,"users":{}}}"#
        )]),
        ["default.json:1:43: m365CollaborationInbound.users: the member stands twice; keep one"]
    );
}
