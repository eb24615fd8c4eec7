//! Secrets that commands draw, and what a gateway that runs makes of commands beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use crate::site::admin::{DEFAULT, GLOBAL_ADMINISTRATOR, PARTNERS, SECURITY_ADMINISTRATOR};
use crate::site::command::{Place, files, run};
use crate::site::{Stage, WINGTIP, everyone, nobody, partner};
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};

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

const ATTRIBUTE: &str = "extension_11111111111141118111111111111111_Code";

/// Sign-up's documents, and who may use and look after what.
fn sign_up_and_rights() -> Vec<(&'static str, String)> {
    let flow = json!({
        "id": "B2X_1_pay", "userFlowType": "signUpOrSignIn", "userFlowTypeVersion": 1,
        "userAttributeAssignments": [{"id": ATTRIBUTE}],
        "apiConnectorConfiguration": {"postFederationSignup": {"id": "c"}},
    });
    let connector = json!({
        "id": "c", "displayName": "Approvals", "targetUrl": "https://approvals.example/check",
        "authenticationConfiguration": {"@odata.type": "#microsoft.graph.basicAuthentication", "username": "gate"},
    });
    let attribute = json!({"id": ATTRIBUTE, "displayName": "Code", "dataType": "int64"});
    let documents = [
        (
            "authentication-flows-policy.json",
            json!({"selfServiceSignUp": {"isEnabled": true}}),
        ),
        ("user-flows/B2X_1_pay.json", flow),
        ("api-connectors/c.json", connector),
        ("user-flow-attributes/a.json", attribute),
        ("guests.jsonl", json!({"id": "g"})),
        (
            "app-role-assignments.jsonl",
            json!({"resourceId": "crm", "principalType": "User", "principalId": "g"}),
        ),
        ("groups.jsonl", json!({"id": "team", "displayName": "Team"})),
        (
            "group-members.jsonl",
            json!({"groupId": "team", "memberId": "g"}),
        ),
        (
            "owners.jsonl",
            json!({"ownerId": "ada", "objectType": "group", "objectId": "team"}),
        ),
    ];
    documents
        .map(|(path, document)| (path, document.to_string()))
        .into()
}

#[test]
fn sign_up_and_rights_go_in_and_out_and_only_sign_up_comes_back_by_a_restore_of_everything() {
    let documents = sign_up_and_rights();
    let policy: Vec<_> = documents
        .iter()
        .map(|(path, text)| (*path, &**text))
        .collect();
    let place = Place::imported(&policy);
    let full = place.last();
    place.run(&["policy", "diff", "policy"]).good();
    place.run(&["policy", "export", "out"]).good();
    let out = files(&place.path("out"));
    for (_, text) in &policy {
        let is_it = |found: &String| found.trim_end() == *text;
        assert!(out.values().any(is_it), "{text} in {out:?}");
    }
    // Another store takes it, and gives the same.
    let other = Place::new();
    for (path, text) in &out {
        other.write(&format!("policy/{path}"), text);
    }
    other.run(&["policy", "import", "policy"]).good();
    other.run(&["policy", "export", "out"]).good();
    assert_eq!(files(&other.path("out")), out);

    // All of it goes: of each kind of rights another document says who has them.
    let others = [
        (
            "app-role-assignments.jsonl",
            r#"{"resourceId":"hr","principalType":"User","principalId":"h"}"#,
        ),
        ("groups.jsonl", r#"{"id":"other","displayName":"Other"}"#),
        (
            "group-members.jsonl",
            r#"{"groupId":"other","memberId":"h"}"#,
        ),
        (
            "owners.jsonl",
            r#"{"ownerId":"ben","objectType":"group","objectId":"other"}"#,
        ),
    ];
    place.policy(&others);
    assert_eq!(place.run(&["policy", "diff", "policy"]).code, 1);
    place.run(&["policy", "import", "policy"]).good();
    place.run(&["policy", "diff", "policy"]).good();
    place
        .run(&["policy", "restore", "--at", &full.to_string()])
        .good();
    place.run(&["policy", "export", "restored"]).good();
    let restored = files(&place.path("restored"));
    for (path, text) in &policy {
        // Neither rights nor people, who may have been removed since.
        let stays_away = *path == "guests.jsonl" || others.iter().any(|(other, _)| other == path);
        let is_back = restored.values().any(|found| found.trim_end() == *text);
        assert_eq!(is_back, !stays_away, "{path}: {restored:?}");
    }
    for (path, text) in others {
        assert_eq!(restored[path].trim_end(), text);
    }
    // One that is named comes back.
    let at = full.to_string();
    let named = [
        "policy",
        "restore",
        "--at",
        &at,
        "app-role-assignments/crm/g",
    ];
    place.run(&named).good();
    place.run(&["policy", "backup", "copy.db"]).good();
    place.run(&["policy", "export", "before"]).good();
    let before = files(&place.path("before"));
    let assignments = &before["app-role-assignments.jsonl"];
    assert_eq!(assignments.lines().count(), 2, "{assignments}");

    // A copy holds all of it.
    place.policy(&[]);
    place.run(&["policy", "import", "policy"]).good();
    for end in ["db", "db-wal", "db-shm"] {
        drop(fs::remove_file(place.path(&format!("policy.{end}"))));
    }
    fs::rename(place.path("copy.db"), place.path("policy.db")).unwrap();
    place.run(&["audit", "verify"]).good();
    place.run(&["policy", "export", "after"]).good();
    assert_eq!(files(&place.path("after")), before);
}
