//! The built program on the policy of a store: in and out, history, audit and secrets, alone and beside a gateway that runs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod site;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crossgate_testkit::programs::{self, wait_for};
use serde_json::{Value, json};
use site::admin::{DEFAULT, GLOBAL_ADMINISTRATOR, PARTNERS, SECURITY_ADMINISTRATOR};
use site::{FABRIKAM, Stage, WINGTIP, everyone, nobody, partner};
use tempfile::TempDir;

const OWN: &str = "11111111-1111-4111-8111-111111111111";
const READER: &str = "bbbbbbbb-0000-4000-8000-00000000000a";

/// A folder with a configuration that names a store.
struct Place(TempDir);

/// What a run of the program gave.
#[derive(Debug)]
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    #[track_caller]
    fn good(self) -> String {
        assert_eq!((self.code, &*self.err), (0, ""), "{}", self.out);
        self.out
    }

    /// What it complains of.
    #[track_caller]
    fn bad(self) -> String {
        assert_eq!((self.code, &*self.out), (1, ""), "{}", self.err);
        self.err
    }
}

impl Place {
    fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.write(
            "crossgate.toml",
            &format!(
                "[tenant]\nid = \"{OWN}\"\nname = \"Contoso\"\n[policy]\nsource = \"sqlite:policy.db\"\n"
            ),
        );
        fs::create_dir(place.path("policy")).unwrap();
        place
    }

    /// The same with a policy in its directory, which was imported.
    fn imported(files: &[(&str, &str)]) -> Self {
        let place = Self::new();
        place.policy(files);
        place.run(&["policy", "import", "policy"]).good();
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Makes the policy directory anew.
    fn policy(&self, files: &[(&str, &str)]) {
        fs::remove_dir_all(self.path("policy")).unwrap();
        fs::create_dir(self.path("policy")).unwrap();
        for (path, text) in files {
            self.write(&format!("policy/{path}"), text);
        }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        run(self.0.path(), arguments)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[arguments, &["--output", "json"]].concat());
        let parsed = serde_json::from_str(&run.out);
        parsed.unwrap_or_else(|error| panic!("{error}: {run:?}"))
    }

    /// The number of the last change.
    fn last(&self) -> u64 {
        self.json(&["policy", "history"])[0]["number"]
            .as_u64()
            .unwrap()
    }
}

fn run(directory: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crossgate"));
    command.current_dir(directory).args(arguments);
    let output = programs::run(&mut command, b"");
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            for (path, text) in files(&entry.path()) {
                found.insert(format!("{name}/{path}"), text);
            }
        } else {
            found.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    found
}

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
        out.contains("2 documents imported from policy: 1 added, 3 changed, 11 removed"),
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
        out.contains("would be imported from policy: 16 added"),
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

#[test]
fn a_first_role_secret_is_drawn_only_where_nobody_can_manage_roles() {
    let place = Place::imported(&[]);
    let out = place.run(&["admin", "bootstrap"]).good();
    let secret = |out: &str| {
        out.split_whitespace()
            .find(|word| word.starts_with("cgb_"))
            .unwrap()
            .to_owned()
    };
    assert_ne!(
        secret(&place.run(&["admin", "bootstrap"]).good()),
        secret(&out)
    );
    let stored = fs::read(place.path("policy.db")).unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains(&secret(&out)));
    let assignment = json!({"id": "a", "principalId": "ada", "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"});
    place.policy(&[("role-assignments/a.json", &assignment.to_string())]);
    place.run(&["policy", "import", "policy"]).good();
    let told = place.run(&["admin", "bootstrap"]).bad();
    assert!(
        told.contains("`ada` has the role `Global Administrator`"),
        "{told}"
    );
    let record = &place.json(&["audit", "list"])[0]["record"];
    assert_eq!(
        (&record["result"], &record["category"]),
        (&json!("failure"), &json!("RoleManagement"))
    );
}

#[test]
fn a_break_glass_file_is_its_owners_alone_and_never_replaced() {
    let place = Place::new();
    let out = place.run(&["admin", "break-glass", "glass"]).good();
    assert!(
        out.contains("note: crossgate.toml does not name the file"),
        "{out}"
    );
    let secret = out
        .split_whitespace()
        .find(|word| word.starts_with("cgx_"))
        .unwrap();
    let kept = fs::read_to_string(place.path("glass")).unwrap();
    assert!(
        kept.starts_with("sha256:") && kept.ends_with('\n') && !kept.contains(secret),
        "{kept}"
    );
    let mode = fs::metadata(place.path("glass"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let told = place.run(&["admin", "break-glass", "glass"]).bad();
    assert!(told.contains("glass: is there already"), "{told}");
    assert_eq!(fs::read_to_string(place.path("glass")).unwrap(), kept);
    let config = fs::read_to_string(place.path("crossgate.toml")).unwrap();
    place.write(
        "crossgate.toml",
        &format!("{config}[admin]\nbreak_glass_file = \"other\"\n"),
    );
    assert!(
        !place
            .run(&["admin", "break-glass", "other"])
            .good()
            .contains("note")
    );
}

#[test]
fn a_running_gateway_takes_up_what_commands_change_and_goes_on_changing_itself() {
    let site = Stage::new().with_store().open();
    let command = |arguments: &[&str]| run(site.gateway.directory(), arguments);
    let token = site.administrator(SECURITY_ADMINISTRATOR);
    let guest = site.guest().mint();
    let ask = || site.payroll("/").bearer(&guest).send().status;
    let becomes = |status: u16| {
        wait_for("the change by the command", Duration::from_secs(5), || {
            (ask() == status).then_some(())
        });
    };
    assert_eq!(ask(), 200);
    let id = site.read(&token, DEFAULT)["id"].clone();
    let write = |path: &str, text: &str| {
        let path = site.gateway.directory().join("new").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let shut = partner(WINGTIP, json!({"b2bCollaborationInbound": nobody()}));
    write("partners/wingtip.json", &shut.to_string());
    command(&["policy", "import", "new"]).good();
    becomes(403);
    // The store has moved on under the gateway, which changes it all the same; and the next command after that.
    command(&["policy", "import", "--dry-run", "new"]).good();
    write("guests.jsonl", "{\"id\":\"g\"}");
    command(&["policy", "import", "new"]).good();
    let path = format!("{PARTNERS}/{WINGTIP}");
    let open = json!({"b2bCollaborationInbound": everyone()});
    assert_eq!(site.send(&token, "PATCH", &path, &open).status, 204);
    assert_eq!(ask(), 200);
    let run = command(&["policy", "diff", "new"]);
    assert_eq!(run.code, 1);
    assert!(
        run.out
            .starts_with(&format!("partners/{WINGTIP}: changed\n")),
        "{run:?}"
    );
    let history: Value =
        serde_json::from_str(&command(&["policy", "history", "--output", "json"]).out).unwrap();
    let before = history[1]["number"].to_string();
    command(&["policy", "restore", "--at", &before]).good();
    becomes(403);
    command(&["policy", "restore", "--at", "1"]).good();
    becomes(200);
    assert_eq!(site.graph(&token, "GET", &path).send().status, 404);
    assert_eq!(site.read(&token, DEFAULT)["id"], id);
    command(&["audit", "verify"]).good();
    command(&["policy", "backup", "copy.db"]).good();
}

#[test]
fn a_revocation_that_a_command_takes_away_is_over_in_a_running_gateway() {
    let site = Stage::new().with_store().open();
    let command = |arguments: &[&str]| run(site.gateway.directory(), arguments);
    let token = site.guest().mint();
    let becomes = |status: u16| {
        wait_for("the change by the command", Duration::from_secs(5), || {
            let answer = site.payroll("/").bearer(&token).send();
            (answer.status == status).then_some(())
        });
    };
    let directory = site.gateway.directory().join("new");
    fs::create_dir(&directory).unwrap();
    let revoke = |until: &str| {
        let line = json!({"kind": "tenant", "id": WINGTIP, "notBefore": until});
        fs::write(directory.join("revocations.jsonl"), line.to_string()).unwrap();
        command(&["policy", "import", "new"]).good();
    };
    becomes(200);
    revoke("2100-01-01T00:00:00Z");
    becomes(401);
    revoke("2001-01-01T00:00:00Z");
    becomes(200);
    revoke("2100-01-01T00:00:00Z");
    becomes(401);
    fs::remove_file(directory.join("revocations.jsonl")).unwrap();
    command(&["policy", "import", "new"]).good();
    becomes(200);
}

#[test]
fn secrets_that_commands_draw_are_those_of_a_running_gateway() {
    let stage = Stage::new()
        .with_store()
        .section("admin", "break_glass_file = \"glass\"");
    let site = stage.open();
    let command = |arguments: &[&str]| run(site.gateway.directory(), arguments).good();
    let secret = |out: &str, start: &str| {
        let found = out.split_whitespace().find(|word| word.starts_with(start));
        found.unwrap().to_owned()
    };
    let glass = secret(&command(&["admin", "break-glass", "glass"]), "cgx_");
    assert_eq!(site.graph(&glass, "GET", PARTNERS).send().status, 200);
    let first = site.bootstrap_secret();
    let second = secret(&command(&["admin", "bootstrap"]), "cgb_");
    let path = "roleManagement/directory/roleAssignments";
    assert_eq!(site.graph(&first, "GET", path).send().status, 401);
    let body = json!({
        "principalId": "0b0e0000-0000-4000-8000-000000000001",
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "directoryScopeId": "/",
    });
    assert_eq!(site.send(&second, "POST", path, &body).status, 201);
    let refused = run(site.gateway.directory(), &["admin", "bootstrap"]);
    assert!(
        refused
            .bad()
            .contains("0b0e0000-0000-4000-8000-000000000001")
    );
}

#[test]
fn many_partners_go_in_and_out_in_lines_beside_a_running_gateway() {
    let site = Stage::new().with_store().open();
    let directory = site.gateway.directory();
    let command = |arguments: &[&str]| run(directory, arguments).good();
    fs::create_dir(directory.join("new")).unwrap();
    let lines = |trust: bool| {
        let line = |number: u32| {
            let tenant = format!("77777777-7777-4777-8777-{number:012x}");
            let document = json!({"tenantId": tenant, "inboundTrust": {"isMfaAccepted": trust}});
            format!("{document}\n")
        };
        let lines: String = (0..12_000).map(line).collect();
        fs::write(directory.join("new/partners.jsonl"), &lines).unwrap();
        lines
    };
    let written = lines(true);
    command(&["policy", "import", "new"]);
    command(&["policy", "export", "out"]);
    assert_eq!(files(&directory.join("out"))["partners.jsonl"], written);
    lines(false);
    let out = command(&["policy", "import", "new"]);
    assert!(out.contains("0 added, 12000 changed, 0 removed"), "{out}");
    let token = site.administrator(SECURITY_ADMINISTRATOR);
    let path = format!("{PARTNERS}/77777777-7777-4777-8777-000000000007");
    assert_eq!(
        site.read(&token, &path)["inboundTrust"]["isMfaAccepted"],
        false
    );
    let change = json!({"isServiceProvider": true});
    assert_eq!(site.send(&token, "PATCH", &path, &change).status, 204);
    command(&["policy", "restore", "--at", "2"]);
    assert_eq!(
        site.read(&token, &path)["inboundTrust"]["isMfaAccepted"],
        true
    );
    assert_eq!(site.read(&token, &path)["isServiceProvider"], Value::Null);
    command(&["policy", "diff", "--from", "2"]);
}
