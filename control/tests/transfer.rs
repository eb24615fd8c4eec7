//! Documents between directories and stores, with a real store.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::convert::Infallible;

use crossgate_control::document::{Address, DocumentKind, Write};
use crossgate_control::store::{Entry, Share, Sqlite, Store};
use crossgate_control::transfer::{Directory, Plan, States, export};
use crossgate_graph::PolicyFile;
use jiff::Timestamp;
use tempfile::TempDir;

const PARTNER: &str = "22222222-2222-4222-8222-22222222222A";

type Files = BTreeMap<String, String>;

struct Stage {
    store: Sqlite,
    _folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Sqlite::open(&folder.path().join("store.db")).unwrap();
        Self {
            store,
            _folder: folder,
        }
    }

    fn write(&self, writes: Vec<Write>) -> u64 {
        let known = self.store.head().unwrap().sequence;
        let entry = Entry {
            at: Timestamp::now(),
            id: known.to_string().into(),
            record: "{}".into(),
            writes,
        };
        self.store.append(known, &entry).unwrap().sequence
    }

    fn import(&self, files: &Files) -> Plan {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| PolicyFile { path, text })
            .collect();
        let mut plan = Plan::default();
        Directory::of(&files)
            .unwrap()
            .differences(Some(&self.store), &mut |difference| plan.take(difference))
            .unwrap();
        self.write(plan.writes.clone());
        plan
    }

    fn export(&self) -> Files {
        let mut files = Files::new();
        let at = self.store.head().unwrap().sequence;
        export(&self.store, at, &mut |path, text| {
            files.entry(path.to_owned()).or_default().push_str(text);
            Ok::<_, Infallible>(())
        })
        .unwrap();
        files
    }

    fn documents(&self) -> BTreeMap<String, String> {
        let mut documents = BTreeMap::new();
        for kind in DocumentKind::ALL {
            let mut take = |key: &str, text: &str| {
                documents.insert(Address::new(kind, key).to_string(), text.to_owned());
            };
            self.store.each(kind, Share::WHOLE, &mut take).unwrap();
        }
        documents
    }
}

fn put(kind: DocumentKind, key: &str, text: &str) -> Write {
    Write {
        address: Address::new(kind, key),
        text: Some(text.into()),
    }
}

fn odd() -> Files {
    [
        (
            "default.json",
            "{ \"id\" :\"d\",\n\t\"x\": 1.0E+2}\n".to_owned(),
        ),
        (
            "cross-tenant-access-policy.json",
            "{\"id\":\"p\"}".to_owned(),
        ),
        (
            "partners/a.json",
            format!("{{\n  \"tenantId\": \"{PARTNER}\",\r\n \"é\": \"\\u00e9 \\\" \"\n}}"),
        ),
        (
            "conditional-access/MFA: all.json",
            "{\"displayName\":123456789012345678901234567890}".to_owned(),
        ),
        (
            "named-locations.json",
            "[{\"id\":\"a/b\"} , { \"id\":\".c\"}]".to_owned(),
        ),
        (
            "external-collaboration.json",
            "[ {\"allowInvitesFrom\":\"none\"}, {\"displayName\":\"x\", \"definition\" : []} ]"
                .to_owned(),
        ),
        (
            "authentication-flows-policy.json",
            "{ \"selfServiceSignUp\":{\"isEnabled\" :true}}".to_owned(),
        ),
        (
            "user-flows/pay.json",
            "{\"id\":\"B2X_1_pay\",  \"userFlowTypeVersion\":1}".to_owned(),
        ),
        (
            "api-connectors/c.json",
            "{\"id\":\"c\",\n \"targetUrl\":\"https://a.example/\"}".to_owned(),
        ),
        (
            "user-flow-attributes/code.json",
            "{\"id\":\"extension_1_Code\", \"dataType\":\"int64\"}".to_owned(),
        ),
        ("guests.jsonl", "{\"id\":\"g\" }\n".to_owned()),
        (
            "revocations.jsonl",
            (1..=12)
                .map(|n| format!("{{\"kind\":\"user\",\"id\":\"u\",\"n\":{n}}}\n"))
                .collect(),
        ),
        (
            "app-role-assignments.jsonl",
            "{\"resourceId\":\"crm\", \"principalId\":\"ada\"}\n{\"resourceId\":\"crm\",\"principalId\":\"team\"}\n".to_owned(),
        ),
        ("groups.jsonl", "{\"id\" :\"team\"}\n".to_owned()),
        (
            "group-members.jsonl",
            "{\"groupId\":\"team\",\"memberId\":\"g\" }\n".to_owned(),
        ),
        (
            "owners.jsonl",
            "{\"ownerId\":\"ada\",\"objectType\":\"group\",\"objectId\":\"team\"}\n".to_owned(),
        ),
        ("templates/partner-configuration.json", "{}".to_owned()),
        ("templates/identity-synchronization.json", "{ }".to_owned()),
    ]
    .map(|(path, text)| (path.to_owned(), text))
    .into()
}

#[test]
fn an_export_that_is_imported_gives_the_very_same_documents() {
    let (one, other) = (Stage::new(), Stage::new());
    one.import(&odd());
    let files = one.export();
    other.import(&files);
    assert_eq!(one.documents(), other.documents());
    assert_eq!(other.export(), files);
    assert_eq!(one.documents().len(), 32);
    // And the same once more changes nothing.
    let again = one.import(&files);
    assert_eq!((again.added, again.changed, again.removed), (0, 0, 0));
}

#[test]
fn a_domain_policy_that_says_nothing_of_domains_stays_one() {
    let (one, other) = (Stage::new(), Stage::new());
    one.import(&odd());
    for text in ["{}", "{\"displayName\":\"x\"}"] {
        one.write(vec![put(DocumentKind::Domains, "", text)]);
        other.import(&one.export());
        let told = &other.documents()["domain-policy"];
        let rest = text.trim_start_matches('{');
        assert!(told.starts_with("{\"type\":\"B2BManagementPolicy\"") && told.ends_with(rest));
    }
}

#[test]
fn rights_and_the_secret_stay_where_the_directory_says_nothing_of_them() {
    let stage = Stage::new();
    stage.write(vec![
        put(DocumentKind::Bootstrap, "", "{}"),
        put(DocumentKind::RoleAssignment, "a", "{\"id\":\"a\"}"),
        put(DocumentKind::Owner, "a/group/t", "{\"ownerId\":\"a\"}"),
        put(DocumentKind::AppRoleAssignment, "crm/a", "{}"),
        put(DocumentKind::Group, "t", "{\"id\":\"t\"}"),
        put(DocumentKind::GroupMember, "t/a", "{}"),
        put(DocumentKind::Partner, "p", "{}"),
        put(
            DocumentKind::Default,
            "",
            "{\"id\":\"d\",\"inboundTrust\":{}}",
        ),
    ]);
    let plan = stage.import(&Files::new());
    assert_eq!((plan.added, plan.changed, plan.removed), (0, 1, 1));
    let documents = stage.documents();
    let left: Vec<_> = documents.keys().map(String::as_str).collect();
    assert_eq!(
        left,
        [
            "app-role-assignments/crm/a",
            "bootstrap",
            "default",
            "group-members/t/a",
            "groups/t",
            "owners/a/group/t",
            "role-assignments/a"
        ]
    );
    assert_eq!(
        documents["default"],
        "{\"id\":\"d\",\"isServiceDefault\":true}"
    );
    let definition = (
        "role-definitions/b.json".to_owned(),
        "{\"id\":\"bbbbbbbb-0000-4000-8000-000000000001\",\"displayName\":\"b\",\"isEnabled\":true,\
         \"rolePermissions\":[{\"allowedResourceActions\":[\"microsoft.directory/crossTenantAccessPolicy/standard/read\"]}]}"
            .to_owned(),
    );
    stage.import(&[definition].into());
    assert!(stage.documents().contains_key("role-assignments/a"));
    assert!(stage.documents().contains_key("owners/a/group/t"));
    let assignment = "{\"id\":\"c\",\"principalId\":\"u\",\"directoryScopeId\":\"/\",\
         \"roleDefinitionId\":\"62e90394-69f5-4237-9190-012177145e10\"}";
    let assignment = ("role-assignments/c.json".to_owned(), assignment.to_owned());
    stage.import(&[assignment].into());
    let documents = stage.documents();
    assert!(!documents.contains_key("role-assignments/a"));
    assert!(documents.contains_key("role-assignments/c"));
    assert_eq!(documents.len(), 8);
}

#[test]
fn two_documents_that_are_found_by_the_same_and_faults_of_roles_are_told_with_their_places() {
    let files = [
        ("conditional-access/a.json", "{\"id\":\"b\"}"),
        ("conditional-access/b.json", "{\"state\":\"disabled\"}"),
        (
            "role-definitions/r.json",
            "[{\"id\": \"bbbbbbbb-0000-4000-8000-000000000001\",\n\"displayName\": 1, \"isEnabled\": true, \"rolePermissions\": []}]",
        ),
        (
            "role-assignments/s.json",
            "{\"id\":\"s\",\"x\":{\"y\":1,\"y\":2}}",
        ),
    ];
    let files = files.map(|(path, text)| PolicyFile { path, text });
    let faults = Directory::of(&files).unwrap_err();
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert!(
        told[0].starts_with(
            "conditional-access/b.json:1:1: `b` stands in `conditional-access/a.json` already"
        ),
        "{told:?}"
    );
    let of_roles = |start: &str| told.iter().any(|told| told.starts_with(start));
    assert!(
        of_roles("role-definitions/r.json:2:16: displayName: "),
        "{told:?}"
    );
    assert!(
        of_roles("role-assignments/s.json:1:1: `y` stands twice"),
        "{told:?}"
    );
}

#[test]
fn more_partners_than_a_folder_should_hold_stand_in_lines_but_for_those_of_several_lines() {
    let stage = Stage::new();
    let tenant = |n: usize| format!("22222222-2222-4222-8222-{n:012}");
    let partner = |n: usize| {
        let text = format!("{{\"tenantId\":\"{}\"}}", tenant(n));
        put(DocumentKind::Partner, &tenant(n), &text)
    };
    stage.write((0..1000).map(partner).collect());
    assert_eq!(stage.export().len(), 1000);
    let long = format!("{{\n\"tenantId\":\"{}\"}}", tenant(5));
    stage.write(vec![
        partner(1000),
        put(DocumentKind::Partner, &tenant(5), &long),
    ]);
    let files = stage.export();
    assert_eq!(files.len(), 2);
    assert_eq!(files["partners.jsonl"].lines().count(), 1000);
    let other = Stage::new();
    other.import(&files);
    let partners = |stage: &Stage| {
        let mut documents = stage.documents();
        documents.retain(|name, _| name.starts_with("partners/"));
        documents
    };
    assert_eq!(partners(&other), partners(&stage));
}

#[test]
fn two_states_differ_in_what_was_changed_between_them() {
    let stage = Stage::new();
    let first = stage.write(vec![
        put(DocumentKind::Partner, "a", "{\"v\":1}"),
        put(DocumentKind::Partner, "b", "{\"v\":1}"),
        put(DocumentKind::Default, "", "{\"id\":\"d\"}"),
    ]);
    let second = stage.write(vec![
        put(DocumentKind::Partner, "a", "{\"v\":2}"),
        put(DocumentKind::Partner, "c", "{\"v\":1}"),
        Write {
            address: Address::new(DocumentKind::Partner, "b"),
            text: None,
        },
    ]);
    stage.write(vec![put(DocumentKind::Partner, "a", "{\"v\":1}")]);
    let told = |from, to| {
        let mut told = Vec::new();
        let mut take = |key: &str, old: Option<&str>, new: Option<&str>| {
            let side = |text: Option<&str>| text.unwrap_or("-").to_owned();
            told.push(format!("{key} {} {}", side(old), side(new)));
        };
        States { from, to }
            .ways_back(&stage.store, &|_| true, &mut |difference| {
                take(difference.key, difference.old, difference.new.as_deref());
            })
            .unwrap();
        told
    };
    let there = ["a {\"v\":1} {\"v\":2}", "b {\"v\":1} -", "c - {\"v\":1}"];
    assert_eq!(told(first, second), there);
    let back = ["a {\"v\":2} {\"v\":1}", "b - {\"v\":1}", "c {\"v\":1} -"];
    assert_eq!(told(second, first), back);
    assert_eq!(told(3, 3), [] as [&str; 0]);
    // The default keeps its id wherever one goes back to.
    assert_eq!(
        told(first, 0)[0],
        " {\"id\":\"d\"} {\"id\":\"d\",\"isServiceDefault\":true}"
    );
    let (addresses, count) = stage.store.changed_by(second, 2).unwrap();
    assert_eq!((addresses.len(), count), (2, 3));
    assert_eq!(stage.store.changed_by(9, 2).unwrap().1, 0);
}
