//! The log of sign-ins taken out over the admin API, in one answer however long.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::site::admin::{ALL_SCOPES, GLOBAL_ADMINISTRATOR, SECURITY_READER};
use crate::site::roles::ASSIGNMENTS;
use crate::site::{Site, Stage};
use crossgate_insight::sign_ins::{Keep, Store};
use crossgate_testkit::certificate::Certificate;
use crossgate_testkit::curl::Curl;
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::raw;
use crossgate_testkit::sign_ins::{Invented, Invention};
use jiff::Timestamp;
use serde_json::{Value, json};

const EXPORT: &str = "crossgate/signIns/export";
const SOON: Duration = Duration::from_secs(20);
const MEBIBYTE: u64 = 1024 * 1024;

/// A call for an export whose answer is read as slowly as one likes.
struct Export {
    status: u16,
    head: String,
    body: Chunked,
}

/// A chunked body.
struct Chunked {
    stream: BufReader<TcpStream>,
    left: usize,
    ended: bool,
}

impl Export {
    fn open(site: &Site, token: &str, query: &str) -> Self {
        let stream = TcpStream::connect(site.gateway.admin()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let mut stream = BufReader::new(stream);
        let call = format!(
            "GET /beta/{EXPORT}{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.get_mut().write_all(call.as_bytes()).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(stream.read_line(&mut head).unwrap(), 0, "{head}");
        }
        Self {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: Chunked {
                stream,
                left: 0,
                ended: false,
            },
        }
    }
}

impl Read for Chunked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.ended {
            let mut line = String::new();
            while line.trim().is_empty() {
                line.clear();
                if self.stream.read_line(&mut line)? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            self.left = usize::from_str_radix(line.trim(), 16).unwrap();
            self.ended = self.left == 0;
        }
        let most = buffer.len().min(self.left);
        let read = self.stream.read(&mut buffer[..most])?;
        self.left -= read;
        if read == 0 && !self.ended {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(read)
    }
}

/// Lines, by how many and all of them together.
#[derive(Debug, Default, Eq, PartialEq)]
struct Lines {
    count: u64,
    bytes: u64,
    together: u64,
}

impl Lines {
    fn add(&mut self, line: &str) {
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        self.count += 1;
        self.bytes += line.len() as u64;
        self.together = self.together.wrapping_add(hasher.finish());
    }

    fn of<'e>(events: impl IntoIterator<Item = &'e Invented>) -> Self {
        let mut lines = Self::default();
        let mut text = String::new();
        for event in events {
            text.clear();
            event.write(&mut text);
            lines.add(text.trim_end());
        }
        lines
    }
}

fn store(site: &Site) -> Store {
    let keep = Keep {
        days: 40,
        size: 1 << 40,
    };
    Store::open(&site.gateway.directory().join("sign-ins"), keep, false).unwrap()
}

/// Invented events, which the store has.
fn fill(site: &Site, events: u64, days: u32) -> Vec<Invented> {
    let invention = Invention {
        days,
        ..Invention::of(events, Timestamp::now().as_millisecond() - 1000)
    };
    let store = store(site);
    let all: Vec<_> = (0..events).map(|number| invention.event(number)).collect();
    let mut text = String::new();
    for some in all.chunks(4096) {
        text.clear();
        some.iter().for_each(|event| event.write(&mut text));
        store.append(text.as_bytes()).unwrap();
    }
    // Days that are over are put away: the gateway would, and have others wait for it.
    store.tend(Timestamp::now()).unwrap();
    all
}

/// Memory that the gateway's process holds of its own: pages of files that it has mapped are the system's.
fn resident(site: &Site) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", site.gateway.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap()
        * 1024
}

fn get(site: &Site, token: &str, query: &str) -> Curl {
    let query = query.replace(' ', "%20");
    site.graph(token, "GET", &format!("{EXPORT}?{query}"))
}

fn ids(body: &[u8]) -> Vec<String> {
    let lines = std::str::from_utf8(body).unwrap().lines();
    let id = |line| serde_json::from_str::<Value>(line).unwrap()["id"].take();
    lines
        .map(|line| id(line).as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn two_hundred_thousand_events_go_to_a_slow_reader_in_little_memory_while_others_are_kept() {
    let mut site = Stage::new()
        .with_store()
        .section("sign_ins", "mode = \"every-request\"")
        .open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let all = fill(&site, 200_000, 30);
    let begun = Timestamp::now();
    let before = resident(&site);
    let mut export = Export::open(&site, &token, "");
    assert_eq!(export.status, 200, "{}", export.head);
    assert!(
        export
            .head
            .contains("\r\ncontent-type: application/x-ndjson\r\n"),
        "{}",
        export.head
    );
    let mut body = BufReader::with_capacity(1 << 20, &mut export.body);
    let (mut read, mut line) = (Lines::default(), String::new());
    let mut latest = String::new();
    let mut most = before;
    let mut next = |read: &mut Lines| {
        line.clear();
        if body.read_line(&mut line).unwrap() == 0 {
            return false;
        }
        let begin = line.find("\"createdDateTime\":\"").unwrap();
        let created = &line[begin..begin + 45];
        assert!(*latest <= *created, "{latest} stands before {created}");
        created.clone_into(&mut latest);
        read.add(line.trim_end());
        true
    };
    // Half a second without reading, now and then: the gateway has made all that it makes ahead.
    for _ in 0..6 {
        for _ in 0..2000 {
            assert!(next(&mut read));
        }
        std::thread::sleep(Duration::from_millis(500));
        most = most.max(resident(&site));
    }
    // Meanwhile others come in, and are in the log.
    let guest = site.guest().mint();
    let event = site.expect("a guest", site.payroll("/").bearer(&guest), 200, 0);
    let path = format!("auditLogs/signIns/{}", event["id"].as_str().unwrap());
    wait_for("the event in the log", SOON, || {
        (site.graph(&token, "GET", &path).send().status == 200).then_some(())
    });
    while next(&mut read) {
        if read.count.is_multiple_of(10_000) {
            most = most.max(resident(&site));
        }
    }
    assert_eq!(read, Lines::of(&all), "what came later is in no export");
    assert!(read.bytes > 400 * MEBIBYTE, "{}", read.bytes);
    assert!(most < before + 48 * MEBIBYTE, "{before} bytes, then {most}");

    // What came since is in the next one.
    let since = format!("since={begun}");
    let exported = get(&site, &token, &since).send();
    assert_eq!(ids(&exported.body), [event["id"].as_str().unwrap()]);

    // Where the end of an answer is that of its connection, nobody could tell that it was cut.
    let old = format!(
        "GET /v1.0/{EXPORT} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let answer = raw::send(site.gateway.admin(), old.as_bytes(), SOON);
    assert_eq!(raw::statuses(&answer), [505]);

    // It stands in the audit who took the log out, and of what.
    let audits = "auditLogs/directoryAudits?$filter=activityDisplayName%20eq%20'Export%20sign-ins'";
    let audits = site.graph(&token, "GET", audits).send().json()["value"].take();
    let query_of = |audit: &Value| {
        assert_eq!(audit["result"], "success");
        assert_eq!(audit["targetResources"][0]["id"], "auditLogs/signIns");
        let details = audit["additionalDetails"].as_array().unwrap();
        let query = details.iter().find(|detail| detail["key"] == "Query");
        query.map(|query| query["value"].clone())
    };
    let queries: Vec<_> = audits.as_array().unwrap().iter().map(query_of).collect();
    assert_eq!(
        queries,
        [None, Some(json!(since)), None],
        "the last one could not be answered"
    );

    // Two are made at a time, one for each caller. Whoever goes makes room.
    let other = site.caller(json!({ "oid": "0b0e0000-0000-4000-8000-00000000005d", "wids": [GLOBAL_ADMINISTRATOR], "scp": ALL_SCOPES }));
    let somebody = "0b0e0000-0000-4000-8000-00000000005c";
    let role = json!({ "principalId": somebody, "roleDefinitionId": SECURITY_READER, "directoryScopeId": "/" });
    let assigned = site.send(&token, "POST", ASSIGNMENTS, &role);
    assert_eq!(assigned.status, 201, "{assigned:?}");
    let reader = site.caller(json!({ "oid": somebody, "scp": ALL_SCOPES }));
    let first = Export::open(&site, &token, "");
    let mut second = Export::open(&site, &reader, "");
    assert_eq!((first.status, second.status), (200, 200));
    for (who, status, why) in [(&token, 429, "one at a time"), (&other, 503, "2 exports")] {
        let full = site.graph(who, "GET", EXPORT).send();
        assert_eq!(full.status, status, "{full:?}");
        assert_eq!(full.header("retry-after"), Some("30"));
        assert!(full.text().contains(why), "{full:?}");
    }
    drop(first);
    let mut first = wait_for("room for an export", SOON, || {
        let export = Export::open(&site, &token, "");
        (export.status == 200).then_some(export)
    });
    // Whoever loses the role meanwhile gets no more, nor does anybody of a gateway that ends: both can tell that it is not all.
    let assignment = assigned.json()["id"].as_str().unwrap().to_owned();
    let removed = site
        .graph(&token, "DELETE", &format!("{ASSIGNMENTS}/{assignment}"))
        .send();
    assert_eq!(removed.status, 204, "{removed:?}");
    let mut rest = Vec::new();
    let cut = second.body.read_to_end(&mut rest).unwrap_err();
    assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof, "{cut}");
    site.gateway.terminate();
    let cut = first.body.read_to_end(&mut rest).unwrap_err();
    assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof, "{cut}");
    assert!(site.gateway.wait().status.success());
}

#[test]
fn an_export_is_of_what_is_asked_for_and_tells_no_more_than_a_page_does() {
    let stage = Stage::new().with_store();
    let certificate = Certificate::make(stage.directory(), &["localhost"]);
    let site = stage.section("listen.tls", &certificate.settings()).open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let all = fill(&site, 6000, 2);
    let over_tls = |token: &str, query: &str| {
        let path = format!("/v1.0/{EXPORT}?{}", query.replace(' ', "%20"));
        Curl::get_tls(site.gateway.admin(), "localhost", &path, &certificate.cert).bearer(token)
    };
    let (from, to) = (&all[1000], &all[5000]);
    let user = &all[3000].user_id;
    let within = |event: &&Invented| (from.at..to.at).contains(&event.at);
    for (query, wanted) in [
        (String::new(), Lines::of(&all)),
        (
            format!("since={}&until={}", from.created(), to.created()),
            Lines::of(all.iter().filter(within)),
        ),
        (
            format!("$filter=userId eq '{user}'&until={}", to.created()),
            Lines::of(
                all.iter()
                    .filter(|event| event.user_id == *user && event.at < to.at),
            ),
        ),
        (
            format!(
                "since={}&$filter=status/errorCode ne 0 and createdDateTime lt {}",
                from.created(),
                to.created()
            ),
            Lines::of(
                all.iter()
                    .filter(within)
                    .filter(|event| event.error_code != 0),
            ),
        ),
    ] {
        for gzip in [false, true] {
            let call = over_tls(&token, &query);
            let call = if gzip {
                call.argument("--compressed")
            } else {
                call
            };
            let answer = call.send();
            assert_eq!((answer.status, &*answer.version), (200, "2"), "{answer:?}");
            assert_eq!(answer.header("content-encoding").is_some(), gzip);
            let mut read = Lines::default();
            answer.text().lines().for_each(|line| read.add(line));
            assert_eq!(read, wanted, "{query}");
        }
    }
    // Of Conditional Access policies, whoever may not read them is told nothing, nor by what a filter finds.
    let named = json!({
        "id": "named", "createdDateTime": to.created(), "userId": "u",
        "appliedConditionalAccessPolicies": [{ "id": "p", "displayName": "Secret plans", "result": "success" }],
        "crossgate": { "nearestChange": "exclude the user from conditional-access/policies.json (Secret plans)" },
    });
    store(&site)
        .append(format!("{named}\n").as_bytes())
        .unwrap();
    let only_logs =
        site.caller(json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": "AuditLog.Read.All" }));
    let by_name =
        "$filter=appliedConditionalAccessPolicies/any(p: p/displayName eq 'Secret plans')";
    let found = over_tls(&token, by_name).send();
    assert_eq!(found.json(), named, "as it was written");
    assert_eq!(over_tls(&only_logs, by_name).send().text(), "");
    let told = over_tls(&only_logs, "$filter=userId eq 'u'").send();
    assert_eq!(told.json()["id"], "named");
    assert!(!told.text().contains("Secret plans"), "{told:?}");
    let page = format!("/v1.0/auditLogs/signIns?{}", by_name.replace(' ', "%20"));
    let page = Curl::get_tls(site.gateway.admin(), "localhost", &page, &certificate.cert);
    assert_eq!(page.bearer(&only_logs).send().json()["value"], json!([]));

    let only_partners =
        site.caller(json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": "Policy.Read.All" }));
    assert_eq!(over_tls(&only_partners, "").send().status, 403);
    let reader = site.administrator(SECURITY_READER);
    for wrong in [
        "since=x",
        "until=x",
        "$top=5",
        "$filter=nothing eq 1",
        "what=1",
        "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
    ] {
        let answer = over_tls(&reader, wrong).send();
        assert_eq!(answer.status, 400, "{wrong}: {answer:?}");
    }
    let head = over_tls(&token, "").argument("--head").send();
    assert_eq!(head.status, 200, "{head:?}");
    let batch =
        json!({ "requests": [{ "id": "1", "method": "GET", "url": format!("/{EXPORT}") }] });
    let batch = Curl::get_tls(
        site.gateway.admin(),
        "localhost",
        "/v1.0/$batch",
        &certificate.cert,
    )
    .bearer(&token)
    .method("POST")
    .header("Content-Type", "application/json")
    .body(batch.to_string())
    .send();
    assert_eq!(batch.json()["responses"][0]["status"], 400, "{batch:?}");
}

#[test]
fn an_export_that_comes_upon_a_damaged_file_is_cut_and_its_client_can_tell() {
    let stage = Stage::new().with_store();
    let certificate = Certificate::make(stage.directory(), &["localhost"]);
    let site = stage.section("listen.tls", &certificate.settings()).open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    fill(&site, 2000, 5);
    let mut files: Vec<_> = std::fs::read_dir(site.gateway.directory().join("sign-ins"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let days: Vec<_> = files
        .iter()
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "events"))
        .collect();
    let third = days[2];
    for path in files
        .iter()
        .filter(|path| path.to_str().unwrap().starts_with(third.to_str().unwrap()))
    {
        std::fs::remove_file(path).unwrap();
    }
    std::fs::write(third, vec![0x5a; 100_000]).unwrap();
    let path = format!("/v1.0/{EXPORT}");
    for (version, said) in [
        ("--http2", "HTTP/2 stream"),
        ("--http1.1", "transfer closed"),
    ] {
        let call = Curl::get_tls(site.gateway.admin(), "localhost", &path, &certificate.cert);
        let answer = call.bearer(&token).argument(version).send();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.complaint.contains(said), "{}", answer.complaint);
    }
    let log = site.gateway.log();
    assert!(
        log.contains(third.file_name().unwrap().to_str().unwrap()),
        "{log}"
    );
    // The days behind it can be had.
    let day = third.file_name().unwrap().to_str().unwrap()[..10]
        .parse::<jiff::civil::Date>()
        .unwrap();
    let since = format!("/v1.0/{EXPORT}?since={}T00:00:00Z", day.tomorrow().unwrap());
    let call = Curl::get_tls(site.gateway.admin(), "localhost", &since, &certificate.cert);
    let answer = call.bearer(&token).send();
    assert_eq!((answer.status, &*answer.complaint), (200, ""));
    assert!(ids(&answer.body).len() > 300);
}
