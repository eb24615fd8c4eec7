//! Broken configurations, and the exact words each is refused in.
//!
//! A case in `faults/` is a heading `### what is wrong`, the text, and its faults in order, each after `#! `. The
//! heading's line is no part of the text, and a fault of `crossgate.toml:2:3` is written `2:3`.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

use crossgate_config::{Purpose, Settings};

#[test]
fn every_broken_text_is_refused_in_these_words() {
    let files = [
        include_str!("faults/text.cases"),
        include_str!("faults/organisations.cases"),
        include_str!("faults/listen.cases"),
        include_str!("faults/issuers.cases"),
        include_str!("faults/apps.cases"),
        include_str!("faults/operation.cases"),
        include_str!("faults/sign_in.cases"),
        include_str!("faults/signals.cases"),
        include_str!("faults/synchronization.cases"),
        include_str!("faults/connectors.cases"),
        include_str!("faults/sinks.cases"),
    ];
    let checked: usize = files
        .iter()
        .map(|file| check_all(file, Purpose::Decide))
        .sum();
    assert!(checked >= 60, "only {checked} cases were found");
}

#[test]
fn what_only_serving_needs_is_refused_in_these_words() {
    let checked = check_all(include_str!("faults/serving.cases"), Purpose::Serve);
    assert!(checked >= 8, "only {checked} cases were found");
}

#[test]
fn a_list_that_is_all_wrong_is_not_called_empty_too() {
    let text = r#"tenant.id = "11111111-1111-4111-8111-111111111111"
[listen]
proxy = [":8443"]
[sign_ins]
sinks = ["fail:x"]
[[issuer]]
name = "entra"
kind = "entra"
[[app]]
id = "payroll"
hosts = ["payroll.contoso.com"]
audiences = ["api://payroll"]
upstreams = ["http://127.0.0.1:9001"]
"#;
    let told = faults(text, Purpose::Serve);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("listen.proxy[0]"), "{told:?}");
    assert!(told[1].contains("sign_ins.sinks[0]"), "{told:?}");
}

#[test]
fn what_only_serving_needs_may_be_missing_offline() {
    for case in cases(include_str!("faults/serving.cases")) {
        let faults = faults(case.text, Purpose::Decide);
        assert_eq!(faults, Vec::<String>::new(), "{}", case.name);
    }
}

#[test]
fn a_variable_s_value_is_never_told() {
    for text in [
        "tenant.id = \"${PASSWORD}\"",
        "tenant.id = \"x\"\npolicy.source = \"${PASSWORD}\"",
        "listen.proxy = [\"${PASSWORD}\"]\nlisten.trusted_proxies = [\"${PASSWORD}\"]",
        "[[issuer]]\nname = \"a\"\nkind = \"oidc\"\nissuer = \"https://${PASSWORD}@b\"\njwks = \"${PASSWORD}\"",
        "[[app]]\nid = \"a\"\nhosts = [\"*${PASSWORD}\"]\nupstreams = [\"http://u:${PASSWORD}@h\", \"${PASSWORD}\"]",
        "[[sign_ins.sink]]\nname = \"${PASSWORD} \"\nkind = \"http\"\naddress = \"${PASSWORD}\"\nheaders = [\"${PASSWORD}\"]",
        "[[app]]\nid = \"${PASSWORD}\"\n[[app]]\nid = \"${PASSWORD}\"",
    ] {
        let told = faults(text, Purpose::Serve).join("\n");
        assert!(!told.is_empty(), "{text}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

fn check_all(file: &str, purpose: Purpose) -> usize {
    let cases = cases(file);
    for case in &cases {
        assert_eq!(faults(case.text, purpose), case.expected, "{}", case.name);
    }
    cases.len()
}

fn faults(text: &str, purpose: Purpose) -> Vec<String> {
    let environment = |name: &str| (name == "PASSWORD").then(|| "hunter2".to_owned());
    match Settings::parse(text, Path::new("/etc/crossgate"), purpose, &environment) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

struct Case<'a> {
    name: &'a str,
    text: &'a str,
    expected: Vec<String>,
}

fn cases(file: &str) -> Vec<Case<'_>> {
    let read = |case| {
        let Some((name, rest)) = str::split_once(case, '\n') else {
            panic!("`{case}` has no text");
        };
        let (text, faults) = rest.split_once("#! ").unwrap_or((rest, ""));
        let faults = faults.split("#! ").map(str::trim_end);
        Case {
            name,
            text,
            expected: faults
                .map(|fault| format!("crossgate.toml:{fault}"))
                .collect(),
        }
    };
    file.split("### ").skip(1).map(read).collect()
}
