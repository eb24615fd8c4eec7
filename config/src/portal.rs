//! `[portal]`: people in browsers.

use std::path::PathBuf;
use std::time::Duration;

use crate::reader::{Section, Text};
use crate::units::positive_duration;
use crate::url;

/// Sessions of people who sign in with a browser, and what they see.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Portal {
    /// The file that keeps sessions over restarts; `None` where nobody signs in here.
    pub store: Option<PathBuf>,
    /// A session ends that was not used for this long.
    pub idle: Duration,
    /// A session ends this long after its sign-in, however it is used.
    pub lifetime: Duration,
    /// The folder whose files replace the pages of their names.
    pub pages: Option<PathBuf>,
    /// `#rrggbb` of buttons and links.
    pub colour: Option<String>,
    /// A PNG or SVG above each page.
    pub logo: Option<PathBuf>,
    /// The own organisation's privacy statement, which guests are shown.
    pub privacy_url: Option<String>,
}

impl Portal {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let store = section.text("store", Text::path);
        let idle = positive_duration(section, "idle", DEFAULT_IDLE);
        let lifetime = positive_duration(section, "lifetime", DEFAULT_LIFETIME);
        if idle < SHORTEST_IDLE {
            section.fault(
                "idle",
                "a use is noted once in a minute, so sessions would end while they are used; expected `2m` or more",
            );
        }
        if lifetime < idle {
            section.fault(
                "lifetime",
                format!("sessions of {lifetime:?} would end before `idle` of {idle:?} could; expected at least that"),
            );
        }
        if lifetime > LONGEST {
            section.fault(
                "lifetime",
                "nobody stays signed in for longer than 30 days; write `720h` or less",
            );
        }
        Self {
            store,
            idle,
            lifetime,
            pages: section.text("pages", Text::path),
            colour: section.text("colour", colour),
            logo: section.text("logo", Text::path),
            privacy_url: section.text("privacy_url", |text| {
                url::web(text, "an address such as `https://contoso.com/privacy`")
            }),
        }
    }
}

fn colour(text: &Text<'_>) -> Option<String> {
    let is_colour = text.value().strip_prefix('#').is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    });
    if is_colour {
        return Some(text.value().to_ascii_lowercase());
    }
    text.refuse("is not a colour; expected one such as `#0f6cbd`")
}

/// Who went to lunch need not sign in again; who went home must.
const DEFAULT_IDLE: Duration = Duration::from_secs(60 * 60);

/// With uses noted once in a minute, and looked for as often where something is open.
const SHORTEST_IDLE: Duration = Duration::from_secs(2 * 60);

/// A working day.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
