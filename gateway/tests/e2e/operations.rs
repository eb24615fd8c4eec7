//! Starting, stopping, watching and accounting.

use crate::site::load::Client;
use crate::site::{PAYROLL_HOST, Stage};
use crossgate_testkit::ports;
use crossgate_testkit::programs::{require, run, wait_for};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// What all events of a run add up to.
fn counted(events: &[Value]) -> u64 {
    events
        .iter()
        .map(|event| event["crossgate"]["count"].as_u64().unwrap())
        .sum()
}

#[test]
fn the_gateway_says_that_it_lives_and_is_ready() {
    let site = Stage::new().open();
    for path in ["/livez", "/readyz"] {
        assert_eq!(site.gateway.operation(path).unwrap().0, 200, "{path}");
    }
    assert_eq!(site.gateway.operation("/nothing").unwrap().0, 404);
    // They are the operator's, not the callers'.
    assert_eq!(site.payroll("/metrics").send().status, 401);
}

#[test]
fn repeated_requests_add_up_to_what_was_served() {
    let site = Stage::new()
        .section("sign_ins", "mode = \"first-then-count\"")
        .open();
    let good = site.member().mint();
    let bad = site.member().fault("expired").mint();
    let mut served = 0;
    for (token, times) in [(&good, 60), (&bad, 40)] {
        let mut client = Client::connect(site.gateway.proxy(), PAYROLL_HOST, "/status/200", token);
        for _ in 0..times {
            client.ask().unwrap();
            served += 1;
        }
    }
    for _ in 0..5 {
        assert_eq!(site.payroll("/").send().status, 401);
        served += 1;
    }
    // The first of each kind is written at once.
    wait_for("the first events", SOON, || {
        (site.gateway.events().len() >= 3).then_some(())
    });
    assert!(site.gateway.events().len() < 10);
    let served_so_far = f64::from(u32::try_from(served).unwrap());
    wait_for("the request counter", SOON, || {
        let counter = site.gateway.metric("crossgate_requests_total", &[]);
        ((counter - served_so_far).abs() < 0.5).then_some(())
    });
    let stopped = site.gateway.stop();
    assert_eq!(stopped.status.code(), Some(0), "{}", stopped.log);
    for event in &stopped.events {
        crate::site::sign_in::check(event);
    }
    assert_eq!(counted(&stopped.events), served);
}

#[test]
fn sigterm_finishes_what_is_in_flight_and_loses_no_event() {
    let mut site = Stage::new().open();
    let token = site.member().mint();
    assert_eq!(site.payroll("/").bearer(&token).send().status, 200);
    // Longer than the writer waits for events: only a drain lets it end.
    let slow = site.payroll("/slow?ms=7000").bearer(&token);
    let proxy = site.gateway.proxy();
    let answer = std::thread::scope(|scope| {
        let slow = scope.spawn(|| slow.send());
        wait_for("the slow request to arrive", SOON, || {
            (site.upstream.open() == 1).then_some(())
        });
        site.gateway.terminate();
        wait_for("the door to close", SOON, || {
            std::net::TcpStream::connect(proxy).is_err().then_some(())
        });
        slow.join().unwrap()
    });
    assert_eq!(answer.status, 200, "{answer:?}");
    let stopped = site.gateway.wait();
    assert_eq!(stopped.status.code(), Some(0), "{}", stopped.log);
    assert_eq!(counted(&stopped.events), 2);
}

#[test]
fn sigquit_hands_the_doors_to_a_new_process_and_refuses_no_connection() {
    let mut site = Stage::new().section("shutdown", "drain = \"2s\"").open();
    let token = site.member().mint();
    let (proxy, over) = (site.gateway.proxy(), AtomicBool::new(false));
    let served = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut served = 0;
            while !over.load(Ordering::Relaxed) {
                let mut client = Client::connect(proxy, PAYROLL_HOST, "/status/200", &token);
                let (status, body) = client.ask().unwrap();
                assert_eq!(status, 200, "{body}");
                served += 1;
            }
            served
        });
        let status = site.gateway.hand_over();
        assert_eq!(status.code(), Some(0), "{}", site.gateway.log());
        site.gateway.wait_until_ready();
        assert_eq!(
            site.payroll("/status/200").bearer(&token).send().status,
            200
        );
        over.store(true, Ordering::Relaxed);
        load.join().unwrap() + 1
    });
    let stopped = site.gateway.stop();
    assert_eq!(stopped.status.code(), Some(0), "{}", stopped.log);
    assert_eq!(counted(&stopped.events), served);
}

#[test]
fn sigquit_without_a_new_process_stops_nothing() {
    let site = Stage::new().open();
    site.gateway.quit();
    wait_for("the reason", SOON, || {
        site.gateway.log().contains("SIGQUIT").then_some(())
    });
    let token = site.member().mint();
    assert_eq!(site.payroll("/").bearer(&token).send().status, 200);
}

#[test]
fn an_address_that_is_taken_stops_the_start_and_is_named() {
    let stage = Stage::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut site = stage
        .section("listen", &format!("metrics = \"{address}\""))
        .open_unready();
    let stopped = site.gateway.wait();
    assert_eq!(stopped.status.code(), Some(1), "{}", stopped.log);
    let told = format!("[listen] metrics: cannot listen on `{address}`");
    assert!(stopped.log.contains(&told), "{}", stopped.log);
}

#[test]
fn promtool_finds_no_fault_in_the_metrics() {
    let site = Stage::new().open();
    let token = site.guest().mint();
    assert_eq!(site.payroll("/").bearer(&token).send().status, 200);
    assert_eq!(site.payroll("/").send().status, 401);
    let (_, metrics) = site.gateway.operation("/metrics").unwrap();
    let output = run(
        Command::new(require("promtool", "prometheus")).args(["check", "metrics"]),
        metrics.as_bytes(),
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    for name in [
        "crossgate_requests_total",
        "crossgate_decision_duration_seconds",
        "crossgate_request_duration_seconds",
        "crossgate_upstream_duration_seconds",
        "crossgate_token_cache_hits_total",
        "crossgate_token_cache_misses_total",
        "crossgate_token_cache_evictions_total",
        "crossgate_token_cache_entries",
        "crossgate_token_verifications_total",
        "crossgate_jwks_refreshes_total",
        "crossgate_jwks_age_seconds",
        "crossgate_policy_snapshot_info",
        "crossgate_policy_reloads_total",
        "crossgate_policy_last_reload_timestamp_seconds",
        "crossgate_policy_partners",
        "crossgate_sign_in_events_total",
        "crossgate_sign_in_queue_depth",
        "crossgate_connections",
        "crossgate_build_info",
    ] {
        assert!(
            metrics.contains(&format!("# TYPE {name} ")),
            "{name} is missing in\n{metrics}"
        );
    }
    for secret in [crate::site::WINGTIP, crossgate_testkit::gateway::OWN_TENANT] {
        assert!(!metrics.contains(secret), "a tenant in a label:\n{metrics}");
    }
}

#[test]
fn a_real_prometheus_scrapes_the_gateway() {
    let site = Stage::new().open();
    let token = site.guest().mint();
    for _ in 0..7 {
        assert_eq!(site.payroll("/").bearer(&token).send().status, 200);
    }
    let directory = site.gateway.directory().join("prometheus");
    std::fs::create_dir(&directory).unwrap();
    let config = directory.join("prometheus.yml");
    let target = site.gateway.operations();
    std::fs::write(
        &config,
        format!(
            "scrape_configs:\n- job_name: crossgate\n  scrape_interval: 1s\n  static_configs: [{{targets: ['{target}']}}]\n"
        ),
    )
    .unwrap();
    let at = ports::free();
    let mut prometheus = Command::new(require("prometheus", "prometheus"))
        .arg(format!("--config.file={}", config.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            directory.join("data").display()
        ))
        .arg(format!("--web.listen-address={at}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(directory.join("log")).unwrap())
        .spawn()
        .unwrap();
    let found = crossgate_testkit::programs::wait_up_to(Duration::from_secs(30), || {
        let query = crossgate_testkit::curl::Curl::get(
            at,
            "localhost",
            "/api/v1/query?query=sum(crossgate_requests_total)",
        );
        let answer = query.send();
        let told: Value = serde_json::from_slice(&answer.body).ok()?;
        let value = told.pointer("/data/result/0/value/1")?.as_str()?.to_owned();
        (value == "7").then_some(())
    });
    prometheus.kill().unwrap();
    prometheus.wait().unwrap();
    let log = std::fs::read_to_string(directory.join("log")).unwrap();
    assert!(found.is_some(), "{log}");
}

/// `/dev/full` takes nothing: every write to it fails as on a full disk.
fn with_a_full_disk(on_full: &str) -> crate::site::Site {
    Stage::new()
        .section(
            "sign_ins",
            &format!("sinks = [\"file:/dev/full\"]\non_full = \"{on_full}\""),
        )
        .open()
}

#[test]
fn where_events_cannot_be_kept_requests_are_refused() {
    let mut site = with_a_full_disk("refuse");
    let token = site.member().mint();
    let mut client = Client::connect(site.gateway.proxy(), PAYROLL_HOST, "/status/200", &token);
    let refused = (0..MORE_THAN_ANY_QUEUE).find_map(|_| {
        let (status, body) = client.ask().unwrap();
        (status != 200).then_some((status, body))
    });
    let (status, body) = refused.unwrap();
    assert_eq!(status, 503, "{body}");
    let reached = site.upstream.requests();
    assert_eq!(client.ask().unwrap().0, 503);
    assert_eq!(
        site.upstream.requests(),
        reached,
        "a request passed without a record"
    );
    // Whoever looks why finds it, and that the events of those that passed are lost with the process.
    site.gateway.terminate();
    assert_eq!(site.gateway.wait().status.code(), Some(1));
    let log = site.gateway.log();
    assert!(log.contains("there is no room for more events"), "{log}");
    assert!(log.contains("could not be written before the end"), "{log}");
}

#[test]
fn where_events_may_be_dropped_the_drops_are_counted() {
    let site = with_a_full_disk("drop");
    let token = site.member().mint();
    let mut client = Client::connect(site.gateway.proxy(), PAYROLL_HOST, "/status/200", &token);
    let dropped = (0..MORE_THAN_ANY_QUEUE).step_by(1000).any(|_| {
        for _ in 0..1000 {
            assert_eq!(client.ask().unwrap().0, 200);
        }
        site.gateway
            .metric("crossgate_sign_in_events_total", &["result=\"dropped\""])
            > 0.0
    });
    assert!(dropped, "no drop was counted");
}

const MORE_THAN_ANY_QUEUE: usize = 200_000;
