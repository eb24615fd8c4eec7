//! Text in HTML.

/// Text as it is.
pub(super) fn text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Text in the letters of a program.
pub(super) fn code(code: &str) -> String {
    format!("<code>{}</code>", text(code))
}

/// Text in which backticks enclose code.
pub(super) fn prose(prose: &str) -> String {
    let parts = prose.split('`').enumerate();
    parts
        .map(|(index, part)| {
            if index % 2 == 0 {
                text(part)
            } else {
                code(part)
            }
        })
        .collect()
}

/// A heading as the end of an address.
pub(super) fn id(heading: &str) -> String {
    heading.to_lowercase().replace([' ', ',', '.'], "-")
}
