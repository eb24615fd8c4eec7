//! Somebody with a browser that shows nothing: follows links, sends forms, keeps cookies.

use std::net::SocketAddr;
use std::path::Path;

use crossgate_testkit::curl::{Answer, Curl};
use tempfile::NamedTempFile;

/// Their browser.
pub struct Visitor<'s> {
    pub host: &'s str,
    pub proxy: SocketAddr,
    pub authority: &'s Path,
    /// Where they seem to come from.
    pub from: String,
    pub cookies: NamedTempFile,
}

impl Visitor<'_> {
    /// Opens an address of this host.
    pub fn open(&self, path: &str) -> Answer {
        self.call(path).send()
    }

    /// Sends the form of a page, with these fields filled in.
    pub fn submit(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let text = page.text();
        let action = attribute(&text, "<form", "action").unwrap_or_default();
        let hidden = text.split("<input type=\"hidden\"").skip(1).map(|input| {
            let of = |name| attribute(input, "", name).unwrap_or_default();
            (of("name"), of("value"))
        });
        let filled = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(hidden.chain(filled));
        let origin = format!("https://{}:{}", self.host, self.proxy.port());
        self.call(&action)
            .method("POST")
            .header("Origin", &origin)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.finish())
            .send()
    }

    fn call(&self, path: &str) -> Curl {
        let jar = self.cookies.path().display().to_string();
        Curl::get_tls(self.proxy, self.host, path, self.authority)
            .header("Accept", "text/html")
            .header("X-Forwarded-For", &self.from)
            .argument("--cookie")
            .argument(&jar)
            .argument("--cookie-jar")
            .argument(&jar)
    }
}

/// The value of the first such attribute after a beginning.
fn attribute(text: &str, beginning: &str, name: &str) -> Option<String> {
    let after = &text[text.find(beginning)?..];
    let (_, value) = after.split_once(&format!("{name}=\""))?;
    let (value, _) = value.split_once('"')?;
    let plain = [
        ("&#x2f;", "/"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let value = plain
        .iter()
        .fold(value.to_owned(), |value, (escaped, letter)| {
            value.replace(escaped, letter)
        });
    Some(value)
}
