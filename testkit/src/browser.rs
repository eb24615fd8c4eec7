//! A person's browser: headless Chromium, and `axe-core` for what keeps people out.
//!
//! Every host name is 127.0.0.1 to it, and every certificate good.

use crate::node::Server;
use crate::programs::require;
use crate::shared::Shared;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One without any profile. All that are there at a time share a Chromium, in which each profile is a browser of its own.
#[derive(Debug)]
pub struct Browser {
    chromium: Arc<Chromium>,
    number: u64,
    proxy: Option<String>,
    profiles: Mutex<BTreeSet<String>>,
}

#[derive(Debug)]
struct Chromium(Server);

static RUNNING: Shared<Chromium> = Shared::new();

/// How many browsers there were.
static BROWSERS: AtomicU64 = AtomicU64::new(0);

impl Browser {
    /// Starts one.
    ///
    /// # Panics
    /// Where Chromium does not come up.
    #[must_use]
    pub fn start() -> Self {
        Self::behind(None)
    }

    /// Starts one that asks a proxy, where there is one, for every host that is not the test's own.
    ///
    /// # Panics
    /// Where Chromium does not come up.
    #[must_use]
    pub fn behind(proxy: Option<&str>) -> Self {
        Self {
            chromium: RUNNING.get(|| {
                drop(require(
                    "chromium-headless-shell",
                    "chromium-headless-shell",
                ));
                Chromium(Server::start("browser.mjs"))
            }),
            number: BROWSERS.fetch_add(1, Ordering::Relaxed),
            proxy: proxy.map(str::to_owned),
            profiles: Mutex::default(),
        }
    }

    /// What a profile is called among those of all browsers.
    fn own(&self, profile: &str) -> String {
        format!("{}-{profile}", self.number)
    }

    fn call(&self, path: &str, arguments: &Value) -> Value {
        self.chromium.0.call(path, arguments)
    }

    fn profiles(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.profiles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new tab of a profile, which is made where it is not there yet. Tabs of a profile share their cookies.
    ///
    /// # Panics
    /// Where the browser does not open one.
    #[must_use]
    pub fn open(&self, profile: &str) -> Tab<'_> {
        let profile = self.own(profile);
        let asked = json!({ "profile": profile, "proxy": self.proxy });
        let answer = self.call("/control/open", &asked);
        self.profiles().insert(profile);
        self.tab(&answer["tab"])
    }

    /// The tabs of a profile in the order they were opened, those that pages opened among them.
    ///
    /// # Panics
    /// Where the browser does not say.
    #[must_use]
    pub fn tabs(&self, profile: &str) -> Vec<Tab<'_>> {
        let answer = self.call("/control/tabs", &json!({ "profile": self.own(profile) }));
        let tabs = list(&answer["tabs"]);
        tabs.iter().map(|tab| self.tab(&tab["tab"])).collect()
    }

    /// Ends a profile: its tabs and its cookies.
    pub fn forget(&self, profile: &str) {
        let profile = self.own(profile);
        drop(self.call("/control/close", &json!({ "profile": profile })));
        self.profiles().remove(&profile);
    }

    fn tab(&self, id: &Value) -> Tab<'_> {
        Tab {
            browser: self,
            id: id.as_str().unwrap().to_owned(),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A test may be failing already: nothing here may panic.
        for profile in &*self.profiles() {
            drop(
                ureq::post(format!(
                    "{}/control/close",
                    self.chromium.0.says("/control")
                ))
                .config()
                .timeout_global(Some(Duration::from_secs(5)))
                .build()
                .send(json!({ "profile": profile }).to_string()),
            );
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its files would stay behind where it is only killed. A test may be failing already: nothing here may panic.
        drop(
            ureq::post(format!("{}/control/quit", self.0.says("/control")))
                .config()
                .timeout_global(Some(Duration::from_secs(5)))
                .build()
                .send_empty(),
        );
        let profile = Path::new(self.0.says("/profile"));
        for _ in 0..250 {
            if !profile.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Where a tab is: what a person would see in the address line, and how the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The address after all redirects.
    pub url: String,
    /// The status of the page's answer; 0 where none came over HTTP.
    pub status: u16,
}

impl Place {
    fn from(answer: &Value) -> Self {
        Self {
            url: text(&answer["url"]),
            status: answer["status"]
                .as_u64()
                .map_or(0, |status| status.try_into().unwrap()),
        }
    }

    /// A parameter of the address, as it stands there.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.url.split_once('?')?;
        let query = query.split('#').next()?;
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

/// What a tab shows.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it is.
    pub place: Place,
    /// The document's title.
    pub title: String,
    /// What of it a person reads.
    pub text: String,
    /// The document as it stands now.
    pub html: String,
    headers: Value,
}

impl Page {
    /// A header of the document's answer.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers[name.to_ascii_lowercase()].as_str()
    }
}

/// A tab. It stays open when this is dropped, until its profile or the browser ends.
#[derive(Debug, Clone)]
pub struct Tab<'a> {
    browser: &'a Browser,
    id: String,
}

impl Tab<'_> {
    /// Goes to an address, and wherever that leads.
    ///
    /// # Panics
    /// Where nothing answers there.
    pub fn goto(&self, url: &str) -> Place {
        Place::from(&self.call("goto", json!({ "url": url })))
    }

    /// Clicks, and waits for what follows to come to rest.
    ///
    /// # Panics
    /// Where there is nothing to click.
    pub fn click(&self, selector: &str) -> Place {
        Place::from(&self.call("click", json!({ "selector": selector })))
    }

    /// Types into a field in place of what stands there, or chooses the option with that value.
    ///
    /// # Panics
    /// Where there is no such field.
    pub fn fill(&self, selector: &str, text: &str) -> &Self {
        drop(self.call("fill", json!({ "selector": selector, "text": text })));
        self
    }

    /// Presses a key where the focus is, such as `Tab` or `Enter`, and waits for what follows to come to rest.
    ///
    /// # Panics
    /// Where there is no such key.
    pub fn press(&self, key: &str) -> Place {
        Place::from(&self.call("press", json!({ "key": key })))
    }

    /// Types where the focus is.
    pub fn write(&self, text: &str) -> &Self {
        drop(self.call("write", json!({ "text": text })));
        self
    }

    /// Keeps the tab where it is, whatever leads on to addresses that begin like this; with `None` no more.
    pub fn hold(&self, address: Option<&str>) {
        drop(self.call("hold", json!({ "address": address })));
    }

    /// Sends the page's first form, as the Enter key would.
    ///
    /// # Panics
    /// Where there is none.
    pub fn submit(&self) -> Place {
        Place::from(&self.call("submit", json!({})))
    }

    /// Waits for what a script puts on the page.
    ///
    /// # Panics
    /// Where it has not come after half a minute.
    pub fn wait_for(&self, selector: &str) -> Place {
        Place::from(&self.call("wait", json!({ "selector": selector })))
    }

    /// Waits until nothing loads: after something else than a click has sent the tab elsewhere.
    pub fn rest(&self) -> Place {
        Place::from(&self.call("wait", json!({})))
    }

    /// What it shows.
    #[must_use]
    pub fn page(&self) -> Page {
        let answer = self.call("page", json!({}));
        Page {
            place: Place::from(&answer),
            title: text(&answer["title"]),
            text: text(&answer["text"]),
            html: text(&answer["html"]),
            headers: answer["headers"].clone(),
        }
    }

    /// All cookies of its profile, HttpOnly ones too: `name`, `value`, `domain`, `path`, `secure`, `httpOnly`, `sameSite`,
    /// `expires` and more, as Chromium's debugger names them.
    #[must_use]
    pub fn cookies(&self) -> Vec<Value> {
        list(&self.call("cookies", json!({}))["cookies"])
    }

    /// The profile's cookie of that name.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<Value> {
        self.cookies()
            .into_iter()
            .find(|cookie| cookie["name"] == name)
    }

    /// Sets a cookie: `{name, value, url, ...}`, as Chromium's debugger takes it. One whose value is null is deleted.
    ///
    /// # Panics
    /// Where the browser refuses it.
    pub fn set_cookie(&self, cookie: &Value) {
        drop(self.call("set-cookie", json!({ "cookie": cookie })));
    }

    /// The value of an expression, awaited.
    ///
    /// # Panics
    /// Where it throws.
    pub fn evaluate(&self, script: &str) -> Value {
        self.call("evaluate", json!({ "script": script }))["value"].clone()
    }

    /// How pages are looked at from now on: `{width, height, dark, still}`, each where it is to change.
    pub fn look(&self, look: &Value) {
        drop(self.call("look", look.clone()));
    }

    /// A picture of what it shows, of the whole page where `full`.
    ///
    /// # Panics
    /// Where the file cannot be written.
    pub fn screenshot(&self, file: &Path, full: bool) {
        drop(self.call("screenshot", json!({ "path": file, "fullPage": full })));
    }

    /// What `axe-core` finds of serious and critical: `{id, impact, help, nodes: [{target, html, summary}]}`.
    #[must_use]
    pub fn axe(&self) -> Vec<Value> {
        list(&self.call("axe", json!({}))["violations"])
    }

    /// What it asked for since this was last called, each hop of a redirect on its own: `{url, method, type, status, location,
    /// error, redirects}`, where `redirects` are the addresses that led there.
    #[must_use]
    pub fn requests(&self) -> Vec<Value> {
        list(&self.call("requests", json!({}))["requests"])
    }

    /// What pages and the browser complained of since this was last called, Content-Security-Policy included: `{type, text}`.
    #[must_use]
    pub fn console(&self) -> Vec<Value> {
        list(&self.call("console", json!({}))["messages"])
    }

    /// Whether pages run scripts of their own, from the next page on.
    pub fn scripts(&self, enabled: bool) {
        drop(self.call("scripts", json!({ "enabled": enabled })));
    }

    /// The languages that the person reads, in order: `de-AT,de`.
    pub fn language(&self, languages: &str) {
        drop(self.call("language", json!({ "language": languages })));
    }

    /// Closes it.
    pub fn close(self) {
        drop(self.call("close", json!({})));
    }

    fn call(&self, what: &str, mut arguments: Value) -> Value {
        arguments["tab"] = json!(self.id);
        self.browser.call(&format!("/control/{what}"), &arguments)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}
