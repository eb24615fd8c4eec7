//! What an event looks like to its receiver. Pure: a line in, a text out.

mod asim;
mod entra;
mod field;
mod ocsf;
mod read;

use crossgate_config::Form;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::origin::Origin;
use field::{Facts, Field, fill};
pub(crate) use read::Outcome;

/// An event as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    /// The same each time the event is sent, and no other event's.
    pub(crate) id: String,
    /// When the request came, in milliseconds since 1970.
    pub(crate) at: i64,
    /// What became of the request.
    pub(crate) outcome: Outcome,
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// A JSON object in the receiver's form.
    pub(crate) text: String,
}

/// A line that is no sign-in event.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// No JSON, or not of these members.
    #[error("not a sign-in event: {0}")]
    Json(#[from] serde_json::Error),
    /// `createdDateTime` is no time.
    #[error("not a sign-in event: createdDateTime is no time")]
    Time,
}

/// What is read of each event, whatever its form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    id: &'a str,
    created_date_time: &'a str,
    crossgate: Own<'a>,
}

#[derive(Deserialize)]
struct Own<'a> {
    outcome: &'a str,
}

/// What an event was decided from. It says more of people than the rest of the event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Receipts {
    /// Sent, in Graph's form. The others have no place for it.
    Kept,
    /// Not sent.
    LeftOut,
}

/// Brings a line into a form.
///
/// # Errors
/// It is no sign-in event.
pub(crate) fn render(
    form: Form,
    receipts: Receipts,
    line: &str,
    origin: Origin,
) -> Result<Rendered, Unreadable> {
    let Head {
        id,
        created_date_time,
        crossgate,
    } = serde_json::from_str(line)?;
    let created: Timestamp = created_date_time.parse().map_err(|_| Unreadable::Time)?;
    let text = match fields(form) {
        // In no text is a quote that is not escaped: what is found may be a member elsewhere, and never a part of one.
        None if receipts == Receipts::LeftOut && line.contains(r#""receipt":"#) => {
            without_receipt(serde_json::from_str(line)?, &origin)
        }
        None => as_graph(line, &origin),
        Some(fields) => {
            let event: Value = serde_json::from_str(line)?;
            let facts = Facts {
                event: &event,
                origin: &origin,
            };
            fill(fields, &facts).to_string()
        }
    };
    Ok(Rendered {
        id: id.to_owned(),
        at: created.as_millisecond(),
        outcome: Outcome::of(crossgate.outcome),
        origin,
        text,
    })
}

/// How a form's fields are made of an event, as rows of a Markdown table. Graph's form has none: it is the event.
#[must_use]
pub fn mapping(form: Form) -> String {
    let rows = fields(form).unwrap_or_default().iter();
    rows.map(|field| format!("| `{}` | {} |\n", field.name, field.from))
        .collect()
}

const fn fields(form: Form) -> Option<&'static [Field]> {
    match form {
        Form::Graph => None,
        Form::Entra => Some(entra::FIELDS),
        Form::Asim => Some(asim::FIELDS),
        Form::Ocsf => Some(ocsf::FIELDS),
    }
}

/// The line itself, with where it comes from in `crossgate`, which is its last member.
fn as_graph(line: &str, origin: &Origin) -> String {
    let line = line.trim_end();
    let Some(head) = line.strip_suffix("}}") else {
        return line.to_owned();
    };
    let Origin {
        gateway,
        stream,
        sequence,
    } = origin;
    let gateway = Value::from(&**gateway);
    format!(r#"{head},"gateway":{gateway},"stream":"{stream}","sequence":{sequence}}}}}"#)
}

/// The same without its receipt. Members are in another order then, which means nothing in JSON.
fn without_receipt(mut event: Value, origin: &Origin) -> String {
    let own = Facts {
        event: &event,
        origin,
    }
    .own();
    if let Some(members) = event.as_object_mut() {
        members.insert("crossgate".to_owned(), own);
    }
    event.to_string()
}

#[cfg(test)]
mod tests;
