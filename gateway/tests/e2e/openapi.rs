//! What the description of the admin API promises is what is served.

use std::path::Path;
use std::process::Command;

use crate::site::Stage;

/// A secret like those that `crossgate admin break-glass` draws, and its digest.
const SECRET: &str = "cgx_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const FINGERPRINT: &str = "sha256:91d9bbce87dc8cdf3fabd91ab3234a50ac4596ce960fd4596728137aa7f7c74e";

#[test]
#[ignore = "fifteen thousand calls take three minutes: scripts/test-slow makes them"]
fn every_call_that_the_description_allows_or_forbids_is_answered_as_it_says() {
    // Revoking one's own sessions is among the calls, so the caller is nobody who has any.
    let stage = Stage::new().with_store();
    let file = stage.directory().join("break-glass");
    std::fs::write(&file, FINGERPRINT).unwrap();
    let site = stage
        .section("admin", "break_glass_file = \"break-glass\"")
        .open();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let program = root.join("testkit/python/.venv/bin/schemathesis");
    assert!(
        program.exists(),
        "schemathesis is missing: run scripts/graph-sdk --with-schemathesis"
    );
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(program)
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(root.join("testkit/python/schemathesis.toml"))
        .arg("run")
        .arg(format!("http://{}/openapi.json", site.gateway.admin()))
        .arg("--no-color")
        .env("NO_PROXY", "127.0.0.1")
        .env("GRAPH_TOKEN", SECRET)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}
