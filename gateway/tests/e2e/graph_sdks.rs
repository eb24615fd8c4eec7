//! Microsoft's own SDKs against the admin API, and what its description promises.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::site::admin::GLOBAL_ADMINISTRATOR;
use crate::site::{Site, Stage};
use serde_json::json;

#[test]
fn microsofts_sdks_for_python_and_javascript_do_every_operation() {
    let site = Stage::new()
        .with_store()
        .with_sign_in()
        .section("sign_ins", "mode = \"every-request\"")
        .open();
    for guest in 0..5 {
        let token = site
            .guest()
            .claims(json!({ "sub": format!("guest {guest}") }));
        site.expect("a guest", site.payroll("/").bearer(&token.mint()), 200, 0);
    }
    // One of ours too: what shuts guests out must not shut everybody out.
    let member = site.member().mint();
    site.expect("a member", site.payroll("/").bearer(&member), 200, 0);
    for _ in 0..3 {
        site.expect("nobody", site.payroll("/"), 401, 50_058);
    }
    // One after the other on one store: each leaves it as it was.
    let python = with_token(
        &site,
        Command::new(python()).arg("testkit/python/graph_sdk.py"),
    );
    assert_good("msgraph-sdk", &python);
    let node = with_token(
        &site,
        Command::new("node").arg("testkit/node/graph-sdk.mjs"),
    );
    assert_good("@microsoft/microsoft-graph-client", &node);
}

fn with_token(site: &Site, command: &mut Command) -> Output {
    command
        .current_dir(root())
        .env(
            "GRAPH_BASE",
            format!("http://{}/v1.0", site.gateway.admin()),
        )
        .env("GRAPH_TOKEN", site.administrator(GLOBAL_ADMINISTRATOR))
        .output()
        .unwrap()
}

fn assert_good(sdk: &str, output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with("ok "))
        .collect();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{sdk}: {failed:#?}\n{complaint}");
}

fn python() -> PathBuf {
    let python = root().join("testkit/python/.venv/bin/python");
    assert!(
        python.exists(),
        "Microsoft's SDK is missing: run scripts/graph-sdk"
    );
    python
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}
