//! Templates, texts and values to a page.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, LazyLock};

use crossgate_portal::pages::{Words, environment};
use http::{Method, StatusCode};
use minijinja::value::Serde;
use minijinja::{Environment, Value as Template, context};
use serde_json::{Value, json};

use crate::api::Api;
use crate::draft::Within;
use crate::reply::{HttpReply, Reply};
use crate::visit::Visit;
use crate::{nav, pages};

/// Every page, ready to be filled in.
#[derive(Debug)]
pub struct Console {
    templates: Environment<'static>,
    style: Arc<str>,
    script: Arc<str>,
}

/// A page that is being made.
pub(crate) struct Shown<'c> {
    pub(crate) console: &'c Console,
    pub(crate) visit: &'c Visit,
    pub(crate) api: &'c dyn Api,
    /// Who visits: `crossgate/me`.
    pub(crate) me: Value,
    /// The page is one of settings.
    pub(crate) of_settings: bool,
    /// What they are of.
    pub(crate) within: Within,
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl Console {
    /// Where it begins.
    pub const FIRST: &'static str = "/console";

    /// Reads the templates, which the tests have tried.
    #[must_use]
    pub fn new() -> Self {
        let mut templates = environment();
        templates.add_filter("count", grouped);
        for (name, text) in TEMPLATES {
            // A page whose template does not parse says that it cannot be shown; the tests rule it out.
            let _ = templates.add_template(name, text);
        }
        Self {
            templates,
            style: address("style", STYLE, "css"),
            script: address("script", SCRIPT, "js"),
        }
    }

    /// Whether a path is one of the console's.
    #[must_use]
    pub fn has(path: &str) -> bool {
        path.strip_prefix(Self::FIRST)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether a script asks what would become of a form.
    #[must_use]
    pub fn checks(method: &Method, target: &str) -> bool {
        let path = target.split('?').next();
        *method == Method::POST && path == Some(pages::CHECK)
    }

    /// The language that suits a request's `Accept-Language` best.
    #[must_use]
    pub fn language(accept_language: Option<&str>) -> &'static str {
        WORDS
            .as_ref()
            .map_or("en", |words| words.negotiate(accept_language))
    }

    /// A style or a script, which anybody may read.
    #[must_use]
    pub fn asset(&self, path: &str) -> Option<Reply> {
        let (content_type, text) = if path == &*self.style {
            ("text/css; charset=utf-8", STYLE)
        } else if path == &*self.script {
            ("text/javascript; charset=utf-8", SCRIPT)
        } else {
            return None;
        };
        Some(Reply::Asset { content_type, text })
    }

    /// Answers a visit by what the API answers.
    #[must_use]
    pub fn answer(&self, visit: &Visit, api: &dyn Api) -> Reply {
        pages::open(self, visit, api)
    }

    /// A reply for a socket.
    #[must_use]
    pub fn http(&self, reply: Reply) -> HttpReply {
        reply.into_http()
    }

    /// A page of this template with these values, in which `current` is the page of the menu.
    fn render(&self, shown: &Shown<'_>, template: &str, current: &str, values: &Value) -> String {
        let visit = shown.visit;
        let language = visit.language;
        let Some(words) = WORDS.as_ref() else {
            return bare();
        };
        let filled = self.templates.get_template(template).and_then(|template| {
            template.render(context! {
                language => words.language(language),
                text => words.speaker(language, &visit.organisation),
                organisation => &visit.organisation,
                csrf => &visit.csrf,
                style => &*self.style,
                script => &*self.script,
                menu => Template::from(Serde(nav::menu(current))),
                me => Template::from(Serde(&shown.me)),
                draft => Template::from(Serde(shown.banner())),
                saving => Template::from(Serde(shown.saving())),
                page => Template::from(Serde(values)),
            })
        });
        match filled {
            Ok(html) => html,
            Err(error) => {
                debug_assert!(false, "{template}: {error:#}");
                bare()
            }
        }
    }
}

impl Shown<'_> {
    /// The page that was asked for.
    pub(crate) fn page(&self, template: &str, current: &str, values: &Value) -> Reply {
        Reply::page(self.html(template, current, values))
    }

    /// A page with another status.
    pub(crate) fn page_with(
        &self,
        status: StatusCode,
        template: &str,
        current: &str,
        values: &Value,
    ) -> Reply {
        Reply::Page {
            status,
            html: self.html(template, current, values),
        }
    }

    fn html(&self, template: &str, current: &str, values: &Value) -> String {
        self.console.render(self, template, current, values)
    }

    /// What went wrong, on a page of its own.
    pub(crate) fn failed(&self, current: &str, failed: &crate::api::Failed) -> Reply {
        if failed.more_needed {
            return Reply::MoreNeeded;
        }
        let values = json!({
            "status": failed.status.as_u16(),
            "message": failed.message,
            "kind": match failed.status {
                StatusCode::FORBIDDEN => "forbidden",
                StatusCode::NOT_FOUND => "not-found",
                _ => "failed",
            },
        });
        self.page_with(failed.status, "failed.html", current, &values)
    }

    /// A text without values.
    pub(crate) fn say(&self, key: &str) -> String {
        let words = WORDS.as_ref();
        let said = words.and_then(|words| words.say(self.visit.language, key));
        said.unwrap_or_else(|| key.to_owned())
    }

    /// The same where there is one of this key, else another text.
    pub(crate) fn say_or(&self, key: &str, other: &str) -> String {
        let words = WORDS.as_ref();
        let said = words.and_then(|words| words.say(self.visit.language, key));
        said.unwrap_or_else(|| other.to_owned())
    }

    /// Whether the visitor may do this, by Entra's name for it below `microsoft.directory/`.
    pub(crate) fn may(&self, action: &str) -> bool {
        let given = self.me.get("allowedResourceActions");
        let given = given.and_then(Value::as_array).into_iter().flatten();
        let mut given = given.filter_map(Value::as_str);
        given.any(|name| name.strip_prefix("microsoft.directory/") == Some(action))
    }
}

/// A number with its digits in groups, as in both languages numbers are easily read: by a thin space.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

fn address(name: &str, text: &str, suffix: &str) -> Arc<str> {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("/console/assets/{name}-{:016x}.{suffix}", hasher.finish()).into()
}

/// Where even a template of ours fails, which the tests rule out.
fn bare() -> String {
    "<!doctype html>\n<html lang=\"en\"><title>Crossgate</title><h1>This page cannot be shown</h1>\n"
        .to_owned()
}

static WORDS: LazyLock<Option<Words>> = LazyLock::new(|| Words::new(&LANGUAGES).ok());

/// The texts by language file.
pub(crate) const LANGUAGES: [(&str, &str); 2] = [
    ("en.toml", include_str!("words/en.toml")),
    ("sv.toml", include_str!("words/sv.toml")),
];

const STYLE: &str = include_str!("templates/style.css");
const SCRIPT: &str = include_str!("templates/script.js");

pub(crate) const TEMPLATES: [(&str, &str); 37] = [
    ("act.html", include_str!("templates/act.html")),
    ("activity.html", include_str!("templates/activity.html")),
    ("approvals.html", include_str!("templates/approvals.html")),
    ("base.html", include_str!("templates/base.html")),
    ("change.html", include_str!("templates/change.html")),
    ("chart.html", include_str!("templates/chart.html")),
    (
        "collaboration.html",
        include_str!("templates/collaboration.html"),
    ),
    ("decision.html", include_str!("templates/decision.html")),
    ("difference.html", include_str!("templates/difference.html")),
    ("draft.html", include_str!("templates/draft.html")),
    (
        "draft-changes.html",
        include_str!("templates/draft-changes.html"),
    ),
    (
        "draft-check.html",
        include_str!("templates/draft-check.html"),
    ),
    ("draft-name.html", include_str!("templates/draft-name.html")),
    (
        "draft-publish.html",
        include_str!("templates/draft-publish.html"),
    ),
    (
        "draft-reviews.html",
        include_str!("templates/draft-reviews.html"),
    ),
    ("drafts.html", include_str!("templates/drafts.html")),
    ("failed.html", include_str!("templates/failed.html")),
    ("faults.html", include_str!("templates/faults.html")),
    ("filter.html", include_str!("templates/filter.html")),
    ("health.html", include_str!("templates/health.html")),
    ("history.html", include_str!("templates/history.html")),
    ("no-role.html", include_str!("templates/no-role.html")),
    (
        "organizations.html",
        include_str!("templates/organizations.html"),
    ),
    ("overview.html", include_str!("templates/overview.html")),
    ("own.html", include_str!("templates/own.html")),
    ("paging.html", include_str!("templates/paging.html")),
    ("policies.html", include_str!("templates/policies.html")),
    ("policy.html", include_str!("templates/policy.html")),
    ("problem.html", include_str!("templates/problem.html")),
    ("replay.html", include_str!("templates/replay.html")),
    ("save.html", include_str!("templates/save.html")),
    ("send.html", include_str!("templates/send.html")),
    ("setting.html", include_str!("templates/setting.html")),
    ("settings.html", include_str!("templates/settings.html")),
    ("sign-ins.html", include_str!("templates/sign-ins.html")),
    ("trust.html", include_str!("templates/trust.html")),
    ("versions.html", include_str!("templates/versions.html")),
];

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text_and_every_template_parses() {
        if let Err(faults) = Words::new(&LANGUAGES) {
            panic!("{faults}");
        }
        let mut templates = environment();
        templates.add_filter("count", grouped);
        for (name, text) in TEMPLATES {
            templates.add_template(name, text).unwrap();
        }
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        let of = |number| grouped(number).replace('\u{202f}', " ");
        assert_eq!(
            [of(0), of(999), of(1000), of(1_234_567)],
            ["0", "999", "1 000", "1 234 567"]
        );
    }
}
