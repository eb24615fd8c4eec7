//! The built program as a shell sees it: arguments, files and standard input in, text and an exit code out.

use crossgate_config::{ClientTlsFiles, Form, HttpAuthorization, OnFull, Receiver, SpooledSink};
use crossgate_testkit::mint::{Mint, Order};
use crossgate_testkit::programs::{self, require};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const OWN: &str = "11111111-1111-4111-8111-111111111111";
const WINGTIP: &str = "33333333-3333-4333-8333-333333333333";
const PAYROLL: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const AUDIENCE: &str = "api://payroll";

/// A folder with a configuration and a policy beside it.
struct Site(TempDir);

/// What a run of the program gave.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Site {
    /// Contoso before one app; Entra's keys are in a file.
    fn new() -> Self {
        let site = Self(TempDir::new().unwrap());
        site.write(
            "crossgate.toml",
            &format!(
                r#"
[tenant]
id = "{OWN}"
name = "Contoso"
[[issuer]]
name = "entra"
kind = "entra"
jwks = "file:keys.json"
[[partner]]
tenant = "{WINGTIP}"
name = "Wingtip"
[[app]]
id = "{PAYROLL}"
name = "Payroll"
hosts = ["payroll.contoso.com"]
audiences = ["{AUDIENCE}"]
upstreams = ["http://127.0.0.1:9001"]
"#
            ),
        );
        std::fs::create_dir(site.path("policy")).unwrap();
        site
    }

    /// The same, with the keys of a token service.
    fn trusting(mint: &Mint) -> Self {
        let site = Self::new();
        let keys = Command::new(require("curl", "curl"))
            .args(["--silent", "--fail", "--output"])
            .arg(site.path("keys.json"))
            .arg(mint.jwks("global"))
            .status();
        assert!(keys.unwrap().success());
        site
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn policy(&self, path: &str, document: &Value) {
        self.write(&format!("policy/{path}"), &document.to_string());
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = program(self.0.path());
        command.args(arguments);
        let output = programs::run(&mut command, input.as_bytes());
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Explains a token given on standard input, as JSON.
    fn explain(&self, token: &str, more: &[&str]) -> (i32, Value) {
        let mut arguments = vec!["explain", "--token", "-", "--app", PAYROLL];
        arguments.extend(["--output", "json"]);
        arguments.extend(more);
        let run = self.run_with(&arguments, &format!("{token}\n"));
        let Ok(answer) = serde_json::from_str(&run.out) else {
            panic!("{}{}", run.out, run.err)
        };
        (run.code, answer)
    }
}

fn program(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crossgate"));
    command.current_dir(directory);
    command
}

/// A user of Wingtip's, with a token of Wingtip's own.
fn wingtip(mint: &Mint) -> Order<'_> {
    mint.token("direct-connect")
        .issued_by(WINGTIP)
        .audience(AUDIENCE)
}

/// Everybody may connect directly; whose MFA counts is to be said.
fn open(trust: &Value) -> Value {
    let all = |what: &str, kind: &str| json!({"accessType": "allowed", "targets": [{"target": what, "targetType": kind}]});
    json!({
        "b2bDirectConnectInbound": {
            "usersAndGroups": all("AllUsers", "user"),
            "applications": all("AllApplications", "application"),
        },
        "inboundTrust": trust,
    })
}

fn mfa_for_all() -> Value {
    json!({
        "id": "cccccccc-0000-4000-8000-000000000001",
        "displayName": "MFA for all",
        "state": "enabled",
        "conditions": {"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    })
}

#[test]
fn check_tells_every_fault_of_configuration_policy_and_files_at_once() {
    let site = Site::new();
    let config = std::fs::read_to_string(site.path("crossgate.toml")).unwrap();
    site.write(
        "crossgate.toml",
        &config
            .replace("upstreams", "upstream")
            .replace("Payroll\"", "Payroll\"\nenforcement = \"maybe\""),
    );
    site.policy(
        "default.json",
        &json!({"inboundTrust": {"isMfaAccepted": "yes"}}),
    );
    site.policy("partners/wingtip.json", &json!({"tenant": WINGTIP}));
    let run = site.run(&["check"]);
    assert_eq!(run.code, 1);
    let places: Vec<&str> = run
        .err
        .lines()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert!(places.contains(&"crossgate.toml:15:15"), "{}", run.err);
    assert!(places.contains(&"crossgate.toml:18:1"), "{}", run.err);
    assert!(
        places
            .iter()
            .any(|place| place.starts_with("policy/default.json:1:")),
        "{}",
        run.err
    );
    assert!(
        places
            .iter()
            .any(|place| place.starts_with("policy/partners/wingtip.json:1:")),
        "{}",
        run.err
    );
    assert!(
        run.err
            .contains("app[0].upstream: unknown key; did you mean `upstreams`?"),
        "{}",
        run.err
    );
    assert_eq!(run.out, "");
}

#[test]
fn check_names_files_that_serving_needs_while_the_policy_is_broken_too() {
    let site = Site::new();
    let config = std::fs::read_to_string(site.path("crossgate.toml")).unwrap();
    site.write(
        "crossgate.toml",
        &format!(
            "{config}[listen.tls]\ncert = \"tls.crt\"\nkey = \"tls.key\"\n[assertion]\nkey_file = \"sign.pem\"\n\
             [sign_ins]\nsinks = [\"file:nowhere/sign-ins.jsonl\"]\n"
        ),
    );
    site.write("policy/default.json", "{");
    let run = site.run(&["check"]);
    assert_eq!(run.code, 1);
    for name in [
        "policy/default.json:1:",
        "tls.crt",
        "sign.pem",
        "keys.json",
        "nowhere/sign-ins.jsonl",
    ] {
        assert!(run.err.contains(name), "{name}: {}", run.err);
    }
}

#[test]
fn check_of_a_good_folder_names_what_is_kept_and_not_enforced() {
    let mint = Mint::start();
    let site = Site::trusting(&mint);
    site.policy(
        "default.json",
        &json!({"inboundTrust": {"isCompliantNetworkAccepted": true}}),
    );
    site.policy("partners/wingtip.json", &json!({"tenantId": WINGTIP}));
    let run = site.run(&["check"]);
    assert_eq!((run.code, &*run.err), (0, ""), "{}", run.out);
    assert!(run.out.contains("1 partner"), "{}", run.out);
    let note = "note: default.json: inboundTrust.isCompliantNetworkAccepted: ";
    assert!(run.out.contains(note), "{}", run.out);
    assert!(run.out.contains("not enforced"), "{}", run.out);
}

#[test]
fn check_tells_what_to_register_at_providers_and_whom_scopes_keep_out_before_the_store_is_there() {
    let mint = Mint::start();
    let site = Site::trusting(&mint);
    let config = std::fs::read_to_string(site.path("crossgate.toml")).unwrap();
    let signs_in =
        format!("sign_in = true\nscopes = [\"payroll.read\"]\naudiences = [\"{AUDIENCE}\"]");
    let config = config.replace(&format!("audiences = [\"{AUDIENCE}\"]"), &signs_in);
    let config = format!(
        "policy.source = \"sqlite:policy.db\"\nportal.store = \"portal.db\"\n\
         listen.trusted_proxies = [\"10.0.0.0/8\"]\n{config}\n\
         [[provider]]\nname = \"contoso\"\nissuer = \"entra\"\nclient_id = \"x\"\n"
    );
    std::fs::write(site.path("crossgate.toml"), &config).unwrap();
    let run = site.run(&["check"]);
    assert_eq!((run.code, &*run.err), (0, ""), "{}", run.out);
    for told in [
        "register https://payroll.contoso.com/.crossgate/callback/contoso there",
        "app `Payroll`: `scopes` keeps out everybody who signs in with a browser",
        "policy.db: is not there yet; the first `crossgate run` makes it",
    ] {
        assert!(run.out.contains(told), "{told}: {}", run.out);
    }
    assert!(!site.path("policy.db").exists());
    // What is wrong is told all the same.
    std::fs::write(site.path("crossgate.toml"), config.replace("x\"", "\"")).unwrap();
    let run = site.run(&["check"]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(run.err.contains("provider[0].client_id"), "{}", run.err);
}

/// Hears nothing of what becomes of events.
struct Nobody;

impl crossgate_sinks::Tally for Nobody {
    fn delivered(&self, _: u64) {}

    fn rejected(&self, _: u64) {}

    fn lost(&self, _: u64) {}

    fn failed(&self) {}
}

/// Events in a spool whose receiver was never there.
/// As long as the answer lives, a process has the spool.
fn leave_events(spool: &Path) -> crossgate_sinks::Sink {
    let settings = SpooledSink {
        name: "old".to_owned(),
        receiver: Receiver::Http {
            // Nobody serves this port.
            address: "http://127.0.0.1:1/".to_owned(),
            headers: Vec::new(),
            authorization: HttpAuthorization::None,
            tls: ClientTlsFiles::default(),
        },
        form: Form::Graph,
        receipts: false,
        spool: spool.to_owned(),
        spool_size: 1 << 20,
        on_full: OnFull::Refuse,
        timeout: std::time::Duration::from_secs(1),
        batch: 1,
    };
    let mut sink = crossgate_sinks::Sink::open(&settings, "gw", false, Nobody).unwrap();
    let event = |id: &str| {
        format!(
            "{{\"id\":\"{id}\",\"createdDateTime\":\"2026-01-02T03:04:05.678Z\",\"crossgate\":{{\"outcome\":\"allow\"}}}}\n"
        )
    };
    let events = [event("a"), event("b")].concat();
    sink.append(events.as_bytes()).unwrap();
    sink
}

#[test]
fn check_names_a_spool_that_no_sink_sends_from() {
    let mint = Mint::start();
    let site = Site::trusting(&mint);
    let config = std::fs::read_to_string(site.path("crossgate.toml")).unwrap();
    let config = format!("policy.source = \"sqlite:state/policy.db\"\n{config}");
    std::fs::write(site.path("crossgate.toml"), &config).unwrap();
    let told = "has 2 undelivered events and is the spool of no sink";
    let checked = || {
        let run = site.run(&["check"]);
        assert_eq!((run.code, &*run.err), (0, ""), "{}", run.out);
        assert!(run.out.contains(told), "{}", run.out);
        run.out
    };
    let other = leave_events(&site.path("state/spool/old"));
    let out = checked();
    assert!(
        out.contains("a process has it") && !out.contains("delete it"),
        "{out}"
    );
    drop(other);
    let out = checked();
    assert!(out.contains("or delete it"), "{out}");
    let sink =
        "[[sign_ins.sink]]\nname = \"old\"\nkind = \"http\"\naddress = \"http://127.0.0.1:1/\"\n";
    std::fs::write(site.path("crossgate.toml"), format!("{config}{sink}")).unwrap();
    let run = site.run(&["check"]);
    assert_eq!((run.code, &*run.err), (0, ""), "{}", run.out);
    assert!(!run.out.contains(told), "{}", run.out);
}

#[test]
fn check_names_partners_whose_cloud_nobody_told() {
    let mint = Mint::start();
    let site = Site::trusting(&mint);
    site.policy("partners/wingtip.json", &json!({"tenantId": WINGTIP}));
    let told = "1 partner document without a `cloud` in `[[partner]]`";
    let run = site.run(&["check"]);
    assert!(run.out.contains(told), "{}", run.out);
    let config = std::fs::read_to_string(site.path("crossgate.toml")).unwrap();
    let entry = format!("tenant = \"{WINGTIP}\"\n");
    let placed = config.replace(&entry, &format!("{entry}cloud = \"global\"\n"));
    std::fs::write(site.path("crossgate.toml"), placed).unwrap();
    let run = site.run(&["check"]);
    assert_eq!((run.code, &*run.err), (0, ""), "{}", run.out);
    assert!(!run.out.contains(told), "{}", run.out);
}

#[test]
fn what_is_missing_is_told_and_nothing_panics() {
    let site = Site::new();
    let nowhere = ["--config", "nowhere.toml"];
    for command in [
        &["check"][..],
        &["decide"],
        &["explain", "--token", "a.b.c", "--app", PAYROLL],
        &["run"],
    ] {
        let run = site.run(&[command, &nowhere].concat());
        assert_eq!(run.code, 1, "{command:?}");
        assert!(
            run.err.contains("nowhere.toml: does not exist"),
            "{command:?}: {}",
            run.err
        );
    }
    let run = site.run(&["decide", "--cases", "nowhere.jsonl"]);
    assert_eq!(run.code, 1);
    assert!(
        run.err.starts_with("nowhere.jsonl: cannot be read"),
        "{}",
        run.err
    );
    let run = site.run(&["decide", "--policy", "nowhere"]);
    assert_eq!(run.code, 1);
    assert!(
        run.err
            .starts_with("nowhere: the policy directory does not exist"),
        "{}",
        run.err
    );
}

#[test]
fn wrong_usage_ends_with_2() {
    let site = Site::new();
    for arguments in [
        &[][..],
        &["serve"],
        &["check", "--config"],
        &["check", "crossgate.toml"],
        &["explain", "--app", PAYROLL],
        &[
            "explain", "--app", PAYROLL, "--token", "a.b.c", "--output", "xml",
        ],
        &[
            "explain", "--app", PAYROLL, "--token", "a.b.c", "--header", "no colon",
        ],
        &[
            "explain",
            "--app",
            PAYROLL,
            "--token",
            "a.b.c",
            "--client-ip",
            "here",
        ],
        &["completions", "tcsh"],
    ] {
        let run = site.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}");
        assert!(
            run.err.contains("Usage") || run.err.contains("--help"),
            "{}",
            run.err
        );
    }
}

#[test]
fn help_and_version_are_good() {
    let site = Site::new();
    for arguments in [
        &["--help"][..],
        &["help"],
        &["decide", "--help"],
        &["version"],
        &["--version"],
    ] {
        assert_eq!(site.run(arguments).code, 0, "{arguments:?}");
    }
    let version = site.run(&["version"]).out;
    assert!(
        version.starts_with(concat!("crossgate ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
}

#[test]
fn completions_name_every_command() {
    let site = Site::new();
    for shell in ["bash", "zsh", "fish"] {
        let run = site.run(&["completions", shell]);
        assert_eq!(run.code, 0, "{shell}");
        for command in [
            "run",
            "check",
            "decide",
            "explain",
            "version",
            "completions",
        ] {
            assert!(run.out.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn decide_reads_cases_from_a_file_or_standard_input_and_ends_with_1_where_one_is_unreadable() {
    let site = Site::new();
    let good = json!({"id": "good", "now": "2026-01-01T00:00:00Z", "app": PAYROLL, "claims": null})
        .to_string();
    let run = site.run_with(&["decide"], &format!("{good}\n"));
    assert_eq!((run.code, &*run.err), (0, ""));
    assert!(
        run.out
            .starts_with(r#"{"id":"good","outcome":"unauthenticated","status":401,"code":50058,"#),
        "{}",
        run.out
    );
    let bad = json!({"id": "bad", "now": "tomorrow", "app": PAYROLL, "claims": null});
    site.write("cases.jsonl", &format!("{bad}\n{good}\n"));
    let run = site.run(&[
        "decide",
        "--policy",
        "policy",
        "--config",
        "crossgate.toml",
        "--cases",
        "cases.jsonl",
    ]);
    assert_eq!((run.code, &*run.err), (1, ""));
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with(r#"{"id":"bad","error":"line 1: `now`: "#),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with(r#"{"id":"good","outcome":"#),
        "{}",
        lines[1]
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let site = Site::new();
    let mut child = program(site.0.path())
        .arg("decide")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    let case = json!({"id": "x", "now": "2026-01-01T00:00:00Z", "app": PAYROLL, "claims": null});
    // It ends at the first answer, and with it the pipe.
    while std::io::Write::write_all(&mut input, format!("{case}\n").as_bytes()).is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn explain_admits_a_real_token_with_the_keys_of_a_file() {
    let mint = Mint::start();
    let site = Site::trusting(&mint);
    site.policy("default.json", &open(&json!({"isMfaAccepted": true})));
    site.policy("conditional-access/mfa.json", &mfa_for_all());
    let token = wingtip(&mint).claims(json!({"amr": ["pwd", "mfa"]})).mint();
    let (code, answer) = site.explain(&token, &[]);
    assert_eq!(code, 0);
    assert_eq!(answer["outcome"], "allow", "{answer}");
    assert_eq!(answer["homeTenantId"], WINGTIP);
    assert_eq!(answer["crossTenantAccessType"], "b2bDirectConnect");
    assert_eq!(answer["mfa"], "home-trusted");
    assert_eq!(answer["nearestChange"], Value::Null);
}

#[test]
fn explain_names_the_nearest_change_and_what_the_policy_refuses_is_still_an_answer() {
    let mint = Mint::start();
    let site = Site::trusting(&mint);
    site.policy("default.json", &open(&json!({"isMfaAccepted": false})));
    site.policy("conditional-access/mfa.json", &mfa_for_all());
    let token = wingtip(&mint).claims(json!({"amr": ["pwd", "mfa"]})).mint();
    let (code, answer) = site.explain(&token, &[]);
    assert_eq!((code, &answer["code"]), (0, &json!(53003)), "{answer}");
    let change = answer["nearestChange"].as_str().unwrap();
    assert!(change.contains("inboundTrust.isMfaAccepted"), "{change}");
    let lines = answer["explanation"].as_array().unwrap();
    let refusing = lines.iter().find(|line| line["refuses"] == true).unwrap();
    assert_eq!(refusing["suppliedBy"], "conditionalAccess");
    assert_eq!(refusing["wanted"], "mfa");
    let run = site.run_with(&["explain", "--token", "-", "--app", PAYROLL], &token);
    assert_eq!(run.code, 0, "{}", run.err);
    for part in [
        "AADSTS53003",
        "Wingtip (33333333-3333-4333-8333-333333333333)",
        "Contoso (11111111-1111-4111-8111-111111111111)",
        "home-untrusted",
        "Wanted: mfa. It is written there.",
        "nearest change: accept the home tenant's MFA",
    ] {
        assert!(run.out.contains(part), "{part}\n{}", run.out);
    }
}

#[test]
fn explain_of_a_bad_token_ends_with_1_and_names_the_broken_rule() {
    let mint = Mint::start();
    let site = Site::trusting(&mint);
    for (fault, code, reason) in [
        ("expired", 500_133, "token_expired"),
        ("bad-signature", 50006, "bad_signature"),
        ("unknown-kid", 50003, "unknown_key"),
        ("alg-none", 50003, "algorithm_not_allowed"),
    ] {
        let token = wingtip(&mint).fault(fault).mint();
        let (exit, answer) = site.explain(&token, &[]);
        assert_eq!(exit, 1, "{answer}");
        assert_eq!(
            (&answer["code"], &answer["reason"]),
            (&json!(code), &json!(reason))
        );
    }
    let token = wingtip(&mint).fault("expired").mint();
    let run = site.run(&["explain", "--token", &token, "--app", PAYROLL]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("\ntoken expired\n"), "{}", run.out);
}

#[test]
fn explain_minds_the_request_s_headers_and_address() {
    let mint = Mint::start();
    let site = Site::trusting(&mint);
    site.policy("default.json", &open(&json!({})));
    let mut blocked = mfa_for_all();
    blocked["grantControls"] = json!({"operator": "OR", "builtInControls": ["block"]});
    blocked["conditions"]["locations"] = json!({"includeLocations": ["All"], "excludeLocations": ["dddddddd-0000-4000-8000-000000000001"]});
    site.policy("conditional-access/elsewhere.json", &blocked);
    site.policy(
        "named-locations/office.json",
        &json!({
            "@odata.type": "#microsoft.graph.ipNamedLocation", "id": "dddddddd-0000-4000-8000-000000000001",
            "displayName": "Office", "isTrusted": false,
            "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.0/24"}],
        }),
    );
    let token = wingtip(&mint).mint();
    let code = |more: &[&str]| site.explain(&token, more).1["code"].clone();
    assert_eq!(code(&["--client-ip", "192.0.2.7"]), 0);
    assert_eq!(code(&["--client-ip", "198.51.100.7"]), 53003);
    let list = "Restrict-Access-To-Tenants: fabrikam.com";
    let context = format!("restrict-access-context: {OWN}");
    assert_eq!(code(&["--header", list]), 9_002_313);
    assert_eq!(code(&["--header", list, "--header", &context]), 500_021);
}

#[test]
fn explain_never_prints_the_token() {
    let mint = Mint::start();
    let site = Site::trusting(&mint);
    for token in [
        wingtip(&mint).mint(),
        wingtip(&mint).fault("bad-signature").mint(),
    ] {
        for output in ["text", "json"] {
            let run = site.run(&[
                "explain", "--token", &token, "--app", PAYROLL, "--output", output,
            ]);
            let told = run.out + &run.err;
            for part in token.split('.') {
                assert!(!told.contains(part), "{told}");
            }
        }
    }
}

#[test]
fn explain_without_an_app_or_keys_says_what_to_do() {
    let mint = Mint::start();
    let site = Site::trusting(&mint);
    let token = wingtip(&mint).mint();
    let run = site.run_with(&["explain", "--token", "-", "--app", "payroll"], &token);
    assert_eq!(run.code, 1);
    assert!(run.err.contains(PAYROLL), "{}", run.err);
    std::fs::remove_file(site.path("keys.json")).unwrap();
    let run = site.run_with(&["explain", "--token", "-", "--app", PAYROLL], &token);
    assert_eq!(run.code, 1);
    assert!(
        run.err.contains("the keys of issuer `entra` cannot be had"),
        "{}",
        run.err
    );
    assert_eq!(run.out, "");
}
