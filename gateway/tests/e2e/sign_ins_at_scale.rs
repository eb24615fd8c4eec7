//! The log of sign-ins where ten million are kept before the gateway starts: what is asked for by pages, by sums and by an export.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::site::admin::SECRET;
use crate::site::console::lobby;
use crate::site::people::Doors;
use crossgate_insight::sign_ins::{Keep, Store};
use crossgate_testkit::sign_ins::{Invented, Invention, OWN};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What is counted of events while they are made up.
#[derive(Default)]
struct Made {
    events: u64,
    requests: u64,
    inbound: u64,
    outbound: u64,
    by_code: BTreeMap<u32, u64>,
}

/// A filter, what it is of, and the ids of what it should find.
struct Case {
    filter: String,
    of: Box<dyn Fn(&Invented) -> bool>,
    ids: BTreeSet<String>,
}

impl Made {
    fn add(&mut self, event: &Invented) {
        self.events += 1;
        *self.by_code.entry(event.error_code).or_default() += 1;
        if event.external_tenant().is_none() {
            return;
        }
        self.requests += event.requests;
        if event.resource_tenant_id == OWN {
            self.inbound += 1;
        } else {
            self.outbound += 1;
        }
    }
}

fn cases(sample: &Invented) -> [Case; 3] {
    let case = |filter, of| Case {
        filter,
        of,
        ids: BTreeSet::new(),
    };
    let (user, name, tenant) = (sample.clone(), sample.clone(), sample.clone());
    [
        case(
            "status/errorCode eq 53003 and crossTenantAccessType eq 'b2bDirectConnect'".to_owned(),
            Box::new(|event| {
                event.error_code == 53_003 && event.cross_tenant_access_type == "b2bDirectConnect"
            }),
        ),
        case(
            format!("userPrincipalName eq '{}'", name.user_principal_name),
            Box::new(move |event| event.user_principal_name == name.user_principal_name),
        ),
        case(
            format!(
                "userId eq '{}' or (homeTenantId eq '{}' and status/errorCode eq 5000211)",
                user.user_id, tenant.home_tenant_id
            ),
            Box::new(move |event| {
                event.user_id == user.user_id
                    || (event.home_tenant_id == tenant.home_tenant_id
                        && event.error_code == 5_000_211)
            }),
        ),
    ]
}

fn read(doors: &Doors, path: &str) -> Value {
    let answer = doors.admin("GET", &path.replace(' ', "%20"), &Value::Null);
    assert_eq!(answer.status, 200, "{path}\n{}", answer.text());
    answer.json()
}

/// The ids on all pages, and how many pages there were.
fn followed(doors: &Doors, filter: &str) -> (Vec<String>, usize) {
    let mut path = format!("auditLogs/signIns?$top=1000&$select=id&$filter={filter}");
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = read(doors, &path);
        pages += 1;
        let events = page["value"].as_array().unwrap();
        ids.extend(
            events
                .iter()
                .map(|event| event["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["@odata.nextLink"].as_str() else {
            return (ids, pages);
        };
        path = next[next.find("/v1.0/").unwrap()..].to_owned();
    }
}

/// The ids on all pages, as Microsoft's SDK goes through them.
fn followed_by_sdk(doors: &Doors, filter: &str) -> BTreeSet<String> {
    let authority = doors.gateway.directory().join("tls-cert.pem");
    let output = Command::new("node")
        .args(["sign-in-ids.mjs", filter])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/node"))
        .env(
            "GRAPH_BASE",
            format!("https://localhost:{}/v1.0", doors.gateway.admin().port()),
        )
        .env("GRAPH_TOKEN", SECRET)
        .env("NODE_EXTRA_CA_CERTS", authority)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{filter}: {complaint}");
    let ids = String::from_utf8(output.stdout).unwrap();
    ids.lines().map(str::to_owned).collect()
}

/// `SIGN_INS` says how many instead.
#[test]
#[ignore = "ten million sign-ins: scripts/test-slow"]
fn pages_exports_and_sums_of_ten_million_events_are_by_the_api_what_they_were_made_of() {
    let events = std::env::var("SIGN_INS").ok();
    let events = events.map_or(10_000_000, |events| events.parse().unwrap());
    let lobby = lobby();
    let invention = Invention {
        // None of them is forgotten while this runs, though a day begins.
        days: 28,
        ..Invention::of(events, Timestamp::now().as_millisecond())
    };
    let sample = invention.event(events / 3);
    let mut cases = cases(&sample);
    let mut made = Made::default();
    let keep = Keep {
        days: 40,
        size: 1 << 40,
    };
    let store = Store::open(&lobby.directory().join("sign-ins"), keep, false).unwrap();
    let mut text = String::new();
    for number in 0..events {
        let event = invention.event(number);
        made.add(&event);
        for case in &mut cases {
            if (case.of)(&event) {
                case.ids.insert(event.id.clone());
            }
        }
        event.write(&mut text);
        if text.len() > 8 << 20 || number + 1 == events {
            store.append(text.as_bytes()).unwrap();
            text.clear();
        }
    }
    store.tend(Timestamp::now()).unwrap();
    drop(store);
    let doors = lobby.open();

    for case in &cases {
        let (found, pages) = followed(&doors, &case.filter);
        println!("{} events on {pages} pages: {}", found.len(), case.filter);
        assert_eq!(found.len(), case.ids.len(), "{}", case.filter);
        let found: BTreeSet<String> = found.into_iter().collect();
        assert!(found == case.ids, "{}", case.filter);
        let by_sdk = followed_by_sdk(&doors, &case.filter);
        assert!(by_sdk == case.ids, "{} of {}", by_sdk.len(), case.filter);
        let export = format!("crossgate/signIns/export?$filter={}", case.filter);
        let exported = doors.admin("GET", &export.replace(' ', "%20"), &Value::Null);
        let lines = exported.text();
        assert_eq!(lines.lines().count(), case.ids.len(), "{}", case.filter);
    }
    assert!(cases[0].ids.len() as u64 > events / 1000, "many of them");

    let since = Timestamp::from_millisecond(invention.until - 29 * DAY).unwrap();
    let until = Timestamp::from_millisecond(invention.until).unwrap();
    let sums = |by: &str, more: &str| {
        let path = format!("crossgate/activity?since={since}&until={until}&by={by}&top=1000{more}");
        let told = read(&doors, &path);
        assert_eq!(told["complete"], json!(true), "{by}");
        assert_eq!(told["leftOff"], json!(0), "{by}");
        told["value"].as_array().unwrap().clone()
    };
    let total = |rows: &[Value], name: &str| -> u64 {
        rows.iter().map(|row| row[name].as_u64().unwrap()).sum()
    };
    let crossed = made.inbound + made.outbound;
    for by in ["tenant", "app", "day"] {
        let rows = sums(by, "");
        assert_eq!(total(&rows, "signIns"), crossed, "{by}");
        assert_eq!(total(&rows, "requests"), made.requests, "{by}");
    }
    let days = sums("day", "");
    assert_eq!(
        (total(&days, "inbound"), total(&days, "outbound")),
        (made.inbound, made.outbound)
    );
    let codes = sums("status", "&direction=any");
    let codes: BTreeMap<u32, u64> = codes
        .iter()
        .map(|row| {
            let code = row["errorCode"].as_str().unwrap().parse().unwrap();
            (code, row["signIns"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(codes, made.by_code);
    assert_eq!(codes.values().sum::<u64>(), made.events);
}

/// In milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;
