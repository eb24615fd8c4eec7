use super::*;
use crossgate_policy::ids::Guid;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const CONFIG: &str = r#"
[tenant]
id = "11111111-1111-4111-8111-111111111111"
domains = ["contoso.com"]
[[issuer]]
name = "fabrikam"
kind = "oidc"
issuer = "https://id.fabrikam.example"
tenant = "22222222-2222-4222-8222-222222222222"
[issuer.claims]
user = "/id/number"
[[partner]]
tenant = "22222222-2222-4222-8222-222222222222"
domains = ["fabrikam.com"]
consent = "published"
"#;

const DEFAULT: &str =
    r#"{"id":"44444444-4444-4444-8444-444444444444","inboundTrust":{"isMfaAccepted":true}}"#;

struct Site(TempDir);

impl Site {
    fn new(config: &str, files: &[(&str, &str)]) -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        fs::create_dir(site.0.path().join("policy")).unwrap();
        site.write("crossgate.toml", config);
        for (path, text) in files {
            site.write(&format!("policy/{path}"), text);
        }
        site
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn load(&self) -> Loaded {
        load(&self.path("crossgate.toml"), Purpose::Decide, None).unwrap()
    }

    /// Faults with the site's own folder left out.
    fn faults(&self) -> Vec<String> {
        let faults = load(&self.path("crossgate.toml"), Purpose::Decide, None).unwrap_err();
        let folder = format!("{}/", self.0.path().display());
        let short = faults.0.iter().map(|fault| fault.replace(&folder, ""));
        short.collect()
    }
}

fn fabrikam() -> TenantId {
    TenantId(Guid::parse("22222222-2222-4222-8222-222222222222").unwrap())
}

#[test]
fn settings_and_policy_become_one_snapshot() {
    let partner = r#"{"tenantId":"22222222-2222-4222-8222-222222222222","isServiceProvider":true}"#;
    let site = Site::new(
        CONFIG,
        &[
            ("default.json", DEFAULT),
            ("partners/fabrikam.json", partner),
        ],
    );
    let loaded = site.load();
    let snapshot = &loaded.snapshot;
    assert_eq!(snapshot.default.trust.mfa, Some(true));
    assert!(
        snapshot
            .partners
            .get(fabrikam())
            .unwrap()
            .is_service_provider
    );
    let facts = &snapshot.partner_facts[&fabrikam()];
    assert_eq!(facts.consent, snapshot::Consent::Published);
    assert_eq!(&*facts.domains, ["fabrikam.com".into()]);
    assert_eq!(&*snapshot.own.domains, ["contoso.com".into()]);
    assert_eq!(loaded.counts.partners, 1);
    let issuer = loaded.issuers.named("fabrikam").unwrap();
    assert_eq!(
        issuer.claims.user,
        crossgate_token::Pointer::parse("/id/number").unwrap()
    );
    assert!(issuer.admits("https://id.fabrikam.example"));
}

#[test]
fn faults_of_the_configuration_and_of_the_policy_are_told_together() {
    let config = CONFIG.replace("\"oidc\"", "\"saml\"") + "[sign_ins]\nmod = \"x\"\n";
    let site = Site::new(
        &config,
        &[
            ("default.json", "{\n  \"inboundTrust\": 7\n}"),
            ("partner.json", "{}"),
        ],
    );
    let faults = site.faults();
    let starts: Vec<&str> = faults
        .iter()
        .map(|fault| fault.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        starts,
        [
            "crossgate.toml:7:8",
            "crossgate.toml:17:1",
            "policy/default.json:2:19",
            "policy/partner.json"
        ],
        "{faults:#?}"
    );
}

#[test]
fn a_policy_whose_owner_is_unknown_is_not_guessed_at() {
    let config = CONFIG.replace("11111111-1111-4111-8111-111111111111", "contoso");
    let site = Site::new(&config, &[("default.json", "no JSON")]);
    let faults = site.faults();
    assert!(
        faults
            .iter()
            .all(|fault| fault.starts_with("crossgate.toml:"))
    );
}

#[test]
fn what_editors_and_hidden_folders_hold_is_passed_over() {
    let site = Site::new(CONFIG, &[("default.json", DEFAULT)]);
    let before = site.load().hash;
    for path in [
        ".default.json.swp",
        "default.json~",
        "default.json.new",
        "partners/x.json.tmp",
        ".git/config",
    ] {
        site.write(&format!("policy/{path}"), "{");
    }
    assert_eq!(site.load().hash, before);
}

#[cfg(unix)]
#[test]
fn documents_are_read_through_the_links_that_kubernetes_mounts() {
    let site = Site::new(CONFIG, &[]);
    site.write("policy/..2026_01_01/default.json", DEFAULT);
    let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, site.path(at)).unwrap();
    link("..2026_01_01", "policy/..data");
    link("..data/default.json", "policy/default.json");
    let loaded = site.load();
    assert_eq!(loaded.snapshot.default.trust.mfa, Some(true));
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_in_circles_are_faults() {
    let site = Site::new(CONFIG, &[]);
    let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, site.path(at)).unwrap();
    link("gone", "policy/default.json");
    link(".", "policy/partners");
    assert_eq!(
        site.faults(),
        [
            "policy/default.json: does not exist; check the path",
            "policy/partners: leads back to a folder it is in; remove the link",
        ]
    );
}

#[test]
fn a_missing_configuration_or_policy_says_what_to_do() {
    let site = Site::new(CONFIG, &[]);
    fs::remove_dir(site.path("policy")).unwrap();
    let [fault] = &site.faults()[..] else {
        panic!("one fault")
    };
    assert!(
        fault.starts_with("policy: the policy directory does not exist; create it"),
        "{fault}"
    );
    fs::remove_file(site.path("crossgate.toml")).unwrap();
    assert_eq!(
        site.faults(),
        ["crossgate.toml: does not exist; check the path"]
    );
}

#[test]
fn what_is_not_utf_8_is_named_with_its_line() {
    let site = Site::new(CONFIG, &[]);
    site.write("policy/guests.jsonl", b"\n\n\xff\n");
    assert_eq!(
        site.faults(),
        ["policy/guests.jsonl:3: is not text in UTF-8; save it in that encoding"]
    );
}

#[test]
fn another_directory_can_be_taken_than_the_one_configured() {
    let site = Site::new(CONFIG, &[]);
    site.write("other/default.json", DEFAULT);
    let config = site.path("crossgate.toml");
    let loaded = load(&config, Purpose::Decide, Some(&site.path("other"))).unwrap();
    assert_eq!(loaded.snapshot.default.trust.mfa, Some(true));
    assert_eq!(site.load().snapshot.default.trust.mfa, None);
}

#[test]
fn guests_are_read_again_when_their_file_has_changed_and_only_then() {
    let guest = |id: &str| format!("{{\"id\":\"{id}\"}}\n");
    let site = Site::new(CONFIG, &[("guests.jsonl", &guest("ada"))]);
    let again = |known: &Loaded| {
        let config = site.path("crossgate.toml");
        let text = read(&config).unwrap();
        load_text(
            &config,
            &text,
            Purpose::Decide,
            None,
            known.guests.as_ref(),
            Stores::Look,
        )
        .unwrap()
    };
    let records = |loaded: &Loaded| Arc::clone(&loaded.guests.as_ref().unwrap().read.records);
    let first = site.load();
    site.write("policy/default.json", DEFAULT);
    let second = again(&first);
    assert_eq!(second.snapshot.default.trust.mfa, Some(true));
    assert!(Arc::ptr_eq(&records(&second), &records(&first)));
    assert_eq!(second.counts.guests, 1);
    site.write("policy/guests.jsonl", guest("bob"));
    let third = again(&second);
    let named = |id: &str| {
        third
            .snapshot
            .guests
            .by_id(&crossgate_policy::ids::Id::new(id))
            .is_some()
    };
    assert!(named("bob") && !named("ada"));
    fs::remove_file(site.path("policy/guests.jsonl")).unwrap();
    let none = again(&third);
    assert_eq!((none.counts.guests, none.guests.is_none()), (0, true));
    // What is to be told of the records is told each time.
    let remarked = r#"{"id":"ada","signInSessionsValidFromDateTime":"2026-01-01T00:00:00Z"}"#;
    site.write("policy/guests.jsonl", remarked);
    let fourth = again(&none);
    assert!(!fourth.advisories.is_empty());
    let fifth = again(&fourth);
    assert!(Arc::ptr_eq(&records(&fifth), &records(&fourth)));
    assert_eq!(fifth.advisories, fourth.advisories);
}

#[test]
fn guests_whose_file_looks_the_same_are_in_force_without_reading_it_once_a_change_would_show() {
    let site = Site::new(CONFIG, &[("guests.jsonl", "{\"id\":\"ada\"}\n")]);
    let config = site.path("crossgate.toml");
    let text = read(&config).unwrap();
    let again = |known: &KnownGuests| {
        load_text(
            &config,
            &text,
            Purpose::Decide,
            None,
            Some(known),
            Stores::Look,
        )
        .unwrap()
    };
    let first = site.load();
    let known = first.guests.as_ref().unwrap();
    // Only just seen: it might change within the tick of the clock that it was written in.
    assert!(known.as_file().is_none());
    let second = again(known).guests.unwrap();
    assert_eq!(second.seen, known.seen);
    assert!(second.as_file().is_none() && second.read_at > known.read_at);
    // Seen long before it was read.
    let settled = KnownGuests {
        seen: known.seen.checked_sub(2 * COARSEST_TIMES).unwrap(),
        ..second
    };
    let third = again(&settled);
    let ada = crossgate_policy::ids::Id::new("ada");
    assert!(third.snapshot.guests.by_id(&ada).is_some());
    assert_eq!((third.counts.guests, &third.hash), (1, &first.hash));
    assert_eq!(third.guests.unwrap().read_at, settled.read_at);
    let wrong = settled.long_known_wrongly();
    assert_ne!(again(&wrong).hash, first.hash);
    assert_eq!(again(&wrong.to_be_read()).hash, first.hash);
}

#[test]
fn the_hash_names_the_content_of_every_file() {
    let site = Site::new(CONFIG, &[("default.json", DEFAULT)]);
    let hash = site.load().hash;
    assert_eq!(hash.len(), 64);
    assert_eq!(site.load().hash, hash);
    site.write("policy/default.json", format!("{DEFAULT} "));
    let changed = site.load().hash;
    assert_ne!(changed, hash);
    site.write("policy/default.json", DEFAULT);
    site.write("policy/guests.jsonl", "");
    assert_ne!(site.load().hash, hash);
    fs::remove_file(site.path("policy/guests.jsonl")).unwrap();
    site.write("crossgate.toml", format!("{CONFIG}\n"));
    assert_ne!(site.load().hash, hash);
}

#[test]
fn what_moved_while_it_was_read_is_read_again_but_not_for_ever() {
    let read_with = |looks: &[u32]| {
        let (mut looks, mut readings) = (looks.iter(), 0);
        at_rest(
            || looks.next().copied(),
            || {
                readings += 1;
                readings
            },
        )
    };
    assert_eq!(read_with(&[1, 1]), 1);
    assert_eq!(read_with(&[1, 2, 2]), 2);
    assert_eq!(read_with(&[1, 2, 3, 4, 5, 6, 7]), 5);
}

#[test]
fn a_directory_looks_otherwise_once_a_file_in_it_was_written_replaced_or_removed() {
    let directory = tempfile::tempdir().unwrap();
    let (file, other) = (
        directory.path().join("default.json"),
        directory.path().join("x.tmp"),
    );
    let look = || directory::Look::at(directory.path());
    std::fs::write(&file, "{}").unwrap();
    let mut seen = vec![look()];
    assert_eq!(seen[0], look());
    std::fs::write(&file, "{ }").unwrap();
    seen.push(look());
    std::fs::write(&other, "{ }").unwrap();
    std::fs::rename(&other, &file).unwrap();
    seen.push(look());
    std::fs::remove_file(&file).unwrap();
    seen.push(look());
    for pair in seen.windows(2) {
        assert_ne!(pair[0], pair[1]);
    }
}
