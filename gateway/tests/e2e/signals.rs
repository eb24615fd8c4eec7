//! Security events that partners' providers push: what they end, what they cannot, and how their streams are set up.

use std::time::Duration;

use crate::site::admin::{AUDITS, GLOBAL_ADMINISTRATOR, PARTNERS};
use crate::site::transmitter::{RECEIVER, Transmitter, now};
use crate::site::{AUDIENCE, Site, Stage, everyone, partner};
use crossgate_testkit::curl::{Answer, Curl};
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};

const ACME: &str = "55555555-5555-4555-8555-555555555555";
const GLOBEX: &str = "66666666-6666-4666-8666-666666666666";
const SIGNALS: &str = "signals.contoso.com";
const REVOKED: &str = "caep/event-type/session-revoked";

/// Contoso's gateway before the app, and two partners whose providers tell.
struct Play {
    site: Site,
    acme: Transmitter,
    globex: Transmitter,
}

impl Play {
    /// `keys` stand in Acme's entry.
    fn open(keys: &str) -> Self {
        let (acme, globex) = (Transmitter::start(), Transmitter::start());
        let mut stage = Stage::new()
            .with_store()
            .section("listen", "trusted_proxies = [\"127.0.0.0/8\"]")
            .section("signals", &format!("host = \"{SIGNALS}\""));
        for (name, tenant, transmitter, keys) in
            [("acme", ACME, &acme, keys), ("globex", GLOBEX, &globex, "")]
        {
            let issuer = transmitter.issuer();
            stage = stage.entries(&format!(
                r#"
[[issuer]]
name = "{name}"
kind = "oidc"
issuer = "{issuer}"
tenant = "{tenant}"
jwks = "{issuer}/jwks"
algorithms = ["ES256"]

[[partner]]
tenant = "{tenant}"
name = "{name}"
domains = ["{name}.example"]

[[transmitter]]
name = "{name}"
issuer = "{name}"
audience = "{RECEIVER}"
{keys}
"#
            ));
        }
        let site = stage.open();
        let administrator = site.administrator(GLOBAL_ADMINISTRATOR);
        for tenant in [ACME, GLOBEX] {
            let open = partner(tenant, json!({ "b2bDirectConnectInbound": everyone() }));
            let made = site.send_meaning_it(&administrator, "POST", PARTNERS, &open);
            assert_eq!(made.status, 201, "{made:?}");
        }
        Self { site, acme, globex }
    }

    fn push(&self, name: &str, set: &str) -> Curl {
        let path = format!("/.crossgate/signals/{name}");
        Curl::get(self.site.gateway.proxy(), SIGNALS, &path)
            .method("POST")
            .header("Content-Type", "application/secevent+jwt")
            .header("X-Forwarded-For", "192.0.2.7")
            .header("X-Forwarded-Proto", "https")
            .body(set)
    }

    #[track_caller]
    fn taken(&self, name: &str, set: &str) {
        let answer = self.push(name, set).send();
        assert_eq!((answer.status, answer.body.len()), (202, 0), "{answer:?}");
    }

    /// An old token of a user of Acme's.
    fn of_acme(&self, user: &str) -> String {
        self.acme.token(user, AUDIENCE, 30, &json!({}))
    }

    #[track_caller]
    fn opens(&self, token: &str) {
        self.site
            .expect("opens", self.site.payroll("/").bearer(token), 200, 0);
    }

    #[track_caller]
    fn is_revoked(&self, token: &str) {
        let asked = self.site.payroll("/").bearer(token);
        self.site.expect("is revoked", asked, 401, 50_173);
    }

    /// The audit's records of received events, the newest first.
    fn records(&self) -> Vec<Value> {
        let administrator = self.site.administrator(GLOBAL_ADMINISTRATOR);
        let all = self.site.read(&administrator, AUDITS)["value"].clone();
        let all = all.as_array().unwrap().iter();
        all.filter(|record| record["activityDisplayName"] == "Receive security event")
            .cloned()
            .collect()
    }

    fn count(&self, transmitter: &str, result: &str) -> f64 {
        let labels = [
            format!("transmitter=\"{transmitter}\""),
            format!("result=\"{result}\""),
        ];
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        self.site.gateway.metric("crossgate_signals_total", &labels)
    }
}

#[track_caller]
fn refused(answer: &Answer, status: u16, err: &str) {
    assert_eq!(
        (answer.status, &answer.json()["err"]),
        (status, &json!(err)),
        "{answer:?}"
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("content-language"), Some("en"));
    assert!(answer.json()["description"].is_string(), "{answer:?}");
}

fn detail<'a>(record: &'a Value, key: &str) -> Option<&'a str> {
    let details = record["additionalDetails"].as_array()?;
    let found = details.iter().find(|detail| detail["key"] == key)?;
    found["value"].as_str()
}

#[test]
fn a_session_that_its_provider_revokes_is_refused_at_the_next_request_and_nobody_elses() {
    let play = Play::open("");
    let (ada, bob) = (play.of_acme("ada"), play.of_acme("bob"));
    let other_ada = play.globex.token("ada", AUDIENCE, 30, &json!({}));
    for token in [&ada, &bob, &other_ada] {
        play.opens(token);
    }
    let (mut adas, mut bobs) = (play.site.socket(&ada), play.site.socket(&bob));
    for socket in [&mut adas, &mut bobs] {
        socket.echoes("before");
    }
    let set = play.acme.set(REVOKED, "ada", |_| {});
    let (answer, event) = play.site.ask(play.push("acme", &set));
    assert_eq!((answer.status, answer.body.len()), (202, 0), "{answer:?}");
    assert_eq!(event["crossgate"]["outcome"], "signal", "{event:#}");
    assert_eq!(event["status"]["additionalDetails"], "revoked", "{event:#}");
    play.is_revoked(&ada);
    play.opens(&bob);
    play.opens(&other_ada);
    let last = adas.frame();
    assert_eq!(
        last.closing(),
        (1008, "AADSTS50173: access has ended"),
        "{last:?}"
    );
    bobs.echoes("after");
    assert_eq!(play.count("acme", "revoked"), 1.0);

    let records = play.records();
    let [record] = records.as_slice() else {
        panic!("{records:#?}");
    };
    assert_eq!(record["result"], "success");
    assert_eq!(record["initiatedBy"]["app"]["displayName"], "acme");
    assert_eq!(record["targetResources"][0]["id"], "ada");
    assert_eq!(detail(record, "Event"), Some("session-revoked"));
    assert_eq!(detail(record, "Reason"), Some("policy violation"));
    assert_eq!(detail(record, "Tenant"), Some(ACME));

    // The second of the event is over, and whoever signs in anew comes in.
    std::thread::sleep(Duration::from_millis(1100));
    play.opens(&play.acme.token("ada", AUDIENCE, 0, &json!({})));
    play.is_revoked(&ada);
}

#[test]
fn a_partner_ends_no_users_of_another_by_their_id_nor_in_its_own_name() {
    let play = Play::open("");
    let globex_ada = play
        .globex
        .token("ada", AUDIENCE, 30, &json!({ "sid": "s-1", "jti": "t-1" }));
    play.opens(&globex_ada);
    let other = play.globex.issuer();
    for subject in [
        json!({ "format": "opaque", "id": "ada" }),
        json!({ "format": "opaque", "id": "s-1" }),
        json!({ "format": "complex", "session": { "format": "opaque", "id": "s-1" } }),
        json!({ "format": "jwt_id", "iss": play.acme.issuer(), "jti": "t-1" }),
    ] {
        let told = subject.to_string();
        let set = play.acme.set(REVOKED, "x", |set| set["sub_id"] = subject);
        let answer = play.push("acme", &set).send();
        assert_eq!(answer.status, 202, "{told}: {answer:?}");
        play.opens(&globex_ada);
    }
    for subject in [
        json!({ "format": "iss_sub", "iss": other, "sub": "ada" }),
        json!({ "format": "email", "email": "ada@globex.example" }),
        json!({ "format": "complex", "tenant": { "format": "opaque", "id": GLOBEX } }),
    ] {
        let set = play.acme.set(REVOKED, "x", |set| set["sub_id"] = subject);
        refused(&play.push("acme", &set).send(), 400, "access_denied");
    }
    // Globex's own word at Acme's place.
    let set = play.globex.set(REVOKED, "ada", |_| {});
    let (answer, event) = play.site.ask(play.push("acme", &set));
    refused(&answer, 400, "invalid_issuer");
    assert_eq!(
        event["status"]["additionalDetails"], "wrong_issuer",
        "{event:#}"
    );
    play.opens(&globex_ada);
    let failures = wait_for("records of refusals", Duration::from_secs(10), || {
        let mut records = play.records();
        records.retain(|record| record["result"] == "failure");
        (records.len() >= 4).then_some(records)
    });
    let mut reasons: Vec<_> = failures
        .iter()
        .map(|record| {
            assert_eq!(
                record["initiatedBy"]["app"]["displayName"], "acme",
                "{record:#}"
            );
            detail(record, "Reason").unwrap()
        })
        .collect();
    reasons.sort_unstable();
    let foreign = [
        "another_tenant",
        "subject_in_another_domain",
        "subject_of_another_issuer",
        "wrong_issuer",
    ];
    assert_eq!(reasons, foreign, "{failures:#?}");
    for reason in foreign {
        assert_eq!(play.count("acme", reason), 1.0, "{reason}");
    }
    play.taken("globex", &set);
    play.is_revoked(&globex_ada);
}

#[test]
fn what_breaks_a_rule_is_refused_by_its_code_and_recorded_once_a_minute() {
    let play = Play::open("");
    let ada = play.of_acme("ada");
    play.opens(&ada);
    let acme = &play.acme;
    let with = |change: fn(&mut Value)| acme.set(REVOKED, "ada", change);
    for (set, err) in [
        (acme.forged(REVOKED, "ada"), "authentication_failed"),
        (acme.unsigned(REVOKED, "ada"), "invalid_key"),
        (
            with(|set| set["aud"] = json!("https://else.example")),
            "invalid_audience",
        ),
        (
            with(|set| set["iat"] = json!(now() + 3600)),
            "invalid_request",
        ),
        (
            with(|set| set["exp"] = json!(now() + 3600)),
            "invalid_request",
        ),
        (with(|set| set["sub"] = json!("ada")), "invalid_request"),
        (with(|set| set["events"] = json!({})), "invalid_request"),
        (
            acme.token("ada", RECEIVER, 0, &json!({})),
            "invalid_request",
        ),
        ("rubbish".to_owned(), "invalid_request"),
        (String::new(), "invalid_request"),
    ] {
        refused(&play.push("acme", &set).send(), 400, err);
    }
    let set = with(|_| {});
    let plain = Curl::get(
        play.site.gateway.proxy(),
        SIGNALS,
        "/.crossgate/signals/acme",
    );
    let plain = plain.method("POST").body(set.clone());
    refused(&plain.clone().send(), 400, "invalid_request");
    let typed = plain
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-For", "192.0.2.7");
    refused(
        &typed.header("Content-Type", "application/jwt").send(),
        400,
        "invalid_request",
    );
    let large = "a".repeat((64 << 10) + 1);
    refused(&play.push("acme", &large).send(), 413, "invalid_request");
    let got = play.push("acme", &set).method("GET").send();
    refused(&got, 405, "invalid_request");
    refused(&play.push("nobody", &set).send(), 404, "invalid_request");
    play.opens(&ada);

    let failures = wait_for("records of refusals", Duration::from_secs(10), || {
        let records = play.records();
        (records.len() >= 10).then_some(records)
    });
    assert!(failures.iter().all(|record| record["result"] == "failure"));
    assert!(
        failures
            .iter()
            .all(|record| record["initiatedBy"]["app"]["displayName"] == "acme")
    );
    let reason = |record: &Value| detail(record, "Reason").map(str::to_owned);
    let mut reasons: Vec<_> = failures.iter().filter_map(reason).collect();
    reasons.sort();
    let all = reasons.len();
    reasons.dedup();
    assert_eq!(reasons.len(), all, "{failures:#?}");
    assert_eq!(play.count("unknown", "unknown_transmitter"), 1.0);
    assert_eq!(play.count("acme", "wrong_audience"), 1.0);
}

#[test]
fn the_same_event_again_changes_nothing_also_after_a_restart() {
    let mut play = Play::open("");
    let ada = play.of_acme("ada");
    play.opens(&ada);
    let id = |set: &mut Value| set["jti"] = json!("the-same");
    let set = play.acme.set(REVOKED, "ada", id);
    // Each push is an event of its own; what changed something is in the audit besides.
    let pushed = |play: &Play, result: &str| {
        let (answer, event) = play.site.ask(play.push("acme", &set));
        assert_eq!((answer.status, answer.body.len()), (202, 0), "{answer:?}");
        assert_eq!(event["crossgate"]["outcome"], "signal", "{event:#}");
        assert_eq!(event["status"]["additionalDetails"], result, "{event:#}");
        assert_eq!(play.count("acme", result), 1.0);
    };
    pushed(&play, "revoked");
    pushed(&play, "repeated");
    assert_eq!(play.records().len(), 1);
    let other = play.acme.set(REVOKED, "bob", id);
    refused(&play.push("acme", &other).send(), 400, "invalid_request");
    play.opens(&play.of_acme("bob"));

    play.site.gateway.restart();
    play.is_revoked(&ada);
    let before = play.records().len();
    pushed(&play, "standing");
    assert_eq!(play.records().len(), before);
    play.is_revoked(&ada);
}

#[test]
fn who_does_not_send_the_agreed_authorization_is_heard_by_nobody() {
    let play = Play::open("authorization = \"Bearer agreed\"");
    let ada = play.of_acme("ada");
    play.opens(&ada);
    let set = play.acme.set(REVOKED, "ada", |_| {});
    let push = || play.push("acme", &set);
    for wrong in [
        push(),
        push().bearer("agree"),
        push().bearer("agreed2"),
        push().header("Authorization", "bearer agreed"),
        push().bearer("agreed").bearer("agreed"),
    ] {
        let answer = wrong.send();
        refused(&answer, 401, "authentication_failed");
        assert!(answer.header("www-authenticate").is_some());
        play.opens(&ada);
    }
    assert_eq!(push().bearer("agreed").send().status, 202);
    play.is_revoked(&ada);
}

#[test]
fn a_device_that_complies_no_more_or_a_credential_that_is_gone_ends_what_was_signed_in() {
    let play = Play::open("");
    let change = |event: &str, user: &str, members: Value| {
        play.acme.set(event, user, |set| {
            let uri = format!("https://schemas.openid.net/secevent/{event}");
            let event = set["events"][&uri].as_object_mut().unwrap();
            event.extend(members.as_object().unwrap().clone());
        })
    };
    let device = "caep/event-type/device-compliance-change";
    let credential = "caep/event-type/credential-change";
    let none: [(&str, Value); 2] = [
        (
            device,
            json!({ "previous_status": "not-compliant", "current_status": "compliant" }),
        ),
        (
            credential,
            json!({ "credential_type": "fido2-roaming", "change_type": "create" }),
        ),
    ];
    let some: [(&str, Value); 4] = [
        (
            device,
            json!({ "previous_status": "compliant", "current_status": "not-compliant" }),
        ),
        (
            credential,
            json!({ "credential_type": "password", "change_type": "update" }),
        ),
        (
            "caep/event-type/assurance-level-change",
            json!({ "namespace": "NIST-AAL", "current_level": "nist-aal1", "change_direction": "decrease" }),
        ),
        (
            "caep/event-type/token-claims-change",
            json!({ "claims": { "role": "none" } }),
        ),
    ];
    for (number, (event, members)) in none.into_iter().enumerate() {
        let user = format!("kept-{number}");
        let token = play.of_acme(&user);
        play.taken("acme", &change(event, &user, members));
        play.opens(&token);
    }
    for (number, (event, members)) in some.into_iter().enumerate() {
        let user = format!("gone-{number}");
        let token = play.of_acme(&user);
        play.opens(&token);
        play.taken("acme", &change(event, &user, members));
        play.is_revoked(&token);
    }
    assert_eq!(play.records().len(), 4);
}

#[test]
fn a_key_that_is_new_is_waited_for_and_one_that_nobody_published_is_told_so() {
    let mut play = Play::open("");
    let ada = play.of_acme("ada");
    let bob = play.globex.token("bob", AUDIENCE, 30, &json!({}));
    play.opens(&ada);
    play.acme.rotate("second", true);
    let set = play.acme.set(REVOKED, "ada", |_| {});
    play.taken("acme", &set);
    play.is_revoked(&ada);

    // Its keys were fetched just now, and are not again: it may be a key that comes.
    play.acme.rotate("third", false);
    let set = play.acme.set(REVOKED, "bob", |_| {});
    let answer = play.push("acme", &set).send();
    refused(&answer, 503, "invalid_key");
    assert!(answer.header("retry-after").is_some());
    // Of an issuer that may be asked, it is known that there is no such key.
    play.globex.rotate("second", false);
    let set = play.globex.set(REVOKED, "bob", |_| {});
    refused(&play.push("globex", &set).send(), 400, "invalid_key");
    play.opens(&bob);
}

#[test]
fn a_stream_is_set_up_and_shows_that_it_works() {
    let play = Play::open("token = \"manage\"\nauthorization = \"Bearer agreed\"");
    let state = wait_for(
        "a request for verification",
        Duration::from_secs(30),
        || {
            let asked = play.acme.asked();
            let verify = asked.iter().find(|asked| asked.path == "/ssf/verify")?;
            assert_eq!(verify.body["stream_id"], "stream-1");
            verify.body["state"].as_str().map(str::to_owned)
        },
    );
    let streams = play.acme.streams();
    let [stream] = streams.as_slice() else {
        panic!("{streams:#?}");
    };
    assert_eq!(
        stream["delivery"],
        json!({
            "method": "urn:ietf:rfc:8935",
            "endpoint_url": format!("https://{SIGNALS}/.crossgate/signals/acme"),
            "authorization_header": "Bearer agreed",
        })
    );
    assert_eq!(stream["events_requested"].as_array().unwrap().len(), 5);
    let verification = |state: &str| {
        play.acme.set("ssf/event-type/verification", "x", |set| {
            set["sub_id"] = json!({ "format": "opaque", "id": "stream-1" });
            set["events"] = json!({
                "https://schemas.openid.net/secevent/ssf/event-type/verification": { "state": state },
            });
        })
    };
    let push = |state: &str| {
        let set = verification(state);
        play.push("acme", &set).bearer("agreed").send()
    };
    refused(&push("something else"), 400, "invalid_state");
    assert_eq!(push(&state).status, 202);
    assert!(play.site.gateway.log().contains("its stream works"));
    assert_eq!(play.count("acme", "verified"), 1.0);
}

#[test]
fn a_stream_that_there_is_is_taken_over_and_set_right() {
    let mut play = Play::open("token = \"manage\"");
    let verified = |play: &Play, times: usize| {
        wait_for(
            "a request for verification",
            Duration::from_secs(30),
            || {
                let asked = play.acme.asked();
                let verify = asked.iter().filter(|asked| asked.path == "/ssf/verify");
                (verify.count() == times).then_some(())
            },
        );
    };
    let methods = |play: &Play| -> Vec<String> {
        let asked = play.acme.asked();
        let streams = asked.iter().filter(|asked| asked.path == "/ssf/stream");
        streams.map(|asked| asked.method.clone()).collect()
    };
    verified(&play, 1);
    play.site.gateway.restart();
    verified(&play, 2);
    assert_eq!(methods(&play), ["GET", "POST", "GET"]);
    play.acme
        .change_stream(|stream| stream["events_requested"] = json!([]));
    play.site.gateway.restart();
    verified(&play, 3);
    assert_eq!(methods(&play), ["GET", "POST", "GET", "GET", "PATCH"]);
    let streams = play.acme.streams();
    assert_eq!(streams.len(), 1);
    assert_eq!(streams[0]["events_requested"].as_array().unwrap().len(), 5);
}

#[test]
fn a_transmitter_that_cannot_be_asked_stops_nobody() {
    let play = Play::open("token = \"wrong\"\nauthorization = \"Bearer agreed\"");
    wait_for("a word of it in the log", Duration::from_secs(30), || {
        let log = play.site.gateway.log();
        (log.contains("its stream is not set up") && log.contains("401")).then_some(())
    });
    let log = play.site.gateway.log();
    assert!(!log.contains("wrong") && !log.contains("agreed"), "{log}");
    let ada = play.of_acme("ada");
    play.opens(&ada);
    let set = play.acme.set(REVOKED, "ada", |_| {});
    assert_eq!(play.push("acme", &set).bearer("agreed").send().status, 202);
    play.is_revoked(&ada);
}

#[test]
fn an_administrator_ends_the_sessions_of_a_whole_partner() {
    let play = Play::open("");
    let ada = play.of_acme("ada");
    let other = play.globex.token("ada", AUDIENCE, 30, &json!({}));
    play.opens(&ada);
    play.opens(&other);
    let administrator = play.site.administrator(GLOBAL_ADMINISTRATOR);
    let path = format!("crossgate/tenants/{ACME}/revokeSignInSessions");
    let revoked = play
        .site
        .send_meaning_it(&administrator, "POST", &path, &json!({}));
    assert_eq!(
        (revoked.status, &revoked.json()["value"]),
        (200, &json!(true))
    );
    play.is_revoked(&ada);
    play.opens(&other);
}
