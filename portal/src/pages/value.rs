//! How a page's values stand in what templates get: times to read, paragraphs, and links that lead somewhere known.

use serde::{Serialize, Serializer};

use super::page::{Decision, Why};

pub(super) fn verdict<S: Serializer>(
    decision: &Decision,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Values {
        allowed: bool,
        why: Option<Why>,
    }
    let (allowed, why) = match *decision {
        Decision::Allowed => (true, None),
        Decision::Refused(why) => (false, Some(why)),
    };
    Values { allowed, why }.serialize(serializer)
}

pub(super) fn paragraphs<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let text = text.replace("\r\n", "\n");
    let parts = text.split("\n\n").map(str::trim);
    serializer.collect_seq(parts.filter(|part| !part.is_empty()))
}

pub(super) fn moment<S: Serializer>(at: &str, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Values<'a> {
        exact: &'a str,
        shown: String,
    }
    let shown = at
        .strip_suffix('Z')
        .and_then(|at| at.split_once('T'))
        .map_or_else(
            || at.to_owned(),
            |(day, time)| {
                let (seconds, _) = time.split_once('.').unwrap_or((time, ""));
                format!("{day} {seconds} UTC")
            },
        );
    Values { exact: at, shown }.serialize(serializer)
}

pub(super) fn maybe_moment<S: Serializer>(
    at: &Option<&str>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => moment(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// The second lock on links: the first is whoever makes them.
pub(super) fn link<S: Serializer>(href: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if leads_somewhere_known(href) {
        href
    } else {
        "/"
    })
}

pub(super) fn maybe_link<S: Serializer>(
    href: &Option<&str>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match href {
        Some(href) => link(href, serializer),
        None => serializer.serialize_none(),
    }
}

fn leads_somewhere_known(href: &str) -> bool {
    // Browsers drop tabs and line breaks out of addresses, and take `\` for `/`.
    if href.chars().any(char::is_control) || href.contains('\\') {
        return false;
    }
    match href.strip_prefix('/') {
        Some(rest) => !rest.starts_with('/'),
        None => ["https://", "http://", "mailto:"]
            .iter()
            .any(|scheme| href.starts_with(scheme)),
    }
}
