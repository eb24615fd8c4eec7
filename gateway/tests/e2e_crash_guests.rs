//! A gateway that is killed while people are invited and accept, again and again on the same files.
//!
//! `CRASH_FLOWS` says how many are invited (`scripts/crash-store` has 200), `CRASH_SEED` makes the same choices again; when exactly the
//! kill arrives is the machine's own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a JSON member that is not there is null, and the assertion says so"
)]

mod site;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossgate_testkit::curl::{Answer, Curl};
use crossgate_testkit::mail::MailServer;
use crossgate_testkit::programs;
use serde_json::{Value, json};
use site::admin::SECRET;
use site::outsiders::Outsiders;
use site::people::{APP_HOST, Doors, Lobby};
use site::visitor::{Visitor, path_of};
use tempfile::NamedTempFile;

const CLIENTS: usize = 4;

/// A mail that a server had taken just when the gateway died is sent once more after three minutes: none has to wait longer.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

#[test]
fn nobody_is_a_guest_by_half_no_link_counts_twice_and_no_mail_is_lost_whenever_the_gateway_is_killed()
 {
    let flows = number("CRASH_FLOWS").unwrap_or(24);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("CRASH_SEED").unwrap_or_else(|| u64::try_from(now.as_millis()).unwrap());
    println!("CRASH_SEED={seed} CRASH_FLOWS={flows}");
    let mut random = seed;
    let outsiders = Outsiders::start();
    let doors = outsiders
        .before_nobody(Lobby::new())
        .with_store()
        .configure(|setup| setup.section("listen", "trusted_proxies = [\"127.0.0.0/8\"]"))
        .open();
    let Doors {
        contoso: _contoso,
        fabrikam: _fabrikam,
        upstream: _upstream,
        mut gateway,
        browser,
        ..
    } = doors;
    drop(browser);
    let place = Place {
        mail: &outsiders.mail,
        proxy: gateway.proxy(),
        admin: gateway.admin(),
        authority: gateway.directory().join("tls-cert.pem"),
        deadline: Instant::now() + PATIENCE + Duration::from_secs(flows * 2),
    };
    let (next, left) = (AtomicUsize::new(0), AtomicUsize::new(CLIENTS));
    let done: Mutex<Vec<Guest>> = Mutex::default();
    let kills = std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let _leaving = Leaving(&left);
                loop {
                    let flow = next.fetch_add(1, Ordering::Relaxed);
                    if flow as u64 >= flows {
                        return;
                    }
                    let guest = place.invite_and_accept(flow);
                    done.lock().unwrap().push(guest);
                }
            });
        }
        let mut kills = 0;
        while left.load(Ordering::Relaxed) > 0 {
            // Rarer while only mails are waited for, so that those who wait get somewhere.
            let rest = if next.load(Ordering::Relaxed) < usize::try_from(flows).unwrap() {
                900
            } else {
                5000
            };
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            std::thread::sleep(Duration::from_millis(100 + (random >> 33) % rest));
            gateway.kill();
            gateway.start_again();
            kills += 1;
        }
        kills
    });
    let guests = done.into_inner().unwrap();
    assert_eq!(guests.len() as u64, flows, "somebody did not arrive");
    println!("CRASH_SEED={seed}: {flows} flows through {kills} kills");

    // In the same words whoever came by which way.
    for guest in &guests {
        let user = place.user(&guest.id);
        assert_eq!(user["externalUserState"], "Accepted", "{user}");
        assert_eq!(user["mail"], json!(guest.address), "{user}");
        assert_eq!(user["identities"][0]["issuer"], "mail", "{user}");
        let again = place.visitor("198.51.100.250").open(path_of(&guest.link));
        assert_eq!(again.status, 404, "{}: {}", guest.address, again.text());
    }
    let audit = crossgate(gateway.directory(), &["audit", "verify"]);
    assert!(audit.contains("are in order"), "{audit}");
    let list = crossgate(
        gateway.directory(),
        &["audit", "list", "--limit", "1000000", "--output", "json"],
    );
    let list: Value = serde_json::from_str(&list).unwrap();
    let mut recorded: HashMap<(String, String), usize> = HashMap::new();
    for item in list.as_array().unwrap() {
        let record = &item["record"];
        if record["result"] == "success" {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let what = text(&record["activityDisplayName"]);
            *recorded
                .entry((what, text(&record["targetResources"][0]["id"])))
                .or_default() += 1;
        }
    }
    for guest in &guests {
        for what in ["Invite external user", "Redeem external user invite"] {
            let count = recorded.get(&(what.to_owned(), guest.id.clone())).copied();
            assert_eq!(count, Some(1), "{what}: {}", guest.address);
        }
    }
}

/// Counts itself out, also where a flow panics.
struct Leaving<'a>(&'a AtomicUsize);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Somebody who was invited and has accepted.
struct Guest {
    id: String,
    address: String,
    link: String,
}

/// Where the gateway is, whether it stands or not.
struct Place<'m> {
    mail: &'m MailServer,
    proxy: SocketAddr,
    admin: SocketAddr,
    authority: PathBuf,
    deadline: Instant,
}

impl Place<'_> {
    fn invite_and_accept(&self, flow: usize) -> Guest {
        let address = format!("g{flow}@contractor.example");
        let body = json!({
            "invitedUserEmailAddress": address, "sendInvitationMessage": true,
            "inviteRedirectUrl": format!("https://{APP_HOST}:{}/welcome", self.proxy.port()),
        });
        // Who is not answered asks again. The guest is the same, whether the first was heard or not.
        let invited = self.until("an invitation", || {
            let answer = self.call("POST", "invitations", &body);
            assert!(
                matches!(answer.status, 0 | 201 | 503),
                "{address}: {}",
                answer.text()
            );
            (answer.status == 201).then(|| answer.json())
        });
        let id = invited["invitedUser"]["id"].as_str().unwrap().to_owned();
        let link = self.until("the mail", || self.link(&address));
        let visitor = self.visitor(&format!("198.51.{}.{}", 100 + flow / 200, flow % 200));
        let accepting = AtomicBool::new(false);
        self.until("an acceptance", || {
            self.accept(&visitor, &address, &link, &accepting)
        });
        Guest { id, address, link }
    }

    /// From the link to the app, as far as the gateway lives; `None` where it has to be begun again.
    fn accept(
        &self,
        visitor: &Visitor<'_>,
        address: &str,
        link: &str,
        accepting: &AtomicBool,
    ) -> Option<()> {
        let link = path_of(link);
        let mut page = visitor.open(link);
        if page.status == 404 {
            // Only where the answer to the acceptance was lost.
            assert!(
                accepting.load(Ordering::Relaxed),
                "{address}: {}",
                page.text()
            );
            return Some(());
        }
        if page.text().contains("name=\"email\"") {
            let before = self.codes(address).len();
            let asked = visitor.submit(&page, &[("email", address)]);
            if !asked.text().contains("name=\"passcode\"") {
                return None;
            }
            let end = Instant::now() + Duration::from_secs(5);
            let code = loop {
                let codes = self.codes(address);
                if codes.len() > before {
                    break codes.last()?.clone();
                }
                if Instant::now() > end {
                    return None;
                }
                std::thread::sleep(Duration::from_millis(20));
            };
            let signed_in = visitor.submit(&asked, &[("passcode", &code)]);
            if signed_in.status != 303 {
                return None;
            }
            page = visitor.open(link);
        }
        if !page.text().contains("invites you to") {
            return None;
        }
        accepting.store(true, Ordering::Relaxed);
        let accepted = visitor.submit(&page, &[]);
        let to = accepted.header("location").unwrap_or_default();
        (accepted.status == 303 && to.ends_with("/welcome")).then_some(())
    }

    fn visitor(&self, from: &str) -> Visitor<'_> {
        Visitor {
            host: APP_HOST,
            proxy: self.proxy,
            authority: &self.authority,
            from: from.to_owned(),
            cookies: NamedTempFile::new().unwrap(),
        }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        Curl::get_tls(
            self.admin,
            APP_HOST,
            &format!("/v1.0/{path}"),
            &self.authority,
        )
        .method(method)
        .bearer(SECRET)
        .header("Content-Type", "application/json")
        .header("Crossgate-Confirm-Lock-Out", "true")
        .body(body.to_string())
        .send()
    }

    fn user(&self, id: &str) -> Value {
        let answer = self.call("GET", &format!("users/{id}"), &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    fn texts(&self, address: &str) -> Vec<String> {
        let mails = self.mail.mails(address);
        let texts = mails.iter().filter_map(|mail| mail["text"].as_str());
        texts.map(str::to_owned).collect()
    }

    fn codes(&self, address: &str) -> Vec<String> {
        let is_code =
            |word: &&str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit());
        let texts = self.texts(address);
        let codes = texts
            .iter()
            .filter_map(|text| text.split_whitespace().find(is_code));
        codes.map(str::to_owned).collect()
    }

    /// The newest link that was mailed.
    fn link(&self, address: &str) -> Option<String> {
        let texts = self.texts(address);
        let mut links = texts.iter().rev().flat_map(|text| text.split_whitespace());
        links
            .find(|word| word.contains("/.crossgate/redeem?"))
            .map(str::to_owned)
    }

    /// Tries until it is there.
    #[track_caller]
    fn until<T>(&self, what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Some(found) = attempt() {
                return found;
            }
            assert!(Instant::now() < self.deadline, "{what} does not come");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn crossgate(directory: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crossgate"));
    command
        .args(arguments)
        .args(["--config", "crossgate.toml"])
        .current_dir(directory);
    let output = programs::run(&mut command, b"");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
