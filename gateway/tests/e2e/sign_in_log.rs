//! The log of sign-ins: kept as it happens, asked for by the admin API and by `crossgate activity`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::site::admin::{GLOBAL_ADMINISTRATOR, SECURITY_READER};
use crate::site::command;
use crate::site::{Site, Stage, WINGTIP};
use crossgate_insight::sign_ins::{Keep, Store};
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::sign_ins::{Invented, Invention};
use jiff::Timestamp;
use serde_json::{Value, json};

const SIGN_INS: &str = "auditLogs/signIns";

/// All that a query leads to, page by page.
fn every(site: &Site, token: &str, query: &str) -> Vec<Value> {
    let mut path = format!("{SIGN_INS}?$top=1000&{query}").replace(' ', "%20");
    let mut all = Vec::new();
    loop {
        let page = site.read(token, &path);
        all.extend(page["value"].as_array().unwrap().iter().cloned());
        let Some(next) = page["@odata.nextLink"].as_str() else {
            return all;
        };
        path = next[next.find("/v1.0/").unwrap()..].to_owned();
    }
}

fn ids(events: &[Value]) -> BTreeSet<&str> {
    events
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect()
}

fn activity(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["activity", "--output", "json"], arguments].concat();
    let run = command::run(site.gateway.directory(), &arguments);
    assert_eq!(run.code, 0, "{}", run.err);
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn what_happened_is_in_the_log_at_once_and_after_a_kill() {
    let mut site = Stage::new()
        .with_store()
        .section("sign_ins", "mode = \"every-request\"")
        .open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let guest = site.guest().mint();
    let mut written = Vec::new();
    for _ in 0..3 {
        written.push(site.expect("a guest", site.payroll("/").bearer(&guest), 200, 0));
    }
    written.push(site.expect("nobody", site.payroll("/"), 401, 50_058));
    // What is in the file is on its way to the log.
    wait_for("the events in the log", Duration::from_secs(10), || {
        (every(&site, &token, "").len() == written.len()).then_some(())
    });
    site.gateway.kill();
    site.gateway.start_again();
    let found = every(&site, &token, "");
    assert_eq!(ids(&found), ids(&written));
    let first = &written[0];
    let id = first["id"].as_str().unwrap();
    let one = site.read(&token, &format!("{SIGN_INS}/{id}"));
    for (name, value) in first.as_object().unwrap() {
        assert_eq!(&one[name], value, "{name}");
    }
    let wingtip = every(
        &site,
        &token,
        &format!("$filter=homeTenantId eq '{WINGTIP}'&$select=id,status"),
    );
    assert_eq!(wingtip.len(), 3);
    assert_eq!(wingtip[0].as_object().unwrap().len(), 2, "{}", wingtip[0]);

    let summary = activity(&site, &["--summary-stats", "--resolve-tenant-id"]);
    let expected = json!([{
        "ExternalTenantId": WINGTIP, "ExternalTenantName": "Wingtip", "AccessDirection": "Inbound", "SignIns": 3,
        "SuccessSignIns": 3, "FailedSignIns": 0, "UniqueUsers": 1, "UniqueResources": 1, "Requests": 3,
    }]);
    assert_eq!(json!(summary), expected);
    // The same of the API, by whatever it is asked for.
    let sums = |query: &str| {
        let told = site.read(&token, &format!("crossgate/activity?{query}"));
        assert_eq!(told["complete"], json!(true), "{query}: {told:#}");
        told["value"].as_array().unwrap().clone()
    };
    let expected = json!([{
        "tenantId": WINGTIP, "displayName": "Wingtip", "direction": "inbound", "signIns": 3, "successSignIns": 3, "failedSignIns": 0,
        "requests": 3, "users": 1,
    }]);
    assert_eq!(json!(sums("count=users")), expected);
    assert_eq!(json!(sums("by=tenant&direction=outbound")), json!([]));
    let users = sums(&format!("by=user&tenant={WINGTIP}&status=success"));
    assert_eq!(
        (users.len(), &users[0]["userId"], &users[0]["signIns"]),
        (1, &first["userId"], &json!(3))
    );
    let codes = sums("by=status&direction=any");
    let codes: Vec<_> = codes
        .iter()
        .map(|row| (&row["errorCode"], &row["signIns"]))
        .collect();
    assert_eq!(
        codes,
        [(&json!("0"), &json!(3)), (&json!("50058"), &json!(1))]
    );
    let hours = sums("by=hour&direction=any");
    let total = |name: &str| {
        hours
            .iter()
            .map(|row| row[name].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(
        (
            total("inbound"),
            total("none"),
            total("signIns"),
            total("failedSignIns")
        ),
        (3, 1, 4, 1)
    );
    assert!((24..=25).contains(&hours.len()), "{hours:#?}");
    for wrong in [
        "by=nothing",
        "tenant=x",
        "since=x",
        "top=0",
        "by=hour&since=2020-01-01T00:00:00Z",
        "what=1",
        "by=day&by=day",
    ] {
        let answer = site
            .graph(&token, "GET", &format!("crossgate/activity?{wrong}"))
            .send();
        assert_eq!(answer.status, 400, "{wrong}: {answer:?}");
    }
    let events = activity(&site, &["--access-direction", "inbound"]);
    assert_eq!(events.len(), 3);
    assert_eq!(events[0]["UserId"], first["userId"]);
    assert_eq!(
        activity(&site, &["--access-direction", "outbound"]),
        Vec::<Value>::new()
    );
    let of_file = activity(
        &site,
        &[
            "--summary-stats",
            "--resolve-tenant-id",
            "--events",
            "sign-ins.jsonl",
        ],
    );
    assert_eq!(of_file, summary);
    let export = command::run(
        site.gateway.directory(),
        &["sign-ins", "export", "--since", "1h"],
    );
    let exported: Vec<Value> = export
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(exported, written, "as they were written");
    let own = command::run(
        site.gateway.directory(),
        &["activity", "--external-tenant-id", OWN_TENANT],
    );
    assert_eq!(own.code, 1);
    assert!(own.err.contains("is the own tenant"), "{}", own.err);
}

#[test]
fn which_policies_applied_is_for_who_may_read_policies_and_queries_that_cannot_be_are_refused() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(SECURITY_READER);
    for (query, said) in [
        ("$orderby=userId", "createdDateTime"),
        ("$top=1001", "$top"),
        ("$filter=nothing eq 1", "nothing"),
        ("$filter=status/errorCode eq 'x'", "a number"),
        ("$count=true", "$count"),
        ("$skiptoken=AAAA", "$skiptoken"),
    ] {
        let path = format!("{SIGN_INS}?{query}").replace(' ', "%20");
        let answer = site.graph(&token, "GET", &path).send();
        assert_eq!(answer.status, 400, "{query}\n{answer:?}");
        assert!(answer.text().contains(said), "{query}\n{answer:?}");
    }
    let only_partners =
        site.caller(json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": "Policy.Read.All" }));
    assert_eq!(
        site.graph(&only_partners, "GET", SIGN_INS).send().status,
        403
    );
    let only_logs =
        site.caller(json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": "AuditLog.Read.All" }));
    site.expect("nobody", site.payroll("/"), 401, 50_058);
    let found = wait_for("the event in the log", Duration::from_secs(10), || {
        every(&site, &only_logs, "").pop()
    });
    assert_eq!(found["appliedConditionalAccessPolicies"], json!([]));
}

#[test]
fn without_a_store_of_its_own_the_log_says_so() {
    let site = Stage::new()
        .with_store()
        .section("sign_ins", "store = \"off\"")
        .open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let answer = site.graph(&token, "GET", SIGN_INS).send();
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("[sign_ins]"), "{answer:?}");
    let run = command::run(site.gateway.directory(), &["activity"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("no sign-ins are kept"), "{}", run.err);
}

/// Two hundred thousand events of which everything is known; `SIGN_INS` says how many instead.
#[test]
fn pages_filters_and_activity_of_many_events_are_exactly_what_they_were_made_of() {
    let events = std::env::var("SIGN_INS").ok();
    let events = events.map_or(200_000, |events| events.parse().unwrap());
    let site = Stage::new().with_store().open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let until = Timestamp::now();
    let invention = Invention {
        tenants: 50,
        users: 5000,
        ..Invention::of(events, until.as_millisecond())
    };
    let keep = Keep {
        days: 40,
        size: 1 << 40,
    };
    let store = Store::open(&site.gateway.directory().join("sign-ins"), keep, false).unwrap();
    let mut all = Vec::new();
    let mut text = String::new();
    for number in 0..events {
        let event = invention.event(number);
        event.write(&mut text);
        all.push(event);
        if text.len() > 8 << 20 || number + 1 == events {
            store.append(text.as_bytes()).unwrap();
            text.clear();
        }
    }
    drop(store);

    let sample = &all[all.len() / 3];
    let (from, to) = (&all[all.len() / 2], &all[all.len() / 2 + 4000]);
    type Of<'a> = Box<dyn Fn(&Invented) -> bool + 'a>;
    let cases: [(String, Of<'_>); 6] = [
        (
            format!(
                "createdDateTime ge {} and createdDateTime lt {}",
                from.created(),
                to.created()
            ),
            Box::new(|event| (from.at..to.at).contains(&event.at)),
        ),
        (
            format!("userId eq '{}'", sample.user_id),
            Box::new(|event| event.user_id == sample.user_id),
        ),
        (
            "status/errorCode eq 53003 and crossTenantAccessType eq 'b2bDirectConnect'".to_owned(),
            Box::new(|event| {
                event.error_code == 53_003 && event.cross_tenant_access_type == "b2bDirectConnect"
            }),
        ),
        (
            format!(
                "resourceTenantId ne '{OWN_TENANT}' and startswith(resourceDisplayName,'App 3') and not(status/errorCode eq 0)"
            ),
            Box::new(|event| {
                event.resource_tenant_id != OWN_TENANT
                    && event.resource_display_name.starts_with("App 3")
                    && event.error_code != 0
            }),
        ),
        (
            "isTenantRestricted eq true or status/errorCode eq 5000211".to_owned(),
            Box::new(|event| event.is_tenant_restricted),
        ),
        (
            format!("correlationId eq '{}'", sample.correlation_id),
            Box::new(|event| event.correlation_id == sample.correlation_id),
        ),
    ];
    for (filter, of) in &cases {
        let wanted: BTreeSet<&str> = all
            .iter()
            .filter(|event| of(event))
            .map(|event| &*event.id)
            .collect();
        for order in ["", "&$orderby=createdDateTime asc"] {
            let found = every(
                &site,
                &token,
                &format!("$select=id,createdDateTime&$filter={filter}{order}"),
            );
            assert_eq!(found.len(), wanted.len(), "{filter}");
            assert_eq!(ids(&found), wanted, "{filter}");
            let times = found
                .iter()
                .map(|event| event["createdDateTime"].as_str().unwrap());
            let forwards = !order.is_empty();
            assert!(
                times.is_sorted_by(|a, b| if forwards { a <= b } else { a >= b }),
                "{filter}"
            );
        }
    }
    assert_eq!(summaries(&site), expected_summaries(&all));
    let external = sample.external_tenant().unwrap_or(WINGTIP);
    let listed = activity(&site, &["--external-tenant-id", external]);
    let wanted = all
        .iter()
        .filter(|event| event.external_tenant() == Some(external));
    assert_eq!(listed.len(), wanted.count());
}

/// By tenant and direction: events, those let in, users, apps and requests.
type Summaries = BTreeMap<(String, String), [u64; 5]>;

fn summaries(site: &Site) -> Summaries {
    let lines = activity(site, &["--summary-stats"]);
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let columns = [
        "SignIns",
        "SuccessSignIns",
        "UniqueUsers",
        "UniqueResources",
        "Requests",
    ];
    let lines = lines.iter().map(|line| {
        let key = (
            text(line, "ExternalTenantId"),
            text(line, "AccessDirection"),
        );
        (key, columns.map(|name| line[name].as_u64().unwrap()))
    });
    lines.collect()
}

/// Events, those that succeeded, users, apps and requests.
type Counted<'a> = (u64, u64, BTreeSet<&'a str>, BTreeSet<&'a str>, u64);

fn expected_summaries(all: &[Invented]) -> Summaries {
    let mut found: BTreeMap<_, Counted<'_>> = BTreeMap::new();
    for event in all {
        let Some(external) = event.external_tenant() else {
            continue;
        };
        let inbound = event.resource_tenant_id == OWN_TENANT;
        let direction = if inbound { "Inbound" } else { "Outbound" };
        let key = (external.to_owned(), direction.to_owned());
        let (events, success, users, apps, requests) = found.entry(key).or_default();
        *events += 1;
        *success += u64::from(event.error_code == 0);
        users.insert(&event.user_id);
        apps.insert(&event.resource_id);
        *requests += event.requests;
    }
    found
        .into_iter()
        .map(|(key, (events, success, users, apps, requests))| {
            (
                key,
                [
                    events,
                    success,
                    users.len() as u64,
                    apps.len() as u64,
                    requests,
                ],
            )
        })
        .collect()
}
