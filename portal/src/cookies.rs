//! Our cookies beside the app's: read, set, and kept from the app.
//!
//! All names have the prefix `__Host-`: a browser takes such a cookie over HTTPS only, from this very host, for all paths,
//! so that no other host of the domain can put one in its place (RFC 6265bis, section 4.1.3.2).

use http::header::{COOKIE, Entry};
use http::{HeaderMap, HeaderValue};
use memchr::memchr_iter;

/// The session.
pub const SESSION: &str = "__Host-crossgate";
/// What ties a form to the browser that was shown it.
pub const BROWSER: &str = "__Host-crossgate-browser";
/// Where the person signed in last.
pub const REALM: &str = "__Host-crossgate-realm";
/// Before the name of a sign-in under way.
pub const ATTEMPT: &str = "__Host-crossgate-try-";

/// What all of ours begin with.
const OURS: &str = "__host-crossgate";

/// Every cookie of a request, in its order: name and value.
pub fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(pairs)
        // One that is no text is somebody else's, and hides none of ours.
        .filter_map(|pair| std::str::from_utf8(pair.trim_ascii()).ok()?.split_once('='))
}

/// The cookie of this name; `None` where there is none, or more than one: then nobody knows who set which.
#[must_use]
pub fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = None;
    for value in headers.get_all(COOKIE) {
        for value in pairs(value).filter_map(|pair| value_of(pair, name)) {
            if found.replace(value).is_some() {
                return None;
            }
        }
    }
    found
}

fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a str> {
    let pair = pair.trim_ascii();
    let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
    std::str::from_utf8(value).ok()
}

/// `Set-Cookie` of one of ours; without an age it ends with the browser.
#[must_use]
pub fn set(name: &str, value: &str, max_age: Option<u64>) -> String {
    let age = max_age.map_or_else(String::new, |age| format!("; Max-Age={age}"));
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")
}

/// `Set-Cookie` of one that comes with a form of another site too: an assertion is brought by one.
#[must_use]
pub fn set_for_other_sites(name: &str, value: &str, max_age: Option<u64>) -> String {
    set(name, value, max_age).replace("SameSite=Lax", "SameSite=None")
}

/// `Set-Cookie` that makes a browser forget one of ours.
#[must_use]
pub fn clear(name: &str) -> String {
    set(name, "", Some(0))
}

/// Whether a `Set-Cookie` is for one of ours. An app that could set them could choose a visitor's session.
#[must_use]
pub fn sets_ours(value: &HeaderValue) -> bool {
    // Some browsers take `=name=value` for a cookie of that name.
    let nameless = value.as_bytes().trim_ascii_start();
    let first = nameless
        .iter()
        .position(|byte| *byte != b'=' && *byte != b' ');
    is_ours(
        first
            .and_then(|first| nameless.get(first..))
            .unwrap_or_default(),
    )
}

/// Takes ours out of a request on its way to an app; the others stay to the byte.
pub fn strip(headers: &mut HeaderMap) {
    let mut cookies = match headers.try_entry(COOKIE) {
        Ok(Entry::Occupied(cookies)) => cookies,
        Ok(Entry::Vacant(_)) => return,
        // More headers than there can be. Ours must not go on.
        Err(_) => {
            headers.remove(COOKIE);
            return;
        }
    };
    let mut some_are_empty = false;
    for value in cookies.iter_mut() {
        if let Some(others) = without_ours(value) {
            some_are_empty |= others.is_empty();
            *value = others;
        }
    }
    if !some_are_empty {
        return;
    }
    let (name, values) = cookies.remove_entry_mult();
    let left: Vec<HeaderValue> = values.filter(|value| !value.is_empty()).collect();
    for value in left {
        headers.append(&name, value);
    }
}

/// What a value has besides ours; `None` where none of ours is in it.
fn without_ours(value: &HeaderValue) -> Option<HeaderValue> {
    if !pairs(value).any(is_ours) {
        return None;
    }
    let mut others = Vec::with_capacity(value.len() + 1);
    for pair in pairs(value).filter(|pair| !is_ours(pair)) {
        others.push(b';');
        others.extend_from_slice(pair);
    }
    let others = others.get(1..).unwrap_or_default().trim_ascii();
    // Pieces of a value are one; were they not, nothing of it would go on.
    Some(HeaderValue::from_bytes(others).unwrap_or(HeaderValue::from_static("")))
}

fn pairs(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    let text = value.as_bytes();
    let mut begin = 0;
    memchr_iter(b';', text)
        .chain(std::iter::once(text.len()))
        .filter_map(move |end| {
            let pair = text.get(begin..end);
            begin = end + 1;
            pair
        })
}

/// In any letter case: browsers see to the prefix without regard to it.
fn is_ours(pair: &[u8]) -> bool {
    let pair = pair.trim_ascii();
    pair.get(..OURS.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(OURS.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, cookie.parse().unwrap());
        }
        headers
    }

    #[test]
    fn one_cookie_is_read_and_two_of_a_name_are_none() {
        let read = |cookies: &[&str]| one(&headers(cookies), SESSION).map(str::to_owned);
        assert_eq!(read(&["a=b; __Host-crossgate=x; c=d"]).unwrap(), "x");
        assert_eq!(read(&["a=b", "__Host-crossgate=x"]).unwrap(), "x");
        let mut odd = HeaderMap::new();
        let value = "name=M\u{fc}ller; __Host-crossgate=x".as_bytes();
        odd.append(COOKIE, HeaderValue::from_bytes(value).unwrap());
        assert_eq!(one(&odd, SESSION), Some("x"), "beside one of other letters");
        for none in [
            &["a=b"][..],
            &["__Host-crossgate"],
            &["__Host-crossgate=x; __Host-crossgate=y"],
            &["__Host-crossgate=x", "__Host-crossgate=x"],
            &["__host-crossgate=x"],
        ] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    #[test]
    fn an_app_gets_its_own_cookies_to_the_byte_and_none_of_ours() {
        let stripped = |cookies: &[&str]| {
            let mut headers = headers(cookies);
            strip(&mut headers);
            let left = headers.get_all(COOKIE).iter();
            left.map(|value| value.to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(stripped(&["a=b;c=\"d\" ;  e"]), ["a=b;c=\"d\" ;  e"]);
        assert_eq!(stripped(&["a=b; __Host-crossgate=x; c=d"]), ["a=b; c=d"]);
        assert_eq!(stripped(&["__HOST-Crossgate-Try-1=x"]), [""; 0]);
        assert_eq!(
            stripped(&[
                "\t__Host-crossgate =x; a=b",
                "__Host-crossgate-realm=y",
                "c=d"
            ]),
            ["a=b", "c=d"]
        );
    }

    #[test]
    fn an_app_cannot_set_ours() {
        for ours in [
            "__Host-crossgate=x",
            " __host-CROSSGATE-try-1=x; Path=/",
            "__Host-crossgate",
            "=__Host-crossgate=x",
            " = __Host-crossgate=x",
        ] {
            assert!(sets_ours(&ours.parse().unwrap()), "{ours}");
        }
        assert!(!sets_ours(&"a=__Host-crossgate".parse().unwrap()));
    }
}
