//! Contoso: its configuration, its policy, and what a browser asks of its one app.

use std::fmt::Write as _;
use std::path::Path;

use crossgate::load::{self, Loaded};
use crossgate_config::Purpose;
use serde_json::json;
use tempfile::TempDir;

pub const OWN: &str = "11111111-1111-4111-8111-111111111111";
pub const AUDIENCE: &str = "api://payroll";
pub const HOST: &str = "payroll.contoso.com";

/// The tenant of the partner of this number.
pub fn partner(number: usize) -> String {
    // Spread as ids of tenants are.
    let number = u64::try_from(number).unwrap();
    let mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{number:012x}",
        mixed >> 32,
        mixed >> 16 & 0xffff,
        mixed >> 4 & 0xfff,
        mixed & 0xfff
    )
}

/// Configuration and policy with so many partners, in a directory of their own.
pub fn write(partners: usize) -> TempDir {
    write_with(partners, "")
}

/// The same with more of the configuration.
pub fn write_with(partners: usize, more: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    let policy = directory.path().join("policy");
    std::fs::create_dir(&policy).unwrap();
    let mut config = format!("{CONFIG}{more}");
    for number in 0..partners.min(CALLERS) {
        let tenant = partner(number);
        let _ = write!(
            config,
            "[[partner]]\ntenant = \"{tenant}\"\nname = \"Partner {number}\"\ncloud = \"global\"\n"
        );
    }
    std::fs::write(directory.path().join("crossgate.toml"), config).unwrap();
    // Nobody is admitted unless his partner's settings say so.
    std::fs::write(
        policy.join("default.json"),
        json!({ "b2bCollaborationInbound": setting("blocked") }).to_string(),
    )
    .unwrap();
    let admitted = json!({
        "b2bCollaborationInbound": setting("allowed"),
        "inboundTrust": { "isMfaAccepted": true },
    });
    let admitted = admitted.to_string();
    let members = admitted.trim_start_matches('{');
    let mut lines = String::with_capacity(partners * (admitted.len() + 64));
    for number in 0..partners {
        let _ = writeln!(lines, "{{\"tenantId\":\"{}\",{members}", partner(number));
    }
    std::fs::write(policy.join("partners.jsonl"), lines).unwrap();
    directory
}

fn setting(access: &str) -> serde_json::Value {
    json!({
        "usersAndGroups": { "accessType": access, "targets": [{ "target": "AllUsers", "targetType": "user" }] },
        "applications": { "accessType": access, "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    })
}

/// The same, checked and compiled.
pub fn load(directory: &Path) -> Loaded {
    load::load(&directory.join("crossgate.toml"), Purpose::Serve, None).unwrap()
}

/// What a browser sends.
pub fn request(token: &str) -> Vec<u8> {
    format!(
        "GET /reports/2026?month=11 HTTP/1.1\r\nHost: {HOST}\r\n\
         User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
         Accept: application/json\r\nAccept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n\
         Connection: keep-alive\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .into_bytes()
}

/// Guests of the first so many partners call: of these the configuration says in which cloud they are, which their tokens
/// leave open.
const CALLERS: usize = 64;

const CONFIG: &str = r#"
[tenant]
id = "11111111-1111-4111-8111-111111111111"
name = "Contoso"
domains = ["contoso.com"]

[policy]
source = "dir:policy"

[sign_ins]
sinks = ["file:sign-ins.jsonl"]

[[issuer]]
name = "entra"
kind = "entra"
issuer = "https://login.microsoftonline.com/{tenantid}/v2.0"
tenants = "any"
cloud = "global"

[[app]]
id = "aaaaaaaa-0000-4000-8000-000000000001"
name = "Payroll"
hosts = ["payroll.contoso.com"]
audiences = ["api://payroll"]
upstreams = ["http://127.0.0.1:9"]
"#;
