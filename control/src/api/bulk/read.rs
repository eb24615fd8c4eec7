//! The lines of a file: its first may name the version, then come the columns, which are known by the names in brackets.

use csv::{ReaderBuilder, StringRecord};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::json;
use url::Url;

use super::super::call::Call;
use super::super::error::ApiError;
use crate::delegation::{Thing, plain_id};
use crate::inviting::Wanted;

/// One line that invites somebody.
pub(super) struct Line {
    /// Its number in the file, from 1.
    pub(super) number: u64,
    /// What it asks for; or the address, and why it asks for nothing.
    pub(super) wanted: Result<Wanted, (String, ApiError)>,
}

/// The body as text.
pub(super) fn text(call: &Call) -> Result<&str, ApiError> {
    let content_type = call.headers.get(CONTENT_TYPE);
    let is_csv = content_type.is_some_and(|value| {
        let media = value.to_str().unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        media.eq_ignore_ascii_case("text/csv")
    });
    if !is_csv {
        return Err(ApiError::media_type(
            "the body must be a CSV file; send it with `Content-Type: text/csv`",
        ));
    }
    if call.headers.contains_key(CONTENT_ENCODING) {
        return Err(ApiError::media_type(
            "the body is compressed; send it without `Content-Encoding`",
        ));
    }
    if call.body.len() > MOST_BYTES {
        return Err(ApiError::too_large(format!(
            "the file is larger than {MOST_BYTES} bytes; send it in parts"
        )));
    }
    let text = std::str::from_utf8(&call.body)
        .map_err(|_| ApiError::bad("the file is not UTF-8; save it as CSV UTF-8"))?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// Every line that is not empty. A file that is wrong as a whole invites nobody.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, ApiError> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut columns: Option<Columns> = None;
    let mut lines = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record =
            record.map_err(|error| ApiError::bad(format!("the file is not CSV: {error}")))?;
        let number = record.position().map_or(0, |at| line_at(text, at.byte()));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let Some(columns) = &columns else {
            if index == 0 && is_version(&record)? {
                continue;
            }
            columns = Some(Columns::read(&record)?);
            continue;
        };
        if lines.len() == MOST_LINES {
            return Err(ApiError::too_large(format!(
                "the file invites more than {MOST_LINES} guests; send it in parts"
            )));
        }
        let address = columns.cell(&record, Column::Email).to_owned();
        let wanted = columns.wanted(&record).map_err(|error| (address, error));
        lines.push(Line { number, wanted });
    }
    if columns.is_none() {
        return Err(ApiError::bad(format!("the file is empty; {EXPECTED}")));
    }
    Ok(lines)
}

/// The number of the line where a record begins, from 1; what is empty before it is no part of it.
fn line_at(text: &str, byte: u64) -> u64 {
    let start = usize::try_from(byte).unwrap_or(text.len());
    let rest = text.get(start..).unwrap_or_default();
    let empty = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let before = text.get(..start + empty).unwrap_or(text);
    before.matches('\n').count() as u64 + 1
}

/// Whether it is the line that names the version of the template.
fn is_version(record: &StringRecord) -> Result<bool, ApiError> {
    let first = record.get(0).unwrap_or_default().trim();
    let Some(version) = first.strip_prefix("version:") else {
        return Ok(false);
    };
    if version.trim() == "v1.0" {
        return Ok(true);
    }
    Err(ApiError::bad(
        "line 1: this version of the template is not known; expected `version:v1.0`",
    ))
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Column {
    Email,
    Redirect,
    Sends,
    Message,
    App,
    Group,
}

impl Column {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Email, "inviteeEmail"),
        (Self::Redirect, "inviteRedirectURL"),
        (Self::Sends, "sendEmail"),
        (Self::Message, "customizedMessageBody"),
        (Self::App, "app"),
        (Self::Group, "group"),
    ];

    /// The one that a cell of the first line names: `Email address to invite [inviteeEmail] Required`.
    fn of(cell: &str) -> Option<Self> {
        let (_, rest) = cell.split_once('[')?;
        let (name, _) = rest.split_once(']')?;
        let mut all = Self::ALL.into_iter();
        let found = all.find(|(_, known)| known.eq_ignore_ascii_case(name.trim()))?;
        Some(found.0)
    }
}

/// Which column is where.
struct Columns(Vec<Column>);

impl Columns {
    fn read(record: &StringRecord) -> Result<Self, ApiError> {
        let mut columns = Vec::new();
        for cell in record {
            let column = Column::of(cell).ok_or_else(|| {
                let cell: String = cell.chars().take(LONGEST_TOLD).collect();
                ApiError::bad(format!("the column `{cell}` is not known; {EXPECTED}"))
            })?;
            if columns.contains(&column) {
                let cell: String = cell.chars().take(LONGEST_TOLD).collect();
                return Err(ApiError::bad(format!(
                    "the column `{cell}` is there twice; keep one"
                )));
            }
            columns.push(column);
        }
        for needed in [Column::Email, Column::Redirect] {
            if !columns.contains(&needed) {
                return Err(ApiError::bad(format!("a column is missing; {EXPECTED}")));
            }
        }
        Ok(Self(columns))
    }

    fn cell<'r>(&self, record: &'r StringRecord, column: Column) -> &'r str {
        let place = self.0.iter().position(|other| *other == column);
        let cell = place.and_then(|place| record.get(place));
        cell.unwrap_or_default().trim()
    }

    fn wanted(&self, record: &StringRecord) -> Result<Wanted, ApiError> {
        if record.len() > self.0.len() {
            return Err(ApiError::bad(
                "the line has more cells than there are columns; put text with commas into quotes",
            ));
        }
        let cell = |column| self.cell(record, column);
        let sends = match cell(Column::Sends).to_ascii_lowercase().as_str() {
            "true" => true,
            "false" | "" => false,
            _ => {
                return Err(ApiError::property(
                    "sendEmail",
                    "expected `true` or `false`",
                ));
            }
        };
        let message = cell(Column::Message);
        if message.chars().count() > LONGEST_MESSAGE {
            return Err(ApiError::property(
                "customizedMessageBody",
                format!("longer than {LONGEST_MESSAGE} characters"),
            ));
        }
        let mut to = Vec::new();
        if !cell(Column::App).is_empty() {
            to.push(Thing::App(plain_id(cell(Column::App), "app")?));
        }
        if !cell(Column::Group).is_empty() {
            to.push(Thing::Group(plain_id(cell(Column::Group), "group")?));
        }
        let redirect = cell(Column::Redirect);
        Ok(Wanted {
            address: cell(Column::Email).to_owned(),
            redirect: Url::parse(redirect).map_or_else(|_| redirect.to_owned(), Into::into),
            sends,
            message: json!({ "customizedMessageBody": (!message.is_empty()).then_some(message) }),
            to,
            ..Wanted::default()
        })
    }
}

const EXPECTED: &str = "expected the columns of the template: `[inviteeEmail]` and `[inviteRedirectURL]`, and perhaps `[sendEmail]`, \
    `[customizedMessageBody]`, `[app]` and `[group]`";

const MOST_BYTES: usize = 1 << 20;

const MOST_LINES: usize = 2_000;

/// As at the page for inviters.
const LONGEST_MESSAGE: usize = 2_000;

const LONGEST_TOLD: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "version:v1.0\nEmail address to invite [inviteeEmail] Required,Redirection url [inviteRedirectURL] Required,Send \
        invitation message (true or false) [sendEmail],Customized invitation message [customizedMessageBody]\n";

    fn refused(text: &str) -> String {
        let refused = lines(text).map(|lines| lines.len()).unwrap_err();
        refused.message
    }

    #[test]
    fn the_template_of_the_portal_is_read_line_by_line_with_the_numbers_of_the_file() {
        let text = format!(
            "{HEAD}amy@a.example,https://x.example/,TRUE,\"Hi, Amy\nwelcome\"\r\n,,,\n bob@a.example ,https://x.example/\n\
             cyn@a.example,https://x.example/,maybe\ndan@a.example,u,,,more\n"
        );
        let read = lines(&text).unwrap();
        let numbers: Vec<_> = read.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [3, 6, 7, 8]);
        let amy = read[0].wanted.as_ref().unwrap();
        assert_eq!((amy.address.as_str(), amy.sends), ("amy@a.example", true));
        assert_eq!(amy.message["customizedMessageBody"], "Hi, Amy\nwelcome");
        let bob = read[1].wanted.as_ref().unwrap();
        assert_eq!((bob.address.as_str(), bob.sends), ("bob@a.example", false));
        for (line, told) in [(2, "sendEmail"), (3, "more cells")] {
            let (address, error) = read[line].wanted.as_ref().unwrap_err();
            assert!(address.ends_with("@a.example") && error.told().contains(told));
        }
    }

    #[test]
    fn columns_are_found_by_their_names_in_any_order_and_without_the_version() {
        let text =
            "[group],[app],[INVITEREDIRECTURL],[inviteeEmail]\nteam,crm,https://x.example,a@b.c\n";
        let wanted = lines(text).unwrap().remove(0).wanted.unwrap();
        assert_eq!(wanted.address, "a@b.c");
        assert_eq!(wanted.redirect, "https://x.example/");
        assert_eq!(
            wanted.to,
            [Thing::App("crm".into()), Thing::Group("team".into())]
        );
    }

    #[test]
    fn a_file_that_is_wrong_as_a_whole_is_refused() {
        for (text, told) in [
            ("", "empty"),
            ("version:v2.0\n", "version:v1.0"),
            ("[inviteeEmail]\na@b.c\n", "missing"),
            ("[inviteeEmail],[inviteRedirectURL],Name\n", "`Name`"),
            ("[inviteeEmail],[inviteeEmail]\n", "twice"),
            ("a@b.c,https://x.example\n", "not known"),
        ] {
            assert!(refused(text).contains(told), "{text}: {}", refused(text));
        }
        let many = format!("{HEAD}{}", "a@b.c,u\n".repeat(MOST_LINES + 1));
        assert!(refused(&many).contains("2000"));
    }
}
