//! A browser's request, as the pages read it.

use http::Method;
use jiff::Timestamp;

/// What somebody who is signed in asks for.
#[derive(Clone, Debug)]
pub struct Visit {
    /// GET, HEAD or POST.
    pub method: Method,
    /// The path with its query.
    pub target: String,
    /// The fields of the form that came.
    pub form: Vec<(String, String)>,
    /// A page of the console sent the form, within this session.
    pub is_own: bool,
    /// The tag of the language to answer in.
    pub language: &'static str,
    /// What forms carry.
    pub csrf: String,
    /// What the own organisation is called.
    pub organisation: String,
    /// The id of its tenant.
    pub own: String,
    /// The time.
    pub now: Timestamp,
}

impl Visit {
    /// The path, still encoded.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first value of a name in the query, without blanks around it.
    pub(crate) fn asked(&self, name: &str) -> String {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(other, _)| other == name);
        found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    }

    /// The first value of a field, without blanks around it.
    pub(crate) fn field(&self, name: &str) -> &str {
        let mut fields = self.form.iter().filter(|(other, _)| other == name);
        fields.next().map_or("", |(_, value)| value.trim())
    }

    /// Whether a checkbox is ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        !self.field(name).is_empty()
    }

    /// Whether something is to be done.
    pub(crate) fn changes(&self) -> bool {
        self.method == Method::POST
    }
}
