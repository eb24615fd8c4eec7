//! The tour: one call for each thing an administrator wants to see.

use crate::Fault;
use crate::graph_sdk::{Change, GraphSdk};
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
    /// What the administrator changes before the call.
    before: Option<Change>,
    /// Where the caller lives, as the app is told where the call is admitted.
    home: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
struct Expected {
    status: u16,
    code: u64,
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
    let guest_of_northwind = contoso.token(
        "dddddddd-0000-4000-8000-000000000002",
        PAYROLL.audience,
        json!({ "idp": northwind, "acct": 1 }),
    )?;
    let administrator = contoso.token(
        site::ADMINISTRATOR,
        ADMIN_AUDIENCE,
        json!({ "acct": 0, "name": "Grace Hopper", "scp": "Policy.Read.All Policy.ReadWrite.CrossTenantAccess AuditLog.Read.All" }),
    )?;
    std::fs::write(token_file(site, "administrator"), administrator)?;
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
            before: None,
            home: site::FABRIKAM,
        },
        Stop {
            title: "a guest of another partner opens it too",
            why: "nothing is written about Northwind, so the default holds",
            app: PAYROLL,
            door: site.proxy,
            token: guest_of_northwind.clone(),
            who: "guest-of-northwind",
            expected: Expected {
                status: 200,
                code: 0,
            },
            before: None,
            home: site::NORTHWIND,
        },
        Stop {
            title: "Northwind is blocked: the very next request is refused",
            why: "an administrator blocks the partner with Microsoft's Graph SDK; the token is the same as above",
            app: PAYROLL,
            door: site.proxy,
            token: guest_of_northwind,
            who: "guest-of-northwind",
            expected: Expected {
                status: 403,
                code: 500_213,
            },
            before: Some(Change {
                what: "block",
                tenant: site::NORTHWIND,
            }),
            home: site::NORTHWIND,
        },
        Stop {
            title: "a partner's MFA claim that we do not trust does not count",
            why: "the token says mfa, but Fabrikam's `inboundTrust` does not accept it: step-up",
            app: TREASURY,
            door: site.proxy,
            token: guest_with_mfa.clone(),
            who: "guest-with-mfa",
            expected: Expected {
                status: 401,
                code: 50_076,
            },
            before: None,
            home: site::FABRIKAM,
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
            before: None,
            home: site::FABRIKAM,
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
            before: None,
            home: site::FABRIKAM,
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
            before: Some(Change {
                what: "trust-mfa",
                tenant: site::FABRIKAM,
            }),
            home: site::FABRIKAM,
        },
    ];
    for stop in &stops {
        std::fs::write(token_file(site, stop.who), &stop.token)?;
    }
    Ok(stops)
}

/// Prints the calls for a person to make.
pub(crate) fn print(site: &Site, sdk: &GraphSdk, stops: &[Stop]) {
    println!("Crossgate is running. In another terminal:\n");
    for (stop, number) in stops.iter().zip(1..) {
        let Expected { status, code } = stop.expected;
        println!("# {number}. {}", stop.title);
        println!("#    {}", stop.why);
        if let Some(change) = stop.before {
            println!("{}", sdk.command(change));
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
        "Admin API       http://{}/v1.0, described at /openapi.json",
        site.admin
    );
    println!("Policy          {directory}/policy.db: a change binds when it is answered");
    println!("Log             {directory}/crossgate.log");
    println!("\nCtrl-C ends everything.");
}

/// Makes the calls, prints a table, and answers whether all went as they should.
pub(crate) fn make(site: &Site, sdk: &GraphSdk, stops: &[Stop]) -> Result<bool, Fault> {
    println!(
        "{:<62} {:<22} {:<22} verdict",
        "call", "expected", "answered"
    );
    let mut all_right = true;
    for stop in stops {
        if let Some(change) = stop.before {
            sdk.make(change)?;
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
        if home != Some(stop.home) {
            return Err(format!("the app was not told the caller's home tenant: {told}").into());
        }
    }
    Ok(status)
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

/// What the admin API takes tokens for where the configuration says nothing.
const ADMIN_AUDIENCE: &str = "api://crossgate";

const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
