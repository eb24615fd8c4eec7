//! The page for people in browsers: plain, nothing loaded from anywhere, nothing a caller sent that is not escaped.

use super::{Asked, time};

/// Nothing may be loaded, run or framed; only the page's own style counts.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

pub(super) fn render(title: &str, code: Option<&str>, asked: &Asked<'_>) -> String {
    let title = escape(title);
    let code = code
        .filter(|code| *code != "0")
        .map_or_else(String::new, |code| {
            format!("<dt>Code</dt><dd>{}</dd>", escape(code))
        });
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\
         body{{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;\
         color:#1b1b1b;background:#fff}}dt{{color:#595959}}dd{{margin:0 0 .5rem;font-family:monospace}}\
         @media(prefers-color-scheme:dark){{body{{color:#eee;background:#1b1b1b}}dt{{color:#bbb}}}}\
         </style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p>If you think this is wrong, tell your administrator the following.</p>\n\
         <dl>{code}<dt>Correlation id</dt><dd>{}</dd><dt>Time</dt><dd>{}</dd></dl>\n</main>\n</body>\n</html>\n",
        escape(&asked.correlation_id),
        time(asked.at),
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
