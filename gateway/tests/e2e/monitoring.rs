//! What is deployed beside the gateway to watch it: rules, alerts and dashboards ask for metrics that there are, and alerts come when
//! they should.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crossgate_testkit::curl::Curl;
use crossgate_testkit::ports;
use crossgate_testkit::programs::{require, wait_up_to};
use serde_json::Value;

use crate::site::{Site, Stage};

fn deployed(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(path)
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(deployed(folder)).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder}");
    files
}

fn promtool(arguments: &[&str], files: &[PathBuf]) {
    let output = Command::new(require("promtool", "prometheus"))
        .args(arguments)
        .args(files)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// What follows a key at the beginnings of lines.
fn named(text: &str, key: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter_map(|line| line.strip_prefix(key))
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn every_alert_keeps_silent_and_fires_in_a_test_and_every_recording_rule_is_tested() {
    let rules = files("prometheus", "yaml");
    promtool(&["check", "rules"], &rules);
    let tests = files("prometheus/tests", "yaml");
    promtool(&["test", "rules"], &tests);

    let rules: String = rules
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let tests: String = tests
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let expected: Vec<&str> = tests.split("- expr: ").skip(1).collect();
    let alerts = named(&rules, "- alert: ");
    assert!(alerts.len() > 15, "{alerts:?}");
    for alert in &alerts {
        let of = format!("alertname=\"{alert}\"");
        let of_alert = || expected.iter().filter(|text| text.contains(&of));
        let silent = |text: &&&str| text.contains("exp_samples: []");
        assert_eq!(of_alert().filter(silent).count(), 1, "{alert}: silent");
        let fires = of_alert().filter(|text| text.contains("value: 1"));
        assert_eq!(fires.count(), 1, "{alert}: fires");
    }
    let rates = named(&rules, "- record: ");
    assert!(rates.len() > 10, "{rates:?}");
    for rate in rates {
        let is_tested = expected.iter().any(|text| text.starts_with(&rate));
        assert!(is_tested, "{rate}");
    }
}

/// A Prometheus with the deployed rules that scrapes one gateway; stopped where it is dropped.
struct Prometheus {
    program: Child,
    at: std::net::SocketAddr,
}

impl Prometheus {
    fn scraping(site: &Site) -> Self {
        let directory = site.gateway.directory().join("prometheus");
        fs::create_dir(&directory).unwrap();
        let config = directory.join("prometheus.yml");
        let target = site.gateway.operations();
        let rules = deployed("prometheus/*.yaml");
        let written = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['{}']\nscrape_configs:\n- job_name: crossgate\n  \
             static_configs: [{{targets: ['{target}']}}]\n",
            rules.display()
        );
        fs::write(&config, written).unwrap();
        let at = ports::free();
        let program = Command::new(require("prometheus", "prometheus"))
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.join("data").display()
            ))
            .arg(format!("--web.listen-address={at}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.join("log")).unwrap())
            .spawn()
            .unwrap();
        Self { program, at }
    }

    fn get(&self, path: &str) -> Option<Value> {
        let answer = Curl::get(self.at, "localhost", path).send();
        serde_json::from_slice(&answer.body).ok()
    }

    /// What a query gives; the fault where it is none.
    fn query(&self, query: &str) -> Result<Vec<Value>, String> {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let told = self
            .get(&format!("/api/v1/query?query={encoded}"))
            .unwrap_or_default();
        let result = told.pointer("/data/result").and_then(Value::as_array);
        match result {
            Some(result) if told["status"] == "success" => Ok(result.clone()),
            Some(_) | None => Err(told.to_string()),
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// The names of metrics in a query, which all begin so.
fn metrics_in(query: &str) -> BTreeSet<&str> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':';
    let words = query.split(|letter: char| !is_name(letter));
    words
        .filter(|word| word.starts_with("crossgate_"))
        .collect()
}

/// As the gateway tells them; histograms are asked for by their parts.
fn exposed(site: &Site) -> BTreeSet<String> {
    let (_, text) = site.gateway.operation("/metrics").unwrap();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .flat_map(|line| {
            let (name, kind) = line.split_once(' ').unwrap();
            let parts: &[&str] = if kind == "histogram" {
                &["_bucket", "_sum", "_count"]
            } else {
                &[""]
            };
            parts.iter().map(move |part| format!("{name}{part}"))
        })
        .collect()
}

/// Those that have no sample, and so no name either, until something has happened, and what that is.
const LATER: [(&str, &str); 6] = [
    (
        "crossgate_sign_in_spool_oldest_age_seconds",
        "events go to a receiver",
    ),
    (
        "crossgate_connections_closed_total",
        "a policy closes what is under way",
    ),
    ("crossgate_signals_total", "there is a transmitter"),
    (
        "crossgate_synchronization_total",
        "there is a partner that synchronises",
    ),
    (
        "crossgate_partner_side_refreshes_total",
        "there is a partner that publishes its side",
    ),
    (
        "crossgate_certificate_expiry_timestamp_seconds",
        "the doors have a certificate",
    ),
];

#[test]
fn every_query_of_every_dashboard_and_rule_is_one_and_asks_for_metrics_that_there_are() {
    let site = Stage::new().with_store().open();
    let token = site.guest().mint();
    site.expect("a guest", site.payroll("/").bearer(&token), 200, 0);
    site.expect("nobody", site.payroll("/"), 401, 50_058);
    let administrator = site.administrator(crate::site::admin::GLOBAL_ADMINISTRATOR);
    drop(site.read(&administrator, "auditLogs/signIns"));
    let prometheus = Prometheus::scraping(&site);
    let scraped = wait_up_to(Duration::from_secs(30), || {
        let ready = prometheus.query("crossgate_ready").ok()?;
        (!ready.is_empty()).then_some(())
    });
    assert!(scraped.is_some(), "nothing was scraped");

    let mut exposed = exposed(&site);
    exposed.extend(LATER.map(|(name, _)| name.to_owned()));
    let known = |query: &str, whose: &str| {
        for metric in metrics_in(query) {
            assert!(exposed.contains(metric), "{whose}: there is no {metric}");
        }
    };
    for path in files("grafana", "json") {
        let whose = path.display().to_string();
        let board: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let panels = board["panels"].as_array().unwrap();
        let mut ids = BTreeSet::new();
        let mut asked = 0;
        for panel in panels {
            assert!(ids.insert(panel["id"].as_u64()), "{whose}: an id twice");
            for target in panel["targets"].as_array().into_iter().flatten() {
                let query = target["expr"].as_str().unwrap();
                let query = query
                    .replace("$__rate_interval", "5m")
                    .replace("$job", ".+")
                    .replace("$instance", ".+");
                assert!(!query.contains('$'), "{whose}: {query}");
                let answer = prometheus.query(&query);
                assert!(answer.is_ok(), "{whose}: {query}: {answer:?}");
                known(&query, &whose);
                asked += 1;
            }
        }
        assert!(asked > 5, "{whose}");
    }
    let told = prometheus.get("/api/v1/rules").unwrap();
    let groups = told.pointer("/data/groups").unwrap().as_array().unwrap();
    let rules: Vec<&Value> = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
        .collect();
    assert!(rules.len() > 30, "{told:#}");
    for rule in rules {
        known(
            rule["query"].as_str().unwrap(),
            rule["name"].as_str().unwrap(),
        );
    }
}
