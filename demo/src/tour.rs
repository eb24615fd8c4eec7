//! The tour: one call for each thing an administrator wants to see.

use crate::Fault;
use crate::provider::Provider;
use crate::site::{self, App, PAYROLL, PORTAL, Site, TREASURY};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One call.
pub(crate) struct Stop {
    /// What is shown.
    title: &'static str,
    /// Why the answer is what it is.
    why: &'static str,
    app: App,
    door: SocketAddr,
    token: String,
    /// File name of the token.
    who: &'static str,
    expected: Expected,
    /// What is done before the call.
    before: Before,
}

#[derive(Clone, Copy, PartialEq)]
struct Expected {
    status: u16,
    code: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    /// Fabrikam's MFA is believed from here on.
    TrustFabrikamMfa,
}

/// Makes the tokens and the calls.
pub(crate) fn stops(
    site: &Site,
    contoso: &Provider,
    fabrikam: &Provider,
) -> Result<Vec<Stop>, Fault> {
    let guest = |audience, amr: Value| {
        let claims =
            json!({ "idp": fabrikam.issuer, "acct": 1, "name": "Ada Lovelace", "amr": amr });
        contoso.token(site::GUEST, audience, claims)
    };
    let northwind = format!("https://login.microsoftonline.com/{}/v2.0", site::NORTHWIND);
    let guest_with_mfa = guest(TREASURY.audience, json!(["pwd", "mfa"]))?;

    let stops = vec![
        Stop {
            title: "a guest of a partner opens an app",
            why: "collaboration is open by default; the app is told who is calling",
            app: PAYROLL,
            door: site.proxy,
            token: guest(PAYROLL.audience, json!(["pwd"]))?,
            who: "guest",
            expected: Expected {
                status: 200,
                code: 0,
            },
            before: Before::Nothing,
        },
        Stop {
            title: "a guest of a blocked partner does not",
            why: "policy/partners/northwind.json blocks collaboration inbound",
            app: PAYROLL,
            door: site.proxy,
            token: contoso.token(
                "dddddddd-0000-4000-8000-000000000002",
                PAYROLL.audience,
                json!({ "idp": northwind, "acct": 1 }),
            )?,
            who: "blocked-guest",
            expected: Expected {
                status: 403,
                code: 500_213,
            },
            before: Before::Nothing,
        },
        Stop {
            title: "a partner's MFA claim that we do not trust does not count",
            why: "the token says mfa, but policy/partners/fabrikam.json does not accept it: step-up",
            app: TREASURY,
            door: site.proxy,
            token: guest_with_mfa.clone(),
            who: "guest-with-mfa",
            expected: Expected {
                status: 401,
                code: 50_076,
            },
            before: Before::Nothing,
        },
        Stop {
            title: "one of us goes out to another organisation's app",
            why: "direct connect is blocked outbound by default",
            app: PORTAL,
            door: site.egress,
            token: contoso.token(
                "eeeeeeee-0000-4000-8000-000000000001",
                PORTAL.audience,
                json!({ "acct": 0 }),
            )?,
            who: "member",
            expected: Expected {
                status: 403,
                code: 500_212,
            },
            before: Before::Nothing,
        },
        Stop {
            title: "a foreign account is used from our network",
            why: "tenant restrictions block every foreign account by default",
            app: PORTAL,
            door: site.egress,
            token: fabrikam.token("ada", PORTAL.audience, json!({}))?,
            who: "foreign-account",
            expected: Expected {
                status: 403,
                code: 5_000_211,
            },
            before: Before::Nothing,
        },
        Stop {
            title: "a policy change binds on the next request",
            why: "the same token as above, now that Fabrikam's MFA is trusted",
            app: TREASURY,
            door: site.proxy,
            token: guest_with_mfa,
            who: "guest-with-mfa",
            expected: Expected {
                status: 200,
                code: 0,
            },
            before: Before::TrustFabrikamMfa,
        },
    ];
    for stop in &stops {
        std::fs::write(token_file(site, stop.who), &stop.token)?;
    }
    Ok(stops)
}

/// Prints the calls for a person to make.
pub(crate) fn print(site: &Site, stops: &[Stop]) {
    println!("Crossgate is running. In another terminal:\n");
    for (stop, number) in stops.iter().zip(1..) {
        let Expected { status, code } = stop.expected;
        println!("# {number}. {}", stop.title);
        println!("#    {}", stop.why);
        if stop.before == Before::TrustFabrikamMfa {
            let document = site.directory.join("policy").join(site::FABRIKAM_DOCUMENT);
            println!(
                "sed -i 's/\"isMfaAccepted\": false/\"isMfaAccepted\": true/' '{}' && sleep 1",
                document.display()
            );
        }
        println!(
            "curl -i http://{}:{}/ -H \"Authorization: Bearer $(cat '{}')\"",
            stop.app.host,
            stop.door.port(),
            token_file(site, stop.who).display()
        );
        match code {
            0 => println!("#    -> {status}\n"),
            code => println!("#    -> {status}, AADSTS{code}\n"),
        }
    }
    let directory = site.directory.display();
    println!("Metrics         http://{}/metrics", site.operations);
    println!("Sign-in events  {directory}/sign-ins.jsonl");
    println!(
        "Policy          {directory}/policy: a change binds within a tenth of a second of the save"
    );
    println!("Log             {directory}/crossgate.log");
    println!("\nCtrl-C ends everything.");
}

/// Makes the calls, prints a table, and answers whether all went as they should.
pub(crate) fn make(site: &Site, stops: &[Stop]) -> Result<bool, Fault> {
    println!(
        "{:<62} {:<22} {:<22} verdict",
        "call", "expected", "answered"
    );
    let mut all_right = true;
    for stop in stops {
        if stop.before == Before::TrustFabrikamMfa {
            trust_fabrikam_mfa(site)?;
        }
        let events_before = events(site)?.len();
        let status = call(stop)?;
        let code = code_of_next_event(site, events_before)?;
        let answered = Expected { status, code };
        let right = answered == stop.expected;
        all_right &= right;
        println!(
            "{:<62} {:<22} {:<22} {}",
            stop.title,
            stop.expected.to_string(),
            answered.to_string(),
            if right { "right" } else { "WRONG" }
        );
    }
    Ok(all_right)
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            0 => write!(f, "{}", self.status),
            code => write!(f, "{} AADSTS{code}", self.status),
        }
    }
}

/// Makes one call. Where it is admitted, the app must have been told who is calling.
fn call(stop: &Stop) -> Result<u16, Fault> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let mut response = agent
        .get(format!("http://{}/", stop.door))
        .header("host", format!("{}:{}", stop.app.host, stop.door.port()))
        .header("authorization", format!("Bearer {}", stop.token))
        .call()?;
    let status = response.status().as_u16();
    if status == 200 {
        let told: Value = serde_json::from_str(&response.body_mut().read_to_string()?)?;
        let home = told
            .pointer("/the gateway says/x-crossgate-home-tenant")
            .and_then(Value::as_str);
        if home != Some(site::FABRIKAM) {
            return Err(format!("the app was not told the caller's home tenant: {told}").into());
        }
    }
    Ok(status)
}

/// Edits the partner's document and waits until the gateway says that it is in force.
fn trust_fabrikam_mfa(site: &Site) -> Result<(), Fault> {
    let before = snapshot(site)?;
    site.write_policy(site::FABRIKAM_DOCUMENT, &site::fabrikam(true))?;
    let deadline = Instant::now() + PATIENCE;
    while snapshot(site)? == before {
        if Instant::now() > deadline {
            return Err("the gateway did not take the changed policy".into());
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}

/// The line of the metrics that names the policy in force.
fn snapshot(site: &Site) -> Result<Option<String>, Fault> {
    let metrics = ureq::get(format!("http://{}/metrics", site.operations))
        .call()?
        .body_mut()
        .read_to_string()?;
    let line = metrics
        .lines()
        .find(|line| line.starts_with("crossgate_policy_snapshot_info{") && line.ends_with(" 1"));
    Ok(line.map(str::to_owned))
}

/// The AADSTS number in the event that the last call made.
fn code_of_next_event(site: &Site, events_before: usize) -> Result<u64, Fault> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(event) = events(site)?.get(events_before) {
            let code = event.pointer("/status/errorCode").and_then(Value::as_u64);
            return code.ok_or_else(|| format!("an event without a code: {event}").into());
        }
        if Instant::now() > deadline {
            return Err("no sign-in event was written".into());
        }
        std::thread::sleep(POLL);
    }
}

fn events(site: &Site) -> Result<Vec<Value>, Fault> {
    let text = match std::fs::read_to_string(site.directory.join("sign-ins.jsonl")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    // The last line may still be on its way to the disk.
    let (whole, _) = text.rsplit_once('\n').unwrap_or_default();
    let read: Result<Vec<Value>, _> = whole.lines().map(serde_json::from_str).collect();
    Ok(read?)
}

fn token_file(site: &Site, who: &str) -> PathBuf {
    site.directory.join("tokens").join(who)
}

const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
