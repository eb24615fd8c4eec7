//! What became of each line, as JSON or as CSV.

use csv::{Terminator, WriterBuilder};
use http::header::ACCEPT;
use serde_json::{Map, Value, json};

use super::super::asked::Asked;
use super::super::call::Reply;
use super::super::error::ApiError;

/// One line, and what became of it.
pub(super) struct Reported {
    pub(super) number: u64,
    pub(super) address: String,
    pub(super) became: Became,
}

/// What became of a line.
pub(super) enum Became {
    /// The guest is invited, for the first time or again.
    Invited {
        guest: String,
        link: Option<String>,
        is_new: bool,
    },
    /// An earlier line says the same.
    Twice(u64),
    /// Why not.
    Refused(ApiError),
}

/// A line as it is told: each column's name with its text, where there is one.
type Told = [(&'static str, Option<String>); 7];

impl Reported {
    fn told(&self) -> Told {
        let (status, guest, link, code, message) = match &self.became {
            Became::Invited {
                guest,
                link,
                is_new,
            } => {
                let status = if *is_new { INVITED } else { ALREADY };
                (status, Some(guest.clone()), link.clone(), None, None)
            }
            Became::Twice(line) => (
                REFUSED,
                None,
                None,
                Some("DuplicateLine".to_owned()),
                Some(format!("line {line} says the same")),
            ),
            Became::Refused(error) => (
                REFUSED,
                None,
                None,
                Some(error.code.to_owned()),
                Some(error.told()),
            ),
        };
        [
            ("line", Some(self.number.to_string())),
            ("inviteeEmail", Some(self.address.clone())),
            ("status", Some(status.to_owned())),
            ("id", guest),
            ("inviteRedeemUrl", link),
            ("errorCode", code),
            ("errorMessage", message),
        ]
    }

    fn json(&self) -> Value {
        let mut shown = Map::new();
        let mut error = Map::new();
        for (name, text) in self.told() {
            match (name, text) {
                (_, None) => {}
                ("line", _) => {
                    shown.insert(name.to_owned(), json!(self.number));
                }
                ("errorCode", Some(code)) => {
                    error.insert("code".to_owned(), json!(code));
                }
                ("errorMessage", Some(message)) => {
                    error.insert("message".to_owned(), json!(message));
                }
                (_, Some(text)) => {
                    shown.insert(name.to_owned(), json!(text));
                }
            }
        }
        if !error.is_empty() {
            shown.insert("error".to_owned(), Value::Object(error));
        }
        Value::Object(shown)
    }
}

/// The report in the form that the caller wants.
pub(super) fn reply(asked: &Asked<'_>, reported: &[Reported]) -> Result<Reply, ApiError> {
    let accepts = asked.call.header(ACCEPT.as_str()).unwrap_or_default();
    let mut accepted = accepts.split(',').map(|media| {
        let media = media.split(';').next().unwrap_or_default();
        media.trim().to_ascii_lowercase()
    });
    // The first of the two that is named.
    let first = accepted.find(|media| ["text/csv", "application/json"].contains(&media.as_str()));
    if first.as_deref() == Some("text/csv") {
        return Ok(Reply::raw("text/csv; charset=utf-8", csv(reported)?));
    }
    let count = |status: &str| {
        let told = reported.iter().map(Reported::told);
        let such = told.filter(|told| {
            told.iter()
                .any(|(name, text)| *name == "status" && text.as_deref() == Some(status))
        });
        such.count()
    };
    Ok(Reply::ok(json!({
        INVITED: count(INVITED), ALREADY: count(ALREADY), REFUSED: count(REFUSED),
        "value": reported.iter().map(Reported::json).collect::<Vec<_>>(),
    })))
}

fn csv(reported: &[Reported]) -> Result<Vec<u8>, ApiError> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    let failed = |_| ApiError::internal();
    if reported.is_empty() {
        let none = Reported {
            number: 0,
            address: String::new(),
            became: Became::Twice(0),
        };
        let names = none.told().map(|(name, _)| name);
        writer.write_record(names).map_err(failed)?;
    }
    for (index, line) in reported.iter().enumerate() {
        let told = line.told();
        if index == 0 {
            let names = told.iter().map(|(name, _)| *name);
            writer.write_record(names).map_err(failed)?;
        }
        let cells = told.map(|(_, text)| harmless(text.unwrap_or_default()));
        writer.write_record(&cells).map_err(failed)?;
    }
    writer.into_inner().map_err(|_| ApiError::internal())
}

/// A cell that no spreadsheet takes for a formula (OWASP, CSV injection).
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{cell}")
    } else {
        cell
    }
}

const INVITED: &str = "invited";
const ALREADY: &str = "already";
const REFUSED: &str = "refused";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_brings_is_no_formula_in_the_report() {
        for (address, cell) in [
            (
                "=HYPERLINK(\"http://x\")",
                "\"'=HYPERLINK(\"\"http://x\"\")\"",
            ),
            ("+1,2", "\"'+1,2\""),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("a@b.c", "a@b.c"),
        ] {
            let line = Reported {
                number: 3,
                address: address.to_owned(),
                became: Became::Twice(2),
            };
            let text = String::from_utf8(csv(&[line]).unwrap()).unwrap();
            let expected = format!("3,{cell},refused,,,DuplicateLine,line 2 says the same\r\n");
            assert_eq!(text.split_once("\r\n").unwrap().1, expected);
        }
    }
}
