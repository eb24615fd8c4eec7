//! What people see: pages out of templates, texts and a style, each of which an operator may replace.
//!
//! No file is read here and no clock: the caller brings both. What comes out is HTML in which nothing is loaded, no
//! script runs, and whatever a person or a request brought is text.

mod brand;
mod check;
mod fault;
mod language;
mod negotiate;
mod page;
mod render;
mod value;
mod words;

#[cfg(test)]
mod tests;

pub use brand::{Brand, BrandFault, Colour, Logo, MediaType};
pub use fault::{Finding, PagesFault};
pub use language::Language;
pub use page::{
    Action, Choice, ChooseProblem, Decision, Destination, Device, Does, FailedWhy, FieldProblem,
    InviteProblem, Membership, Method, Need, Page, PasscodeProblem, SignUpEnd, SignUpField,
    SignUpInput, SignUpProblem, Who, Why, field,
};

pub use render::environment;
pub use words::Words;

pub(crate) use render::escape;

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;

use crossgate_policy::ids::TenantId;
use minijinja::value::Serde;
use minijinja::{Environment, Error, Value};

use brand::BrandValues;
use language::Languages;
use render::Style;

/// Every page, ready to be filled in. Made once; a changed file or brand makes another.
#[derive(Debug)]
pub struct Pages {
    templates: Environment<'static>,
    built_in: Environment<'static>,
    languages: Languages,
    style: Style,
    organisation: Arc<str>,
    brand: Value,
    partner_logos: HashMap<TenantId, Box<str>>,
    advisories: Vec<Finding>,
}

/// A page that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The document. UTF-8.
    pub html: String,
    /// The value of `Content-Security-Policy` that it is to be sent with. Browsers show it without style otherwise.
    pub content_security_policy: Arc<str>,
    /// What went wrong with an operator's template. The page is then that of the built-in one.
    pub fault: Option<Finding>,
}

impl Pages {
    /// Pages of `brand`, with an operator's files, by name and text, in place of the built-in ones of the same name.
    ///
    /// # Errors
    /// With every fault of the operator's files. Each template has been tried, so what is missing in one is known now.
    pub fn new(
        brand: Brand,
        overrides: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, PagesFault> {
        let (mut faults, mut advisories) = (Vec::new(), Vec::new());
        let overrides: BTreeMap<String, String> = overrides
            .into_iter()
            // Some editors put a mark before the first letter, which would be sent or refused.
            .map(|(file, text)| (file, text.trim_start_matches('\u{feff}').to_owned()))
            .collect();
        refuse_unknown(&overrides, &mut faults);
        let languages = Languages::read(&LANGUAGES, &overrides, &mut faults, &mut advisories);
        let style_text = overrides.get(STYLE.0).map_or(STYLE.1, String::as_str);
        check_style(style_text, &mut faults, &mut advisories);

        let built_in_sources: BTreeMap<String, String> = TEMPLATES
            .iter()
            .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
            .collect();
        let mut sources = built_in_sources.clone();
        for (file, source) in &mut sources {
            if let Some(text) = overrides.get(file) {
                source.clone_from(text);
            }
        }
        let (mut templates, mut built_in) = (render::environment(), render::environment());
        check::add_templates(&mut templates, &sources, &mut faults);
        check::add_templates(&mut built_in, &built_in_sources, &mut faults);

        let logo = brand.logo.as_ref().map(Logo::data_uri);
        let pages = Self {
            templates,
            built_in,
            languages,
            style: Style::new(&brand, style_text),
            brand: Value::from(Serde(BrandValues::new(&brand.name, logo.as_deref()))),
            organisation: brand.name.into(),
            partner_logos: HashMap::new(),
            advisories,
        };
        // What does not parse is not there to be tried, and every page would only say so once more.
        if faults.is_empty() {
            pages.tried(&sources)
        } else {
            Err(PagesFault { faults })
        }
    }

    /// The same, which know the logos of partners.
    #[must_use]
    pub fn with_partner_logos(mut self, logos: impl IntoIterator<Item = (TenantId, Logo)>) -> Self {
        let logos = logos.into_iter();
        self.partner_logos = logos
            .map(|(tenant, logo)| (tenant, logo.data_uri().into()))
            .collect();
        self
    }

    /// The logo of a partner, as a `data:` address.
    #[must_use]
    pub fn logo_of(&self, partner: TenantId) -> Option<&str> {
        self.partner_logos.get(&partner).map(|logo| &**logo)
    }

    /// The page in a language, with what to send beside it. Total: a template of an operator that fails here, although
    /// it did not when it was tried, is replaced by the built-in one.
    #[must_use]
    pub fn render(&self, page: &Page<'_>, language: &Language) -> Rendered {
        let values = self.values(page, language);
        let (html, fault) = match fill(&self.templates, page, values.clone()) {
            Ok(html) => (html, None),
            Err(error) => {
                let fault = check::fault_of(&error, page.template(), &BTreeMap::new());
                let html = fill(&self.built_in, page, values);
                (html.unwrap_or_else(|_| self.bare()), Some(fault))
            }
        };
        Rendered {
            html,
            content_security_policy: self.style.policy(),
            fault,
        }
    }

    /// The language that suits a request's `Accept-Language` best. An answer depends on the header, so it says so in
    /// `Vary`.
    #[must_use]
    pub fn negotiate(&self, accept_language: Option<&str>) -> Language {
        let tags: Vec<&str> = self.languages.tags().collect();
        Language::of(negotiate::negotiate(accept_language, tags.into_iter()))
    }

    /// What is not as it should be in the operator's files, although pages can be made of them.
    #[must_use]
    pub fn advisories(&self) -> &[Finding] {
        &self.advisories
    }

    /// Every language there are texts in.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.languages.tags().map(Language::of)
    }

    /// The built-in files by name and text: what an operator's begin as.
    pub fn built_in_files() -> impl Iterator<Item = (&'static str, &'static str)> {
        TEMPLATES.into_iter().chain(LANGUAGES).chain([STYLE])
    }

    /// A text with its values, outside of a page: as it is, not escaped.
    pub(crate) fn say(&self, language: &Language, key: &str, values: &[(&str, &str)]) -> String {
        let (_, texts) = self.languages.texts(language);
        let value = |name: &str| {
            let organisation = (language::ORGANISATION, self.organisation());
            let mut values = values.iter().copied().chain([organisation]);
            let found = values.find(|(known, _)| *known == name);
            Ok::<_, Infallible>(found.map_or_else(String::new, |(_, value)| value.to_owned()))
        };
        let text = texts.get(key).map(|text| text.with(value));
        text.and_then(Result::ok).unwrap_or_default()
    }

    /// The tag of the language whose texts are taken, and which way it is written.
    pub(crate) fn writing(&self, language: &Language) -> (&str, &'static str) {
        let (tag, texts) = self.languages.texts(language);
        (tag, texts.direction())
    }

    /// Whose pages they are.
    pub(crate) fn organisation(&self) -> &str {
        &self.organisation
    }

    fn tried(mut self, sources: &BTreeMap<String, String>) -> Result<Self, PagesFault> {
        let english = Language::of(language::ENGLISH);
        let mut faults: Vec<Finding> = Vec::new();
        let mut advisories: Vec<Finding> = Vec::new();
        for page in check::samples() {
            let file = page.template();
            let values = self.values(&page, &english);
            match fill(&self.templates, &page, values) {
                Err(error) => faults.push(check::fault_of(&error, file, sources)),
                Ok(html) => {
                    for name in check::lacks(&page, &html) {
                        let what = format!(
                            "the page does not hold `{name}`, without which it does nothing; \
                             take it over from the built-in file"
                        );
                        faults.push(Finding::new(file, None, what));
                    }
                    let in_vain = check::in_vain(&html);
                    advisories.extend(in_vain.map(|what| Finding::new(file, None, what)));
                }
            }
        }
        if faults.is_empty() {
            once_each(&mut advisories);
            self.advisories.append(&mut advisories);
            Ok(self)
        } else {
            once_each(&mut faults);
            Err(PagesFault { faults })
        }
    }

    fn values(&self, page: &Page<'_>, language: &Language) -> Value {
        render::values(
            Value::from(Serde(page)),
            self.brand.clone(),
            &self.organisation,
            self.languages.texts(language),
            &self.style,
        )
    }

    /// Where even a built-in template fails, which the tests rule out.
    fn bare(&self) -> String {
        let name = render::escape(&self.organisation);
        format!("<!doctype html>\n<html lang=\"en\"><title>{name}</title><h1>{name}</h1>\n")
    }
}

fn fill(environment: &Environment<'_>, page: &Page<'_>, values: Value) -> Result<String, Error> {
    environment.get_template(page.template())?.render(values)
}

fn refuse_unknown(overrides: &BTreeMap<String, String>, faults: &mut Vec<Finding>) {
    let known: Vec<&str> = TEMPLATES
        .iter()
        .map(|(file, _)| *file)
        .chain([STYLE.0])
        .collect();
    for file in overrides.keys() {
        if !known.contains(&file.as_str()) && language::tag_of(file).is_none() {
            let what = format!(
                "no file of these pages; expected `{}`, or a language such as `de.toml`",
                known.join("`, `")
            );
            faults.push(Finding::new(file, None, what));
        }
    }
}

fn check_style(text: &str, faults: &mut Vec<Finding>, advisories: &mut Vec<Finding>) {
    let text = text.to_ascii_lowercase();
    let line = |byte| Some(fault::line_at(&text, byte));
    if let Some(byte) = text.find("</style") {
        let what = "`</style` would end the style in the page; take it out";
        faults.push(Finding::new(STYLE.0, line(byte), what));
    }
    let loads = ["@import", "url(http", "url(\"http", "url('http", "url(//"];
    if let Some(byte) = loads.into_iter().find_map(|load| text.find(load)) {
        let what =
            "names something to load, which no browser will; only `data:` pictures are shown";
        advisories.push(Finding::new(STYLE.0, line(byte), what));
    }
}

fn once_each(findings: &mut Vec<Finding>) {
    findings.sort_by(|one, two| {
        (&one.file, one.line, &one.what).cmp(&(&two.file, two.line, &two.what))
    });
    findings.dedup();
}

const STYLE: (&str, &str) = ("style.css", include_str!("templates/style.css"));

const LANGUAGES: [(&str, &str); 2] = [
    ("en.toml", include_str!("languages/en.toml")),
    ("sv.toml", include_str!("languages/sv.toml")),
];

const TEMPLATES: [(&str, &str); 21] = [
    ("actions.html", include_str!("templates/actions.html")),
    ("base.html", include_str!("templates/base.html")),
    ("choose.html", include_str!("templates/choose.html")),
    ("consent.html", include_str!("templates/consent.html")),
    ("invite.html", include_str!("templates/invite.html")),
    ("invited.html", include_str!("templates/invited.html")),
    ("leave.html", include_str!("templates/leave.html")),
    ("not-kept.html", include_str!("templates/not-kept.html")),
    ("onward.html", include_str!("templates/onward.html")),
    ("passcode.html", include_str!("templates/passcode.html")),
    ("reference.html", include_str!("templates/reference.html")),
    ("refused.html", include_str!("templates/refused.html")),
    ("resume.html", include_str!("templates/resume.html")),
    (
        "sign-in-failed.html",
        include_str!("templates/sign-in-failed.html"),
    ),
    ("sign-up.html", include_str!("templates/sign-up.html")),
    (
        "sign-up-ended.html",
        include_str!("templates/sign-up-ended.html"),
    ),
    ("sign-out.html", include_str!("templates/sign-out.html")),
    ("signed-out.html", include_str!("templates/signed-out.html")),
    ("terms.html", include_str!("templates/terms.html")),
    ("who-am-i.html", include_str!("templates/who-am-i.html")),
    ("who.html", include_str!("templates/who.html")),
];
