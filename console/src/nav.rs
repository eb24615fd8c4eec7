//! Where one can go, in the order that Entra's admin center has it.

use serde_json::{Value, json};

/// A group of pages. A new page gets its line here, its path in `pages::open` and its texts.
const GROUPS: [(&str, &[(&str, &str)]); 5] = [
    ("", &[("overview", "/console")]),
    (
        "external",
        &[
            ("organizations", "/console/organizations"),
            ("default", "/console/default"),
            ("collaboration", "/console/collaboration"),
            ("conditional-access", "/console/conditional-access"),
        ],
    ),
    // What tries a policy before it binds stands between changing it and looking back.
    ("changes", &[("drafts", "/console/drafts")]),
    (
        "monitoring",
        &[
            ("activity", "/console/activity"),
            ("sign-ins", "/console/sign-ins"),
            ("history", "/console/history"),
        ],
    ),
    ("gateway", &[("health", "/console/health")]),
];

/// The menu, for the page of this name.
pub(crate) fn menu(current: &str) -> Value {
    let groups = GROUPS.iter().map(|(group, pages)| {
        let pages = pages
            .iter()
            .map(|(page, href)| json!({ "key": page, "href": href, "current": *page == current }));
        json!({ "key": group, "pages": pages.collect::<Vec<_>>() })
    });
    groups.collect()
}
