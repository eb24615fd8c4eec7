//! The built program on the policy of a store: in and out, history, and what is wrong with either.

use std::collections::BTreeMap;
use std::fs;

use crate::site::command::{Place, READER, files};
use crate::site::{FABRIKAM, WINGTIP, partner};
use serde_json::{Value, json};

/// Documents as somebody writes them by hand.
fn by_hand() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "default.json",
            "{ \"id\" :\"5C027107-0000-4000-8000-7df394bffd0a\",\n\t\"m365Capabilities\" : { \"x\":123456789012345678901234567890, \"y\" : 1.0E+2 }\n}\n",
        ),
        (
            "cross-tenant-access-policy.json",
            "{\"displayName\":\"Caf\\u00e9 ☕\"}\n",
        ),
        (
            "partners/22222222-2222-4222-8222-22222222222a.json",
            "{\r\n  \"tenantId\": \"22222222-2222-4222-8222-22222222222A\",\n  \"serviceProviderConstraints\": [ 1.50, -0 , \"\\\" \\\\ \" ],\n  \"a@odata.type\": \"kept\"\n}\n",
        ),
        (
            "partners/33333333-3333-4333-8333-333333333333.json",
            "{\"tenantId\":\"33333333-3333-4333-8333-333333333333\",\"identitySynchronization\":{ \"displayName\":\"ü\"}}\n",
        ),
        (
            "conditional-access/MFA%3a guests%3f.json",
            "{\"displayName\":\"no id\",\"state\":\"disabled\", \"conditions\":{}}\n",
        ),
        (
            "named-locations/6f7a9c6e-0000-4000-8000-000000000001.json",
            "{\"@odata.type\":\"#microsoft.graph.ipNamedLocation\",\"id\":\"6F7A9C6E-0000-4000-8000-000000000001\",\"displayName\":\"HQ\",\"ipRanges\":[ {\"cidrAddress\":\"192.0.2.0/24\"} ]}\n",
        ),
        (
            "external-collaboration.json",
            "[\n{ \"allowInvitesFrom\" : \"none\" },\n{\"displayName\":\"B2BManagementPolicy\",  \"definition\":[\"{\\\"B2BManagementPolicy\\\":{}}\"]}\n]\n",
        ),
        (
            "guests.jsonl",
            "{\"id\":\"g1\", \"displayName\":\"Zoë\"}\n{\"id\":\"g2\"}\n",
        ),
        (
            "revocations.jsonl",
            "{\"kind\":\"user\",\"id\":\"u\",\"notBefore\":\"2026-01-01T00:00:00Z\"}\n{\"kind\":\"user\",\"id\":\"u\", \"notBefore\":\"2026-02-01T00:00:00Z\"}\n",
        ),
        (
            "templates/partner-configuration.json",
            "{ \"inboundTrust\":{\"isMfaAccepted\":true} }\n",
        ),
        (
            "templates/identity-synchronization.json",
            "{\"userSyncInbound\":{\"isSyncAllowed\":true}}\n",
        ),
        (
            "role-definitions/bbbbbbbb-0000-4000-8000-00000000000a.json",
            "{\"id\":\"BBBBBBBB-0000-4000-8000-00000000000A\", \"displayName\":\"Reader\",\"isEnabled\":true,\"rolePermissions\":[{\"allowedResourceActions\":[\"microsoft.directory/crossTenantAccessPolicy/standard/read\"]}]}\n",
        ),
        (
            "role-assignments/a1.json",
            "{\"id\":\"a1\",\"principalId\":\"u\",\"roleDefinitionId\":\"bbbbbbbb-0000-4000-8000-00000000000a\",\"directoryScopeId\":\"/\"}\n",
        ),
    ]
}
#[test]
fn an_export_of_an_import_is_what_was_written_by_hand_to_the_byte() {
    let place = Place::imported(&by_hand());
    let out = place.run(&["policy", "export", "there/copy"]).good();
    assert!(
        out.contains("16 documents") && out.contains("2 partners"),
        "{out}"
    );
    let mut expected: BTreeMap<_, _> = by_hand()
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
    let exported = files(&place.path("there/copy"));
    // The store gave the policy an id.
    let policy = "cross-tenant-access-policy.json";
    let id: Value = serde_json::from_str(&exported[policy]).unwrap();
    let with_id = expected[policy].replacen('{', &format!("{{\"id\":{},", id["id"]), 1);
    expected.insert(policy.to_owned(), with_id);
    assert_eq!(exported, expected);
    // Another store takes it, and what a directory source would take is good.
    let other = Place::imported(
        &exported
            .iter()
            .map(|(path, text)| (&**path, &**text))
            .collect::<Vec<_>>(),
    );
    other.run(&["policy", "export", "again"]).good();
    assert_eq!(files(&other.path("again")), exported);
    assert_eq!(place.run(&["policy", "diff", "there/copy"]).good(), "");
    assert_eq!(place.run(&["policy", "diff", "policy"]).good(), "");
    let again = place.run(&["policy", "import", "there/copy"]).good();
    assert!(again.contains("0 added, 0 changed, 0 removed"), "{again}");
    assert_eq!(place.last(), 1);
    let refused = place.run(&["policy", "export", "there"]).bad();
    assert!(refused.contains("there: is not empty"), "{refused}");
}

#[test]
fn an_import_is_one_change_with_one_audit_record_that_counts_documents() {
    let place = Place::imported(&by_hand());
    let [record] = place
        .json(&["audit", "list"])
        .as_array()
        .unwrap()
        .clone()
        .try_into()
        .unwrap();
    assert_eq!(record["number"], 1);
    let record = &record["record"];
    assert_eq!(record["activityDisplayName"], "Import policy");
    assert_eq!(
        (&record["category"], &record["result"]),
        (&json!("Policy"), &json!("success"))
    );
    let detail = |record: &Value, name: &str| {
        let details = record["additionalDetails"].as_array().unwrap();
        let found = details.iter().find(|detail| detail["key"] == name);
        found.map(|detail| detail["value"].clone())
    };
    assert_eq!(detail(record, "DocumentsAdded"), Some(json!("16")));
    assert_eq!(detail(record, "DocumentsRemoved"), Some(json!("0")));
    assert!(detail(record, "OperatingSystemUser").is_some());
    place.policy(&[
        (
            "partners/a.json",
            &json!({"tenantId": WINGTIP, "isServiceProvider": true}).to_string(),
        ),
        (
            "partners/b.json",
            &json!({"tenantId": FABRIKAM}).to_string(),
        ),
    ]);
    let out = place.run(&["policy", "import", "policy"]).good();
    // Default and policy are reset to their ids; roles stay, for the directory says nothing of them.
    assert!(
        out.contains("policy (2 documents) imported: in the store 1 added, 3 changed, 11 removed"),
        "{out}"
    );
    let id = "{\"id\":\"5C027107-0000-4000-8000-7df394bffd0a\",\"isServiceDefault\":true}\n";
    assert_eq!(place.run(&["policy", "show", "default"]).good(), id);
    place
        .run(&[
            "policy",
            "show",
            &format!("role-definitions/{}", READER.to_uppercase()),
        ])
        .good();
    place.run(&["policy", "show", "role-assignments/a1"]).good();
    let history = place.json(&["policy", "history"]);
    assert_eq!(
        (&history[0]["number"], &history[0]["documentCount"]),
        (&json!(2), &json!(15))
    );
    assert_eq!(history.as_array().unwrap().len(), 2);
}

#[test]
fn a_default_configuration_without_an_id_keeps_that_of_the_store() {
    let place = Place::imported(&[]);
    let shown = || -> Value {
        serde_json::from_str(&place.run(&["policy", "show", "default"]).good()).unwrap()
    };
    let id = shown()["id"].clone();
    assert!(id.is_string());
    place.policy(&[(
        "default.json",
        "{\"inboundTrust\": {\"isMfaAccepted\": true}}",
    )]);
    place.run(&["policy", "import", "policy"]).good();
    assert_eq!(
        shown(),
        json!({"id": id, "inboundTrust": {"isMfaAccepted": true}})
    );
    assert_eq!(place.run(&["policy", "diff", "policy"]).good(), "");
    place.run(&["policy", "restore", "--at", "0"]).good();
    assert_eq!(shown(), json!({"id": id, "isServiceDefault": true}));
}

#[test]
fn every_fault_of_a_directory_is_told_at_once_with_its_place_and_nothing_is_written() {
    let place = Place::new();
    place.policy(&[
        ("default.json", "{\"inboundTrust\": {\"isMfaAccepted\": \"yes\"}}"),
        ("partners.jsonl", "{\"tenantId\":\"x\"}\n\n{\"isServiceProvider\":true}"),
        ("role-definitions/r.json", "{\"id\":\"bbbbbbbb-0000-4000-8000-00000000000a\",\n\"displayName\":1,\"isEnabled\":true,\"rolePermissions\":[]}"),
        ("role-assignments/s.json", "{}"),
        ("conditional-access/a.json", "{\"id\":\"b\",\"displayName\":\"b\",\"state\":\"disabled\",\"conditions\":{}}"),
        ("conditional-access/b.json", "{\"displayName\":\"b\",\"state\":\"disabled\",\"conditions\":{}}"),
        ("unknown.txt", ""),
    ]);
    let told = place.run(&["policy", "import", "policy"]).bad();
    let places: Vec<_> = told
        .lines()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "policy/conditional-access/b.json:1:1",
            "policy/default.json:1:36",
            "policy/partners.jsonl:1:13",
            "policy/partners.jsonl:3:1",
            "policy/role-assignments/s.json:1:1",
            "policy/role-definitions/r.json:2:15",
            "policy/role-definitions/r.json:2:52",
            "policy/unknown.txt",
        ],
        "{told}"
    );
    assert!(!place.path("policy.db").exists());
    // What only the store can know is refused by it.
    let place = Place::imported(&by_hand());
    place.policy(&[(
        "role-assignments/s.json",
        "{\"id\":\"s\",\"principalId\":\"u\",\"roleDefinitionId\":\"cccccccc-0000-4000-8000-00000000000a\",\"directoryScopeId\":\"/\"}",
    )]);
    for more in [&["--dry-run"][..], &[]] {
        let told = place.run(&[&["policy", "import", "policy"], more].concat());
        assert_eq!(told.code, 1);
        assert!(
            told.err
                .contains("`cccccccc-0000-4000-8000-00000000000a`, which there is not"),
            "{told:?}"
        );
    }
    assert_eq!(place.last(), 1);
    let audit = place.json(&["audit", "list"]);
    assert_eq!(audit[0]["record"]["result"], "failure");
}

#[test]
fn a_dry_run_tells_what_would_change_and_changes_nothing() {
    let place = Place::new();
    place.policy(&by_hand());
    let out = place
        .run(&["policy", "import", "--dry-run", "policy"])
        .good();
    assert!(
        out.contains("add     partners/22222222-2222-4222-8222-22222222222a\n"),
        "{out}"
    );
    assert!(
        out.contains("policy (16 documents) would be imported: in the store 16 added"),
        "{out}"
    );
    assert!(!place.path("policy.db").exists());
    place.run(&["policy", "import", "policy"]).good();
    place.policy(&[("default.json", "{}")]);
    let out = place
        .run(&["policy", "import", "--dry-run", "policy"])
        .good();
    for line in [
        "change  default\n",
        "remove  guests/g1\n",
        "remove  revocations/user/u#2\n",
    ] {
        assert!(out.contains(line), "{out}");
    }
    assert_eq!(place.last(), 1);
    assert!(
        place
            .run(&["policy", "show", "guests/g1"])
            .good()
            .contains("Zoë")
    );
}

#[test]
fn a_difference_is_told_by_property_with_both_values() {
    let place = Place::imported(&[
        (
            "partners/a.json",
            &json!({"tenantId": WINGTIP, "inboundTrust": {"isMfaAccepted": true}}).to_string(),
        ),
        (
            "partners/b.json",
            &json!({"tenantId": FABRIKAM}).to_string(),
        ),
    ]);
    place.policy(&[
        (
            "partners/a.json",
            &format!(
                "{{ \"inboundTrust\":{{}}, \"isServiceProvider\":true, \"tenantId\":\"{WINGTIP}\"}}"
            ),
        ),
        ("guests.jsonl", "{\"id\":\"g\"}"),
    ]);
    let run = place.run(&["policy", "diff", "policy"]);
    let expected = format!(
        "partners/{FABRIKAM}: removed\n  tenantId: \"{FABRIKAM}\" -> (absent)\n\
         partners/{WINGTIP}: changed\n  inboundTrust.isMfaAccepted: true -> (absent)\n  isServiceProvider: (absent) -> true\n\
         guests/g: added\n  id: (absent) -> \"g\"\n"
    );
    assert_eq!((run.code, run.out), (1, expected));
    let listed = place.json(&["policy", "diff", "policy"]);
    assert_eq!(
        listed[1],
        json!({"document": format!("partners/{WINGTIP}"), "change": "changed", "properties": [
            {"path": "inboundTrust.isMfaAccepted", "old": true},
            {"path": "isServiceProvider", "new": true},
        ]})
    );
    // What is written otherwise says the same.
    place.policy(&[
        (
            "partners/b.json",
            &format!("{{\n\"tenantId\":\"{FABRIKAM}\" }}"),
        ),
        (
            "partners/a.json",
            &format!(
                "{{\"inboundTrust\":{{\"isMfaAccepted\" : true}},\"tenantId\":\"{WINGTIP}\"}}"
            ),
        ),
    ]);
    assert_eq!(place.run(&["policy", "diff", "policy"]).good(), "");
    assert_eq!(place.json(&["policy", "diff", "policy"]), json!([]));
    // Between two states, in both directions.
    place.policy(&[("guests.jsonl", "{\"id\":\"g\"}")]);
    place.run(&["policy", "import", "policy"]).good();
    let run = place.run(&["policy", "diff", "--from", "1"]);
    assert_eq!(run.code, 1);
    assert!(
        run.out.contains("guests/g: added")
            && run.out.contains(&format!("partners/{WINGTIP}: removed")),
        "{run:?}"
    );
    let run = place.run(&["policy", "diff", "--from", "2", "--to", "1"]);
    assert!(run.out.contains("guests/g: removed"), "{run:?}");
    place
        .run(&["policy", "diff", "--from", "1", "--to", "1"])
        .good();
    let told = place.run(&["policy", "diff", "--from", "7"]).bad();
    assert!(
        told.contains("--from: there is no change 7 yet; the last one is 2"),
        "{told}"
    );
}

#[test]
fn earlier_states_are_listed_shown_exported_and_restored() {
    let of = |members: Value| partner(WINGTIP, members).to_string();
    let place = Place::imported(&[("partners/a.json", &of(json!({})))]);
    let second = of(json!({"isServiceProvider": true}));
    place.policy(&[
        ("partners/a.json", &second),
        ("guests.jsonl", "{\"id\":\"g\"}"),
        ("role-definitions/r.json", by_hand()[11].1),
    ]);
    place.run(&["policy", "import", "policy"]).good();
    place.policy(&[]);
    place.run(&["policy", "import", "policy"]).good();
    let document = format!("partners/{WINGTIP}");
    let numbers: Vec<_> = place
        .json(&["policy", "history", &document])
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    let out = place.run(&["policy", "history", "--limit", "1"]).good();
    assert_eq!(out.lines().count(), 1);
    assert!(
        out.contains("Crossgate command line")
            && out.contains("Import policy")
            && out.contains("and 1 more"),
        "{out}"
    );
    assert_eq!(
        place
            .run(&["policy", "show", &document, "--at", "2"])
            .good(),
        format!("{second}\n")
    );
    let told = place.run(&["policy", "show", &document]).bad();
    assert_eq!(told, format!("`{document}`: there is no such document\n"));
    place
        .run(&["policy", "export", "second", "--at", "2"])
        .good();
    assert_eq!(
        files(&place.path("second"))[&format!("{document}.json")],
        format!("{second}\n")
    );
    // One document.
    let out = place
        .run(&["policy", "restore", "--at", "2", &document])
        .good();
    assert!(out.contains("1 added, 0 changed, 0 removed"), "{out}");
    assert_eq!(
        place.run(&["policy", "show", &document]).good(),
        format!("{second}\n")
    );
    let record = &place.json(&["audit", "list"])[0]["record"];
    assert_eq!(record["activityDisplayName"], "Restore policy");
    assert_eq!(record["targetResources"][0]["id"], document);
    let modified = record["targetResources"][0]["modifiedProperties"]
        .as_array()
        .unwrap();
    assert!(
        modified
            .iter()
            .any(|property| property["displayName"] == "isServiceProvider")
    );
    // The policy, without roles.
    place.run(&["policy", "restore", "--at", "1"]).good();
    assert_eq!(
        place.run(&["policy", "show", &document]).good(),
        format!("{}\n", of(json!({})))
    );
    place
        .run(&["policy", "show", &format!("role-definitions/{READER}")])
        .good();
    assert!(
        place
            .run(&["policy", "restore", "--at", "1"])
            .good()
            .contains("0 added, 0 changed, 0 removed")
    );
    assert_eq!(place.last(), 5);
    for (arguments, told) in [
        (&["--at", "9"][..], "there is no change 9 yet"),
        (
            &["--at", "1", "guests/nobody"],
            "there has never been such a document",
        ),
        (&["--at", "1", "bootstrap"], "a secret is not brought back"),
    ] {
        let run = place.run(&[&["policy", "restore"], arguments].concat());
        assert!(run.bad().contains(told));
    }
}

#[test]
fn a_backup_is_a_store_and_an_edited_record_shows() {
    let place = Place::imported(&by_hand());
    place.run(&["policy", "backup", "copy.db"]).good();
    let told = place.run(&["policy", "backup", "copy.db"]).bad();
    assert!(
        told.contains("copy.db") && told.contains("exists"),
        "{told}"
    );
    let out = place.run(&["audit", "verify"]).good();
    assert!(
        out.contains("1 audit records and 16 documents are in order"),
        "{out}"
    );
    let noted = out.trim().rsplit(' ').next().unwrap();
    assert!(noted.starts_with("1-"), "{out}");
    place.run(&["audit", "verify", "--noted", noted]).good();
    place.policy(&[]);
    place.run(&["policy", "import", "policy"]).good();
    place.run(&["audit", "verify", "--noted", noted]).good();
    let other = noted.replace("1-", "2-");
    let told = place.run(&["audit", "verify", "--noted", &other]).bad();
    assert!(
        told.contains("audit record 2 is not the one that was noted"),
        "{told}"
    );
    let unreadable = place.run(&["audit", "verify", "--noted", "2-00"]);
    assert_eq!(unreadable.code, 2);
    // Back to the copy, which an attacker edits.
    let bytes = fs::read(place.path("copy.db")).unwrap();
    let at = bytes
        .windows(13)
        .position(|window| window == b"Import policy")
        .unwrap();
    let edited = [&bytes[..at], b"Export", &bytes[at + 6..]].concat();
    for left in ["policy.db-wal", "policy.db-shm"] {
        let _ = fs::remove_file(place.path(left));
    }
    fs::write(place.path("policy.db"), &bytes).unwrap();
    place.run(&["audit", "verify", "--noted", noted]).good();
    fs::write(place.path("policy.db"), edited).unwrap();
    let told = place.run(&["audit", "verify"]).bad();
    assert!(
        told.contains("policy.db: audit record 1 is not the one that was written"),
        "{told}"
    );
}

#[test]
fn what_is_missing_is_told() {
    let place = Place::new();
    let commands: [&[&str]; 10] = [
        &["policy", "import", "policy"],
        &["policy", "export", "there"],
        &["policy", "diff", "policy"],
        &["policy", "history"],
        &["policy", "show", "default"],
        &["policy", "restore", "--at", "1"],
        &["policy", "backup", "copy.db"],
        &["audit", "verify"],
        &["audit", "list"],
        &["admin", "bootstrap"],
    ];
    for command in &commands[1..] {
        let told = place.run(command).bad();
        assert!(
            told.contains("policy.db: there is no store"),
            "{command:?}: {told}"
        );
    }
    let config = fs::read_to_string(place.path("crossgate.toml")).unwrap();
    place.write(
        "crossgate.toml",
        &config.replace("sqlite:policy.db", "dir:policy"),
    );
    for command in commands {
        let told = place.run(command).bad();
        assert!(
            told.contains("names the directory `policy`, and this command works on a store"),
            "{command:?}: {told}"
        );
        let told = place
            .run(&[command, &["--config", "nowhere.toml"]].concat())
            .bad();
        assert!(
            told.contains("nowhere.toml: does not exist"),
            "{command:?}: {told}"
        );
    }
    for wrong in [
        &["policy"][..],
        &["policy", "diff"],
        &["policy", "diff", "policy", "--from", "1"],
        &["policy", "diff", "--to", "1"],
        &["policy", "show", "partners"],
        &["policy", "restore"],
        &["audit", "list", "--limit", "few"],
    ] {
        assert_eq!(place.run(wrong).code, 2, "{wrong:?}");
    }
}
