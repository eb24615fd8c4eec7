//! What must hold of the pages, whatever is put into them.

mod brand;
mod files;
mod hostile;
mod markup;

use std::sync::LazyLock;

use super::{Brand, Language, Page, Pages, PagesFault, Rendered};

fn brand() -> Brand {
    Brand {
        name: "Contoso".to_owned(),
        colour: None,
        logo: None,
    }
}

/// The built-in pages. They are tried when they are made, so they are made once.
fn pages() -> &'static Pages {
    static PAGES: LazyLock<Pages> = LazyLock::new(|| Pages::new(brand(), []).unwrap());
    &PAGES
}

fn with(files: &[(&str, &str)]) -> Result<Pages, PagesFault> {
    let files = files.iter();
    Pages::new(
        brand(),
        files.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())),
    )
}

fn english() -> Language {
    Language::of("en")
}

/// Renders in English, and holds the built-in templates to never failing.
fn render(page: &Page<'_>) -> String {
    let Rendered { html, fault, .. } = pages().render(page, &english());
    assert_eq!(fault, None);
    html
}

/// One tag of a page: its name, with `/` before it where it closes, and its attributes.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let (_, value) = attributes.find(|(one, _)| one == name)?;
        Some(value)
    }

    fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

/// Every tag of a page, in order, read as browsers do: a `<` outside a tag opens one, a quote within one holds to the
/// next of its kind.
fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let end = after.find(|letter: char| letter == '>' || letter.is_whitespace());
        let (name, mut inside) = after.split_at(end.unwrap());
        let mut attributes = Vec::new();
        loop {
            inside = inside.trim_start();
            if let Some(after) = inside.strip_prefix('>') {
                rest = after;
                break;
            }
            let end = inside
                .find(|letter: char| "=> \n".contains(letter))
                .unwrap();
            let (name, after) = inside.split_at(end);
            assert!(!name.is_empty(), "{inside}");
            let mut value = "";
            inside = after;
            if let Some(after) = after.strip_prefix("=\"") {
                (value, inside) = after.split_once('"').unwrap();
            }
            attributes.push((name.to_owned(), unescape(value)));
        }
        if name == "style" {
            (_, rest) = rest.split_once("</style>").unwrap();
        }
        tags.push(Tag {
            name: name.to_owned(),
            attributes,
        });
    }
    tags
}

fn unescape(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}
