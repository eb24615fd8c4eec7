//! What browsers send us, and whether it was a page of ours that had them do so.

use crossgate_portal::cookies;
use crossgate_portal::pages::field;
use crossgate_portal::seal::{NoRandom, Sealer, random_text};
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, HeaderName};

use super::{People, PersonSession};

/// The fields of a query or of a form, in their order.
#[must_use]
pub fn fields(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text)
        .into_owned()
        .take(MOST_FIELDS)
        .collect()
}

/// Whether there are more of them than [`fields`] gives.
#[must_use]
pub fn has_too_many(text: &[u8]) -> bool {
    url::form_urlencoded::parse(text).nth(MOST_FIELDS).is_some()
}

/// Each takes memory of its own, however short it is.
const MOST_FIELDS: usize = 1000;

/// The one field of this name; `None` where there is none, or more than one.
#[must_use]
pub(super) fn one<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = fields.iter().filter(|(other, _)| other == name);
    let (_, value) = values.next()?;
    values.next().is_none().then_some(&**value)
}

/// Whether the body is a form as browsers send it.
#[must_use]
pub fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| {
            kind.trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

/// What ties the forms that a browser is shown to it.
#[derive(Debug)]
pub(super) struct Browser {
    /// The cookie that it has or gets.
    id: String,
    /// It gets it now.
    pub is_new: bool,
}

impl Browser {
    /// The browser that sends these headers.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, NoRandom> {
        let id = cookies::one(headers, cookies::BROWSER).filter(|id| id.len() == 22);
        Ok(match id {
            Some(id) => Self {
                id: id.to_owned(),
                is_new: false,
            },
            None => Self {
                id: random_text()?,
                is_new: true,
            },
        })
    }

    /// What stands for it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What a form of ours carries.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(super) fn token(&self, sealer: &Sealer, host: &str) -> Result<String, NoRandom> {
        sealer.seal(PURPOSE, format!("{host} {}", self.id).as_bytes())
    }

    /// Whether this browser was shown the form that it sends, by us.
    #[must_use]
    pub(super) fn was_shown(&self, sealer: &Sealer, host: &str, token: Option<&str>) -> bool {
        let opened = token.and_then(|token| sealer.open(PURPOSE, token));
        !self.is_new
            && opened.is_some_and(|opened| opened == format!("{host} {}", self.id).as_bytes())
    }

    /// The cookie.
    #[must_use]
    pub(super) fn cookie(&self) -> String {
        cookies::set(cookies::BROWSER, &self.id, None)
    }
}

/// Whether a page of the same origin sent this, as far as the browser tells.
#[must_use]
pub(super) fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let site = text(&SEC_FETCH_SITE).is_none_or(|site| site == "same-origin");
    // Browsers say `null` where the page that sends it has a strict referrer policy, as ours have.
    let named = text(&ORIGIN).is_none_or(|named| named == "null" || named == origin);
    site && named
}

impl People {
    /// What a form of the console carries: good for one session alone, and telling whose it was when that is over.
    #[must_use]
    pub fn console_token(&self, session: &PersonSession) -> Option<String> {
        let person = session.subject.who().sender()?;
        let shown = [&session.id.to_bytes(), person.as_bytes()].concat();
        self.sealer
            .seal(CONSOLE, &shown)
            .map_err(|fault| tracing::error!("no form can be shown: {fault}"))
            .ok()
    }

    /// Whether a page of the console had this browser send the form, within this session.
    #[must_use]
    pub fn is_of_console(
        &self,
        session: &PersonSession,
        headers: &HeaderMap,
        origin: &str,
        form: &[(String, String)],
    ) -> bool {
        is_same_origin(headers, origin)
            && self
                .shown_by_console(form)
                .is_some_and(|(id, _)| id == session.id.to_bytes())
    }

    /// Whether a page of the console had some browser send the form, within a session that may be over.
    #[must_use]
    pub fn was_of_console(&self, form: &[(String, String)]) -> bool {
        self.shown_by_console(form).is_some()
    }

    /// Who was shown the page of the console that had the form sent, as [`Who::sender`](super::Who::sender) tells people apart.
    #[must_use]
    pub(super) fn sender_at_console(&self, form: &[(String, String)]) -> Option<String> {
        let (_, person) = self.shown_by_console(form)?;
        Some(person)
    }

    /// The session and the person that a page of the console was shown to.
    fn shown_by_console(&self, form: &[(String, String)]) -> Option<([u8; 16], String)> {
        let shown = self.sealer.open(CONSOLE, one(form, field::CSRF)?)?;
        let (id, person) = shown.split_first_chunk()?;
        Some((*id, String::from_utf8(person.to_vec()).ok()?))
    }
}

/// Whether a person waits for a page to come.
#[must_use]
pub fn is_navigation(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match text(&SEC_FETCH_MODE) {
        Some(mode) => {
            let whole_page = text(&SEC_FETCH_DEST).is_none_or(|dest| dest == "document");
            mode == "navigate" && whole_page
        }
        None => crate::request::respond::prefers_html(headers),
    }
}

const PURPOSE: &str = "form";
const CONSOLE: &str = "console-form";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_portal::seal::KEY;
    use http::HeaderValue;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::try_from(*name).unwrap(),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn a_form_counts_from_the_browser_that_was_shown_it_only() {
        let sealer = Sealer::new(&[7; KEY]).unwrap();
        let first = Browser::of(&HeaderMap::new()).unwrap();
        let token = first.token(&sealer, "a.example").unwrap();
        assert!(!first.was_shown(&sealer, "a.example", Some(&token)));
        let cookie = first.cookie();
        let pair = cookie.split(';').next().unwrap();
        let again = Browser::of(&headers(&[("cookie", pair)])).unwrap();
        assert!(again.was_shown(&sealer, "a.example", Some(&token)));
        assert!(!again.was_shown(&sealer, "b.example", Some(&token)));
        assert!(!again.was_shown(&sealer, "a.example", None));
        let other = Browser::of(&HeaderMap::new()).unwrap();
        let foreign = other.token(&sealer, "a.example").unwrap();
        assert!(!again.was_shown(&sealer, "a.example", Some(&foreign)));
    }

    #[test]
    fn only_a_person_who_waits_for_a_page_is_sent_elsewhere() {
        let navigation = [
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("accept", "*/*"),
        ];
        assert!(is_navigation(&headers(&navigation)));
        assert!(is_navigation(&headers(&[("accept", "text/html")])));
        for other in [
            &[("sec-fetch-mode", "cors"), ("accept", "text/html")][..],
            &[
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "iframe"),
                ("accept", "text/html"),
            ],
            &[("accept", "application/json")],
            &[("accept", "*/*")],
            &[],
        ] {
            assert!(!is_navigation(&headers(other)), "{other:?}");
        }
    }

    #[test]
    fn a_page_of_another_origin_is_told_by_the_browser() {
        let ours = "https://a.example";
        for (pairs, same) in [
            (&[][..], true),
            (
                &[
                    ("origin", "https://a.example"),
                    ("sec-fetch-site", "same-origin"),
                ],
                true,
            ),
            (
                &[("origin", "null"), ("sec-fetch-site", "same-origin")],
                true,
            ),
            (&[("origin", "https://b.example")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (
                &[("sec-fetch-site", "cross-site"), ("origin", "null")],
                false,
            ),
        ] {
            assert_eq!(is_same_origin(&headers(pairs), ours), same, "{pairs:?}");
        }
    }
}
